"""Runs that come from other trackers, and go to them; only verbs that say so use the network."""
