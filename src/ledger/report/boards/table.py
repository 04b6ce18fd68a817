"""A table of another tool, followed: what its columns are is told by its names and first rows."""

from __future__ import annotations

import csv
import socket

from ledger.capture.process import process_start
from ledger.contract.direction import infer_goal
from ledger.errors import LedgerError, MalformedError
from ledger.reader.facts import of_cell
from ledger.reader.foreign.decoded import decode_bytes, separator_of
from ledger.reader.foreign.found import find_table
from ledger.reader.foreign.roles import infer_roles, number_of
from ledger.report.boards.board import About, Candidate, Change, planned_epochs
from ledger.report.boards.follow import Following
from ledger.report.boards.goals import metric_names
from ledger.report.boards.rows import Plan
from ledger.report.boards.tracks import Track


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from ledger.contract.json_text import Json
    from ledger.reader.foreign.found import FoundTable
    from ledger.reader.foreign.roles import Roles

_SHOWN = 12
"""Names of columns that one line tells."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_WIDE = "is UTF-16, which cannot be followed line by line"
_HEAD = 1 << 20
"""Bytes by whose rows the columns are told; later rows do not change what they are."""


class CsvForm:
    """Lines of any CSV whose cells hold no line break."""

    def __init__(self) -> None:
        self._separator = ","

    def header(self, line: bytes) -> tuple[str, ...]:
        """Return the names in the first line; none where it is not whole yet."""
        if not line.endswith(b"\n"):
            return ()
        self._separator = separator_of(line.decode("utf-8-sig", "replace"))
        return tuple(name.strip() for name in self._split(line, 1)[0])

    def rows(self, data: bytes, width: int, line: int) -> list[list[str]]:
        """Return the cells of whole lines, of which the first is number ``line``.

        Raises:
            MalformedError: a line has another number of cells than the header, or is not UTF-8.
        """
        rows = self._split(data, line)
        if not {*map(len, rows)} <= {0, width}:
            odd = next(place for place, row in enumerate(rows) if len(row) not in {0, width})
            message = f"has {len(rows[odd])} cells, the header has {width}"
            raise MalformedError(message, line=line + odd)
        if b" " not in data:
            return [row for row in rows if row]
        return [[cell.strip() for cell in row] for row in rows if row]

    def _split(self, data: bytes, line: int) -> list[list[str]]:
        try:
            text = data.decode("utf-8-sig").replace("\r\n", "\n")
            if '"' not in text and "\r" not in text:
                lines = text.split("\n")[:-1]
                return [line.split(self._separator) if line else [] for line in lines]
            return list(csv.reader(text.splitlines(), delimiter=self._separator, strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            message = f"cannot be followed: {error}"
            raise MalformedError(message, line=line, hint="write it as UTF-8 CSV") from error


class CsvBoard:
    """Follows the table that ``given`` is; its candidates are the trials.

    Args:
        given: a CSV file, a folder with one, or a manifest; it need not be there yet.
    """

    def __init__(self, given: Path) -> None:
        self.key = str(given)
        self._given = given
        self._found: FoundTable | None = None
        self._roles: Roles | None = None
        self._said: tuple[str, ...] = ()
        self._following = Following(self._plan, given.stem, CsvForm())
        self._seen: object = None

    def look(self) -> Change:
        """Read what is new in the table."""
        before = self._found, self._roles, self._said
        self._find()
        if self._found is None or self._roles is None:
            was_there = bool(self._following.tracks)
            self._following.forget()
            return Change(is_anew=was_there, is_state=before != (None, None, self._said))
        if before[1] is not None and before[1] != self._roles:
            self._following.forget()
        known = {*self._following.tracks}
        rows, is_anew = self._following.look({"": str(self._found.path)})
        return Change(
            rows=tuple(rows),
            candidates=(*sorted({*self._following.tracks} - known),),
            is_anew=is_anew or (before[1] is not None and before[1] != self._roles),
            is_state=before != (self._found, self._roles, self._said),
        )

    def document(self) -> dict[str, Json]:
        """Return everything but the curves."""
        candidates = [self.candidate(each) for each in self._following.tracks]
        return self._about().to_json() | {"candidates": [*candidates]}

    def candidate(self, candidate: str) -> dict[str, Json]:
        """Return one of the candidates, as ``document`` has it."""
        track = self._following.tracks.get(candidate) or Track()
        params = {key: of_cell(text) for key, text in track.params.items()}
        about = self._found.about if self._found else {}
        return Candidate(
            id=candidate,
            status=None,
            params=params,
            summary=track.summary(),
            n_rows=track.n_rows,
            position=track.last_position,
            planned=planned_epochs({**about, **params}),
        ).to_json()

    def curves(
        self, metric: str, axis: str, only: Collection[str] | None = None
    ) -> dict[str, Json]:
        """Return the curves of every trial, or of those in ``only``."""
        return self._following.curves(metric, axis, only)

    def _find(self) -> None:
        """Look for the table, and tell its columns by the rows it begins with."""
        try:
            self._found = find_table(self._given)
            about = self._found.path.stat()
            seen = about.st_dev, about.st_ino, min(about.st_size, _HEAD)
            if seen == self._seen and self._roles is not None:
                return
            with self._found.path.open("rb") as file:
                head = file.read(_HEAD)
            if head.startswith(_UTF_16):
                raise MalformedError(_WIDE, hint="write it as UTF-8")
            table = decode_bytes(head[: head.rfind(b"\n") + 1])
            self._roles = infer_roles(table, self._found.meta)
            self._seen, self._said = seen, table.said
        except (LedgerError, OSError) as error:
            self._roles, self._seen, self._said = None, None, (str(error),)

    def _plan(self, _: str, header: tuple[str, ...]) -> Plan:
        roles = self._roles
        assert roles is not None  # noqa: S101  # rows are read once the columns are told
        places = {name: place for place, name in enumerate(header)}
        return Plan(
            index={ours: places[name] for ours, name in roles.index.items() if name in places},
            params=tuple((name, places[name]) for name in roles.params if name in places),
            metrics=tuple((name, places[name]) for name in roles.metrics if name in places),
            number_of=lambda _, cell: number_of(cell),
        )

    def _base(self) -> int:
        """Return 1 where no trial has an epoch 0, as of tools that count from 1."""
        all_series = [s for track in self._following.tracks.values() for s in track.series.values()]
        return int(bool(all_series) and all(min(s.epochs, default=0) > 0 for s in all_series))

    def _about(self) -> About:
        found, roles = self._found, self._roles
        metrics = metric_names(self._following.tracks.values())
        stated = found.objective if found else None
        goals = {name: goal for name in metrics if (goal := infer_goal(name))}
        goals |= {stated[0]: stated[1]} if stated else {}  # type: ignore[dict-item]  # a goal
        chosen = next((name for name in metrics if name in goals and name.startswith("val_")), None)
        name = stated[0] if stated else chosen or next((n for n in metrics if n in goals), None)
        source = "objective" if stated else "chosen"
        most = found.about.get("max_trials") if found else None
        return About(
            kind="table",
            key=self.key,
            title=found.path.stem if found else self._given.stem,
            where=str(found.path if found else self._given),
            status=_status(found),
            objective={"metric": name, "goal": goals[name], "source": source} if name else None,
            metrics=metrics,
            goals={each: str(goal) for each, goal in goals.items()},
            params=roles.params if roles else (),
            axes=tuple(each for each in ("epoch", "step", "time") if roles and each in roles.index),
            said=(*self._said, *_guessed(roles), *self._following.broken.values()),
            max_trials=most if isinstance(most, int) else None,
            written=self._following.written,
            epoch_base=self._base(),
            is_waiting=roles is None,
        )


def _guessed(roles: Roles | None) -> tuple[str, ...]:
    """Return what was told by names and first rows alone, for no record says it."""
    if roles is None:
        return ()
    kinds = (("params", roles.params), ("metrics", roles.metrics), ("neither", roles.meta))
    told = "; ".join(f"{kind}: {_listed(names)}" for kind, names in kinds if names)
    return (f"no record says what the columns are; taken for {told}",)


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _status(found: FoundTable | None) -> str | None:
    """Return how a sweep stands that a manifest tells of; None where none does, or on another host.

    A process is only looked for where it ran.
    """
    if found is None or not found.started:
        return None
    if found.writer is None:
        return found.status
    hostname, pid = found.writer
    if hostname != socket.gethostname():
        return None
    return "running" if process_start(pid) is not None else "crashed"
