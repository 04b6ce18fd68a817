"""Runs or trials as candidates: what the records and the logs of trials say of each."""

from __future__ import annotations

import re
from collections import Counter

from ledger.reader.asking.keys import LATEST_TRIALS
from ledger.reader.asking.trials import trial_params
from ledger.reader.facts import of_cell
from ledger.review.assess import TUNER_PREFIX, is_seed
from ledger.review.subject import Candidate
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from ledger.contract.json_text import Json
    from ledger.reader.index import Index
    from ledger.review.rows import Key, Rows
    from ledger.review.selection import Selection

_EPOCHS = ("epochs", "max_epochs", "num_epochs", "n_epochs", "num_train_epochs")
"""Params that say how many epochs a training is allowed, by the last part of their path."""
_PATIENCE = ("early_stop_patience", "early_stopping_patience", "patience")
"""Params that say how long early stopping waits; so too ``…early_stopping.patience``."""
_OF_SCHEDULE = re.compile(r"sched|plateau|\blr\b|reduce_lr|learning_rate", re.IGNORECASE)
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}_\d{4}_")
_TRIAL_EPOCHS = "tuner/epochs"
_TRIAL_PARENT = "tuner/trial_id"
_TRIAL_START = "tuner/initial_epoch"
_RUN_FIELDS = (
    *("run_id", "name", "status", "started", "duration_s", "seed", "variant", "commit", "dirty"),
    *("code", "packages", "command", "error"),
)
_RUNS = f"""
    SELECT {", ".join(f"r.{name}" for name in _RUN_FIELDS)}, s.final FROM runs r
    LEFT JOIN summary s ON s.run_id = r.run_id AND s.metric = $metric
    WHERE r.run_id IN (SELECT unnest($runs)) ORDER BY r.started, r.run_id"""  # noqa: S608  # our names
_PARAMS = """
    SELECT run_id, key, text FROM params WHERE run_id IN (SELECT unnest($runs)) ORDER BY key"""
_DATA = """
    SELECT run_id, bool_and(hash IS NOT NULL), list(coalesce(name, '') ORDER BY name, hash),
        list(hash ORDER BY name, hash)
    FROM data WHERE run_id IN (SELECT unnest($runs)) GROUP BY run_id"""
_TRIALS = f"""
    SELECT run_id, trial_id, status, score, started, ended, message,
        coalesce(parent, params['{_TRIAL_PARENT}'])
    FROM ({LATEST_TRIALS}) WHERE run_id IN (SELECT unnest($runs))"""  # noqa: S608  # our names


@value
class _Run:
    """What all trials of a run share, or what a run is."""

    facts: Mapping[str, Json]
    params: Mapping[str, Json]
    data_hash: str | None
    final: float | None
    started: datetime | None


def read_candidates(
    index: Index, selection: Selection, metric: str, rows: Mapping[Key, Rows]
) -> tuple[Candidate, ...]:
    """Return the candidates of ``selection``; ``rows`` is what the tables say of each."""
    runs = _read_runs(index, selection, metric)
    if selection.trials is None:
        labels = _labels({run_id: str(run.facts["name"]) for run_id, run in runs.items()})
        return tuple(
            _of_run(run, rows.get((run_id, None)), labels[run_id]) for run_id, run in runs.items()
        )
    return tuple(_of_trials(index, selection, runs, rows))


def _read_runs(index: Index, selection: Selection, metric: str) -> dict[str, _Run]:
    wanted = {"runs": list(selection.run_ids)}
    params: dict[str, dict[str, Json]] = {}
    for run_id, key, text in index.rows(_PARAMS, wanted):
        params.setdefault(str(run_id), {})[str(key)] = of_cell(None if text is None else str(text))
    hashes = {str(row[0]): _data_hash(*row[1:]) for row in index.rows(_DATA, wanted)}
    found: dict[str, _Run] = {}
    for row in index.rows(_RUNS, wanted | {"metric": metric}):
        facts = dict(zip(_RUN_FIELDS, row, strict=False))
        run_id = str(facts["run_id"])
        found[run_id] = _Run(
            facts=facts,  # type: ignore[arg-type]  # the view's own types
            params=params.get(run_id, {}),
            data_hash=hashes.get(run_id),
            final=row[-1],  # type: ignore[arg-type]  # as above
            started=facts["started"],  # type: ignore[arg-type]  # as above
        )
    return found


def _data_hash(is_known: object, names: object, hashes: object) -> str | None:
    """Return the hash of the one data set, or names and hashes of several; None for unknown."""
    if not is_known:
        return None
    texts = [str(each) for each in hashes]  # type: ignore[attr-defined]  # a list
    if len(texts) == 1:
        return texts[0]
    pairs = zip(names, texts, strict=True)  # type: ignore[call-overload]  # as above
    return " ".join(f"{name}={content}" for name, content in pairs)


def _labels(names: Mapping[str, str]) -> dict[str, str]:
    """Return a short name of each run: its own, else its id without the date, else its id."""
    undated = {run_id: _DATE.sub("", run_id) for run_id in names}
    told, short = Counter(names.values()), Counter(undated.values())
    return {
        run_id: name
        if told[name] == 1
        else undated[run_id]
        if short[undated[run_id]] == 1
        else run_id
        for run_id, name in names.items()
    }


