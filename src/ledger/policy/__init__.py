"""The checks: what a run must be before it may be committed or merged."""
