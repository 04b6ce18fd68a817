"""All runs of a project, followed: sealed ones by their records, running ones row by row."""

from __future__ import annotations

import math

from ledger.contract.json_text import as_list, as_object, as_text
from ledger.contract.layout import is_metrics_table
from ledger.reader.facts import data_hash, params, seed_of
from ledger.reader.ledger import BrokenRun, Ledger, StoredRun, disk_source
from ledger.reader.notes import read_note
from ledger.report.boards.board import About, Candidate, Change, planned_epochs
from ledger.report.boards.follow import Following
from ledger.report.boards.goals import goals_of
from ledger.report.boards.plans import own_plan
from ledger.report.boards.tracks import Track
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from ledger.contract.json_text import Json
    from ledger.project import Project
    from ledger.reader.source import DiskSource, Stamp
    from ledger.report.boards.rows import Plan
    from ledger.report.boards.tracks import Row

MOST = 2000
"""Runs of a board; of more, the newest, and the page says so."""
FEW = 60
"""Curves that are sent when the page names none."""


@value
class _Known:
    """A run as it was read last."""

    run: StoredRun
    status: str
    candidate: Candidate


class LedgerBoard:
    """Follows the runs of ``project``; its candidates are the runs.

    Args:
        project: whose ledger it is.
        clock: returns the moment, UTC.
        first: the run that the page opens with, "" for none.
        is_alone: whether that run is the only one.
    """

    def __init__(
        self,
        project: Project,
        clock: Callable[[], datetime],
        first: str = "",
        *,
        is_alone: bool = False,
    ) -> None:
        self.key = first
        self._is_alone = is_alone and bool(first)
        self._project = project
        self._clock = clock
        self._source: DiskSource = disk_source(project)
        self._stamps: dict[str, Stamp | None] = {}
        self._known: dict[str, _Known] = {}
        self._followed: dict[str, Following] = {}
        self._broken: dict[str, str] = {}
        self._n_left_out = 0

    def look(self) -> Change:
        """Read the runs that are new or changed, and the new rows of those that run."""
        self._source = disk_source(self._project)  # runs may have come to life elsewhere
        stamps = self._source.stamps()
        if self._is_alone:
            stamps = {path: each for path, each in stamps.items() if path.endswith(f"/{self.key}")}
        ledger = Ledger(self._project, self._source, self._clock())
        newest = sorted(stamps, key=lambda path: path.rpartition("/")[2])[-MOST:]
        n_left_out = len(stamps) - len(newest)
        changed = [path for path in newest if self._is_changed(path, stamps[path])]
        before = {*self._known}
        for path in before - {*newest}:
            self._forget(path)
        ids = [each for path in changed for each in self._read(ledger, path)]
        self._stamps = {path: stamps[path] for path in newest}
        # another run may have other metrics and params, and say which way is better
        is_state = bool(ids) or n_left_out != self._n_left_out
        self._n_left_out = n_left_out
        followed = [self._follow(path) for path in [*self._known]]
        return Change(
            rows=tuple(row for rows, _ in followed for row in rows),
            candidates=(*ids,),
            is_anew=not before <= {*self._known} or any(is_anew for _, is_anew in followed),
            is_state=is_state,
        )

    def document(self) -> dict[str, Json]:
        """Return everything but the curves."""
        found = [self._live(known) for known in self._known.values()]
        return self._about().to_json() | {"candidates": [each.to_json() for each in found]}

    def candidate(self, candidate: str) -> dict[str, Json]:
        """Return one of the candidates, as ``document`` has it."""
        return self._live(self._by_id(candidate)).to_json()

    def curves(
        self, metric: str, axis: str, only: Collection[str] | None = None
    ) -> dict[str, Json]:
        """Return the curves of the runs in ``only``; without it, of the best FEW."""
        wanted = self._best(metric) if only is None else only
        return {
            known.run.run_id: [*self._track(path).curves(metric, axis)]
            for path, known in self._known.items()
            if known.run.run_id in wanted
        }

    def _is_changed(self, path: str, stamp: Stamp | None) -> bool:
        return path not in self._stamps or stamp is None or self._stamps[path] != stamp

    def _read(self, ledger: Ledger, path: str) -> Iterator[str]:
        """Read the run in ``path`` again; yield its id where it is not as it was."""
        found = ledger.load_at(path)
        self._broken.pop(path, None)
        if isinstance(found, BrokenRun):
            self._broken[path] = str(found)
        if not isinstance(found, StoredRun) or found.is_retracted:
            self._forget(path)
            return
        before = self._known.get(path)
        status = ledger.status(found)
        if before and before.status == status and before.run == found:
            return
        if status != "running":
            self._followed.pop(path, None)
        self._known[path] = _Known(
            run=found, status=status, candidate=_candidate(ledger, found, status)
        )
        yield found.run_id

    def _forget(self, path: str) -> None:
        self._known.pop(path, None)
        self._followed.pop(path, None)

    def _follow(self, path: str) -> tuple[list[Row], bool]:
        """Return the new rows of a run that goes on, and whether its table began anew."""
        known = self._known[path]
        if known.status != "running":
            return [], False
        is_first = path not in self._followed
        rows, is_anew = self._following(path).look(self._tables(known.run))
        return ([], False) if is_first else (rows, is_anew)

    def _following(self, path: str) -> Following:
        if path not in self._followed:
            run = self._known[path].run

            def plan(name: str, header: tuple[str, ...]) -> Plan:
                return own_plan(self._known[path].run.record.document, name, header)

            self._followed[path] = Following(plan, run.run_id)
        return self._followed[path]

    def _tables(self, run: StoredRun) -> dict[str, str]:
        names = filter(is_metrics_table, run.names)
        return {name: self._source.file(f"{run.path}/{name}") for name in names}

    def _track(self, path: str) -> Track:
        """Return the rows of a run, read now where they were not; a sweep's are its trials'."""
        following = self._following(path)
        following.look(self._tables(self._known[path].run))
        return following.tracks.get(self._known[path].run.run_id) or Track()

    def _live(self, known: _Known) -> Candidate:
        """Return a run as it stands: of one that goes on the numbers are those of its rows."""
        following = self._followed.get(known.run.path)
        track = following.tracks.get(known.run.run_id) if following else None
        if known.status != "running" or track is None:
            return known.candidate
        facts = {
            "summary": track.summary(),
            "n_rows": track.n_rows,
            "position": track.last_position,
        }
        return known.candidate.having(facts)

    def _by_id(self, run_id: str) -> _Known:
        return next(known for known in self._known.values() if known.run.run_id == run_id)

    def _best(self, metric: str) -> set[str]:
        goal = self._goals().get(metric, "max")
        ranked = []
        for known in self._known.values():
            entry = as_list(self._live(known).summary.get(metric))
            number = entry[0 if goal == "min" else 2] if entry else None
            rank = math.inf
            if isinstance(number, int | float):
                rank = number if goal == "min" else -number
            if entry:  # all nan is a curve too: it is drawn as crosses
                ranked.append((rank, known.run.run_id))
        running = {k.run.run_id for k in self._known.values() if k.status == "running"}
        return {name for _, name in sorted(ranked)[:FEW]} | running

    def _goals(self) -> dict[str, str]:
        return goals_of(self._metrics(), self._runs(), self._project.settings.metrics)[1]

    def _runs(self) -> list[StoredRun]:
        return sorted((k.run for k in self._known.values()), key=lambda run: run.started)

    def _metrics(self) -> tuple[str, ...]:
        names: dict[str, None] = {}
        for known in self._known.values():
            names |= dict.fromkeys(self._live(known).summary)
        return (*names,)

    def _about(self) -> About:
        metrics = self._metrics()
        objective, goals = goals_of(metrics, self._runs(), self._project.settings.metrics)
        said = list(self._broken.values())
        if self._n_left_out:
            said.append(f"the newest {MOST:,} runs; {self._n_left_out:,} older ones are left out")
        names: dict[str, None] = {}
        for known in self._known.values():
            names |= dict.fromkeys(known.candidate.params)
        times = [f.written for f in self._followed.values() if f.written is not None]
        return About(
            kind="runs",
            key=self.key,
            title=self.key if self._is_alone else self._project.root.name,
            where=self._project.settings.dir,
            status=None,
            objective=objective,
            metrics=metrics,
            goals=goals,
            params=(*names,),
            axes=("epoch", "step", "time"),
            said=(*said,),
            written=max(times, default=None),
            is_waiting=not self._known,
        )


