"""``ledger commit``: one honest commit a run."""
