"""Estimators, distributions, splitters and functions as text that is the same in every process."""

from __future__ import annotations

import functools
import inspect
import re


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_CHARS = 2000
MAX_ITEMS = 1000
"""Of an array; a longer one is told by its shape."""
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_SPACES = ("param_grid", "param_distributions", "search_spaces", "param_space")
"""Where searches keep what they choose from: those of scikit-learn, and of what follows it."""


def settings_of(search: Any) -> dict[str, object]:  # noqa: ANN401  # any search
    """Return the config of a run that records ``search``: its class and all its params."""
    return {"search": type(search).__name__, **params_of(search)}


def params_of(estimator: Any) -> dict[str, object]:  # noqa: ANN401  # any estimator
    """Return all params of ``estimator`` by name, nested ones as ``svc__C``.

    An estimator among them is told by its class: its own params have names of their own.
    """
    params = estimator.get_params(deep=True) if _is_estimator(estimator) else {}
    return {str(name): _setting(item) for name, item in params.items()}


def space_of(search: Any) -> dict[str, object]:  # noqa: ANN401  # as above
    """Return, by the name of each param, what ``search`` chooses from."""
    given: Any = next((getattr(search, name) for name in _SPACES if hasattr(search, name)), {})
    space: dict[str, object] = {}
    for each in given if isinstance(given, list | tuple) else [given]:
        for name, item in dict(each[0] if isinstance(each, tuple) else each).items():
            space[str(name)] = _united(space.get(str(name)), legible(item))
    return space


def cell_of(item: object) -> object:
    """Return the value of a param as a table shows it; None, a choice like others, as text."""
    shown = legible(item)
    return shown if isinstance(shown, bool | int | float | str) else str(shown)


def legible(item: Any) -> object:  # noqa: ANN401  # whatever may be a param
    """Return ``item`` as plain Python: numbers, text, lists and mappings of them.

    Nothing in it depends on where an object lies in memory.
    """
    if item is None or isinstance(item, bool | int | float | str):
        return item
    if isinstance(item, dict):
        return {str(key): legible(each) for key, each in item.items()}
    if isinstance(item, list | tuple):
        return [legible(each) for each in item]
    if hasattr(item, "tolist") and getattr(item, "size", MAX_ITEMS + 1) <= MAX_ITEMS:
        return legible(item.tolist())
    return _text(item)


def _united(before: object, possible: object) -> object:
    """Return what may be chosen where two grids of one search give a param."""
    if isinstance(before, list) and isinstance(possible, list):
        return [*before, *(one for one in possible if one not in before)]
    return possible if before is None else [before, possible]


def _setting(item: Any) -> object:  # noqa: ANN401  # as above
    return type(item).__name__ if _is_estimator(item) else legible(item)


def _text(item: Any) -> str:  # noqa: ANN401
    try:
        text = _told(item)
    except Exception:  # noqa: BLE001  # of somebody's repr; no training ends of it
        text = f"<{type(item).__name__}>"
    return text if len(text) <= MAX_CHARS else f"{text[:MAX_CHARS]}…"


def _told(item: Any) -> str:  # noqa: ANN401
    if _is_estimator(item):
        return _estimator(item)
    if isinstance(item, functools.partial):
        words = [_text(item.func), *map(_word, item.args), *_keywords(item.keywords)]
        return f"partial({', '.join(words)})"
    if hasattr(item, "__qualname__"):
        return f"{item.__module__}.{item.__qualname__}"
    if hasattr(item, "dist") and hasattr(item, "kwds"):  # a frozen distribution of scipy
        words = [*map(_word, item.args), *_keywords(item.kwds)]
        return f"{item.dist.name}({', '.join(words)})"
    if hasattr(item, "shape") and hasattr(item, "dtype"):
        return f"{type(item).__name__}{tuple(item.shape)} of {item.dtype}"
    return " ".join(_ADDRESS.sub("", repr(item)).split())


def _estimator(estimator: Any) -> str:  # noqa: ANN401
    """Return ``SVC(C=10)``: its class, and the params that are not the default."""
    kind = type(estimator)
    defaults = {name: each.default for name, each in inspect.signature(kind).parameters.items()}
    changed = {
        name: item
        for name, item in estimator.get_params(deep=False).items()
        if _word(item) != _word(defaults.get(name))
    }
    return f"{kind.__name__}({', '.join(_keywords(changed))})"


def _word(item: Any) -> str:  # noqa: ANN401
    if isinstance(item, tuple):
        return f"({', '.join(map(_word, item))})"
    if isinstance(item, list):
        return f"[{', '.join(map(_word, item))}]"
    shown = legible(item)
    return repr(shown) if shown is item or not isinstance(shown, str) else shown


def _keywords(words: dict[str, Any]) -> list[str]:
    return [f"{name}={_word(item)}" for name, item in words.items()]


def _is_estimator(item: object) -> bool:
    return hasattr(item, "get_params") and not isinstance(item, type)
