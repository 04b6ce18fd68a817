"""The outputs of a command: through us to where ours go, a terminal where ours is one."""

from __future__ import annotations

import contextlib
import errno
import os
import select

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CHUNK = 1 << 16
STDOUT, STDERR = 1, 2
SECONDS_OF_SILENCE = 1.0
SECONDS_AFTER_END = 10.0
"""For what the command left in its pipes; a process it left behind may hold them for ever."""


@value
class Channel:
    """One way from the command to us, and on."""

    read_end: int
    write_end: int
    """The command's; closed here once it has begun."""
    targets: tuple[int, ...]
    """Descriptors of the command that it stands for."""
    passes_to: int
    """Our own descriptor that it goes on to."""
    is_terminal: bool


def open_channels() -> tuple[Channel, ...]:
    """Return the channels for a command; one for both outputs where ours are one, in their order.

    Raises:
        OSError: there are no descriptors or terminals left.
    """
    if os.path.samestat(os.fstat(STDOUT), os.fstat(STDERR)):
        return (_open(STDOUT, (STDOUT, STDERR)),)
    return (_open(STDOUT, (STDOUT,)), _open(STDERR, (STDERR,)))


def open_standard_descriptors() -> None:
    """Put the null device where a standard descriptor is closed: a pipe must not take its place."""
    for number in (0, STDOUT, STDERR):
        try:
            os.fstat(number)
        except OSError:
            null = os.open(os.devnull, os.O_RDWR)  # the lowest that is free: this very number
            if null != number:
                os.dup2(null, number)
                os.close(null)
            os.set_inheritable(number, True)  # noqa: FBT003  # the standard library's signature


def resize(channels: tuple[Channel, ...]) -> None:
    """Give the command's terminals the size of ours."""
    for channel in channels:
        if channel.is_terminal:
            _copy_size(channel.passes_to, channel.read_end)


class Pump:
    """Passes on what comes through ``channels`` until all are closed, or nothing more comes.

    Args:
        channels: open ones.
        feed: called with a channel's first target and the bytes that came.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        channels: tuple[Channel, ...],
        feed: Callable[[int, bytes], None],
        clock: Callable[[], float],
    ) -> None:
        self.is_cut_off = False
        """Whether a process was left behind that still held an output when we stopped listening."""
        self.lost: str | None = None
        """Why our own output could not be written to, None when all was passed on."""
        self._feed = feed
        self._clock = clock
        self._open = {channel.read_end: channel for channel in channels}
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._has_ended = False
        self._is_hurried = False

    def end(self) -> None:
        """Tell that the command has ended; called from any thread."""
        self._has_ended = True
        self._wake()

    def hurry(self) -> None:
        """Do not wait for anything more once the command has ended; called from any thread."""
        self._is_hurried = True
        self._wake()

    def run(self) -> None:
        """Pass on everything; returns when the command has ended and its outputs are closed."""
        poll = select.poll()
        for number in (*self._open, self._wake_read):
            poll.register(number, select.POLLIN)
        ended_at = heard_at = 0.0
        while self._open or not self._has_ended:
            timeout = None
            if self._has_ended:
                now = self._clock()
                ended_at = ended_at or now
                left = min(
                    max(heard_at, ended_at) + SECONDS_OF_SILENCE, ended_at + SECONDS_AFTER_END
                )
                timeout = 0 if self._is_hurried else max(0, int(1000 * (left - now)))
            ready = [number for number, _ in poll.poll(timeout)]
            if self._wake_read in ready:
                os.read(self._wake_read, CHUNK)
            for number in ready:
                if number != self._wake_read and not self._pass(self._open[number]):
                    poll.unregister(number)
                    os.close(number)
                    del self._open[number]
                heard_at = self._clock()
            if not ready and self._has_ended:
                self.is_cut_off = True
                break
            if self._has_ended and self._clock() > (ended_at or self._clock()) + SECONDS_AFTER_END:
                self.is_cut_off = bool(self._open)
                break

    def close(self) -> None:
        """Close what is open."""
        for number in (*self._open, self._wake_read, self._wake_write):
            os.close(number)
        self._open = {}

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it is awake already
            os.write(self._wake_write, b".")

    def _pass(self, channel: Channel) -> bool:
        """Pass on what has come; False when nothing more will come."""
        try:
            data = os.read(channel.read_end, CHUNK)
        except OSError as error:
            if error.errno == errno.EIO:  # the last process has closed the terminal
                return False
            raise
        if not data:
            return False
        is_read = self._write(channel.passes_to, data)
        self._feed(channel.targets[0], data)
        return is_read

    def _write(self, number: int, data: bytes) -> bool:
        """Write to our own output; False when nobody reads it any more: the command is to know."""
        unsent = memoryview(data)
        while unsent:
            try:
                unsent = unsent[os.write(number, unsent) :]
            except BlockingIOError:
                select.select((), (number,), ())
            except BrokenPipeError:
                return False
            except OSError as error:
                self.lost = self.lost or error.strerror
                return True
        return True


def _open(number: int, targets: tuple[int, ...]) -> Channel:
    is_terminal = os.isatty(number)
    read_end, write_end = _open_terminal(number) if is_terminal else os.pipe()
    return Channel(
        read_end=read_end,
        write_end=write_end,
        targets=targets,
        passes_to=number,
        is_terminal=is_terminal,
    )


def _open_terminal(number: int) -> tuple[int, int]:
    """Return both ends of a new terminal like ``number``; what is written comes out unchanged."""
    import termios  # noqa: PLC0415  # only where there is a terminal

    ours, theirs = os.openpty()
    facts = termios.tcgetattr(number)
    facts[1] &= ~termios.OPOST
    facts[3] &= ~(termios.ECHO | termios.ISIG)
    termios.tcsetattr(theirs, termios.TCSANOW, facts)
    _copy_size(number, ours)
    return ours, theirs


def _copy_size(source: int, target: int) -> None:
    import fcntl  # noqa: PLC0415  # only where there is a terminal
    import termios  # noqa: PLC0415  # as above

    with contextlib.suppress(OSError):
        size = fcntl.ioctl(source, termios.TIOCGWINSZ, bytes(8))
        fcntl.ioctl(target, termios.TIOCSWINSZ, size)
