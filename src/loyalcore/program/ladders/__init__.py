"""Tier ladders and stages."""
