"""The documented exit codes (docs/format.md)."""

from __future__ import annotations


FINE = 0
FINDINGS = 1
"""Findings, an unknown run or metric, an empty result."""
USAGE = 2
"""Bad usage, no ledger, no repository, disk or engine failure, cannot judge."""
BUG = 3
INTERRUPTED = 130
