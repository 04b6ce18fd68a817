"""Making a repository keep a ledger: settings, ignore rules, attributes, hooks."""
