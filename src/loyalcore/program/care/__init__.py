"""Journeys, recovery, people's work, messages and contact."""
