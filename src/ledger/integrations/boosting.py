"""The rounds of gradient boosting as rows of a run: what callbacks of different libraries share."""

from __future__ import annotations

from inspect import BoundArguments, signature
from weakref import WeakKeyDictionary

from ledger.errors import LedgerError
from ledger.integrations.framework import run_or_name
from ledger.integrations.recording import is_recorded
from ledger.writer.current import start
from ledger.writer.narrate import warn_once


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ledger.writer.run import Run

_next_steps: WeakKeyDictionary[Run, int] = WeakKeyDictionary()
"""Of each run the step that no training has written yet."""
_last_found: WeakKeyDictionary[Run, Callable[[], Mapping[str, object]]] = WeakKeyDictionary()
"""Of each run what its last training has found; it holds that training's model."""


def bound_call(
    function: Callable[..., object], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> BoundArguments:
    """Return the arguments of a call of ``train`` or ``cv`` by name, defaults included.

    Raises:
        TypeError: ``function`` would not take them, either.
    """
    call = signature(function).bind(*args, **kwargs)
    call.apply_defaults()
    return call


def settings_of(call: BoundArguments) -> dict[str, object]:
    """Return the config that ``call`` trains with: its params, and what else of it is no data."""
    plain = {
        name: item
        for name, item in call.arguments.items()
        if isinstance(item, bool | int | float | str)
    }
    return {**dict(call.arguments["params"]), **plain}


class Rounds:
    """Writes the rounds of one training after the other.

    Args:
        run: an open run; or the name of a new one for each training.
        options: of a new run, as for ``ledger.start``.
    """

    def __init__(self, run: Run | str, options: Mapping[str, Any]) -> None:
        self.run, self._name = run_or_name(run)
        self.is_nested: bool | None = None
        """Whether an outer training is recorded instead; None: asked when a training begins."""
        self._options = options
        self._is_silent = False
        self._offset = 0
        self._found: Callable[[], Mapping[str, object]] = dict

    def begin(self, config: Callable[[], Mapping[str, object]], first: int) -> None:
        """See a training begin.

        Args:
            config: gives the config of a new run for which none was given.
            first: how many rounds the model has had before: its steps count on from there.
        """
        self._is_silent = is_recorded() if self.is_nested is None else self.is_nested
        if self._is_silent:
            return
        if self._name is not None:
            self._start(config)
        if self.run is not None:
            # an open run counts on: it may have had a training before this one
            self._offset = max(first, _next_steps.get(self.run, 0))

    def log(self, n: int, metrics: Mapping[str, float], goals: Mapping[str, str]) -> None:
        """Write a round.

        Args:
            n: its number in this training, from 0.
            metrics: by name.
            goals: of metrics: "min" or "max".
        """
        if self.run is None or self._is_silent:
            return
        if n == 0 and goals:
            self.run.set_goals(goals)
        step = n + self._offset
        _next_steps[self.run] = step + 1
        self.run.log({"step": step, **metrics})

    def found(self, final: Mapping[str, object]) -> None:
        """State what the training has found."""
        if self.run is not None and not self._is_silent and final:
            self.run.final(final)

    def at_end(self, found: Callable[[], Mapping[str, object]]) -> None:
        """State what ``found`` gives when the run ends, or its next training begins."""
        run = self.run
        if run is None or self._is_silent:
            return
        before, self._found = _last_found.get(run), found
        _last_found[run] = found
        if before is None:
            run.before_seal(lambda: run.final(_last_found[run]()))
        else:
            run.final(before())

    def end(self) -> None:
        """See the training end, and with it the run that it started."""
        if self._name is not None and self.run is not None and not self._is_silent:
            self.run.finish()

    def _start(self, config: Callable[[], Mapping[str, object]]) -> None:
        if self.run is not None and self.run.is_open:  # the training before was not told to end
            self.run.finish("finished" if self._found() else "failed")
        self.run = None
        try:
            options = {"config": config(), **self._options}
            self.run = start(str(self._name), **options)
        except LedgerError as error:
            warn_once(f"this training is not recorded: {error}")
