"""Triggers: what time and change bring about, each at its own instant."""
