"""What the page asks for: the boards as JSON, and what is new as server-sent events."""

from __future__ import annotations

import asyncio
import json
import math

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ledger.dashboard.reviews import Reviews
from ledger.errors import LedgerError, NoDirectionError
from ledger.report.details import compared, one_run, reviewed


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from starlette.requests import Request

    from ledger.contract.direction import Goal
    from ledger.contract.json_text import Json
    from ledger.dashboard.guard import App
    from ledger.dashboard.hub import Hub

    Answer = Callable[[Hub, Request], Awaitable[Json]]

_GOALS: dict[str, Goal] = {"min": "min", "max": "max"}
_MOST_COMPARED = 6
_MOST_DIGITS = 20
"""Of a version: Python refuses to read a number of thousands."""
_LEVEL = 4
"""Of compression: of the curves of a thousand trials a twelfth of the time, and 8 % more bytes."""


def make_api(hub: Hub) -> App:
    """Return the application that answers for what ``hub`` watches."""
    reviews = Reviews(hub, reviewed)

    async def review(_: Hub, request: Request) -> Json:
        goal = _GOALS.get(_asked(request, "goal"))
        return await reviews.of(_asked(request, "board"), _asked(request, "metric"), goal)

    def json_route(path: str, answer: Answer) -> Route:
        async def endpoint(request: Request) -> Response:
            return await _answered(answer, hub, request)

        return Route(path, endpoint)

    async def events(request: Request) -> Response:
        return await _events(hub, request)

    return Starlette(
        routes=[
            json_route("/api/board", _board),
            json_route("/api/curves", _curves),
            json_route("/api/run", _run),
            json_route("/api/compare", _compare),
            json_route("/api/review", review),
            json_route("/api/places", _places),
            Route("/api/events", events),
        ],
        middleware=[Middleware(GZipMiddleware, minimum_size=1024, compresslevel=_LEVEL)],
    )


async def _board(hub: Hub, request: Request) -> Json:
    watcher = await hub.watcher(_asked(request, "board"))
    return await asyncio.to_thread(watcher.document)


async def _curves(hub: Hub, request: Request) -> Json:
    watcher = await hub.watcher(_asked(request, "board"))
    only = request.query_params.getlist("id") or None
    axis = _asked(request, "axis") or "epoch"
    return await asyncio.to_thread(watcher.curves, _asked(request, "metric"), axis, only)


async def _run(hub: Hub, request: Request) -> Json:
    board, name = _asked(request, "board"), _asked(request, "id")
    return await asyncio.to_thread(one_run, hub.places, board or hub.places.first, name)


async def _compare(hub: Hub, request: Request) -> Json:
    names = request.query_params.getlist("id")[:_MOST_COMPARED]
    board = _asked(request, "board") or hub.places.first
    return await asyncio.to_thread(compared, hub.places, board, names)


async def _places(hub: Hub, _: Request) -> Json:
    return await asyncio.to_thread(hub.places.listed)


async def _events(hub: Hub, request: Request) -> Response:
    try:
        watcher = await hub.watcher(_asked(request, "board"))
    except LedgerError as error:
        return _json({"error": str(error)}, 404)
    since = request.headers.get("last-event-id") or _asked(request, "since")
    is_version = since.isdecimal() and len(since) <= _MOST_DIGITS
    stream = watcher.events(int(since) if is_version else 0)
    return StreamingResponse(stream, media_type="text/event-stream")


async def _answered(answer: Answer, hub: Hub, request: Request) -> Response:
    try:
        return await asyncio.to_thread(_json, await answer(hub, request), 200)
    except LedgerError as error:
        # the page asks whoever looks which way this metric is better
        asked = {"undirected": error.metric} if isinstance(error, NoDirectionError) else {}
        return _json({"error": str(error), **asked}, 404)


def _json(document: Json, status: int) -> Response:
    try:
        text = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError:
        text = json.dumps(_plain(document), separators=(",", ":"), ensure_ascii=False)
    body = text.encode("utf-8", "replace")
    return Response(body, status, media_type="application/json")


def _plain(item: Json) -> Json:
    """Return ``item`` with non-finite numbers as the text that the format has for them."""
    if isinstance(item, float) and not math.isfinite(item):
        return repr(item)
    if isinstance(item, dict):
        return {key: _plain(each) for key, each in item.items()}
    return [_plain(each) for each in item] if isinstance(item, list) else item


def _asked(request: Request, name: str) -> str:
    found: Any = request.query_params.get(name, "")
    return str(found)
