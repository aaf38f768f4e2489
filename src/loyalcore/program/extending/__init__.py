"""What plugins bring to a program, and the guards around it."""
