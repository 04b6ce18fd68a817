"""Who may ask the page: this machine by default, and whoever has the token where more may."""

from __future__ import annotations

import hashlib
import hmac
import re
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any, TypeAlias

    Scope: TypeAlias = MutableMapping[str, Any]
    Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PORT = re.compile(r":\d+$")
_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)


def cookie_name(token: str) -> str:
    """Return the name of the cookie of a server: browsers keep one jar for all ports of a host."""
    return f"ledger_{hashlib.sha256(token.encode()).hexdigest()[:12]}"


class Guard:
    """Lets through what may be answered, with headers that keep the page to itself.

    A page of another site can make a browser ask this server under a name of its own; so the Host
    header must be one of this machine's names, unless there is a token, which that page lacks.

    Args:
        app: answers.
        token: "" for a server that only this machine reaches.
    """

    def __init__(self, app: App, token: str = "") -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        is_new = bool(self._token) and self._in_query(scope)

        async def send_on(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
                if is_new:
                    cookie = f"{cookie_name(self._token)}={self._token}"
                    cookie += "; HttpOnly; SameSite=Strict; Path=/"
                    message["headers"].append((b"set-cookie", cookie.encode()))
            await send(message)

        await self._app(scope, receive, send_on)

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        if scope["method"] not in {"GET", "HEAD"}:
            return 405, "this page is only read"
        if self._token:
            is_known = self._in_query(scope) or self._in_cookie(headers)
            return None if is_known else (403, "open the address that `ledger dash` printed")
        name = _PORT.sub("", headers.get("host", ""))
        if name.lower() not in LOCAL:
            return 403, "this page answers on 127.0.0.1 only; `ledger dash --host` opens it"
        if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
            return 403, "another site may not ask this page"
        return None

    def _in_query(self, scope: Scope) -> bool:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        return hmac.compare_digest(given.encode(), self._token.encode())

    def _in_cookie(self, headers: dict[str, str]) -> bool:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(cookie_name(self._token))
        except CookieError:
            return False
        given = found.value if found else ""
        return hmac.compare_digest(given.encode(), self._token.encode())


async def _refuse(send: Send, status: int, why: str) -> None:
    body = (why + "\n").encode()
    head = [(b"content-type", b"text/plain; charset=utf-8"), *_HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
