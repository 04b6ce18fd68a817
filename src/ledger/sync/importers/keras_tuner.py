"""Past searches of KerasTuner; only their files are read, KerasTuner is not needed.

A project folder keeps one observation of each metric per trial, that of its best epoch; curves are
kt-masterlog's (``masterlog``).
"""

from __future__ import annotations

import math
from datetime import UTC, datetime

from ledger.contract.json_text import as_list, as_object, as_text
from ledger.sync.importers.sweep import ForeignRow, ForeignSweep, ForeignTrial, digest_of
from ledger.sync.importers.tuner_files import ORACLE, TRIAL
from ledger.writer.reopen import remembered


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from ledger.contract.json_text import Json
    from ledger.sync.importers.tuner_files import TunedSearch, TunedTrial

TOOL = "keras-tuner"
_TUNERS = (("brackets", "Hyperband"), ("num_initial_points", "BayesianOptimization"))
"""Keys of oracle.json that one kind of tuner alone writes."""
_SETTINGS = (
    *("max_epochs", "min_epochs", "factor", "hyperband_iterations"),
    *("num_initial_points", "alpha", "beta"),
)
"""Keys of oracle.json that say how the tuner was set up."""
_SHOWN = 5


def sweep_of(search: TunedSearch, uri: str) -> ForeignSweep:
    """Return ``search`` as a sweep whose rows are the observations that the folder keeps."""
    oracle = search.oracle
    began, starts = _times(oracle)
    first, last = _times_of_files(search.folder)
    metrics = tuple(dict.fromkeys(name for each in search.trials for name in each.metrics))
    seed = oracle.get("seed")
    return ForeignSweep(
        tool=TOOL,
        name=search.folder.name,
        uri=uri,
        id=search.folder.name,
        digest=digest_of(search.parts),
        trials=tuple(_foreign(search, each, starts) for each in search.trials),
        rows=[row for each in search.trials for row in _rows(search, each, metrics)],
        metrics=metrics,
        goals={name: goal for each in search.trials for name, goal in each.goals.items()},
        objective=objective_of(search.trials),
        tuner=next((tuner for key, tuner in _TUNERS if key in oracle), None),
        space=_space(search),
        config={key: oracle[key] for key in _SETTINGS if key in oracle},
        seed=seed if isinstance(seed, int) else None,
        status="interrupted" if _waiting(search) else "finished",
        started=began or first,
        ended=None if began else last,
        are_times_said=began is not None,
        epoch_base=0,
        recorded_as=remembered(search.folder),
        said=tuple(_said(search)),
    )


def objective_of(trials: Sequence[TunedTrial]) -> tuple[str, str] | None:
    """Return the metric whose best value is the score of every trial; None where several are.

    No file of a project folder names the objective.
    """
    scored = [each for each in trials if each.score is not None]
    names = sorted({name for each in scored for name in each.metrics})
    found = [name for name in names if all(_is_score(each, name) for each in scored)]
    return (found[0], scored[0].goals[found[0]]) if len(found) == 1 else None


def _is_score(trial: TunedTrial, name: str) -> bool:
    """Whether the score of ``trial`` is the best mean over executions of the metric ``name``."""
    goal, score = trial.goals.get(name), trial.score
    means = [sum(each) / len(each) for each in trial.metrics.get(name, {}).values()]
    if goal is None or score is None or not means:
        return False
    known = [mean for mean in means if not math.isnan(mean)]
    if math.isnan(score) or not known:
        return math.isnan(score) and not known
    return math.isclose(min(known) if goal == "min" else max(known), score, rel_tol=1e-12)


def _said(search: TunedSearch) -> Iterator[str]:
    yield from search.said
    waiting = _waiting(search)
    if waiting:
        yield f"{len(waiting)} trials had not ended: {', '.join(waiting[:_SHOWN])}"


def _waiting(search: TunedSearch) -> list[str]:
    return [each.trial_id for each in search.trials if each.status == "interrupted"]


def _rows(search: TunedSearch, trial: TunedTrial, metrics: Sequence[str]) -> Iterator[ForeignRow]:
    """Yield a row for each step and execution of which ``trial`` keeps an observation."""
    for step in sorted({step for found in trial.metrics.values() for step in found}):
        known = {name: found.get(step, []) for name, found in trial.metrics.items()}
        n_executions = max(map(len, known.values()))
        for place in range(n_executions):
            cells = (known.get(name, [])[place : place + 1] for name in metrics)
            yield ForeignRow(
                trial_id=trial.trial_id,
                attempt=search.attempt_of(trial.trial_id),
                execution=place if n_executions > 1 else None,
                epoch=trial.first_epoch + step,
                step=None,
                cells=tuple(cell[0] if cell else None for cell in cells),
            )


def _foreign(
    search: TunedSearch, trial: TunedTrial, starts: Mapping[str, datetime]
) -> ForeignTrial:
    is_nan = trial.score is not None and math.isnan(trial.score)
    parent = trial.params.get("tuner/trial_id")
    return ForeignTrial(
        trial_id=trial.trial_id,
        params=trial.params,
        attempt=search.attempt_of(trial.trial_id),
        status=trial.status,
        score=trial.score,
        best_epoch=trial.best_epoch,
        started=starts.get(trial.trial_id),
        parent=parent if isinstance(parent, str) else None,
        message=trial.message or ("the score is nan" if is_nan else None),
    )


def _space(search: TunedSearch) -> dict[str, object]:
    """Return what each hyperparameter may be, by name, as a live search records it."""
    own = as_list(as_object(search.oracle.get("hyperparameters")).get("space"))
    entries = [*own, *(entry for each in search.trials for entry in each.space)]
    found: dict[str, object] = {}
    for entry in map(as_object, entries):
        config = as_object(entry.get("config"))
        name = as_text(config.get("name"))
        if name is not None and name not in found:
            found[name] = {"type": as_text(entry.get("class_name")), **_possible(config)}
    return found


def _possible(config: Mapping[str, Json]) -> dict[str, object]:
    told: dict[str, object] = {
        key: item
        for key, item in config.items()
        if item is not None and key not in {"name", "conditions"}
    }
    parents = [
        as_object(as_object(each).get("config")) for each in as_list(config.get("conditions"))
    ]
    conditions = [{str(each.get("name")): each.get("values")} for each in parents]
    return told | ({"conditions": conditions} if conditions else {})


def _times(oracle: Mapping[str, Json]) -> tuple[datetime | None, dict[str, datetime]]:
    """Return when the search began, and each trial: known where its progress was shown."""
    display = as_object(oracle.get("display"))
    moments = {name: _moment(text) for name, text in as_object(display.get("trial_start")).items()}
    starts = {name: moment for name, moment in moments.items() if moment is not None}
    return _moment(display.get("search_start")), starts


def _moment(item: Json) -> datetime | None:
    """Return the time ``item``, local as KerasTuner writes it, in UTC; None where it is none."""
    try:
        return datetime.fromisoformat(item).astimezone(UTC) if isinstance(item, str) else None
    except (ValueError, OverflowError):
        return None


def _times_of_files(folder: Path) -> tuple[datetime, datetime]:
    """Return when the first and the last of the search's files were written."""
    paths = [*folder.glob(ORACLE), *folder.glob(f"trial_*/{TRIAL}")]
    times = [path.stat().st_mtime for path in paths]
    return (
        datetime.fromtimestamp(min(times), tz=UTC),
        datetime.fromtimestamp(max(times), tz=UTC),
    )
