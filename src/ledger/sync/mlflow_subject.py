"""One run, or one trial, as a run of MLflow: params, metrics, tags, its times and its end."""

from __future__ import annotations

import itertools
import math

from ledger.reader.text import printable
from ledger.sync.guest import load
from ledger.sync.mlflow_names import (
    MAX_METRICS,
    Point,
    batches,
    fitting_names,
    fitting_params,
    fitting_tags,
    infinite_tags,
    points_of,
)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, TypeAlias

    from ledger.sync.subject import Subject

    Client: TypeAlias = Any
    """mlflow.MlflowClient, which ships no types."""
    Existing: TypeAlias = Any
    """mlflow.entities.Run."""

RUN_ID = "ledger.run_id"
DIGEST = "ledger.synced_digest"
PARENT = "mlflow.parentRunId"
TRIAL = "ledger.trial_id"
_FINDS = (RUN_ID, PARENT, TRIAL)
_BEST = "best/"
_STATUSES = {"finished": "FINISHED", "interrupted": "KILLED"}


class Sender:
    """Writes subjects into one experiment, each only as far as it is not there.

    Args:
        client: of the server.
        experiment_id: where new runs are made.
    """

    def __init__(self, client: Client, experiment_id: str) -> None:
        self._client = client
        self._experiment_id = experiment_id
        self.n_points = 0
        """Numbers that were new there."""
        self.notes: list[str] = []

    def send_whole(
        self, subject: Subject, existing: Existing | None, tags: Mapping[str, str]
    ) -> None:
        """Send ``subject`` and mark it whole; nothing where ``existing`` is marked so already."""
        if existing is None or existing.data.tags.get(DIGEST) != subject.digest:
            run_id = self.send(subject, existing, tags)
            self.end(run_id, subject)
            self.mark(run_id, subject.digest)

    def send(self, subject: Subject, existing: Existing | None, tags: Mapping[str, str]) -> str:
        """Send what ``existing`` lacks of ``subject``; return the id of its run there.

        It is marked neither whole nor ended.
        """
        run_id = existing.info.run_id if existing is not None else self._make(subject, tags)
        held = {} if existing is None else existing.data.params
        told = self._send_params(run_id, subject, held)
        names = fitting_names([*_metric_names(subject), "epoch"])
        points = [*points_of(subject.rows, names), *_single_points(subject, names)]
        if existing is not None:
            points = self._new_points(existing, points)
        self._send_points(run_id, points)
        own = {name: fits for name, fits in names.items() if not name.startswith(_BEST)}
        said = {f"ledger.renamed.{fits}": name for name, fits in own.items() if fits != name}
        all_tags = fitting_tags({**subject.tags, **infinite_tags(subject), **said, **told, **tags})
        for batch in batches(all_tags.texts):
            self._client.log_batch(run_id, tags=self._entities("RunTag", batch), synchronous=True)
        self._tell_cut("tag", all_tags.cut)
        self._tell_renamed("metric", own)
        self.n_points += len(points)
        return str(run_id)

    def end(self, run_id: str, subject: Subject) -> None:
        """Let the run there have ended as ``subject`` did."""
        status = _STATUSES.get(subject.status, "FAILED")
        self._client.set_terminated(run_id, status=status, end_time=subject.ended_ms)

    def mark(self, run_id: str, digest: str) -> None:
        """Mark the run there as whole; this comes last."""
        self._client.set_tag(run_id, DIGEST, digest)

    def _make(self, subject: Subject, tags: Mapping[str, str]) -> str:
        # what finds it again is there from the first moment on
        kept = {key: text for key, text in tags.items() if key in _FINDS}
        run = self._client.create_run(
            self._experiment_id, start_time=subject.started_ms, tags=kept, run_name=subject.name
        )
        return str(run.info.run_id)

    def _send_params(
        self, run_id: str, subject: Subject, held: Mapping[str, str]
    ) -> dict[str, str]:
        """Send the params that are not there; return the tags that tell of cut ones."""
        names = fitting_names(subject.params)
        fitted = fitting_params(subject.params, names)
        new = {key: text for key, text in fitted.texts.items() if key not in held}
        for batch in batches(new):
            params = self._entities("Param", batch)
            self._client.log_batch(run_id, params=params, synchronous=True)
        clash = [key for key, text in fitted.texts.items() if held.get(key, text) != text]
        for key in clash:
            self.note(f"{subject.name}: the param {key} is another one there, and stays")
        self._tell_cut("param", fitted.cut)
        self._tell_renamed("param", names)
        return {"ledger.cut_params": ", ".join(fitted.cut)} if fitted.cut else {}

    def _new_points(self, existing: Existing, points: list[Point]) -> list[Point]:
        """Return those of ``points`` that are not there; tell of others that are."""
        run_id = existing.info.run_id
        there: set[tuple[str, int, int, str]] = set()
        for key in existing.data.metrics:
            history = self._client.get_metric_history(run_id, key)
            there |= {(key, each.step, each.timestamp, repr(float(each.value))) for each in history}
        mine = {_identity(point): point for point in points}
        n_gone = len(there - mine.keys())
        if n_gone:
            self.note(
                f"{n_gone} numbers there are not in the record, and MLflow takes none back: delete "
                f"the run {run_id} there and sync again to be rid of them"
            )
        return [point for key, point in mine.items() if key not in there]

    def _send_points(self, run_id: str, points: Iterable[Point]) -> None:
        make = load("mlflow.entities").Metric
        metrics = (make(each.key, each.number, each.time_ms, each.step) for each in points)
        while batch := list(itertools.islice(metrics, MAX_METRICS)):
            self._client.log_batch(run_id, metrics=batch, synchronous=True)

    def _entities(self, kind: str, texts: Mapping[str, str]) -> list[object]:
        make = getattr(load("mlflow.entities"), kind)
        return [make(key, text) for key, text in texts.items()]

    def note(self, line: str) -> None:
        """Keep ``line`` for the user, once: trials share their params."""
        if line not in self.notes:
            self.notes.append(line)

    def _tell_cut(self, kind: str, cut: Iterable[str]) -> None:
        for key in cut:
            self.note(f"the {kind} {key} is cut there; the files have it whole")

    def _tell_renamed(self, kind: str, names: Mapping[str, str]) -> None:
        for name, fits in names.items():
            if name != fits:
                self.note(f"the {kind} {printable(name)} is called {fits} there")


def _metric_names(subject: Subject) -> Iterator[str]:
    for row in subject.rows:
        yield from row.values
    yield from subject.finals
    for best in subject.best:
        yield from (f"{_BEST}{best.metric}", f"{_BEST}{best.metric}_step")


def _single_points(subject: Subject, names: Mapping[str, str]) -> Iterator[Point]:
    """Yield the final values at the last step, and the best ones where they were reached."""
    end = subject.ended_ms
    for name, number in subject.finals.items():
        if not math.isinf(number):
            yield Point(key=names[name], step=subject.last_step, time_ms=end, number=number)
    for best in subject.best:
        key = f"{_BEST}{best.metric}"
        yield Point(key=names[key], step=best.step, time_ms=end, number=best.number)
        at = float(best.step)
        yield Point(key=names[f"{key}_step"], step=best.step, time_ms=end, number=at)


def _identity(point: Point) -> tuple[str, int, int, str]:
    return point.key, point.step, point.time_ms, repr(point.number)
