"""Questions about the runs: files to answers; nothing here writes a ledger."""
