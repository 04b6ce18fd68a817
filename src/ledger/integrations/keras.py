"""Keras: ``Callback`` writes a row of metrics for each epoch of ``fit``.

Keras is imported, with whichever backend it has, when ``Callback`` is first asked for.
"""

from __future__ import annotations

import functools

from ledger.writer.current import start


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Self

    from ledger.writer.run import Run


def __getattr__(name: str) -> Any:  # noqa: ANN401  # PEP 562
    if name == "Callback":
        return _callback_class()
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return ["Callback"]


@functools.cache
def _callback_class() -> type:
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
            self.run = None if isinstance(run, str) else run
            self._name = run if isinstance(run, str) else None
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