def _candidate(ledger: Ledger, run: StoredRun, status: str) -> Candidate:
    record = run.record
    config = as_object(record.document.get("config"))
    own = params(record)
    note = read_note(ledger, run)
    told = {name: s.text for name, s in note.sections.items() if s.is_filled} if note else {}
    summary = _summary(run)
    return Candidate(
        id=run.run_id,
        label=record.name,
        status=status,
        params=own,
        summary=summary,
        n_rows=max(
            (n for entry in summary.values() if isinstance(n := as_list(entry)[5], int)), default=0
        ),
        position=None,
        planned=planned_epochs(own),
        started=record.started,
        ended=record.ended,
        message=as_text(as_object(record.document.get("error")).get("message")),
        parent=record.parent,
        variant=as_text(config.get("variant")),
        seed=seed_of(record),
        commit=as_text(record.git.get("commit")),
        dirty=record.is_dirty,
        data=data_hash(run),
        note={name: told[name] for name in ("Hypothesis", "Result") if name in told} or None,
        tags=record.tags,
    )


def _summary(run: StoredRun) -> dict[str, Json]:
    """Return a sealed run's summary as the page has it; what was stated without rows counts too."""
    found: dict[str, Json] = {}
    for name, entry in as_object(run.record.document.get("summary")).items():
        each = as_object(entry)
        keys = ("min", "min_at", "max", "max_at", "last", "n", "n_nonfinite")
        found[name] = [each.get(key) for key in keys]
    for name, number in run.record.metrics.items():
        found.setdefault(name, [number, None, number, None, number, 0, 0])
    return found
