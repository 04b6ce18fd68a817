"""What came out of a search: one value, which also saves itself."""

from __future__ import annotations

import math
from pathlib import Path

from ledger.contract.config import to_json
from ledger.contract.json_text import as_object, dump_json, encode_number, parse_json
from ledger.errors import MalformedError
from ledger.integrations.tuner_params import active_params
from ledger.storage.files import replace_file
from ledger.value import as_dict, value
from ledger.writer.trials_table import column_of


TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any

    from ledger.contract.json_text import Json
    from ledger.integrations.tuning.config import TunerConfig

RESULT_NAME = "ledger-result.json"
"""The file in a tuner's folder that holds the result of its search, once that is over."""
_STATUS = {"COMPLETED": "finished", "FAILED": "failed", "INVALID": "failed"}
_MAX_SHOWN = 5


@value
class TrialOutcome:
    """What became of one trial."""

    trial_id: str
    status: str
    """finished, failed or running."""
    score: float | None
    """What the tuner found, over all executions; None for a trial that has no finite one."""
    params: Mapping[str, Any]
    message: str | None
    """The end of a failed trial's traceback."""


@value
class TuningResult:
    """What a search has found, where everything of it is, and how long it took."""

    run_id: str
    run_dir: Path
    project_dir: Path
    """The state of the tuner: trials, oracle, weights."""
    best_trial: str | None
    """None where no trial finished with a finite score; so are the next ones."""
    best_hps: Mapping[str, Any] | None
    best_score: float | None
    model: Any
    """The best trial's model with the weights of its best epoch, as the search left them."""
    trials: tuple[TrialOutcome, ...]
    """The best first, those without a score last."""
    elapsed_seconds: float
    """Wall clock, of this search; of one that was over before, what it took then."""
    config: TunerConfig
    tuner: Any

    @property
    def metrics_path(self) -> Path:
        """The table of all epochs; each worker of a distributed search has one beside it."""
        return self.run_dir / "metrics.csv"

    @property
    def path(self) -> Path:
        """The file that the result was saved in."""
        return self.project_dir / RESULT_NAME

    @property
    def elapsed_formatted(self) -> str:
        """Hours, minutes and seconds."""
        minutes, seconds = divmod(int(self.elapsed_seconds), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"

    def table(self) -> list[dict[str, object]]:
        """Return one flat row a trial: what any library of data frames takes."""
        return [
            {
                "trial_id": each.trial_id,
                "status": each.status,
                "score": each.score,
                **{column_of(name): item for name, item in each.params.items()},
                "message": each.message,
            }
            for each in self.trials
        ]

    def summary(self) -> str:
        """Return the result as a few lines."""
        config, n = self.config, len(self.trials)
        n_failed = sum(each.status == "failed" for each in self.trials)
        told = f"{n} trials" + (f", {n_failed} failed" if n_failed else "")
        lines = [
            f"{config.project_name}: {told} by {config.strategy} in {self.elapsed_formatted}",
            f"run: {self.run_id}",
        ]
        if self.best_hps is None:
            return "\n".join([*lines, f"no trial has a finite {config.objective_metric}"])
        score = f"{config.objective_metric} {self.best_score:.6g}"
        lines += [f"best: trial {self.best_trial}, {score}"]
        return "\n".join([*lines, *(f"  {name}: {item}" for name, item in self.best_hps.items())])

    def to_dict(self) -> dict[str, Json]:
        """Return what JSON can hold of the result; the keys of kt-masterlog's are among them."""
        score = self.best_score
        return {
            "run_id": self.run_id,
            "best_trial": self.best_trial,
            "best_score": None if score is None else encode_number(score),
            "best_hps": to_json(self.best_hps),
            "elapsed_seconds": self.elapsed_seconds,
            "elapsed_formatted": self.elapsed_formatted,
            "master_csv_path": str(self.metrics_path),
            "config": self.config.to_dict(),
            "trials": [to_json(as_dict(each)) for each in self.trials],
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write ``to_dict`` into the file ``path``.

        Raises:
            OSError: it cannot be written.
        """
        replace_file(str(path), dump_json(self.to_dict()))


def outcomes(tuner: Any) -> tuple[TrialOutcome, ...]:  # noqa: ANN401
    """Return what became of each trial of ``tuner``, the best first."""
    sign = -1 if tuner.oracle.objective.direction == "max" else 1
    found = [_outcome(trial) for trial in tuner.oracle.trials.values()]
    return tuple(
        sorted(
            found,
            key=lambda each: (each.score is None, 0 if each.score is None else sign * each.score),
        )
    )


def read_finished(folder: Path) -> dict[str, Json]:
    """Return the result that a search has left in ``folder``; empty without one."""
    try:
        return as_object(parse_json((folder / RESULT_NAME).read_bytes()))
    except (OSError, MalformedError):
        return {}


def _outcome(trial: Any) -> TrialOutcome:  # noqa: ANN401
    score, status = trial.score, _STATUS.get(str(trial.status), "running")
    is_found = status == "finished" and score is not None and math.isfinite(score)
    return TrialOutcome(
        trial_id=str(trial.trial_id),
        status=status,
        score=float(score) if is_found else None,
        params=active_params(trial),
        message=trial.message,
    )
