"""What people think of films and of each other."""
