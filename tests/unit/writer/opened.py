"""A run that was opened in this process, with the parts that its recorder holds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ledger.capture.seeds import Seeds
from ledger.project import find_project
from ledger.writer.start import Request, find_place, open_run


if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ledger.writer.start import Opened


def open_here(folder: Path, argv: Sequence[str] | None = None) -> Opened:
    """Return a run of the project in ``folder``; ``argv``: of that command."""
    started = datetime.now(tz=UTC)
    place = find_place(find_project([folder]), "run", None, started)
    request = Request(name=None if argv else "run", argv=argv)
    return open_run(request, place, started, Seeds(), lambda _: None)
