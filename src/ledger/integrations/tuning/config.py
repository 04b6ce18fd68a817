"""What a search is to do, as one value that is JSON: kept, compared, and read again exactly."""

from __future__ import annotations

import json
import math
from difflib import get_close_matches
from pathlib import Path

from ledger.contract.config import flatten
from ledger.contract.direction import infer_goal
from ledger.contract.json_text import as_object, dump_json, parse_json
from ledger.contract.shape import Anything, Flag, MapOf, Nullable, Number, Text
from ledger.errors import LedgerError, MalformedError
from ledger.storage.files import replace_file
from ledger.value import as_dict, value
from ledger.writer.narrate import say


TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any

    from ledger.contract.json_text import Json
    from ledger.contract.shape import Shape

_NAME, _COUNT = Text(pattern=r".+"), Number(integer=True, minimum=1)


@value
class _Finite:
    """A number; no text stands for one here."""

    def check(self, item: Json, path: str) -> None:
        """Raise MalformedError unless ``item`` is such a number."""
        if isinstance(item, str):
            message = f"must be a number, not {item!r}"
            raise MalformedError(message, field=path)
        Number().check(item, path)

    def schema(self) -> dict[str, Json]:
        """Return the JSON Schema of this shape."""
        return {"type": "number"}


_SHAPES: dict[str, Shape] = {
    "project_name": _NAME,
    "output_dir": _NAME,
    "strategy": _NAME,
    "max_trials": Nullable(inner=_COUNT),
    "strategy_kwargs": MapOf(inner=Anything()),
    "objective_metric": _NAME,
    "objective_direction": Text(choices=("min", "max")),
    "search_epochs": _COUNT,
    "early_stop_patience": Nullable(inner=Number(integer=True, minimum=0)),
    "early_stop_monitor": Nullable(inner=_NAME),
    "restore_best_weights": Flag(),
    "reduce_lr": Flag(),
    "reduce_lr_patience": Number(integer=True, minimum=0),
    "reduce_lr_factor": _Finite(),
    "reduce_lr_min": _Finite(),
    "extra_fields": MapOf(inner=Anything()),
    "seed": Nullable(inner=Number(integer=True, minimum=0)),
}
_NOT_OURS = {
    "master_csv_prefix": "the run is named after project_name",
    "overwrite_master_csv": "nothing is ever overwritten",
    "register_run": "LEDGER_KT_MANIFEST=0 keeps a search from kt-masterviz",
    "extra_callbacks": "give callbacks to optimize",
}
"""Fields that kt-masterlog's file has and ours has not, each with what stands for it."""
_HINT = "mend the configuration"


