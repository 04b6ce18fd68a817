"""A command as a process: started with its outputs through us, watched to its end."""

from __future__ import annotations

import os
import signal
import threading
import time

from ledger.errors import LedgerError
from ledger.value import value
from ledger.writer.command.output import Pump, open_channels, resize
from ledger.writer.command.signal_relay import ENDING


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ledger.writer.command.output import Channel
    from ledger.writer.command.signal_relay import SignalRelay

SHELL_SIGNAL = 128
"""What shells add to the number of the signal that ended a command."""


class UnknownCommandError(LedgerError):
    """A command that is not there."""

    exit_code = 127


class NotExecutableError(LedgerError):
    """A command that is there and cannot be run."""

    exit_code = 126


@value
class Ended:
    """How a command ended."""

    code: int
    """Its exit code; 128 + the signal that ended it."""
    signal: str | None
    """The name of that signal."""
    received: tuple[str, ...]
    """Ending signals that reached us, in order."""
    is_cut_off: bool
    """Whether it left a process behind that still held its outputs."""
    lost: str | None
    """Why our own output could not be written to."""

    @property
    def status(self) -> str:
        """The status of its run: interrupted when it was told to end, else by its exit code."""
        told = {SHELL_SIGNAL + getattr(signal, name, 0) for name in ENDING}
        if self.received or self.code in told:
            return "interrupted"
        return "failed" if self.code else "finished"

    def describe(self) -> str:
        """Return how it ended in a few words."""
        return f"killed by {self.signal}" if self.signal else f"exit code {self.code}"


def find_program(word: str, environ: Mapping[str, str]) -> str:
    """Return the path of the program that ``word`` names, as a shell finds it.

    Raises:
        UnknownCommandError: there is none.
        NotExecutableError: it may not be executed.
    """
    folders = [""] if "/" in word else os.get_exec_path(dict(environ))
    found = [
        path for path in (os.path.join(folder, word) for folder in folders) if os.path.isfile(path)
    ]
    program = next((path for path in found if os.access(path, os.X_OK)), None)
    if program is not None:
        return program
    if found:
        message = f"{found[0]} is not executable"
        raise NotExecutableError(message, hint="chmod +x it, or name its interpreter before it")
    message = f"{word}: command not found"
    raise UnknownCommandError(message, hint="nothing was run, and nothing recorded")


def run_child(
    program: str,
    argv: Sequence[str],
    env: Mapping[str, str],
    feed: Callable[[int, bytes], None],
    relay: SignalRelay,
) -> Ended:
    """Run the command to its end.

    Args:
        program: path of the program.
        argv: the command line.
        env: its environment.
        feed: called with 1 or 2 and what was printed there.
        relay: started; gives signals on to the command.

    Raises:
        OSError: the program could not be started.
    """
    channels = open_channels()
    pump = Pump(channels, feed, time.monotonic)
    relay.listeners(on_resize=lambda: resize(channels), on_ending=pump.hurry)
    try:
        try:
            pid = _spawn(program, argv, env, channels, relay.mask)
        finally:
            for channel in channels:
                os.close(channel.write_end)
        relay.watch(pid)
        codes: list[int] = []
        waiter = threading.Thread(
            target=_wait, args=(pid, relay, pump, codes), name="ledger-wait", daemon=True
        )
        waiter.start()
        pump.run()
        waiter.join()
        relay.settle()
    finally:
        pump.close()
    code = codes[0]
    return Ended(
        code=code if code >= 0 else SHELL_SIGNAL - code,
        signal=signal.Signals(-code).name if code < 0 else None,
        received=tuple(relay.received),
        is_cut_off=pump.is_cut_off,
        lost=pump.lost,
    )


def _spawn(
    program: str,
    argv: Sequence[str],
    env: Mapping[str, str],
    channels: Sequence[Channel],
    mask: set[int],
) -> int:
    actions = [
        (os.POSIX_SPAWN_DUP2, channel.write_end, target)
        for channel in channels
        for target in channel.targets
    ]
    # Python ignores these two, and what a program ignores its children do too
    names = ("SIGPIPE", "SIGXFSZ")
    defaults = [number for name in names if (number := getattr(signal, name, None)) is not None]
    return os.posix_spawn(
        program, [*argv], env, file_actions=actions, setsigmask=mask, setsigdef=defaults
    )


def _wait(pid: int, relay: SignalRelay, pump: Pump, codes: list[int]) -> None:
    def reap() -> None:
        codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    if hasattr(os, "waitid"):  # macOS has it from Python 3.13 on
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        relay.end_watch(reap)
    else:
        reap()
        relay.end_watch(lambda: None)
    pump.end()
