"""Offers: their openings, codes and what completes them."""
