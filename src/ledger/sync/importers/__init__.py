"""Past work of other tools, brought into the ledger as runs; each tool has a module of its own."""
