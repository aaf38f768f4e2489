"""Customers who become one, and programs that take over."""
