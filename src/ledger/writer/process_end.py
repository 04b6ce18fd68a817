"""Seals open runs however the process ends: exception, exit code, signal, plain end, fork.

Every hook calls the one that was there before; none is replaced. They are put in place with the
first run and stay.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
import weakref
from types import FrameType, TracebackType

from ledger.writer.narrate import say
from ledger.writer.seal import outcome


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.writer.cells import Cells
    from ledger.writer.run import Run

SECONDS_TO_COME_TO_REST = 20.0
"""A child that inherits a lock hangs for ever, so a busy machine is given its time."""
_SIGNALS = ("SIGTERM", "SIGHUP")


class ProcessEnd:
    """The open runs of this process and what is known of how it ends."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self.joined: str | None = None
        """Id of the run of ``ledger run`` that this process has joined, also when it has ended."""
        self.worker: str | None = None
        """The worker that this process is in that run, known before it joins when it set seeds."""
        self._cells: dict[Run, Cells] = {}
        """What an IPython session runs while a run is open."""
        self.is_forked = False
        """Whether this process is the fork of one that recorded."""
        self._error: BaseException | None = None
        self._exit: weakref.ref[_Witness] | None = None
        self._is_installed = False
        self._still: list[Run] = []
        self._chained: dict[int, tuple[object, Callable[..., object] | int]] = {}
        """Our handlers and the ones before them, by signal."""
        self._has_signals = False
        self._old_error: BaseException | None = None
        self._waiting_signal: int | None = None

    def watch(self, run: Run, cells: Cells | None = None) -> None:
        """Seal ``run`` when the process ends, should nobody do it earlier.

        Args:
            run: the run.
            cells: what the IPython session around it runs; the last of these says how it ended.
        """
        self._install()
        self.runs.append(run)
        if cells is not None:
            self._cells[run] = cells

    def make_room(self) -> None:
        """Seal the runs that nobody has finished: in a notebook another one follows them."""
        for run in [run for run in self.runs if not run.is_in_block]:
            run.finish(*self._how_ended(run, None))
            say(f"{run.id}: sealed, because another run starts in this session")

    def forget(self, run: Run) -> None:
        """Stop watching ``run``: it is sealed."""
        if run in self.runs:
            self.runs.remove(run)
        cells = self._cells.pop(run, None)
        if cells is not None:
            cells.end()
        number, self._waiting_signal = self._waiting_signal, None
        if number is not None:
            signal.raise_signal(number)

    def take_signals(self) -> None:
        """Handle signals, before those who handle them now; only in the main thread, and once."""
        # Python lets only the main thread handle signals; the first run may start in another.
        if not self._has_signals and threading.current_thread() is threading.main_thread():
            self._has_signals = True
            for name in _SIGNALS:
                self._chain_signal(name)

    def give_signals_back(self) -> None:
        """Let those handle signals who did before us, until ``take_signals``."""
        for number, (handler, before) in self._chained.items():
            if signal.getsignal(number) is handler:
                signal.signal(number, before)
        self._chained.clear()
        self._has_signals = False

    def _install(self) -> None:
        self.take_signals()
        if self._is_installed:
            return
        self._is_installed = True
        atexit.register(self._at_exit)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(
                before=self._before_fork,
                after_in_parent=self._after_fork_in_parent,
                after_in_child=self._after_fork,
            )
        self._old_error = _last_error()
        self._chain_excepthook(sys.excepthook)
        self._chain_exit(sys.exit)

    def _at_exit(self) -> None:
        error = self._error
        if error is None and _last_error() is not self._old_error:
            error = _last_error()  # the program has put its own excepthook over ours
        for run in list(self.runs):
            run.finish(*self._how_ended(run, error))
        if isinstance(self._error, KeyboardInterrupt):
            _end_by_interrupt()

    def _how_ended(self, run: Run, error: BaseException | None) -> tuple[str, BaseException | None]:
        """Return (status, error) of ``run`` where the process ends with ``error``.

        A session does not end with an error: the cell that ran last tells.
        """
        cells = self._cells.get(run)
        return outcome(error) if cells is None else cells.outcome()

    def _seal_all(self, status: str, error: BaseException | None) -> None:
        for run in list(self.runs):
            run.finish(status, error)

    def _before_fork(self) -> None:
        """Let the capture threads come to rest: a child would inherit the locks they hold."""
        self._still = [run for run in self.runs if run.hold_still(SECONDS_TO_COME_TO_REST)]

    def _after_fork_in_parent(self) -> None:
        for run in self._still:
            run.carry_on()
        self._still = []

    def _after_fork(self) -> None:
        for run in self.runs:
            run.abandon()
        self.runs.clear()
        self._cells.clear()
        self._still = []
        self._error = self._waiting_signal = None
        self.joined = self.worker = None
        self.is_forked = True
        # A worker that hangs must die of SIGTERM at once, as it would without us.
        self.give_signals_back()

    def _chain_excepthook(
        self,
        before: Callable[[type[BaseException], BaseException, TracebackType | None], object],
    ) -> None:
        def excepthook(
            kind: type[BaseException], error: BaseException, trace: TracebackType | None
        ) -> None:
            if not _is_interactive():
                self._error = error
            before(kind, error, trace)

        sys.excepthook = excepthook

    def _chain_exit(self, before: Callable[..., object]) -> None:
        """Remember the code of ``sys.exit``: at exit nothing else tells it any more."""

        def remember(code: object = None, /) -> None:
            if threading.current_thread() is threading.main_thread():
                self._error = SystemExit(code)
                # The exception holds this frame, and the frame its witness, while it is alive.
                witness = _Witness()
                self._exit = weakref.ref(witness, self._judge_exit)
            before(code)

        sys.exit = remember  # type: ignore[assignment]  # it raises, through the one before

    def _judge_exit(self, witness: weakref.ref[_Witness]) -> None:
        """Forget an exit that was caught: it died with code still running below us."""
        if witness is self._exit and sys._getframe().f_back is not None:  # noqa: SLF001  # no other way to ask
            self._error = None

    def _chain_signal(self, name: str) -> None:
        number = getattr(signal, name, None)
        if number is None:
            return
        before = signal.getsignal(number)
        if before is None or before == signal.SIG_IGN:
            return  # nohup, or a handler that is not Python's: theirs to decide

        def handle(received: int, frame: FrameType | None) -> None:
            sealing = [run for run in self.runs if run.is_sealing]
            if sealing:
                self._waiting_signal = received  # the seal below us on the stack ends first
                for run in sealing:
                    run.hurry()
            elif callable(before):
                self._let_decide(before, received, frame)
            else:
                self._seal_all("interrupted", None)
                signal.signal(received, signal.SIG_DFL)
                signal.raise_signal(received)

        signal.signal(number, handle)
        self._chained[number] = (handle, before)

    def _let_decide(
        self, before: Callable[..., object], received: int, frame: FrameType | None
    ) -> None:
        """Call the program's own handler: it may end the process, raise, or let it stop in time."""
        for run in list(self.runs):
            run.interrupt()
        try:
            before(received, frame)
        finally:
            for run in self.runs:
                run.resume(is_ending=received == signal.SIGTERM)


class _Witness:
    """Lives as long as the ``SystemExit`` whose frame holds it."""


def _end_by_interrupt() -> None:
    """Let the process end by SIGINT, as Python does for an uncaught KeyboardInterrupt.

    CPython forgets that it should when code is compiled from text afterwards, as importing a
    module with a namedtuple does, and remembers it again by the same door.
    """
    with contextlib.suppress(KeyboardInterrupt):
        exec("raise KeyboardInterrupt")  # noqa: S102  # our own constant


def _last_error() -> BaseException | None:
    """Return the exception Python has last reported as uncaught; None in an interactive session."""
    if _is_interactive():
        return None
    found = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    return found if isinstance(found, BaseException) else None


def _is_interactive() -> bool:
    """Whether a person types: there an error is not the end."""
    return hasattr(sys, "ps1")
