"""What KerasTuner says of hyperparameters: those of a trial, and what each may be."""

from __future__ import annotations

from operator import is_


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class ActiveParams:
    """The hyperparameters of one trial, looked at again only when one of them is another.

    Args:
        extra: fields that are the same in every row of the search.
    """

    def __init__(self, extra: Mapping[str, object]) -> None:
        self._extra = extra
        self._hps: Any = None
        self._n_space = 0
        self._values: dict[str, object] = {}
        self._active: dict[str, object] = {}

    def of(self, trial: Any) -> dict[str, object]:  # noqa: ANN401
        """Return them as they are now."""
        hps = trial.hyperparameters
        values = self._values
        if (
            hps is not self._hps
            or len(hps.space) != self._n_space
            or [*hps.values] != [*values]
            or not all(map(is_, hps.values.values(), values.values()))
        ):
            self._hps, self._n_space, self._values = hps, len(hps.space), dict(hps.values)
            self._active = {**active_params(trial), **self._extra}
        return self._active


def active_params(trial: Any) -> dict[str, object]:  # noqa: ANN401
    """Return the hyperparameters of ``trial`` as they are now; of conditional ones the active."""
    hps = trial.hyperparameters
    conditional = {each.name for each in hps.space if getattr(each, "conditions", None)}
    return {
        str(name): item
        for name, item in hps.values.items()
        if name not in conditional or hps.is_active(name)
    }


def possible_values(hyperparameter: Any) -> dict[str, object]:  # noqa: ANN401
    """Return what a hyperparameter may be."""
    config = dict(hyperparameter.get_config())
    config.pop("name", None)
    kind = type(hyperparameter).__name__
    conditions = [
        {each.name: each.values} for each in getattr(hyperparameter, "conditions", ()) or ()
    ]
    config.pop("conditions", None)
    told = {key: item for key, item in config.items() if item is not None}
    return {"type": kind, **told, **({"conditions": conditions} if conditions else {})}
