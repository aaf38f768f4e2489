"""Rules, rewards, and what may hold them back."""
