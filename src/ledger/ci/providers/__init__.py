"""What CI providers say of the change they run for, each in a module of its own."""
