"""Where a customer stands: tier levels and the stage of the relationship."""
