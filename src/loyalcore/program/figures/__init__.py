"""Metrics, scores, and facts made of other facts."""
