"""A pull request is a stranger's: whatever it holds is a finding or a clear word, never a crash."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from ledger.ci.arrivals import arrivals
from ledger.ci.formats.github import to_github
from ledger.ci.formats.gitlab import to_gitlab
from ledger.ci.formats.json import to_json
from ledger.ci.formats.junit import to_junit
from ledger.ci.formats.sarif import to_sarif
from ledger.ci.formats.text import to_text
from ledger.ci.judge import judge
from ledger.ci.markdown import COMMENT_BYTES, to_markdown
from ledger.ci.request import Request
from ledger.errors import LedgerError
from ledger.storage.git import clean_environment, find_repository
from make_repo import write_files
from policy.builders import RUN_ID, Repo, environment, make_document, make_table, write_run


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.ci.judged import Judged

RUN = f"ledger/2026-02/{RUN_ID}"
RECORD, NOTE, TABLE = f"{RUN}/run.json", f"{RUN}/run.md", f"{RUN}/metrics.csv"
LINK, SUBMODULE, FILE = "120000", "160000", "100644"
FACTS = {"sha256": "0" * 64, "rows": 1, "bytes": 1}
INJECTION = "x\n::error::forged\r##[error]x\x1b[31m\u202e`|<img src=x>"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Return a repository with a ledger on main, and a run staged."""
    made = Repo(tmp_path / "repo")
    write_files(made.top, {"ledger.toml": "", "README.md": "x\n"})
    made.commit("first")
    write_run(made.ledger)
    made.git("add", "-A")
    return made


def stage(repo: Repo, path: bytes, data: bytes, mode: str = FILE) -> None:
    """Stage ``data`` at ``path``, whatever a file system would say of it."""
    oid = "1" * 40
    if mode != SUBMODULE:
        oid = _git(repo, ["hash-object", "-w", "--stdin"], data).decode().strip()
    _git(repo, ["update-index", "-z", "--index-info"], f"{mode} {oid}\t".encode() + path + b"\0")


def _git(repo: Repo, arguments: list[str], stdin: bytes) -> bytes:
    command = ["git", "-c", "core.protectNTFS=false", "-c", "core.protectHFS=false", *arguments]
    done = subprocess.run(
        command, cwd=repo.top, env=environment(), input=stdin, capture_output=True, check=True
    )
    return done.stdout


def judged(repo: Repo, message: str = "branch") -> Judged:
    """Return what came of a commit of what is staged; every form of it is made, and is safe."""
    tree = repo.git("write-tree").strip()
    base = repo.git("rev-parse", "HEAD").strip()
    head = repo.git("commit-tree", tree, "-p", base, "-m", message).strip()
    repository = find_repository(str(repo.top), clean_environment(environment()))
    found = judge(repository, Request(base=base, head=head))
    try:
        new = arrivals(repository, base, head)
    except LedgerError:
        new = None
    for form in (to_text, to_github, to_gitlab, to_sarif, to_junit, to_json):
        text = form(found)
        assert all(line.isprintable() for line in text.split("\n")), form
        text.encode("utf-8")
    assert json.loads(to_json(found, new))["verb"] == "ci"
    assert len(to_markdown(found, new).encode("utf-8")) <= COMMENT_BYTES
    return found


def codes(found: Judged) -> set[str]:
    return {one.code for one in found.verdict.findings}


def record(**changes: Any) -> bytes:
    return json.dumps(make_document(RUN_ID, make_table()) | changes).encode()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (record()[:-1] + b', "git": {"dirty": false}}', "LED111"),
        (b"[" * 200_000, "LED111"),
        (b'{"a": ' * 200_000, "LED111"),
        (record(extra=0)[:-2] + b"9" * 5000 + b"}", "LED111"),
        (record()[:-1] + b', "x": NaN}', "LED111"),
        (record()[:-1] + b', "x": 1e999}', "LED111"),
        (record()[:-1] + b', "x": "\\ud800"}', "LED111"),
        (b"\xef\xbb\xbf" + record(), "LED111"),
        (record().decode().encode("utf-16"), "LED111"),
        (record()[:-1] + b" " * (16 * 1024 * 1024) + b"}", "LED111"),
        (record(run_id="../../../etc/passwd"), "LED111"),
        (record(run_id=INJECTION), "LED111"),
        (record(files={"../../../../etc/passwd": FACTS}), "LED104"),
        (record(files={"/etc/passwd": FACTS, "a\0b": FACTS, "x" * 63 + "\0": FACTS}), "LED104"),
        (record(files={INJECTION: FACTS, "": FACTS, "..": FACTS}), "LED104"),
        (record(schema_version=99), "LED111"),
        (b"", "LED111"),
        (b"null", "LED111"),
    ],
    ids=range(18),
)
def test_a_record_that_means_harm_is_a_finding(repo: Repo, data: bytes, code: str) -> None:
    stage(repo, RECORD.encode(), data)
    found = judged(repo)
    assert found.cannot_judge is None
    assert found.verdict.is_blocked
    assert code in codes(found), found.verdict.findings


