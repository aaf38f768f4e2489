"""What is told of customers and decisions; nothing here decides."""
