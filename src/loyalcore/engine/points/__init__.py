"""What events and time do to points: redemptions, refunds, and what falls due."""
