"""The comment workflow: its script run against a server that answers as GitHub's API does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from ledger.ci.arrival import Arrivals
from ledger.ci.formats.json import to_json
from ledger.ci.judged import LABEL, Judged, Waiver
from ledger.ci.request import Request
from ledger.policy.finding import Finding
from ledger.policy.judge import Verdict


if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).parents[2] / "examples" / "ci" / "github-comment.yml"
SHA = "c" * 40
BOT = "github-actions[bot]"
MARKER = "<!-- ledger -->"


class Api:
    """What the repository holds, and what was written to it."""

    def __init__(self) -> None:
        self.pulls = [{"number": 7, "head": {"sha": SHA}}]
        self.comments: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.written: list[tuple[str, str, str]] = []

    def answer(self, method: str, target: str, body: bytes) -> Any:
        path = urlsplit(target).path.removeprefix("/repos/o/r")
        query = parse_qs(urlsplit(target).query)
        self.asked.append(target)
        if method != "GET":
            self.written.append((method, path, json.loads(body)["body"]))
            return {}
        start = (int(query["page"][0]) - 1) * int(query["per_page"][0])
        found = self.pulls if path == "/pulls" else self.comments
        return found[start : start + int(query["per_page"][0])]


@contextmanager
def served(api: Api) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            assert self.headers["Authorization"] == "Bearer secret"
            told = json.dumps(api.answer(self.command, self.path, body)).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(told)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815  # the names it calls

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name it has there
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def comment(
    tmp_path: Path, api: Api, verdict: bytes, **env: str
) -> subprocess.CompletedProcess[str]:
    """Run the step of the example that writes the comment."""
    steps = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))["jobs"]["comment"]["steps"]
    (step,) = [one for one in steps if "run" in one]
    assert "${{" not in step["run"]
    assert step["shell"] == "python3 -I {0}"
    folder = tmp_path / "ledger-report"
    folder.mkdir()
    if verdict:
        (folder / "verdict.json").write_bytes(verdict)
    (tmp_path / "step.py").write_text(step["run"], encoding="utf-8")
    # what the artefact brought beside the script is not on its way
    (tmp_path / "json.py").write_text("raise SystemExit('imported')\n")
    with served(api) as address:
        given = {
            "PATH": os.environ["PATH"],
            "GITHUB_API_URL": address,
            "GITHUB_REPOSITORY": "o/r",
            "RUNNER_TEMP": str(tmp_path),
            "TOKEN": "secret",
            "HEAD_SHA": SHA,
            "HEAD_BRANCH": "branch",
            "HEAD_OWNER": "fork",
            "RUN_URL": "https://example.com/run",
        }
        return subprocess.run(
            [sys.executable, "-I", str(tmp_path / "step.py")],
            env=given | env,
            capture_output=True,
            text=True,
            check=False,
        )


def finding(**changes: object) -> dict[str, object]:
    one = {"code": "LED102", "severity": "error", "run_id": "a", "path": "ledger/a/run.md"}
    return one | {"line": 7, "message": "not filled in", "fix": "ledger note a"} | changes


def answer(*findings: object, **changes: object) -> bytes:
    told = {"answer_version": 1, "verb": "ci", "verdict": "fail", "findings": findings}
    told |= {"waived": [], "new_runs": None}
    return json.dumps(told | changes).encode()


def new_run(**standing: object) -> dict[str, object]:
    told = {"metric": "val_acc", "value": 0.91, "best_value": 0.9, "change": 0.01}
    return {
        "run_id": "2026-02-02_0900_next-bbbbbbbb",
        "standing": told | {"verdict": "better"} | standing,
    }


def test_verdict_becomes_a_comment_on_the_pull_request_that_ends_with_the_commit(
    tmp_path: Path,
) -> None:
    api = Api()

    done = comment(tmp_path, api, answer(finding()))

    assert (done.returncode, done.stderr) == (0, "")
    ((method, path, body),) = api.written
    assert ("POST", "/issues/7/comments") == (method, path)
    assert body.startswith(f"{MARKER}\n### Runs of this change: fail\n")
    assert "| LED102 | error | `ledger/a/run.md` | 7 |" in body
    assert "not filled in" not in body


def test_comment_of_the_bot_is_replaced_and_one_with_the_marker_of_a_stranger_is_not(
    tmp_path: Path,
) -> None:
    """It stands on the second page of the comments."""
    api = Api()
    api.comments = [{"id": 1, "user": {"login": "eve"}, "body": f"{MARKER} mine"}]
    api.comments += [{"id": n, "user": {"login": BOT}, "body": "another"} for n in range(2, 110)]
    api.comments += [{"id": 110, "user": {"login": BOT}, "body": f"{MARKER} old"}]

    comment(tmp_path, api, answer(verdict="pass"))

    ((method, path, _),) = api.written
    assert ("PATCH", "/issues/comments/110") == (method, path)


def test_name_of_a_branch_is_one_word_of_the_question(tmp_path: Path) -> None:
    api = Api()

    comment(tmp_path, api, answer(), HEAD_BRANCH="a&head=o:main#/../x y")

    assert parse_qs(urlsplit(api.asked[0]).query)["head"] == ["fork:a&head=o:main#/../x y"]


@pytest.mark.parametrize("pulls", [[], [{"number": 7, "head": {"sha": "d" * 40}}]])
def test_nothing_is_written_when_the_pull_request_has_moved_on(
    pulls: list[dict[str, Any]], tmp_path: Path
) -> None:
    api = Api()
    api.pulls = pulls

    done = comment(tmp_path, api, answer(finding()))

    assert done.returncode == 0, done.stderr
    assert api.written == []


def test_new_runs_and_opt_outs_are_shown(tmp_path: Path) -> None:
    api = Api()
    runs = [new_run(), new_run(value="nan", best_value=None, change=10**400, verdict="unknown")]
    waived = [{"kind": "label", "text": "no-experiment"}, {"kind": "trailer", "text": "<b>"}]

    done = comment(tmp_path, api, answer(new_runs=runs, waived=waived))

    assert done.stderr == ""
    ((_, _, body),) = api.written
    name = "`2026-02-02_0900_next-bbbbbbbb` | `val_acc`"
    assert f"| {name} | 0.91 | 0.9 | 0.01 | better |\n| {name} |  |  |  | unknown |" in body
    assert "| label |\n| trailer |" in body
    assert "<b>" not in body


def test_what_the_program_answers_is_taken(tmp_path: Path) -> None:
    """The answer of the code, not one that these tests made up."""
    bad = Finding(code="LED102", severity="error", path="a/run.md", line=7, message="m", fix="f")
    request = Request(base="a" * 40, head=SHA)
    judged = Judged(
        request=request,
        verdict=Verdict(findings=(bad,), n_runs=1),
        waived=(Waiver(kind=LABEL, text="no-experiment", findings=(bad,)),),
    )
    api = Api()

    done = comment(tmp_path, api, to_json(judged, Arrivals(runs=())).encode())

    assert done.stderr == ""
    ((_, _, body),) = api.written
    assert "| LED102 | error | `a/run.md` | 7 |" in body


HOSTILE_PATH = "a`|\n</details><!-- ledger -->@all [x](javascript:y) \u202e::error::z"


def test_text_of_the_change_is_not_shown_as_it_stands(tmp_path: Path) -> None:
    api = Api()
    runs = [new_run(metric=HOSTILE_PATH) | {"run_id": HOSTILE_PATH}]
    rows = [finding(path=HOSTILE_PATH, line=10**999), finding(line="<b>")]

    comment(tmp_path, api, answer(*rows, *[finding()] * 80, new_runs=runs))

    ((_, _, body),) = api.written
    assert body.count(MARKER) == 1
    assert not re.search(r"[@\u202e]|javascript:|</|::", body)
    assert body.count("LED102") == 50
    assert "and 32 more" in body


BAD = {
    "not there": b"",
    "no JSON": b"verdict: fail",
    "not an object": b"[]",
    "no text": b"\xff\xfe",
    "deep": b"[" * 200_000,
    "large": answer(message="x" * 16_000_001),
    "no verdict": answer(verdict=None),
    "verdict with Markdown": answer(verdict="pass\n# hello"),
    "findings of another kind": answer(findings={"a": 1}),
    "code that is none": answer(finding(code="LED102 @all")),
    "code of another kind": answer(finding(code=102)),
    "severity that is none": answer(finding(severity=["error"])),
    "finding of another kind": answer("LED102"),
    "opt-outs of another kind": answer(waived={"kind": "label"}),
    "opt-out that is none": answer(waived=[{"kind": "<b>"}]),
    "runs of another kind": answer(new_runs="a"),
    "run without a standing": answer(new_runs=[{"run_id": "a"}]),
    "run with a word of its own": answer(new_runs=[new_run(verdict="# best")]),
    "finding without a path": answer({"code": "LED102", "severity": "error"}),
}


@pytest.mark.parametrize("verdict", BAD.values(), ids=BAD)
def test_what_the_action_did_not_write_fails_and_writes_nothing(
    verdict: bytes, tmp_path: Path
) -> None:
    api = Api()

    done = comment(tmp_path, api, verdict)

    assert done.returncode == 1
    assert done.stderr.startswith("verdict.json is not what the action writes: ")
    assert "Traceback" not in done.stderr
    assert api.asked == []
