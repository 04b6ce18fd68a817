"""The index: every run of a ledger as typed rows behind stable views, derived from the files."""

from __future__ import annotations

from ledger.reader.index.opened import Index, open_index
from ledger.reader.index.tables import LAYERS


__all__ = ["LAYERS", "Index", "open_index"]
