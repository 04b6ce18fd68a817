"""The real server on loopback: what it answers, what it refuses, and what it tells by itself."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from unit.reader.builders import FILLED_NOTE, add_run, epochs, make_project


uvicorn = pytest.importorskip("uvicorn")
pytest.importorskip("starlette")

from ledger.dashboard import serve  # noqa: E402
from ledger.dashboard.hub import Hub  # noqa: E402
from ledger.dashboard.serve import _listen  # noqa: E402
from ledger.dashboard.server import make_app  # noqa: E402
from ledger.errors import LedgerError  # noqa: E402
from ledger.report.boards.places import Places  # noqa: E402  # after the check


if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT_SECONDS = 30


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_project(tmp_path)
    add_run(tmp_path, "a", epochs(val_acc=[0.5, 0.9]), note=FILLED_NOTE)
    add_run(tmp_path, "b", epochs(val_acc=[0.6, 0.8]), config={"lr": 0.3})
    return tmp_path


@pytest.fixture
def address(root: Path) -> Iterator[str]:
    from ledger.project import find_project

    places = Places(find_project([root]), {})
    places.choose(None)
    listening = _listen("127.0.0.1", 0)
    config = uvicorn.Config(make_app(Hub(places)), log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True
    )
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(LIMIT_SECONDS)


def get(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=LIMIT_SECONDS) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def ask(url: str) -> Any:
    status, body = get(url)
    assert 200 == status, body
    return json.loads(body)


def test_the_page_and_all_it_loads_are_there(address: str) -> None:
    page = get(address + "/")[1].decode()
    for name in ("main.js", "style.css", "uplot.js", "uplot.css"):
        assert f"static/{name}" in page
        assert 200 == get(f"{address}/static/{name}")[0]


def test_a_browser_is_told_to_ask_for_the_board_at_once_and_for_nothing_else(address: str) -> None:
    asked = "?board=at%3A1&x=%3E;%20rel=stylesheet,%20%3Chttp://evil.example/%3E"
    found = {}
    for query in ("", asked, "?token=1"):
        with urllib.request.urlopen(address + "/" + query, timeout=LIMIT_SECONDS) as answer:
            found[query] = answer.headers["link"]
    assert "</api/board?>; rel=preload; as=fetch; crossorigin" == found[""]
    assert "</api/board?board=at%3A1>; rel=preload; as=fetch; crossorigin" == found[asked]
    assert found["?token=1"] is None


def test_no_answer_waits_for_its_beginning_to_be_confirmed() -> None:
    with (
        _listen("127.0.0.1", 0) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../server.py",
        "/static/..%2f..%2fserver.py",
        "/static/%2e%2e/%2e%2e/errors.py",
        "/static//etc/passwd",
        "/static/uplot.LICENSE/../../__init__.py",
        "/ledger.toml",
        "/static/",
    ],
)
def test_no_path_leads_to_a_file(address: str, path: str) -> None:
    assert 404 == get(address + path)[0]


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "at:0", "at:-1", "at:x", "a\0b", "nobody"])
def test_a_board_that_was_not_listed_is_not_opened(address: str, name: str) -> None:
    status, body = get(f"{address}/api/board?board={quote(name)}")
    assert 404 == status
    assert {"error"} == {*json.loads(body)}


def test_a_run_is_shown_whole(address: str) -> None:
    first = ask(f"{address}/api/board")["candidates"][0]
    found = ask(f"{address}/api/run?id={quote(first['id'])}")
    assert first["id"] == found["record"]["run_id"]
    assert "A smaller step converges" in found["note"]
    assert "metrics.csv" in found["files"]


def test_two_runs_are_compared(address: str) -> None:
    ids = [each["id"] for each in ask(f"{address}/api/board")["candidates"]]
    found = ask(f"{address}/api/compare?id={quote(ids[0])}&id={quote(ids[1])}")
    assert (0.01, 0.3) == tuple(found["pairs"][0]["config"]["lr"][k] for k in ("old", "new"))
    assert 404 == get(f"{address}/api/compare?id={quote(ids[0])}")[0]


def test_what_is_new_is_sent_and_nothing_else(address: str, root: Path) -> None:
    version = ask(f"{address}/api/board")["version"]
    run_id = add_run(root, "c", epochs(val_acc=[0.7]))
    with urllib.request.urlopen(
        f"{address}/api/events?since={version}", timeout=LIMIT_SECONDS
    ) as stream:
        lines = (
            line for line in iter(stream.readline, b"") if line.startswith((b"event", b"data"))
        )
        told = [next(lines) for _ in range(4)]
    assert [b"event: about\n", b"event: candidates\n"] == told[::2]
    assert "candidates" not in json.loads(told[1].removeprefix(b"data: "))
    assert [run_id] == [each["id"] for each in json.loads(told[3].removeprefix(b"data: "))]


@pytest.mark.parametrize("since", ["99999", "9" * 5000, "-1"])
def test_who_was_away_for_too_long_is_told_to_begin_anew(address: str, since: str) -> None:
    ask(f"{address}/api/board")
    with urllib.request.urlopen(
        f"{address}/api/events?since={since}", timeout=LIMIT_SECONDS
    ) as stream:
        assert any(line == b"event: anew\n" for line in iter(stream.readline, b""))


def test_a_port_that_is_taken_is_told() -> None:
    with (
        _listen("127.0.0.1", 0) as taken,
        pytest.raises(LedgerError, match="cannot listen on"),
    ):
        _listen("127.0.0.1", taken.getsockname()[1])


def test_the_runs_are_reviewed_by_a_metric_of_theirs(address: str) -> None:
    found = ask(f"{address}/api/review?metric=val_acc")
    assert ("val_acc", "max", 2) == (found["metric"], found["goal"], found["counts"]["candidates"])
    status, body = get(f"{address}/api/review?metric=nobody")
    assert 404 == status
    assert b"nobody" in body


def test_a_library_that_is_not_installed_is_told_before_anything_is_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serve, "_LIBRARIES", ("uvicorn", "no_such_library"))
    said: list[str] = []
    options = {"host": "127.0.0.1", "port": 0, "metric": None, "opens": False}
    with pytest.raises(LedgerError, match=r"no_such_library.*experiment-ledger\[dashboard\]"):
        serve.serve(Places(None, {}), **options, tell=said.append)  # type: ignore[arg-type]
    assert [] == said
