"""Wallets, what events do to points by themselves, and what all of it costs and brings."""
