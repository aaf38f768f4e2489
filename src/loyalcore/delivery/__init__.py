"""Delivery: what waits in the outbox -> channels, after the commit and apart from it (S12)."""
