"""Keras: ``Callback`` writes a row of metrics for each epoch of ``fit``.

Keras is imported, with whichever backend it has, when ``Callback`` is first asked for.
"""

from __future__ import annotations

import contextlib
import functools
import inspect

from ledger.contract.config import to_json
from ledger.integrations.framework import needs, run_or_name
from ledger.integrations.patched import patched
from ledger.integrations.recording import recording
from ledger.writer.current import start


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable as Function
    from collections.abc import Mapping
    from typing import Any, Self

    from ledger.writer.run import Run


def __getattr__(name: str) -> Any:  # noqa: ANN401  # PEP 562
    if name == "Callback":
        return _callback_class()
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return ["Callback", "autolog"]


def autolog(**options: Any) -> Function[[], None]:  # noqa: ANN401  # those of `ledger.start`
    """Record each ``fit`` from now on; return what takes that back.

    It writes into the run that is open, or is a run of its own, named after the model, with what
    ``fit`` was told as its config. One that has a ``Callback`` is left alone, and so is one within
    a training that is recorded, such as a search.

    Args:
        options: of new runs, as for ``ledger.start``: config, data, seed, tags.
    """
    with needs("keras"):
        import keras

    known: list[Any] = []  # the callback of the open run that was met last

    def fit(old: Function[..., Any], model: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        given = inspect.signature(old).bind(model, *args, **kwargs)
        told = given.arguments.get("callbacks")
        own_class = _callback_class()
        if any(isinstance(each, own_class) for each in _flat(told)):
            return old(model, *args, **kwargs)
        own = {"config": _settings(model, given.arguments), **options}
        with recording(str(model.name), **own) as run:
            if run is None:
                return old(model, *args, **kwargs)
            if not known or known[0].run is not run:  # a second `fit` counts its epochs on
                known[:] = [own_class(run)]
            given.arguments["callbacks"] = _with(told, known[0])
            return old(*given.args, **given.kwargs)

    return patched([([(keras.Model, "fit")], fit)])


def _flat(told: Any) -> list[object]:  # noqa: ANN401  # as `fit` takes it: one, nested, or Keras' list
    import keras

    return list(keras.tree.flatten(getattr(told, "callbacks", told)))


def _with(told: Any, ours: object) -> Any:  # noqa: ANN401  # as above
    """Return the callbacks ``told`` and ``ours``; those of the caller stay what they are."""
    if hasattr(told, "set_model") and hasattr(told, "callbacks"):
        known = {"add_history": True, "model": told.model, **(told.params or {})}
        return type(told)([*told.callbacks, ours], **known)
    return [*(told if isinstance(told, list | tuple) else [told] if told else []), ours]


def _settings(model: Any, arguments: Mapping[str, Any]) -> dict[str, object]:  # noqa: ANN401
    """Return what a training is told that is no data: numbers, words, optimizer and loss."""
    plain: dict[str, object] = {
        name: item
        for name, item in arguments.items()
        if isinstance(item, bool | int | float | str) and name != "verbose"
    }
    with contextlib.suppress(Exception):  # a class of the user's own may say nothing of itself
        told = model.optimizer.get_config()
        plain["optimizer"] = {name: item for name, item in told.items() if item is not None}
        plain["loss_function"] = to_json(model.loss)  # a column of metrics is called loss
    return plain


@functools.cache
def _callback_class() -> type:
    with needs("keras"):
        import keras

    class Callback(keras.callbacks.Callback):  # type: ignore[misc]  # Keras is not typed
        """Records a training as a run.

        Args:
            run: an open run, which stays open after ``fit``; or the name of a new one, which
                starts and ends with ``fit``.
            start_options: of a new run, as for ``ledger.start``: config, data, seed, objective.
        """

        def __init__(self, run: Run | str, **start_options: Any) -> None:  # noqa: ANN401
            super().__init__()
            self.run, self._name = run_or_name(run)
            self._options = start_options
            self._offset = 0
            self._epoch = -1

        def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
            """Start the run, where it is one of this training alone."""
            if self._name is not None:
                self.run = start(self._name, **self._options)
                self._epoch, self._offset = -1, 0

        def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
            """Write what Keras says of the epoch; a second ``fit`` counts on from the first."""
            if epoch + self._offset <= self._epoch:
                self._offset = self._epoch + 1 - epoch
            self._epoch = epoch + self._offset
            if self.run is not None:
                self.run.log({"epoch": self._epoch, **(logs or {})})

        def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:  # noqa: ARG002
            """Seal the run that this training started; what stops ``fit`` seals it, too."""
            if self._name is not None and self.run is not None:
                self.run.finish()

        def __deepcopy__(self, _: object) -> Self:
            """Return the callback itself: a run has one writer."""
            return self

    return Callback
