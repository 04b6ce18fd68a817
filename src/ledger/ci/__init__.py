"""Judging what a change brings where nobody can skip it: in CI, and on a server."""
