"""``ledger run``: any command recorded as a run."""
