"""Judging as a library: verdicts, names, outside of git, and the last door of the hook."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ledger.errors import NoLedgerError, UnknownNameError
from ledger.policy.catalogue import RANGE, RULES, STAGED, TREE
from ledger.policy.judge import judge_index, judge_staged, judge_tree
from ledger.policy.ledgers import Ledger
from ledger.settings import Settings
from ledger.storage.git import clean_environment, find_repository
from policy.builders import RUN_ID, Repo, environment, write_run


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.storage.git import Repository

LEDGER = Ledger(folder="ledger", settings=Settings(), settings_path="ledger.toml")


def repository(repo: Repo) -> Repository:
    return find_repository(str(repo.top), clean_environment(environment()))


def test_codes_are_what_the_format_says() -> None:
    severities = {
        code: tuple(rule.severity(stage) for stage in (STAGED, RANGE, TREE))
        for code, rule in RULES.items()
    }
    assert severities == {
        "LED000": (None, "error", None),
        "LED100": (None, "error", None),
        "LED101": ("error", "error", "warn"),
        "LED102": ("error", "error", "error"),
        "LED103": ("error", "error", None),
        "LED104": ("error", "error", "error"),
        "LED105": ("error", "error", "error"),
        "LED106": (None, "error", None),
        "LED107": ("error", "error", "warn"),
        "LED111": ("error", "error", "error"),
        "LED112": ("error", "error", None),
        "LED113": (None, "notice", None),
        "LED114": (None, "off", None),
    }


def test_runs_outside_of_git_are_judged(tmp_path: Path) -> None:
    write_run(tmp_path / "ledger", note=None)
    verdict = judge_tree(str(tmp_path), [LEDGER], None)
    assert [one.code for one in verdict.findings] == ["LED102"]
    assert verdict.n_runs == 1
    assert verdict.word == "fail"


def test_a_run_is_named_by_its_beginning(tmp_path: Path) -> None:
    write_run(tmp_path / "ledger", note=None)
    write_run(tmp_path / "ledger", "2026-02-02_other-bbbbbbbb", note=None)
    verdict = judge_tree(str(tmp_path), [LEDGER], None, [RUN_ID[:14]])
    assert {one.run_id for one in verdict.findings} == {RUN_ID}
    with pytest.raises(UnknownNameError, match="write more"):
        judge_tree(str(tmp_path), [LEDGER], None, ["2026"])
    with pytest.raises(UnknownNameError, match="no run"):
        judge_tree(str(tmp_path), [LEDGER], None, ["x"])


def test_a_run_whose_process_lives_may_have_an_empty_note(tmp_path: Path) -> None:
    from ledger.capture.process import this_process

    me = this_process()
    session = {
        "start": "2026-02-01T16:30:00+00:00",
        "pid": me.pid,
        "pid_start": me.pid_start,
        "boot_id": me.boot_id,
        "hostname": me.hostname,
    }
    running = {"status": "running", "files": ..., "note": None}
    write_run(tmp_path / "ledger", sessions=[session], **running)  # type: ignore[arg-type]  # mixed on purpose
    assert judge_tree(str(tmp_path), [LEDGER], None).findings == ()
    write_run(tmp_path / "ledger", sessions=[session | {"hostname": "elsewhere"}], **running)  # type: ignore[arg-type]  # mixed on purpose
    (tmp_path / "ledger/2026-02" / RUN_ID / "run.md").unlink(missing_ok=True)
    assert [one.code for one in judge_tree(str(tmp_path), [LEDGER], None).findings] == ["LED102"]


def test_index_without_a_ledger_cannot_be_judged(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    with pytest.raises(NoLedgerError):
        judge_index(repository(repo))


def test_settings_are_parsed_once_and_kept_by_content(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    write_run(repo.ledger)
    repo.git("add", "-A")
    assert judge_staged(repository(repo), {}).n_runs == 1
    kept = list((tmp_path / ".git/ledger/settings").rglob("*"))
    files = [path for path in kept if path.is_file()]
    assert len(files) == 1
    files[0].write_text("garbage")
    assert judge_staged(repository(repo), {}).n_runs == 1
    (tmp_path / "ledger.toml").write_text('dir = "elsewhere"\n')
    repo.git("add", "-A")
    assert judge_staged(repository(repo), {}).n_runs == 0


def test_read_only_git_directory_is_no_obstacle(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    write_run(repo.ledger)
    repo.git("add", "-A")
    (tmp_path / ".git/ledger").write_text("a file where the folder should be")
    assert judge_staged(repository(repo), {}).findings == ()


def test_a_bug_blocks_and_leaves_a_report(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    write_run(repo.ledger)
    repo.git("add", "-A")
    code = (
        "import os, sys, ledger.policy.__main__ as door\n"
        "import ledger.policy.judge as judge\n"
        "judge.judge_staged = None\n"
        "sys.exit(door.main(['--staged'], os.environ))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        cwd=repo.top,
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 3
    (report,) = (tmp_path / ".git/ledger").glob("bug-*.txt")
    assert str(report) in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()
    assert "TypeError" in report.read_text()


@pytest.mark.parametrize("arguments", [[], ["--what"], ["--staged", "--all"]])
def test_bad_usage_of_the_hook_entry(tmp_path: Path, arguments: list[str]) -> None:
    done = hook_entry(tmp_path, *arguments)
    assert (done.returncode, done.stdout) == (2, b"")


def test_no_repository_cannot_be_judged(tmp_path: Path) -> None:
    done = hook_entry(tmp_path, "--staged")
    assert done.returncode == 2
    assert b"git init" in done.stderr


def test_all_judges_what_git_tracks(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    write_run(repo.ledger, note=None)
    repo.commit()
    assert hook_entry(tmp_path, "--staged").returncode == 0
    assert hook_entry(tmp_path, "--all").returncode == 1


def hook_entry(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-I", "-m", "ledger.policy", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        check=False,
    )


def test_check_command_answers_in_json(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    write_run(repo.ledger, note=None)
    code = "from ledger.cli.main import run; run()"
    argv = [sys.executable, "-I", "-c", code, "check", "--format", "json"]
    done = subprocess.run(argv, cwd=repo.top, env=environment(), capture_output=True, check=False)
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert list(answer) == ["answer_version", "verb", "verdict", "findings"]
    assert list(answer["findings"][0]) == [
        "code",
        "severity",
        "run_id",
        "path",
        "line",
        "message",
        "fix",
    ]
