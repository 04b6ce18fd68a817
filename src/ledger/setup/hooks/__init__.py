"""The checks in a repository's commit hooks, beside whatever else is there."""
