"""Runs that have a second home in the git directory: which there are, and where they belong."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.contract.live import LIVE_FOLDER, WHERE_NAME, Where, parse_where


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def live_homes(private_dir: str) -> Iterator[tuple[Path, Where]]:
    """Yield the second homes in a git directory with what each says of its run, by run id."""
    try:
        homes = sorted(Path(private_dir, LIVE_FOLDER).iterdir())
    except OSError:
        return
    for live in homes:
        try:
            where = parse_where((live / WHERE_NAME).read_bytes())
        except OSError:
            continue  # it is being made or removed
        if where is not None:
            yield live, where


def folder_here(where: Where, top: str, ledger_dir: Path) -> Path | None:
    """Return the folder of a run when it belongs to the ledger ``ledger_dir``, else None.

    The run of a worktree that was removed belongs to the same project in any other worktree.

    Args:
        where: what its second home says.
        top: the working tree that the ledger lies in.
        ledger_dir: the folder of the ledger.
    """
    here = os.path.realpath(top)
    if os.path.realpath(where.top) != here and os.path.isdir(where.top):
        return None
    run_dir = Path(here, where.path)
    return run_dir if os.fspath(run_dir.parent.parent) == os.path.realpath(ledger_dir) else None
