"""A statement that ends in time, whatever it computes."""

from __future__ import annotations

import threading


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

GRACE_S = 2.0
"""Seconds that a statement may take to notice that it was interrupted."""
_AGAIN_S = 0.05


class Deadline:
    """Interrupts what runs inside ``with`` when its time is over, and again until it ends.

    An interruption that comes between two calls of the engine is lost: therefore again, and
    therefore ``is_over`` is asked between them.

    Args:
        timeout_s: seconds, wall clock, from the beginning of ``with``; None for no end.
        interrupt: tells the engine to stop; may be called at any time.
        give_up: called once, GRACE_S later, where it did not; it must end the process. None waits.
    """

    def __init__(
        self,
        timeout_s: float | None,
        *,
        interrupt: Callable[[], None],
        give_up: Callable[[], None] | None = None,
    ) -> None:
        self.is_over = False
        self._timeout_s = timeout_s
        self._interrupt = interrupt
        self._give_up = give_up
        self._has_ended = threading.Event()
        self._watch = threading.Thread(target=self._run, name="ledger-deadline", daemon=True)

    def __enter__(self) -> Self:
        """Begin to count."""
        if self._timeout_s is not None:
            self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop counting."""
        self._has_ended.set()
        if self._timeout_s is not None:
            self._watch.join()  # a thread that ends while the interpreter does takes it along

    def _run(self) -> None:
        if self._has_ended.wait(self._timeout_s):
            return
        self.is_over = True
        waited_s = 0.0
        while waited_s < GRACE_S or self._give_up is None:
            self._interrupt()
            if self._has_ended.wait(_AGAIN_S):
                return
            waited_s += _AGAIN_S
        self._give_up()