@pytest.mark.parametrize(
    ("path", "data", "mode", "code"),
    [
        (NOTE.encode(), b"/etc/passwd", LINK, "LED105"),
        (TABLE.encode(), b"../../../../../etc/passwd", LINK, "LED105"),
        (RECORD.encode(), b"/etc/passwd", LINK, "LED105"),
        (NOTE.encode(), b"", SUBMODULE, "LED105"),
        (f"{RUN}/sub".encode(), b"", SUBMODULE, "LED105"),
        (b"ledger/2026-02/bad\xff\xfe-aaaaaaab/run.json", b"{}", FILE, "LED105"),
        (b"ledger/2026-02/" + INJECTION.encode() + b"/run.json", b"{}", FILE, "LED105"),
        (f"ledger/2026-02/{RUN_ID.upper()}/run.json".encode(), b"{}", FILE, "LED105"),
        (f"{RUN}/RUN.JSON".encode(), b"{}", FILE, "LED105"),
        (f"{RUN}/a\nb".encode(), b"", FILE, "LED105"),
        (f"{RUN}/aux".encode(), b"", FILE, "LED105"),
        (b"ledger/2026-02/--upload-pack=x/run.json", b"{}", FILE, "LED105"),
        (b"ledger/2026-02/" + b"a" * 250 + b"/run.json", b"{}", FILE, "LED105"),
        (b"ledger/run.json", b"{}", FILE, "LED104"),
        (b"ledger/.gitattributes", b"* filter=lfs\n", FILE, "LED105"),
        (f"{RUN}/.gitattributes".encode(), b"* working-tree-encoding=UTF-16\n", FILE, "LED105"),
        (TABLE.encode(), b"epoch,loss\n" + b"0" * 100_000 + b",1\n", FILE, "LED104"),
        (TABLE.encode(), b"epoch," + b",".join(b"m%d" % n for n in range(20_000)), FILE, "LED104"),
        (NOTE.encode(), b"\xff\xfe\x00", FILE, "LED111"),
    ],
    ids=range(19),
)
def test_a_file_that_means_harm_is_a_finding(
    repo: Repo, path: bytes, data: bytes, mode: str, code: str
) -> None:
    stage(repo, path, data, mode)
    found = judged(repo)
    assert found.cannot_judge is None
    assert code in codes(found), found.verdict.findings
    assert "root:" not in to_text(found)


@pytest.mark.parametrize(
    ("path", "data", "mode"),
    [
        (b"ledger.toml", b"severity = " + b"[" * 100_000, FILE),
        (b"ledger.toml", b"\xff", FILE),
        (b"ledger.toml", b"/etc/passwd", LINK),
        (b"ledger.toml", b"", SUBMODULE),
        (b"ledger.toml", b"dir = '../elsewhere'", FILE),
        (b"x/ledger.toml", b"dir = '" + INJECTION.encode().replace(b"\n", b"") + b"'", FILE),
    ],
    ids=range(6),
)
def test_settings_that_mean_harm_cannot_be_judged(
    repo: Repo, path: bytes, data: bytes, mode: str
) -> None:
    """Never green; the policy is that of the base all the same."""
    stage(repo, path, data, mode)
    found = judged(repo)
    assert found.cannot_judge is not None
    assert {"LED000"} == codes(found)


@pytest.mark.parametrize(
    ("path", "data"),
    [
        (b"dvc.yaml", b"a: &a [x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nstages: *c\n"),
        (b"dvc.lock", b"[" * 100_000),
        (b"data.dvc", b"!!python/object/apply:os.system ['touch RAN']\n"),
        (b"x.ipynb", b"[" * 100_000),
        (b"x.ipynb", b'{"cells": [{"cell_type": "code", "source": {"a": 1}}]}'),
        (b"caf\xe9.py", b"x\n"),
        (b":(top)*.py", b"x\n"),
        (b"-rf.py", b"x\n"),
        (INJECTION.encode() + b".py", b"x\n"),
    ],
    ids=range(9),
)
def test_code_that_means_harm_is_only_compared(repo: Repo, path: bytes, data: bytes) -> None:
    stage(repo, path, data)
    found = judged(repo)
    assert found.cannot_judge is None
    assert codes(found) <= {"LED100"}
    if path.endswith(b".py"):
        assert [os.fsdecode(path)] == [one.path for one in found.verdict.findings]
    assert not (repo.top / "RAN").exists()


def test_a_reason_that_means_harm_is_text(repo: Repo) -> None:
    stage(repo, b"train.py", b"x\n")
    reason = "::error::forged \x1b[31m ##[error]x\u202e <!-- ledger -->"
    found = judged(repo, f"x\n\nLedger-Skip: {reason}")
    assert not found.verdict.is_blocked
    assert ["trailer"] == [one.kind for one in found.waived]
