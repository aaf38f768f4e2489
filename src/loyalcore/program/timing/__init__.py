"""Triggers, and all else that time and change bring about."""
