"""The strategies of a search by name, and how a configuration becomes a tuner of one.

A strategy is any tuner class of KerasTuner's kind. Its arguments are found by their names, so that
another strategy is another word in the configuration.
"""

from __future__ import annotations

import importlib
import inspect
from difflib import get_close_matches

from ledger.errors import LedgerError, MalformedError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ledger.integrations.tuning.config import TunerConfig

STRATEGIES: dict[str, str | Callable[..., Any]] = {
    "bayesian": "keras_tuner:BayesianOptimization",
    "grid": "keras_tuner:GridSearch",
    "hyperband": "keras_tuner:Hyperband",
    "random": "keras_tuner:RandomSearch",
    "sklearn": "keras_tuner:SklearnTuner",
}
"""Tuner classes by the name that a configuration calls them; add your own, as a class or as
``module:name``. A class that takes an oracle gets the one that ``strategy_kwargs.oracle`` names."""
_ORACLES = {
    "bayesian": "keras_tuner.oracles:BayesianOptimizationOracle",
    "grid": "keras_tuner.oracles:GridSearchOracle",
    "random": "keras_tuner.oracles:RandomSearchOracle",
}
_OF_CONFIG = ("hypermodel", "objective", "directory", "project_name")
"""What only the fields of the configuration, and the call, say."""


def make_tuner(
    builder_fn: Callable[[Any], Any], config: TunerConfig, objects: Mapping[str, Any]
) -> Any:  # noqa: ANN401  # whatever class the strategy is
    """Return the tuner that ``config`` describes; where its folder has a search, it goes on.

    Args:
        builder_fn: takes hyperparameters, returns a model.
        config: the search.
        objects: further arguments of the constructor, which JSON cannot hold.

    Raises:
        LedgerError: an unknown strategy, an argument it does not take, a package that is missing.
    """
    for name in _OF_CONFIG:
        if name in config.strategy_kwargs:
            message = "is said by the configuration's own fields"
            hint = "use objective_metric, output_dir and project_name"
            raise MalformedError(message, field=f"strategy_kwargs.{name}", hint=hint)
    strategy = _class_of(config.strategy, STRATEGIES, "strategy")
    takes = _arguments(strategy)
    given: dict[str, Any] = {**config.strategy_kwargs, **objects}
    n_trials = given.pop("max_trials", config.max_trials)
    fields = {
        "max_trials": n_trials,
        "max_epochs": config.search_epochs,
        "seed": config.seed,
        "objective": _objective(config, takes, objects),
    }
    ours = {name: item for name, item in fields.items() if item is not None}
    if "oracle" in takes and "objective" not in takes and not _is_object(given.get("oracle")):
        given["oracle"] = _oracle(given, ours, takes)
    _refuse_unknown(given, takes, strategy)
    fixed = {
        "hypermodel": builder_fn,
        "directory": config.output_dir,
        "project_name": config.project_name,
    }
    known = {name: item for name, item in ours.items() if name in takes}
    tuner = _made(strategy, {**known, **given, **fixed})
    if n_trials is not None:
        tuner.oracle.max_trials = n_trials  # Hyperband's constructor has no word for it
    return tuner


def _objective(config: TunerConfig, takes: frozenset[str], objects: Mapping[str, Any]) -> object:
    import keras_tuner

    is_of_sklearn = "oracle" in takes and "scoring" in takes
    if is_of_sklearn and config.objective_metric != "score" and not objects.get("metrics"):
        message = f"{config.strategy} measures score alone, not {config.objective_metric!r}"
        hint = 'set objective_metric to "score" and objective_direction to "max"'
        raise MalformedError(message, field="objective_metric", hint=hint)
    return keras_tuner.Objective(config.objective_metric, config.objective_direction)


def _oracle(given: dict[str, Any], ours: Mapping[str, Any], takes: frozenset[str]) -> object:
    """Return the oracle that ``given`` names, made with its arguments; they are taken out."""
    oracle = _class_of(str(given.pop("oracle", "bayesian")), _ORACLES, "strategy_kwargs.oracle")
    own = _arguments(oracle)
    mine = {name: given.pop(name) for name in [*given] if name in own and name not in takes}
    known = {name: item for name, item in ours.items() if name in own}
    return _made(oracle, {**known, **mine})


def _class_of(
    name: str, known: Mapping[str, str | Callable[..., Any]], field: str
) -> Callable[..., Any]:
    entry = known.get(name) or known.get(name.lower()) or name
    if not isinstance(entry, str):
        return entry
    module, colon, attribute = entry.partition(":")
    if not colon:
        close = get_close_matches(name.lower(), known, 1)
        hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(sorted(known))}"
        message = f"{name!r} is no strategy, nor module:name of a tuner class"
        raise MalformedError(message, field=field, hint=hint)
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        hint = (
            'pip install "experiment-ledger[keras]"' if module == "keras_tuner" else "mend the name"
        )
        message = f"{entry}: {error}"
        raise MalformedError(message, field=field, hint=hint) from error
    return found


def _arguments(maker: Callable[..., Any]) -> frozenset[str]:
    """Return the names that ``maker`` takes, those that it hands on to its base classes too."""
    if not isinstance(maker, type):
        return frozenset(inspect.signature(maker).parameters)
    names: set[str] = set()
    for each in maker.__mro__:
        if "__init__" not in vars(each) or each is object:
            continue
        parameters = inspect.signature(each.__init__).parameters.values()  # type: ignore[misc]  # each its own
        names |= {item.name for item in parameters if item.kind is not item.VAR_KEYWORD}
        if all(item.kind is not item.VAR_KEYWORD for item in parameters):
            break
    return frozenset(names - {"self", "args"})


def _refuse_unknown(given: Mapping[str, Any], takes: frozenset[str], maker: object) -> None:
    for name in given:
        if name not in takes:
            close = get_close_matches(name, takes, 1)
            shown = getattr(maker, "__name__", str(maker))
            hint = f"did you mean {close[0]}?" if close else f"it takes {', '.join(sorted(takes))}"
            message = f"{shown} takes no such argument"
            raise MalformedError(message, field=f"strategy_kwargs.{name}", hint=hint)


def _made(maker: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401
    try:
        return maker(**arguments)
    except ImportError as error:
        hint = "install what it names, or choose another strategy"
        raise LedgerError(str(error), hint=hint) from error


def _is_object(oracle: object) -> bool:
    return oracle is not None and not isinstance(oracle, str)
