"""Dissolutions."""
