"""What a change brings to a ledger, as values: each new run beside the best one on the base."""

from __future__ import annotations

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.json_text import Json
    from ledger.reader.difference import Difference

BETTER, WORSE, EQUAL, UNKNOWN = "better", "worse", "equal", "unknown"
BEST, PARENT = "best", "parent"


@value
class Sweep:
    """What a sweep tried; its trials are no runs."""

    n_trials: int
    best_trial: str | None
    """The trial that reached the value of the run, else what its record says; None for unknown."""


@value
class Standing:
    """A run's value beside the best on the base; the fields of both are None where unknown."""

    metric: str | None
    """The objective's; None where nothing says which metric counts."""
    goal: str | None
    """min or max; never inferred from a name."""
    value: float | None
    """Best finite value of the run, as every query reads it; without a goal the last."""
    best_run_id: str | None = None
    best_value: float | None = None
    change: float | None = None
    """``value - best_value``."""
    percent: float | None = None
    """Change in percent of the absolute ``best_value``; None where that is 0."""
    word: str = UNKNOWN
    """better, worse, equal or unknown."""
    why: str | None = None
    """Why it is unknown; None where it is not."""


@value
class Detail:
    """What else is told of one of the few runs that are shown."""

    hypothesis: str
    """First paragraph of what a person wrote, "" for nothing; so is ``result``."""
    result: str
    curve: tuple[float, ...]
    """(n,) values of the metric in row order, of the best trial in a sweep; empty without rows."""
    trial_params: tuple[tuple[str, Json], ...] = ()
    """(name, value) of the best trial of a sweep."""
    against: str | None = None
    """Id of the run that it is compared with; None where there is none."""
    against_is: str | None = None
    """best, or parent where the run has one."""
    config: tuple[Difference, ...] = ()
    """The first params that differ."""
    n_config: int = 0
    """How many differ."""
    is_same_code: bool | None = None
    code_paths: tuple[str, ...] = ()
    """The first code paths that differ."""
    n_code_paths: int | None = None
    """How many differ; None where a manifest is not to be had."""
    is_same_environment: bool | None = None


@value
class Arrival:
    """A run that is in head and not in the merge base."""

    run_id: str
    name: str
    ledger: str
    """Folder of the ledger, relative to the top of the repository."""
    path: str
    """Folder of the run, likewise."""
    started: str
    """ISO 8601, UTC."""
    status: str
    is_dirty: bool | None
    """None: the record cannot tell."""
    marks: tuple[str, ...]
    """What to know of the run: incomplete, retracted, imported, as stated, n not finite."""
    standing: Standing
    is_same_data: bool | None
    """Whether it used the data of the best run; None where one of both does not say."""
    last: tuple[tuple[str, float], ...]
    """(metric, last or stated value) of every metric."""
    sweep: Sweep | None
    on_same_data: Standing | None = None
    """Against the best run on the base with the same data, where the best of all has other data;
    None where there is none, or it is the same run."""
    detail: Detail | None = None
    """None beyond the runs that are shown."""


@value
class Arrivals:
    """The new runs of a change; the first ones first."""

    runs: tuple[Arrival, ...]
    """Better ones first, then by how much; those without a verdict last, by start."""
    problems: tuple[str, ...] = ()
    """One line for each record, table or ledger that cannot be read."""

    @property
    def shown(self) -> tuple[Arrival, ...]:
        """The runs that are told in detail."""
        return tuple(run for run in self.runs if run.detail is not None)

    @property
    def n_more(self) -> int:
        """How many further ones there are."""
        return len(self.runs) - len(self.shown)
