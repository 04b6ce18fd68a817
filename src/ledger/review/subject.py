"""What is reviewed, as frozen values: the trials of a sweep, or runs beside each other."""

from __future__ import annotations

import re

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, TypeAlias

    from ledger.contract.direction import Goal
    from ledger.contract.json_text import Json

    Kind: TypeAlias = Literal["sweep", "runs"]
    Scale: TypeAlias = Literal["linear", "log", "reverse_log"]


@value
class Curve:
    """One training: an execution of a trial, or a run."""

    epochs: tuple[int | None, ...]
    """(n,) as the rows number them, epoch or else step; ascending where known."""
    objective: tuple[float, ...]
    """(n,) values of the objective in row order, NaN and infinities as they came."""
    train: tuple[float | None, ...] = ()
    """(n,) values of the same metric on the training data at those rows; () where not logged."""


@value
class Candidate:
    """A trial or a run that could have been chosen."""

    name: str
    """``RUN`` or ``RUN#TRIAL``, as every verb takes it."""
    label: str
    """A short name that is unique in the review: the trial's id, or the run's."""
    run_id: str
    trial_id: str | None
    status: str
    params: Mapping[str, Json]
    """By dotted path, the tuner's own among them."""
    curves: tuple[Curve, ...]
    """One for each execution of the last attempt; () without a row of the objective."""
    best: float | None
    """The extreme over all rows, as ``query`` ranks; None without a finite value."""
    best_epoch: int | None
    last: float | None
    """The last value, finite or not."""
    stated: float | None = None
    """What the tuner or the script said it came to; counts where there is no row."""
    n_nonfinite: int = 0
    message: str | None = None
    """Why it failed."""
    started: str | None = None
    """ISO 8601."""
    seconds: float | None = None
    """Wall clock of the training; None where unknown."""
    parent: str | None = None
    """Trial id of the one that this trial goes on from."""
    budget: int | None = None
    """Epochs that it was allowed; None where nothing says."""
    patience: int | None = None
    """Epochs without a better value after which early stopping ends it; None where nothing says."""
    seed: Json = None
    variant: str | None = None
    """Equal for repeats that differ in the seed alone; None where nothing says."""
    commit: str | None = None
    dirty: bool | None = None
    data_hash: str | None = None
    """Of all data sets together; None where one is unknown."""
    code: str | None = None
    packages: str | None = None
    command: str | None = None


@value
class Param:
    """What a param was allowed to be."""

    name: str
    low: float | None = None
    high: float | None = None
    """Bounds, inclusive; None for a choice without an order."""
    scale: Scale = "linear"
    step: float | None = None
    values: tuple[Json, ...] = ()
    """Of a choice, in its order where it has one."""
    is_ordered: bool = False


@value
class Subject:
    """Everything that a review looks at."""

    title: str
    """The sweep, or the question."""
    kind: Kind
    metric: str
    goal: Goal
    direction_source: str
    """question, objective, column or settings; a review never infers."""
    train_metric: str | None
    """Whose curve was taken for the training; None where none was logged."""
    candidates: tuple[Candidate, ...]
    tuner: str | None = None
    space: tuple[Param, ...] | None = None
    """None where no search space was recorded."""
    max_trials: int | None = None
    test_metrics: tuple[str, ...] = ()
    """Metrics of the test set that were computed, by the word ``test`` in their names."""
    n_tested: int = 0
    """Candidates that have one of ``test_metrics``."""
    note: Mapping[str, str] = {}
    """What people wrote about the sweep, by section."""
    warnings: tuple[str, ...] = ()
    """What could not be read."""


_OF_FOLDS = re.compile(r"(mean|std|rank|split\d+)_test_")
"""scikit-learn says ``test`` of the folds that were held out, which a search may choose by."""


def is_of_test(metric: str) -> bool:
    """Whether ``metric`` is of the test set, by the word ``test`` in its name."""
    if _OF_FOLDS.match(metric):
        return False
    words = metric.lower()
    for sign in "/.-":
        words = words.replace(sign, "_")
    return "test" in words.split("_")
