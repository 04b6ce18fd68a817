"""Signals that reach ``ledger run``, given on to the command it records.

They are blocked and taken in by a thread of their own, so the recorder never dies before the seal.
What a terminal sends, it sends to the whole foreground group: the command has it already, and must
not get it twice. The kernel says who sent a signal, where the system has ``sigwaitinfo``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

ENDING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")
"""Signals that ask a command to end: a run that got one was interrupted."""
_RELAYED = (*ENDING, "SIGUSR1", "SIGUSR2", "SIGTSTP", "SIGCONT", "SIGWINCH")
_FROM_KEYS = ("SIGINT", "SIGQUIT", "SIGTSTP")
SECONDS_TO_REACT = 0.2
SECONDS_TO_SETTLE = 1.0


class SignalRelay:
    """Takes in the signals of this process from ``start`` until ``stop``.

    A signal that was ignored at the start stays so, for the command too (``nohup``).
    """

    def __init__(self) -> None:
        self.received: list[str] = []
        """Names of the ending signals that came, in order."""
        self.mask: set[int] = set()
        """What was blocked before; the command starts with it."""
        self._on_resize: Callable[[], None] = lambda: None
        self._on_ending: Callable[[], None] = lambda: None
        self._pid: int | None = None
        self._early: list[int] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._settled = threading.Event()
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, name="ledger-signals", daemon=True)
        known = (getattr(signal, name, None) for name in _RELAYED)
        heard = {number for number in known if number is not None}
        self._numbers = {n for n in heard if signal.getsignal(n) != signal.SIG_IGN}

    def start(self) -> None:
        """Begin; signals wait for the command until ``watch``."""
        self.mask = signal.pthread_sigmask(signal.SIG_BLOCK, {*self._numbers, signal.SIGCHLD})
        self._thread.start()

    def listeners(
        self,
        *,
        on_ending: Callable[[], None],
        on_resize: Callable[[], None] = lambda: None,
    ) -> None:
        """Say what is to be told from now on.

        Args:
            on_ending: called when an ending signal comes after the command has ended.
            on_resize: called when the terminal has got another size.
        """
        self._on_ending, self._on_resize = on_ending, on_resize

    def watch(self, pid: int) -> None:
        """Give signals on to the command ``pid`` from now on, those that came before it too."""
        with self._lock:
            self._ended.clear()
            self._pid = pid
            for number in self._early:
                os.kill(pid, number)
            self._early.clear()

    def end_watch(self, reap: Callable[[], None]) -> None:
        """Give on no more: the command has ended. ``reap`` frees its pid for others."""
        with self._lock:
            self._pid = None
            self._ended.set()
            reap()

    def settle(self) -> None:
        """Wait until every signal that has come is taken in.

        A command may end of one before our own thread has seen it. Pending signals are taken in
        by their number, and the ending ones have lower numbers than the one we send ourselves.
        """
        self._settled.clear()
        os.kill(os.getpid(), signal.SIGCHLD)
        self._settled.wait(SECONDS_TO_SETTLE)

    def stop(self) -> None:
        """Let signals have their ordinary effect again."""
        self._is_stopped = True
        if self._thread.ident is not None and self._thread.is_alive():
            signal.pthread_kill(self._thread.ident, signal.SIGCHLD)
            self._thread.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, self.mask)

    def _run(self) -> None:
        waited = {*self._numbers, signal.SIGCHLD}
        while not self._is_stopped:
            number, is_from_kernel = _wait(waited)
            if number == signal.SIGCHLD:
                self._settled.set()
                continue
            name = signal.Signals(number).name
            if name in ENDING:
                self.received.append(name)
                if self._ended.is_set():
                    self._on_ending()
            if name == "SIGWINCH":
                self._on_resize()
            self._relay(number, name, is_from_kernel=is_from_kernel)
            if name == "SIGTSTP":
                _stop_ourselves(number)

    def _relay(self, number: int, name: str, *, is_from_kernel: bool) -> None:
        is_key = name in _FROM_KEYS
        if is_key and not is_from_kernel and name != "SIGTSTP":
            # a program may have sent it to our whole group, as a terminal does
            self._ended.wait(SECONDS_TO_REACT)
        with self._lock:
            if self._pid is None:
                if not self._ended.is_set() and name in ENDING:
                    self._early.append(number)
            elif name == "SIGWINCH" or not is_from_kernel:
                # it may be gone, or, as another user, not be ours to signal
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(self._pid, number)


def _wait(numbers: set[int]) -> tuple[int, bool]:
    """Return the next of ``numbers`` that comes, and whether the kernel sent it to a group."""
    if hasattr(signal, "sigwaitinfo"):
        facts = signal.sigwaitinfo(numbers)
        return facts.si_signo, facts.si_code > 0
    number = signal.sigwait(numbers)
    return number, signal.Signals(number).name in _FROM_KEYS and _is_in_foreground()


def _is_in_foreground() -> bool:
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _stop_ourselves(number: int) -> None:
    """Let the stop have its ordinary effect on this process, until it is continued."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    signal.raise_signal(number)
    signal.pthread_sigmask(signal.SIG_BLOCK, {number})
