"""Who is answered: by the Host header, by the token, by the method."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from ledger.dashboard.guard import POLICY, Guard, cookie_name


if TYPE_CHECKING:
    from collections.abc import MutableMapping

TOKEN = "a-token-that-nobody-guesses"


async def app(_: Any, __: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


def ask(
    *, token: str = "", method: str = "GET", query: str = "", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of one request to a guarded application."""
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request"}

    scope = {
        "type": "http",
        "method": method,
        "query_string": query.encode(),
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
    }
    asyncio.run(Guard(app, token)(scope, receive, send))
    found = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], found, sent[1]["body"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8770", "localhost:8770", "LOCALHOST", "[::1]:8770", "[::1]"]
)
def test_this_machine_is_answered(host: str) -> None:
    assert 200 == ask(host=host)[0]


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:8770", "127.0.0.1.evil.example", "localhost.evil:80"]
)
def test_a_name_that_is_not_this_machine_is_refused(host: str) -> None:
    status, _, body = ask(host=host)
    assert 403 == status
    assert b"127.0.0.1 only" in body


def test_another_site_is_refused() -> None:
    assert 403 == ask(host="localhost", sec_fetch_site="cross-site")[0]
    assert 200 == ask(host="localhost", sec_fetch_site="same-origin")[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(method: str) -> None:
    assert 405 == ask(host="localhost", method=method)[0]


def test_where_others_may_look_the_token_is_asked_for() -> None:
    assert 403 == ask(token=TOKEN, host="machine.example")[0]
    assert 403 == ask(token=TOKEN, host="machine.example", query="token=guess")[0]
    assert 403 == ask(token=TOKEN, host="machine.example", cookie=f"{cookie_name(TOKEN)}=guess")[0]
    assert 403 == ask(token=TOKEN, host="localhost", cookie="=;;")[0]
    assert (
        200 == ask(token=TOKEN, host="machine.example", cookie=f"{cookie_name(TOKEN)}={TOKEN}")[0]
    )


def test_a_token_in_the_address_becomes_a_cookie_that_scripts_cannot_read() -> None:
    status, headers, _ = ask(token=TOKEN, host="machine.example", query=f"token={TOKEN}")
    assert 200 == status
    assert (
        f"{cookie_name(TOKEN)}={TOKEN}; HttpOnly; SameSite=Strict; Path=/" == headers["set-cookie"]
    )


def test_every_answer_keeps_the_page_to_itself() -> None:
    for headers in (ask(host="localhost")[1], ask(host="evil.example")[1]):
        assert POLICY == headers["content-security-policy"]
        assert "nosniff" == headers["x-content-type-options"]
        assert "access-control-allow-origin" not in headers
