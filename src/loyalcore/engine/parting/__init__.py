"""Ending a relationship well, step by step, and taking it up again."""
