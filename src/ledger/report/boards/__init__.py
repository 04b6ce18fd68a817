"""What is looked at: a sweep, a table or all runs, as candidates and their rows as they grow."""
