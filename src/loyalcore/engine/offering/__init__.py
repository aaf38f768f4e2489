"""Offers: opened, come along with, completed or lapsed, and their codes."""
