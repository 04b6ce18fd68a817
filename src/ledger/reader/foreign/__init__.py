"""Tables of other tools, read as a ledger of one run whose rows are trials."""
