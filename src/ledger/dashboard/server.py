"""The page's server: its own files at once, and what they ask for when that can be answered."""

from __future__ import annotations

import asyncio
import gzip
from urllib.parse import parse_qs, urlencode

from ledger.dashboard.guard import Guard
from ledger.report.bundle import asset, script
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.dashboard.guard import App, Receive, Scope, Send
    from ledger.dashboard.hub import Hub

_KINDS = {
    "index.html": "text/html; charset=utf-8",
    "main.js": "text/javascript; charset=utf-8",
    "style.css": "text/css; charset=utf-8",
    "uplot.css": "text/css; charset=utf-8",
    "uplot.js": "text/javascript; charset=utf-8",
}
"""The files that there are, and what they are."""


def make_app(hub: Hub, token: str = "") -> App:
    """Return the application that answers for what ``hub`` watches.

    Args:
        hub: has the boards; it is closed with the application.
        token: asked of every page; "" for a server that only this machine reaches.
    """
    return Guard(_Shell(hub), token)


@value
class _File:
    kind: str
    body: bytes
    packed: bytes


class _Shell:
    """Answers for the page's own files, and hands on everything else.

    The library that answers the rest takes as long to import as a browser takes to read the page;
    so it is imported meanwhile.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._files = _files()
        self._api: asyncio.Task[App] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; or begin and end with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["path"] in self._files:
            await _send_file(scope, send, self._files[scope["path"]])
        else:
            # a request that is given up must not give up the import that others wait for
            api = await asyncio.shield(self._imported())
            await api(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._imported()
        self._hub.begin()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._hub.close()
        await send({"type": "lifespan.shutdown.complete"})

    def _imported(self) -> asyncio.Task[App]:
        if self._api is None:
            self._api = asyncio.create_task(asyncio.to_thread(_make_api, self._hub))
        return self._api


def _make_api(hub: Hub) -> App:
    from ledger.dashboard.api import make_api  # noqa: PLC0415  # the slow import

    return make_api(hub)


def _files() -> dict[str, _File]:
    """Return the page's own files by the path of a request: no such path ever reaches the disk."""
    found = {}
    for name, kind in _KINDS.items():
        text = script() if name == "main.js" else asset(name)  # not a request for each module
        body = text.encode()
        found[f"/static/{name}"] = _File(kind=kind, body=body, packed=gzip.compress(body, 6))
    return found | {"/": found["/static/index.html"]}


async def _send_file(scope: Scope, send: Send, file: _File) -> None:
    headers = [(b"content-type", file.kind.encode()), (b"vary", b"accept-encoding")]
    is_packed = b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b"")
    if is_packed:
        headers.append((b"content-encoding", b"gzip"))
    if scope["path"] == "/":
        headers += _early(scope["query_string"])
    body = file.packed if is_packed else file.body
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _early(query: bytes) -> list[tuple[bytes, bytes]]:
    """Return the header that lets a browser ask for the board before it has read the scripts.

    The address must be the one that they ask for, letter by letter. A page that has just brought
    its token has no cookie yet.
    """
    asked = parse_qs(query.decode("latin-1"))
    if "token" in asked:
        return []
    board = urlencode([("board", each) for each in asked.get("board", [])[:1]])
    return [(b"link", f"</api/board?{board}>; rel=preload; as=fetch; crossorigin".encode())]
