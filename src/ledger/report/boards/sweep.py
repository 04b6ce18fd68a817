"""One sweep, followed: its record, the log of its trials, and the rows of all its processes."""

from __future__ import annotations

from ledger.contract.json_text import as_object
from ledger.contract.layout import is_metrics_table
from ledger.contract.trials import decode_trials
from ledger.errors import LedgerError, MalformedError
from ledger.reader.answers import json_number
from ledger.reader.facts import of_cell
from ledger.reader.ledger import Ledger, disk_source
from ledger.report.boards.board import About, Candidate, Change, planned_epochs
from ledger.report.boards.follow import Following
from ledger.report.boards.goals import goals_of, metric_names
from ledger.report.boards.plans import own_plan
from ledger.report.boards.tracks import Track


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from ledger.contract.json_text import Json
    from ledger.contract.trials import Trial
    from ledger.project import Project
    from ledger.reader.ledger import StoredRun
    from ledger.reader.source import DiskSource
    from ledger.report.boards.rows import Plan


class SweepBoard:
    """Follows the sweep ``run_id``; its candidates are the trials.

    Args:
        project: whose ledger it is in.
        run_id: the run's id.
        clock: returns the moment, UTC.

    Raises:
        LedgerError: it is not there, or its record does not follow the format.
    """

    def __init__(self, project: Project, run_id: str, clock: Callable[[], datetime]) -> None:
        self.key = run_id
        self._project = project
        self._clock = clock
        self._source: DiskSource = disk_source(project)
        self._said: list[str] = []
        self._run, self._status = self._load()
        self._stamp: object = None
        self._trials: dict[str, Trial] = {}
        self._following = Following(self._plan)

    def look(self) -> Change:
        """Read what is new in the sweep's files."""
        is_state = self._reload()
        paths = {
            name: self._source.file(f"{self._run.path}/{name}")
            for name in self._run.names
            if is_metrics_table(name)
        }
        before = {*self._following.tracks}
        rows, is_anew = self._following.look(paths)
        new = {*self._following.tracks} - before
        return Change(
            rows=tuple(rows),
            candidates=(*sorted({*self._read_trials(), *new}),),
            is_anew=is_anew,
            is_state=is_state,
        )

    def document(self) -> dict[str, Json]:
        """Return everything but the curves."""
        ids = dict.fromkeys([*self._trials, *self._following.tracks])
        candidates = [self._candidate(each) for each in ids]
        return self._about().to_json() | {"candidates": [each.to_json() for each in candidates]}

    def candidate(self, candidate: str) -> dict[str, Json]:
        """Return one of the candidates, as ``document`` has it."""
        return self._candidate(candidate).to_json()

    def curves(
        self, metric: str, axis: str, only: Collection[str] | None = None
    ) -> dict[str, Json]:
        """Return the curves of every trial, or of those in ``only``."""
        return self._following.curves(metric, axis, only)

    def _load(self) -> tuple[StoredRun, str]:
        ledger = Ledger(self._project, self._source, self._clock())
        run = ledger.load(self.key)
        return run, ledger.status(run)

    def _reload(self) -> bool:
        """Read the record again where it changed; whether it, or how the sweep stands, did."""
        stamp = self._source.folder_stamp(self._run.path)
        is_running = self._status == "running"
        if stamp == self._stamp and not is_running:
            return False
        before = self._run.record.document, self._status
        try:
            self._run, self._status = self._load()
        except LedgerError as error:  # replaced, renamed or gone while we look: told, and kept
            said, self._said, self._stamp = self._said, [str(error)], None
            return said != self._said
        is_changed = stamp != self._stamp or before != (self._run.record.document, self._status)
        self._stamp, self._said = stamp, []
        return is_changed

    def _plan(self, name: str, header: tuple[str, ...]) -> Plan:
        return own_plan(self._run.record.document, name, header)

    def _read_trials(self) -> list[str]:
        """Read the logs of trials; return the ids of the trials of which something changed."""
        found: dict[str, Trial] = {}
        for name in self._run.names:
            if name.startswith("trials.") and name.endswith(".csv") and not is_metrics_table(name):
                try:
                    data = self._source.read(f"{self._run.path}/{name}")
                    found |= {each.trial_id: each for each in decode_trials(data)}
                except FileNotFoundError:
                    continue  # gone with its run, which is told
                except (OSError, MalformedError) as error:
                    self._said = [f"{name}: {error}"]
        changed = [name for name, each in found.items() if self._trials.get(name) != each]
        self._trials = found
        return changed

    def _candidate(self, name: str) -> Candidate:
        track = self._following.tracks.get(name) or Track()
        trial = self._trials.get(name)
        texts = {**track.params, **(trial.params if trial else {})}
        params = {key: of_cell(text) for key, text in texts.items()}
        config = self._run.record.config
        return Candidate(
            id=name,
            status=self._status_of(trial),
            params=params,
            summary=track.summary(),
            n_rows=track.n_rows,
            position=track.last_position,
            planned=planned_epochs({**config, **params}),
            score=None if trial is None else json_number(trial.score),
            started=trial.started if trial else None,
            ended=trial.ended if trial else None,
            message=trial.message if trial else None,
            parent=getattr(trial, "parent", None),
        )

    def _status_of(self, trial: Trial | None) -> str:
        status = trial.status if trial else None
        if status in {None, "running"} and self._status != "running":
            return "crashed" if status == "running" else self._status
        return status or "running"

    def _param_names(self) -> tuple[str, ...]:
        names: dict[str, None] = dict.fromkeys(as_object(self._sweep().get("space")))
        for trial in self._trials.values():
            names |= dict.fromkeys(trial.params)
        for track in self._following.tracks.values():
            names |= dict.fromkeys(track.params)
        return (*names,)

    def _sweep(self) -> dict[str, Json]:
        return as_object(self._run.record.document.get("sweep"))

    def _about(self) -> About:
        record = self._run.record
        sweep = self._sweep()
        metrics = metric_names(self._following.tracks.values())
        objective, goals = goals_of(metrics, [self._run], self._project.settings.metrics)
        most = sweep.get("max_trials")
        n_broken = self._following.broken
        return About(
            kind="sweep",
            key=self.key,
            title=record.name,
            where=self._run.path,
            status=self._status,
            objective=objective,
            metrics=metrics,
            goals=goals,
            params=self._param_names(),
            axes=("epoch", "time"),
            said=(*self._said, *(f"{name}: {why}" for name, why in n_broken.items())),
            max_trials=most if isinstance(most, int) else None,
            space=as_object(sweep.get("space")) or None,
            written=self._following.written,
            is_waiting=not self._following.tracks and not self._trials,
        )