@value
class TunerConfig:
    """Everything that a search of hyperparameters is told, all of it JSON.

    The fields are called as kt-masterlog calls them where they mean the same; ``from_json`` opens
    its files.
    """

    project_name: str
    """What the search and its run are called; the folder of the tuner's state within output_dir."""
    output_dir: str = "./tuner_runs"
    strategy: str = "bayesian"
    """A key of ``STRATEGIES``, or ``module:name`` of a tuner class of your own."""
    max_trials: int | None = 30
    """At most so many trials, whatever the strategy; None: as many as the strategy itself has."""
    strategy_kwargs: Mapping[str, Any] = {}
    """Further arguments of the tuner's constructor, or of its oracle's."""
    objective_metric: str = "val_loss"
    objective_direction: str = "min"
    """min or max."""
    search_epochs: int = 50
    """Of one trial, at most; for Hyperband those of the longest."""
    early_stop_patience: int | None = 15
    """Epochs without improvement that end a trial; None: none does."""
    early_stop_monitor: str | None = None
    """None: objective_metric."""
    restore_best_weights: bool = True
    reduce_lr: bool = False
    """Whether the learning rate is reduced when early_stop_monitor stays as it is."""
    reduce_lr_patience: int = 8
    reduce_lr_factor: float = 0.5
    reduce_lr_min: float = 1e-6
    extra_fields: Mapping[str, Any] = {}
    """The same in every row: the name of a data set, a tag."""
    seed: int | None = None
    """Of the strategy; recorded as the run's."""

    @classmethod
    def from_dict(cls, facts: Mapping[str, Any]) -> TunerConfig:
        """Return the configuration that ``to_dict`` gave, or kt-masterlog's.

        Raises:
            MalformedError: a field that is unknown, missing or of a wrong type, by its path.
        """
        left_out = [name for name in _NOT_OURS if facts.get(name)]
        unknown = [name for name in facts if name not in _SHAPES and name not in _NOT_OURS]
        if unknown:
            raise _unknown(str(unknown[0]))
        if "project_name" not in facts:
            message = "is missing"
            raise MalformedError(message, field="project_name", hint=_HINT)
        config = cls(**{name: facts[name] for name in _SHAPES if name in facts})
        config.check()
        for name in left_out:
            say(f"{name} is not used: {_NOT_OURS[name]}")
        return config

    @classmethod
    def from_json(cls, path: str | os.PathLike[str]) -> TunerConfig:
        """Return the configuration in the file ``path``.

        Raises:
            LedgerError: it cannot be read, or as for ``from_dict``.
        """
        try:
            facts = parse_json(Path(path).read_bytes())
            MapOf(inner=Anything()).check(facts, "")
            return cls.from_dict(as_object(facts))
        except OSError as error:
            message = f"cannot be read: {error.strerror or error}"
            raise LedgerError(message, hint="name a file that is there", path=path) from error
        except MalformedError as error:
            raise error.at(path) from error

    def to_dict(self) -> dict[str, Json]:
        """Return the fields by name, in their order.

        Raises:
            MalformedError: as for ``check``.
        """
        self.check()
        facts: dict[str, Json] = json.loads(json.dumps(as_dict(self)))
        return facts

    def to_json(self, path: str | os.PathLike[str]) -> None:
        """Write the configuration into the file ``path``, a field a line.

        Raises:
            MalformedError: as for ``check``.
            OSError: it cannot be written.
        """
        replace_file(str(path), dump_json(self.to_dict()))

    def diff(self, other: TunerConfig) -> dict[str, tuple[Json, Json]]:
        """Return (here, there) by the path of each field that is another; None where it is not."""
        own, theirs = flatten(self.to_dict()), flatten(other.to_dict())
        names = [*own, *(name for name in theirs if name not in own)]
        return {
            name: (own.get(name), theirs.get(name))
            for name in names
            if name not in own or name not in theirs or not _is_same(own[name], theirs[name])
        }

    def check(self) -> None:
        """See that each field is what it must be, and the same after a round trip through JSON.

        Raises:
            MalformedError: one is not, told by its path (``strategy_kwargs.factor``).
        """
        for name, item in as_dict(self).items():
            _check_exact(item, name)
            try:
                _SHAPES[name].check(item, name)  # type: ignore[arg-type]  # JSON, as was just seen
            except MalformedError as error:
                raise MalformedError(error.message, field=error.field, hint=_HINT) from error
        if self.stops_by_monitor and self.monitor_direction is None:
            message = f"nothing says whether {self.monitor!r} is to fall or to rise"
            hint = "monitor the objective"
            raise MalformedError(message, field="early_stop_monitor", hint=hint)

    @property
    def stops_by_monitor(self) -> bool:
        """Whether anything in a trial depends on the monitor."""
        return self.early_stop_patience is not None or self.reduce_lr

    @property
    def monitor(self) -> str:
        """The metric that ends a trial early."""
        return self.early_stop_monitor or self.objective_metric

    @property
    def monitor_direction(self) -> str | None:
        """Which way the monitor is better; None where that is not known."""
        if self.monitor == self.objective_metric:
            return self.objective_direction
        return infer_goal(self.monitor)


def _check_exact(item: object, path: str) -> None:
    """Raise MalformedError unless JSON gives back ``item`` as it is."""
    if item is None or type(item) in {bool, int} or (type(item) is float and math.isfinite(item)):
        return
    if type(item) is str and item.encode("utf-8", "replace").decode() == item:
        return
    if type(item) is list:
        for position, below in enumerate(item):
            _check_exact(below, f"{path}[{position}]")
    elif type(item) is dict:
        for key, below in item.items():
            if type(key) is not str:
                message = f"has the key {key!r}, which is no text"
                raise MalformedError(message, field=path, hint=_HINT)
            _check_exact(below, f"{path}.{key}")
    else:
        message = f"is {str(item)[:40]!r} of type {type(item).__name__}, which JSON cannot hold"
        hint = "give objects to optimize as tuner_kwargs, and tuples as lists"
        raise MalformedError(message, field=path, hint=hint)


def _is_same(one: Json, other: Json) -> bool:
    """Whether two values are written the same: 1, 1.0 and true are three."""
    return json.dumps(one) == json.dumps(other)


def _unknown(name: str) -> MalformedError:
    close = get_close_matches(name, _SHAPES, 1)
    hint = f"did you mean {close[0]}?" if close else f"the fields are {', '.join(_SHAPES)}"
    return MalformedError("is no field of a TunerConfig", field=name, hint=hint)
