"""``ledger doctor``: what would make recording fail silently, and its mend."""
