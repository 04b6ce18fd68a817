"""Runs the page's server on a free port until it is interrupted."""

from __future__ import annotations

import contextlib
import secrets
import socket
import webbrowser
from urllib.parse import quote

import uvicorn

from ledger.dashboard.guard import LOCAL
from ledger.dashboard.server import make_app
from ledger.errors import LedgerError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.report.boards.places import Places

PORT = 8770
"""Tried first, so that a page that stays open finds the server again."""
_TRIED = 30


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
    address = _address(host, listening.getsockname()[1], token, metric)
    config = uvicorn.Config(
        make_app(places, token), log_level="warning", access_log=False, timeout_graceful_shutdown=1
    )
    tell(f"ledger: looking at {address} (Ctrl-C ends it)")
    if opens:
        _open_browser(address)
    with contextlib.suppress(KeyboardInterrupt), listening:
        uvicorn.Server(config).run(sockets=[listening])


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
