"""What is decided: who may do what to which key, and what becomes of it."""
