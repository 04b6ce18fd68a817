"""What can be opened: this project's runs, its sweeps, tables, and what run pointers tell of.

A board is called ``runs``, a run's id, or ``at:<hash>`` for something that is listed: no name that
comes with a request is ever taken for a path, and a link means the same after a restart.
"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

from ledger.errors import LedgerError
from ledger.project import find_project
from ledger.reader.foreign.opened import open_table
from ledger.reader.ledger import open_ledger
from ledger.reader.pointers import pointed_runs
from ledger.reader.reference import find_run
from ledger.report.boards.runs import LedgerBoard
from ledger.report.boards.sweep import SweepBoard
from ledger.report.boards.table import CsvBoard
from ledger.report.boards.waiting import WaitingBoard


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json
    from ledger.project import Project
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.reader.pointers import Pointed
    from ledger.report.boards.board import Board

RUNS = "runs"
NEXT = "next"
"""The run that is started first, where there is none yet."""
_LISTED = "at:"
_MOST_SWEEPS = 50


def now() -> datetime:
    """Return the moment, UTC."""
    return datetime.now(tz=UTC)


class Places:
    """Opens boards by name.

    Args:
        project: of the working folder; None where there is none.
        environ: says where run pointers are.
        follows: whether a newer run is offered.
    """

    def __init__(
        self, project: Project | None, environ: Mapping[str, str], *, follows: bool = False
    ) -> None:
        self.first = RUNS
        self.follows = follows
        self._project = project
        self._environ = environ
        self._paths: dict[str, Path] = {}

    def choose(self, given: str | None) -> None:
        """Let the page open with what an argument names: a run, a CSV, a manifest; or the newest.

        Where the newest run is meant and none has been started yet, the first that is started.

        Raises:
            LedgerError: there is nothing that is called so.
        """
        if given is None and self.follows:
            self.first = self._newest() or NEXT
        elif given is None:
            if self._project is None:
                message = "there is no ledger here"
                raise LedgerError(message, hint="give a CSV file, or use --latest")
        elif self._project is not None and not _is_path(given):
            self.first = find_run(self._ledger(), given).run_id
        elif _is_path(given):
            self.first = self._path(Path(given).absolute())
        else:
            message = f"there is no ledger here, and no file {given}"
            raise LedgerError(message, hint="give a CSV file, or go into the project")

    def open(self, key: str, *, is_alone: bool = False) -> Board:
        """Return the board called ``key``.

        Args:
            key: as listed, or ``first``.
            is_alone: whether a run that is no sweep is the only candidate, not one of all.

        Raises:
            LedgerError: there is none.
        """
        if key == NEXT:
            return WaitingBoard(key, self._has_begun)
        place = self._listed_path(key)
        if place is not None and not (place / "run.json").is_file():
            return CsvBoard(place)
        project, run_id = self._in_project(key, place)
        if run_id and _is_sweep(open_ledger(project, now()).load(run_id)):
            return SweepBoard(project, run_id, now)
        return LedgerBoard(project, now, run_id, is_alone=is_alone)

    def ledger_of(self, key: str) -> tuple[Ledger, StoredRun | None]:
        """Return the ledger that a board is of, and its sweep where its candidates are trials.

        Raises:
            LedgerError: there is no such board.
        """
        place = self._listed_path(key)
        if place is not None and not (place / "run.json").is_file():
            ledger = open_table(place, now()).ledger
            return ledger, ledger.runs[0]
        project, run_id = self._in_project(key, place)
        ledger = open_ledger(project, now())
        run = ledger.load(run_id) if run_id else None
        return ledger, run if run is not None and _is_sweep(run) else None

    def listed(self) -> list[Json]:
        """Return what a person may choose from: key, name, status, start; the newest first."""
        found: list[Json] = []
        if self._project is not None:
            found.append({"key": RUNS, "name": f"all runs of {self._project.root.name}"})
        pointed = pointed_runs(self._environ)[:_MOST_SWEEPS]
        return [*found, *({"key": self._key(each), **_told(each)} for each in pointed)]

    def lines(self) -> list[str]:
        """Return what run pointers tell of, a line each: start, status, name, where."""
        found = pointed_runs(self._environ)
        return [
            f"{each.pointer.started_at}  {each.status:<11}  "
            f"{each.pointer.run_id if each.is_ours else each.pointer.project_name}  "
            f"{each.pointer.run_dir or each.pointer.csv_path}"
            for each in found
        ]

    def newest(self) -> dict[str, Json] | None:
        """Return the newest run that a pointer tells of, as ``listed`` does; None where none is."""
        found = next(iter(pointed_runs(self._environ)), None)
        return None if found is None else {"key": self._key(found), **_told(found)}

    def _newest(self) -> str | None:
        found = next(iter(pointed_runs(self._environ)), None)
        return None if found is None else self._key(found)

    def _has_begun(self) -> bool:
        """Whether a run has been started by now; the page then opens with it."""
        newest = self._newest()
        if self.first != NEXT or newest is None:
            return self.first != NEXT
        try:
            self.open(newest)
        except LedgerError:
            return False  # its record is not there yet
        self.first = newest
        return True

    def _key(self, pointed: Pointed) -> str:
        where = pointed.pointer.run_dir or pointed.pointer.csv_path
        return self._path(Path(where))

    def _path(self, path: Path) -> str:
        """Return the key by which ``path`` may be asked for from now on."""
        if path.name == "metrics.csv" and (path.parent / "run.json").is_file():
            path = path.parent
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()
        key = f"{_LISTED}{digest[:16]}"
        self._paths[key] = path
        return key

    def _listed_path(self, key: str) -> Path | None:
        if not key.startswith(_LISTED):
            return None
        if key not in self._paths:
            self.listed()  # a page of a server that was here before knows more than this one
        if key not in self._paths:
            message = "there is no such place"
            raise LedgerError(message, hint="choose one of the list")
        return self._paths[key]

    def _in_project(self, key: str, place: Path | None) -> tuple[Project, str]:
        """Return the project of a board of runs, and the id of the run that is meant, or ""."""
        if place is not None:
            return find_project([place]), place.name
        if key == NEXT:
            message = "no run has been started yet"
            raise LedgerError(message, hint="start one, or give a CSV file")
        if self._project is None:
            message = "there is no ledger here"
            raise LedgerError(message, hint="give a CSV file, or use --latest")
        return self._project, "" if key == RUNS else key

    def _ledger(self) -> Ledger:
        assert self._project is not None  # noqa: S101  # asked only where there is one
        return open_ledger(self._project, now())


def _is_path(given: str) -> bool:
    return "/" in given or given.endswith((".csv", ".json")) or Path(given).exists()


def _is_sweep(run: StoredRun) -> bool:
    names = run.names
    return bool(run.record.document.get("sweep")) or any(n.startswith("trials.") for n in names)


def _told(pointed: Pointed) -> dict[str, Json]:
    pointer = pointed.pointer
    return {
        "name": pointer.run_id if pointed.is_ours else pointer.project_name,
        "project": pointer.project_name,
        "status": pointed.status,
        "started": pointer.started_at,
        "where": pointer.run_dir or pointer.csv_path,
        "objective": dict(pointer.objective) if pointer.objective else None,
    }