def _of_run(run: _Run, rows: Rows | None, label: str) -> Candidate:
    facts = run.facts
    return Candidate(
        name=str(facts["run_id"]),
        label=label,
        trial_id=None,
        status=str(facts["status"]),
        params=run.params,
        message=facts["error"],  # type: ignore[arg-type]  # text or None
        seconds=facts["duration_s"],  # type: ignore[arg-type]  # a number or None
        stated=run.final,
        seed=facts["seed"],
        budget=_budget(run.params),
        patience=_patience(run.params),
        **_shared(run),  # type: ignore[arg-type]  # fields of a candidate
        **_of_rows(rows),  # type: ignore[arg-type]  # as above
    )


def _of_trials(
    index: Index, selection: Selection, runs: Mapping[str, _Run], rows: Mapping[Key, Rows]
) -> Sequence[Candidate]:
    wanted = sorted(selection.trials or ())
    logged = {
        (str(row[0]), str(row[1])): row[2:]
        for row in index.rows(_TRIALS, {"runs": list(selection.run_ids)})
    }
    params = trial_params(index, wanted)
    found_parents = _found_parents(params)
    is_one = len(selection.run_ids) == 1
    found = []
    for run_id, trial_id in wanted:
        run = runs[run_id]
        own = params.get((run_id, trial_id), {})
        status, score, started, ended, message, parent = logged.get((run_id, trial_id), (None,) * 6)
        found.append(
            Candidate(
                name=f"{run_id}#{trial_id}",
                label=trial_id if is_one else f"{run.facts['name']}#{trial_id}",
                trial_id=trial_id,
                status=_status(status, str(run.facts["status"])),
                params={**run.params, **own},
                message=message,  # type: ignore[arg-type]  # the view's own types
                seconds=_seconds(started, ended),  # type: ignore[arg-type]  # as above
                stated=score,  # type: ignore[arg-type]  # as above
                seed=next((own[name] for name in sorted(own) if is_seed(name)), None),
                parent=found_parents.get((run_id, trial_id)) if parent is None else str(parent),
                budget=_trial_budget(own, run.params),
                patience=_patience({**run.params, **own}),
                **_shared(run) | {"started": _iso(started)},  # type: ignore[arg-type]  # as above
                **_of_rows(rows.get((run_id, trial_id))),  # type: ignore[arg-type]  # as above
            )
        )
    return found


def _found_parents(
    params: Mapping[tuple[str, str], Mapping[str, Json]],
) -> dict[tuple[str, str], str]:
    """Return by (run_id, trial_id) the parent of trials that begin at a later epoch, where certain.

    Tables of other tools say at which epoch a trial goes on, not from which trial: it is the one
    other trial of the run with the same choices that was allowed so many epochs.
    """
    choices = {key: _choices(own) for key, own in params.items()}
    found: dict[tuple[str, str], str] = {}
    for key, own in params.items():
        start = own.get(_TRIAL_START)
        alike = [
            other
            for other, chosen in choices.items()
            if start and other != key and other[0] == key[0] and chosen == choices[key]
            if params[other].get(_TRIAL_EPOCHS) == start
        ]
        if len(alike) == 1:
            found[key] = alike[0][1]
    return found


def _choices(own: Mapping[str, Json]) -> dict[str, Json]:
    return {name: item for name, item in own.items() if not name.startswith(TUNER_PREFIX)}


def _shared(run: _Run) -> dict[str, object]:
    names = ("run_id", "variant", "commit", "dirty", "code", "packages", "command")
    facts: dict[str, object] = {name: run.facts[name] for name in names}
    return facts | {"data_hash": run.data_hash, "started": _iso(run.started)}


def _of_rows(rows: Rows | None) -> dict[str, object]:
    if rows is None:
        return {"curves": (), "best": None, "best_epoch": None, "last": None}
    names = ("curves", "best", "best_epoch", "last", "n_nonfinite")
    return {name: getattr(rows, name) for name in names}


def _status(status: object, of_run: str) -> str:
    if status is None:
        return of_run
    # an attempt that nobody ended: its process went
    return "crashed" if status == "running" and of_run != "running" else str(status)


def _budget(params: Mapping[str, Json]) -> int | None:
    return _first_int(params, _EPOCHS)


def _patience(params: Mapping[str, Json]) -> int | None:
    """Return the patience of early stopping; that of a schedule of the learning rate is another."""
    ours = {name: item for name, item in params.items() if not _OF_SCHEDULE.search(name)}
    return _first_int(ours, _PATIENCE)


def _first_int(params: Mapping[str, Json], wanted: tuple[str, ...]) -> int | None:
    """Return the integer under the first of ``wanted`` that is the last part of a path."""
    for leaf in wanted:
        for name, item in sorted(params.items()):
            is_count = isinstance(item, int) and not isinstance(item, bool)
            if name.rpartition(".")[2] == leaf and is_count:
                return item  # type: ignore[return-value]  # an int
    return None


def _trial_budget(own: Mapping[str, Json], of_run: Mapping[str, Json]) -> int | None:
    item = own.get(_TRIAL_EPOCHS)
    return item if isinstance(item, int) and item > 0 else _budget(of_run)


def _seconds(started: datetime | None, ended: datetime | None) -> float | None:
    if started is None or ended is None:
        return None
    return max(0.0, (ended - started).total_seconds())


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.isoformat()}+00:00"
