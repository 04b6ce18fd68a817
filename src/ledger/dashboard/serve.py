"""Runs the page's server on a free port until it is interrupted."""

from __future__ import annotations

import contextlib
import secrets
import socket
import webbrowser
from urllib.parse import quote

import uvicorn

from ledger.dashboard.guard import LOCAL
from ledger.dashboard.hub import Hub
from ledger.dashboard.server import make_app
from ledger.errors import LedgerError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from ledger.report.boards.places import Places

PORT = 8770
"""Tried first, so that a page that stays open finds the server again."""
_TRIED = 30
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # asked for by --host
"""Addresses that mean every one of this machine, and what reaches it from here."""


def serve(  # noqa: PLR0913  # what the options say
    places: Places,
    *,
    host: str,
    port: int | None,
    metric: str | None,
    opens: bool,
    tell: Callable[[str], None],
) -> None:
    """Serve until interrupted.

    Args:
        places: what can be looked at.
        host: the address to listen on; another than this machine's asks for a token.
        port: to listen on; None for the first that is free, from PORT on.
        metric: what the page shows first.
        opens: whether a browser is opened.
        tell: says the address.

    Raises:
        LedgerError: the address or the port cannot be used, or the libraries are not installed.
    """
    token = "" if host in LOCAL or host == "::1" else secrets.token_urlsafe(24)
    listening = _listen(host, port)
    bound = listening.getsockname()[1]
    address = _address(_EVERYWHERE.get(host, host), bound, token, metric)
    hub = Hub(places)
    config = uvicorn.Config(
        make_app(hub, token), log_level="warning", access_log=False, timeout_graceful_shutdown=1
    )
    tell(f"ledger: looking at {address} (Ctrl-C ends it)")
    if host in _EVERYWHERE:
        elsewhere = _address(socket.gethostname(), bound, token, metric)
        tell(f"ledger: from another machine, where this one is called so: {elsewhere}")
    if opens:
        _open_browser(address)
    with contextlib.suppress(KeyboardInterrupt), listening:
        _Server(config, hub).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends at once and well when it is asked to, also while pages listen."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # as inherited
        """Take note of a signal; being asked to end is no failure, so it is not raised again."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: the library waits for them, and then fails."""
        await self._hub.close()
        await super().shutdown(sockets)


def _listen(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens on ``host``."""
    ports = range(PORT, PORT + _TRIED) if port is None else [port]
    error: OSError | None = None
    for each in [*ports, *([0] if port is None else [])]:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            return socket.create_server((host, each), family=family)
        except OSError as caught:
            error = caught
    message = f"cannot listen on {host}:{port or PORT}: {error.strerror if error else ''}"
    raise LedgerError(message, hint="choose another --port or --host") from error


def _address(host: str, port: int, token: str, metric: str | None) -> str:
    name = f"[{host}]" if ":" in host else host
    query = f"?token={token}" if token else ""
    view = f"#metric={quote(metric, safe='')}" if metric else ""
    return f"http://{name}:{port}/{query}{view}"


def _open_browser(address: str) -> None:
    with contextlib.suppress(webbrowser.Error):
        webbrowser.open(address)
