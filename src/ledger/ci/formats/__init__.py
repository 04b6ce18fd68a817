"""One judgement in the forms that people and programs read; every function is pure."""
