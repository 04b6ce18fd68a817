"""The ``data`` argument of ``ledger.start`` in its several forms."""

from __future__ import annotations

import os

from ledger.errors import LedgerError
from ledger.writer.capturing import DataSource


def data_sources(data: object) -> tuple[DataSource, ...]:
    """Return the data sets that ``data`` names: a path, a mapping with ``path``, or a list of them.

    Raises:
        LedgerError: it is none of these.
    """
    if data is None:
        return ()
    if isinstance(data, list | tuple):
        return tuple(source for entry in data for source in data_sources(entry))
    if isinstance(data, dict) and isinstance(data.get("path"), str | os.PathLike):
        name, split = data.get("name"), data.get("split")
        return (
            DataSource(path=os.fspath(data["path"]), name=str(name) if name else None, split=split),
        )
    if isinstance(data, str | os.PathLike):
        return (DataSource(path=os.fspath(data)),)
    message = f"data is a {type(data).__name__}, not the path of a file or folder"
    hint = "give a path, a list of paths, or {'path': …, 'name': …, 'split': …}"
    raise LedgerError(message, hint=hint)
