"""Listens on a free port and opens a browser there, then begins what answers."""

from __future__ import annotations

import contextlib
import socket
import threading
from importlib.util import find_spec
from urllib.parse import quote

from ledger.dashboard.guard import LOCAL
from ledger.errors import LedgerError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.report.boards.places import Places

PORT = 8770
"""Tried first, so that a page that stays open finds the server again."""
_TRIED = 30
_LIBRARIES = ("uvicorn", "starlette")
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
    _check_libraries()
    token = "" if host in LOCAL or host == "::1" else _new_token()
    listening = _listen(host, port)
    bound = listening.getsockname()[1]
    address = _address(_EVERYWHERE.get(host, host), bound, token, metric)
    tell(f"ledger: looking at {address} (Ctrl-C ends it)")
    if host in _EVERYWHERE:
        elsewhere = _address(socket.gethostname(), bound, token, metric)
        tell(f"ledger: from another machine, where this one is called so: {elsewhere}")
    if opens:
        # whoever connects from now on waits for what is still to be imported
        threading.Thread(target=_open_browser, args=[address], daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt), listening:
        from ledger.dashboard.running import run  # noqa: PLC0415

        run(places, token, listening)


def _check_libraries() -> None:
    missing = next((name for name in _LIBRARIES if find_spec(name) is None), None)
    if missing is not None:
        message = f"{missing} is not installed"
        raise LedgerError(message, hint='pip install "experiment-ledger[dashboard]"')


def _listen(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens on ``host``."""
    ports = range(PORT, PORT + _TRIED) if port is None else [port]
    error: OSError | None = None
    for each in [*ports, *([0] if port is None else [])]:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            found = socket.create_server((host, each), family=family)
        except OSError as caught:
            error = caught
            continue
        # connections have it from here; without it the end of a small answer waits for 40 ms
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return found
    message = f"cannot listen on {host}:{port or PORT}: {error.strerror if error else ''}"
    raise LedgerError(message, hint="choose another --port or --host") from error


def _address(host: str, port: int, token: str, metric: str | None) -> str:
    name = f"[{host}]" if ":" in host else host
    query = f"?token={token}" if token else ""
    view = f"#metric={quote(metric, safe='')}" if metric else ""
    return f"http://{name}:{port}/{query}{view}"


def _new_token() -> str:
    import secrets  # noqa: PLC0415  # only where others may look

    return secrets.token_urlsafe(24)


def _open_browser(address: str) -> None:
    import webbrowser  # noqa: PLC0415  # while what answers is imported

    with contextlib.suppress(webbrowser.Error):
        webbrowser.open(address)
