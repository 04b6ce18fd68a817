"""The files of a KerasTuner project folder: oracle.json, and a trial.json for each trial."""

from __future__ import annotations

from ledger.contract.direction import is_goal
from ledger.contract.json_text import as_list, as_object, as_text
from ledger.errors import LedgerError, MalformedError
from ledger.sync.importers.json_file import as_number, parse_object, read_inside
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ledger.contract.json_text import Json

ORACLE, TRIAL = "oracle.json", "trial.json"
_STATUSES = {
    "COMPLETED": "finished",
    "FAILED": "failed",
    "INVALID": "failed",
    "RUNNING": "interrupted",
    "STOPPED": "interrupted",
}


@value
class TunedTrial:
    """One trial.json, checked as far as it is used."""

    trial_id: str
    params: Mapping[str, Json]
    """The active hyperparameters."""
    space: Sequence[Json]
    """What each hyperparameter may be, as KerasTuner writes it."""
    metrics: Mapping[str, Mapping[int, list[float]]]
    """By metric and step: a value for each execution."""
    goals: Mapping[str, str]
    score: float | None
    best_step: int | None
    status: str | None
    message: str | None

    @property
    def first_epoch(self) -> int:
        """Where its training began, from 0: Hyperband goes on with what another trial has learned.

        The steps of a trial count from there.
        """
        first = self.params.get("tuner/initial_epoch")
        return first if isinstance(first, int) and first > 0 else 0

    @property
    def best_epoch(self) -> int | None:
        """The epoch of its score, from 0; the mean of them where it was trained several times."""
        is_scored = self.best_step is not None and self.score is not None
        return (
            self.first_epoch + self.best_step if is_scored and self.best_step is not None else None
        )


@value
class TunedSearch:
    """The project folder of one search."""

    folder: Path
    oracle: Mapping[str, Json]
    """Empty where the file is missing."""
    trials: tuple[TunedTrial, ...]
    """In the order in which they began."""
    parts: tuple[tuple[str, bytes], ...]
    """(name, bytes) of the files that were read."""
    said: tuple[str, ...]

    def attempt_of(self, trial_id: str) -> int:
        """Return which attempt at a trial is known, from 0: the last one that was made."""
        times = as_object(self.oracle.get("run_times")).get(trial_id)
        return times - 1 if isinstance(times, int) and times > 0 else 0


def is_project(folder: Path) -> bool:
    """Whether ``folder`` is one that KerasTuner made for a search."""
    return (folder / ORACLE).is_file() or any(folder.glob(f"trial_*/{TRIAL}"))


def projects_in(folder: Path) -> list[Path]:
    """Return ``folder`` when it is the project of a search, else those directly in it.

    Links are not followed.
    """
    if is_project(folder):
        return [folder]
    below = [path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()]
    return sorted(path for path in below if is_project(path))


def read_search(folder: Path) -> TunedSearch:
    """Return what the project ``folder`` says of its search.

    Raises:
        LedgerError: a file cannot be read, or two are of the same trial.
        MalformedError: a file does not hold what KerasTuner writes.
    """
    oracle, parts, said = _read_oracle(folder)
    trials: dict[str, TunedTrial] = {}
    places: dict[str, str] = {}
    for place in sorted(folder.glob("trial_*")):
        path = place / TRIAL
        if not path.exists() and not path.is_symlink():
            said.append(f"{place.name} holds no {TRIAL} and is left out")
            continue
        hint = f"restore it, or move {place.name} out of the folder to import the other trials"
        data = read_inside(path, folder, hint)
        trial = _trial(parse_object(data, path, hint), path, hint)
        if trial.trial_id in trials:
            message = f"is of trial {trial.trial_id!r}, as {places[trial.trial_id]} is"
            raise LedgerError(message, hint="move one of the two out of the folder", path=path)
        trials[trial.trial_id], places[trial.trial_id] = trial, place.name
        parts.append((f"{place.name}/{TRIAL}", data))
    if not trials:
        message = "holds no trial yet"
        raise LedgerError(message, hint="import it once the search has run", path=folder)
    began = [name for name in map(str, as_list(oracle.get("start_order"))) if name in trials]
    ordered = dict.fromkeys([*began, *trials])
    return TunedSearch(
        folder=folder,
        oracle=oracle,
        trials=tuple(trials[name] for name in ordered),
        parts=tuple(parts),
        said=tuple(said),
    )


def _read_oracle(folder: Path) -> tuple[dict[str, Json], list[tuple[str, bytes]], list[str]]:
    """Return the content of oracle.json, what was read, and what there is to say of it."""
    path = folder / ORACLE
    if not path.exists() and not path.is_symlink():
        told = f"{ORACLE} is missing: the search space and the order are those the trials know"
        return {}, [], [told]
    hint = f"restore it, or move {ORACLE} out of the folder to import the trials without it"
    data = read_inside(path, folder, hint)
    return parse_object(data, path, hint), [(ORACLE, data)], []


def _trial(document: Mapping[str, Json], path: Path, hint: str) -> TunedTrial:
    trial_id = document.get("trial_id")
    known = document.get("hyperparameters")
    if not isinstance(trial_id, str) or not trial_id or not isinstance(known, dict):
        message = "is no trial of KerasTuner: trial_id or hyperparameters are missing"
        raise MalformedError(message, hint=hint, path=path)
    space, values = as_list(known.get("space")), as_object(known.get("values"))
    histories = as_object(as_object(document.get("metrics")).get("metrics"))
    status, best_step = as_text(document.get("status")), document.get("best_step")
    goals = {name: as_object(each).get("direction") for name, each in histories.items()}
    return TunedTrial(
        trial_id=trial_id,
        params=_active(values, space),
        space=space,
        metrics={name: _observed(as_object(each)) for name, each in histories.items()},
        goals={name: str(goal) for name, goal in goals.items() if is_goal(goal)},
        score=as_number(document.get("score")),
        best_step=best_step if isinstance(best_step, int) and best_step >= 0 else None,
        status=_STATUSES.get(status, status.lower()) if status else None,
        message=as_text(document.get("message")),
    )


def _active(values: Mapping[str, Json], space: Sequence[Json]) -> dict[str, Json]:
    """Return those of ``values`` whose conditions, if any, hold."""
    configs = [as_object(as_object(entry).get("config")) for entry in space]
    conditions = {
        str(config.get("name")): [
            as_object(as_object(each).get("config")) for each in as_list(config.get("conditions"))
        ]
        for config in configs
    }
    return {
        name: item
        for name, item in values.items()
        if all(
            values.get(str(each.get("name"))) in as_list(each.get("values"))
            for each in conditions.get(name, ())
        )
    }


def _observed(history: Mapping[str, Json]) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {}
    for each in map(as_object, as_list(history.get("observations"))):
        step, given = each.get("step"), each.get("value")
        numbers = map(as_number, given if isinstance(given, list) else [given])
        known = [number for number in numbers if number is not None]
        found.setdefault(step if isinstance(step, int) and step >= 0 else 0, []).extend(known)
    return {step: numbers for step, numbers in found.items() if numbers}
