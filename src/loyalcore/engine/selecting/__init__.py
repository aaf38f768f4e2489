"""Which rules take effect, and how much there may be of each."""
