"""``ledger.autolog``: every training of a framework that is imported, now or later, is a run."""

from __future__ import annotations

import importlib
import os

from ledger.integrations.import_hook import ImportHook
from ledger.writer.narrate import warn


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Self

SWITCH = "LEDGER_AUTOLOG"
_OFF = {"0", "false", "no", "off"}
_MODULES = {
    "keras": "keras",
    "keras_tuner": "keras_tuner",
    "lightning.pytorch": "lightning",
    "pytorch_lightning": "lightning",
    "transformers.trainer": "huggingface",
    "sklearn.model_selection": "sklearn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "optuna": "optuna",
}
"""Our module by that of the framework which, once imported, shows that it may be trained with."""

_active: list[Autolog] = []
"""What records trainings by itself in this process: one at most."""


class Autolog:
    """Records trainings by itself until it is called, or until the ``with`` block ends."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._undo: dict[str, Callable[[], None]] = {}
        self._hook = ImportHook(_MODULES, self._attach)

    def __call__(self) -> None:
        """Take everything back; runs that are being recorded go on to their end."""
        self._hook.remove()
        for name in reversed(list(self._undo)):
            self._safely(name, self._undo.pop(name))
        if self in _active:
            _active.remove(self)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Take everything back."""
        self()

    def begin(self) -> None:
        """Attach to what is imported, and wait for what is not."""
        _active.append(self)
        self._hook.install()

    def _attach(self, name: str) -> None:
        self._safely(name, lambda: self._patch(name))

    def _patch(self, name: str) -> None:
        integration = importlib.import_module(f"ledger.integrations.{_MODULES[name]}")
        self._undo[name] = integration.autolog(**self._options)

    def _safely(self, name: str, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001  # said; neither import nor training may end of it
            warn(f"autolog leaves {name} alone: {type(error).__name__}: {error}")


def autolog(  # noqa: PLR0913  # those of `ledger.start`
    *,
    config: object = None,
    data: object = None,
    seed: int | None = None,
    objective: tuple[str, str] | None = None,
    tags: Sequence[str] = (),
    hypothesis: str | None = None,
    parent: str | None = None,
) -> Autolog:
    """Record every training from now on, whichever supported framework runs it.

    A training that somebody starts (``fit``, ``train``, ``search``, ``optimize``, cross validation)
    writes into the run that is open, or is a run of its own; what it trains inside is part of it.
    Frameworks that are imported later are attached to then. Nothing is imported for it, and where
    no run can be recorded the training goes on and that is said. ``LEDGER_AUTOLOG=0`` in the
    environment switches it off. A second call replaces the first.

    Args:
        config: of the runs that begin by themselves, as everything that follows; see
            ``ledger.start``.
        data: path of the data, or several.
        seed: the seed in use.
        objective: (metric, "min" or "max").
        tags: words to find the runs by.
        hypothesis: what you expect and why.
        parent: id of the run these follow.

    Returns:
        what takes it back, when it is called or at the end of a ``with`` block.
    """
    given = {
        "config": config,
        "data": data,
        "seed": seed,
        "objective": objective,
        "tags": tags or None,
        "hypothesis": hypothesis,
        "parent": parent,
    }
    while _active:
        _active[-1]()
    told = Autolog({name: each for name, each in given.items() if each is not None})
    if os.environ.get(SWITCH, "").strip().lower() not in _OFF:
        told.begin()
    return told
