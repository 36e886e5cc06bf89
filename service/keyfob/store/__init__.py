"""What is kept: the tables, and the only statements that touch them."""
