"""``ledger ci`` on the command line, in real repositories."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from click.testing import CliRunner

from ledger.ci.formats.json import schema
from ledger.cli.main import main
from make_repo import write_files
from policy.builders import RUN_ID, Repo, capture_run


if TYPE_CHECKING:
    from pathlib import Path

VARIABLES = ("GITHUB_", "GITLAB_", "CI_")


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return a repository with a change on ``work`` that nobody ran; it is the working folder."""
    for name in list(os.environ):
        if name.startswith(VARIABLES):
            monkeypatch.delenv(name)
    made = Repo(tmp_path / "repo")
    write_files(made.top, {"train.py": "LR = 1\n", "ledger.toml": ""})
    made.commit("first")
    made.git("checkout", "-q", "-b", "work")
    write_files(made.top, {"train.py": "LR = 2\n"})
    made.commit("change")
    monkeypatch.chdir(made.top)
    return made


def ledger_ci(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Return the exit code, stdout and stderr of ``ledger ci``."""
    done = CliRunner().invoke(main, ["ci", *arguments], env=env, standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value, done.stdout, done.stderr


def rev(repo: Repo, name: str) -> str:
    return repo.git("rev-parse", name).strip()


def answer(out: str) -> dict[str, Any]:
    """Return the JSON answer, which follows its schema."""
    document: dict[str, Any] = json.loads(out)
    jsonschema.Draft202012Validator(schema()).validate(document)
    return document


def test_a_change_that_nobody_ran_is_exit_code_one(repo: Repo) -> None:
    before = repo.state()
    code, out, err = ledger_ci("--base", "main")
    assert (1, "LED100 train.py:") == (code, out[:16])
    assert "1 to mend" in err
    assert before == repo.state()


def test_a_change_that_was_run_passes(repo: Repo) -> None:
    capture_run(repo.top)
    repo.commit("run")
    code, out, err = ledger_ci("--base", "main")
    assert (0, "") == (code, out)
    assert "1 run judged: 0 to mend" in err


def test_the_answer_names_both_sides(repo: Repo) -> None:
    code, out, _ = ledger_ci("--base=main", "--head=work", "--format=json")
    told = answer(out)
    assert (1, "fail") == (code, told["verdict"])
    assert [rev(repo, "main"), rev(repo, "work")] == [told["base"], told["head"]]
    assert ["LED100"] == [one["code"] for one in told["findings"]]


@pytest.mark.parametrize(
    ("message", "labels", "code", "kinds"),
    [
        ("x\n\nLedger-Skip: only a rename", (), 0, ["trailer"]),
        ("x\n\nledger-skip:   only\n  a rename", (), 0, ["trailer"]),
        ("x\n\nLedger-Skip:", (), 1, []),
        ("x\n\nLedger-Skip:  \t", (), 1, []),
        ("Ledger-Skip: in the subject", (), 1, []),
        ("x\n\nLedger-Skip: in a paragraph\n\nof its own", (), 1, []),
        ("x", ("no-experiment",), 0, ["label"]),
        ("x\n\nLedger-Skip: a\nLedger-Skip: b", ("no-experiment",), 0, ["label"] + ["trailer"] * 2),
        ("x", ("No-Experiment", "no-experiment "), 1, []),
    ],
)
def test_opt_outs_are_told(
    repo: Repo, message: str, labels: tuple[str, ...], code: int, kinds: list[str]
) -> None:
    repo.git("commit", "-q", "--allow-empty", "--no-verify", "--cleanup=verbatim", "-m", message)
    options = [f"--label={label}" for label in labels]
    done, out, _ = ledger_ci("--base=main", "--format=json", *options)
    told = answer(out)
    assert (code, kinds) == (done, [one["kind"] for one in told["waived"]])
    assert bool(kinds) == any(one["findings"] for one in told["waived"])


def test_an_opt_out_lets_nothing_else_pass(repo: Repo) -> None:
    capture_run(repo.top, note=None)
    repo.commit("run\n\nLedger-Skip: tired")
    code, out, _ = ledger_ci("--base=main", "--label=no-experiment")
    assert 1 == code
    assert f"LED102 ledger/2026-02/{RUN_ID}/run.md" in out


def test_an_opt_out_on_the_base_does_not_count(repo: Repo) -> None:
    repo.git("checkout", "-q", "main")
    repo.commit("x\n\nLedger-Skip: something else")
    repo.git("checkout", "-q", "work")
    repo.git("merge", "-q", "--no-edit", "main")
    assert 1 == ledger_ci("--base=main")[0]


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize("base", ["nowhere", "--all", "main..work", "", "main:train.py"])
def test_a_base_that_is_no_commit_cannot_be_judged(base: str) -> None:
    code, out, err = ledger_ci(f"--base={base}", "--format=json")
    assert (2, "cannot judge") == (code, answer(out)["verdict"])
    assert "cannot judge" in err


def test_a_repository_whose_ledger_nobody_committed_is_never_green(repo: Repo) -> None:
    repo.git("checkout", "-q", "--orphan", "alone")
    repo.git("rm", "-q", "--cached", "ledger.toml")
    repo.git("commit", "-q", "--no-verify", "-m", "alone")
    (repo.top / "train.py").write_text("LR = 3\n")
    repo.git("commit", "-q", "--no-verify", "-a", "-m", "change")
    code, out, _ = ledger_ci("--base=HEAD~1")
    assert (2, "LED000 .: git tracks no ledger here") == (code, out[:35])


def test_outside_of_a_repository_the_answer_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = ledger_ci("--provider=none", "--format=json")
    told = answer(out)
    assert (2, "cannot judge", None) == (code, told["verdict"], told["new_runs"])
    assert "not a git repository" in told["cannot_judge"]


def test_a_shallow_clone_is_never_green(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = repo.top.with_name("clone")
    repo.git("clone", "-q", "--depth=1", "--no-single-branch", repo.top.as_uri(), str(clone))
    monkeypatch.chdir(clone)
    for base in ("origin/main", "origin/gone", "HEAD"):
        code, out, _ = ledger_ci(f"--base={base}")
        assert 2 == code
        assert "LED000 .: the clone is shallow" in out
        assert "fetch-depth: 0" in out


def test_a_clone_whose_contents_cannot_be_fetched_is_never_green(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = repo.top.with_name("clone.git")
    repo.git("clone", "-q", "--bare", "--filter=blob:none", repo.top.as_uri(), str(clone))
    monkeypatch.chdir(clone)
    code, out, _ = ledger_ci("--base=main", "--head=work")
    assert 2 == code
    assert "clone without --filter" in out


def test_without_a_base_settings_of_git_name_it(repo: Repo) -> None:
    assert 2 == ledger_ci()[0]
    repo.git("config", "ledger.base", "main")
    assert 1 == ledger_ci()[0]
    repo.git("config", "ledger.base", "gone")
    assert 2 == ledger_ci()[0]


def test_the_upstream_is_the_base_where_nothing_else_is(repo: Repo) -> None:
    repo.git("branch", "-q", "--set-upstream-to=main", "work")
    assert 1 == ledger_ci()[0]


def github(tmp_path: Path, name: str, event: dict[str, Any]) -> dict[str, str]:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    names = {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path)}
    return {"GITHUB_ACTIONS": "true"} | names


def test_a_pull_request_is_judged_by_its_own_commits_not_the_merge_that_is_checked_out(
    repo: Repo, tmp_path: Path
) -> None:
    """GitHub checks out refs/pull/N/merge, where somebody's newer code would be in the range."""
    base, head = rev(repo, "main"), rev(repo, "work")
    repo.git("checkout", "-q", "--detach", "main")
    write_files(repo.top, {"other.py": "x\n"})
    repo.commit("meanwhile")
    repo.git("merge", "-q", "--no-edit", "work")
    pull = {"base": {"sha": base}, "head": {"sha": head}, "labels": []}
    env = github(tmp_path, "pull_request", {"pull_request": pull})
    code, out, _ = ledger_ci("--format=json", env=env)
    told = answer(out)
    assert (1, ["train.py"]) == (code, [one["path"] for one in told["findings"]])
    assert ("github", "pull_request", head) == (told["provider"], told["event"], told["head"])

    pull["labels"] = [{"name": "no-experiment"}]
    env = github(tmp_path, "pull_request", {"pull_request": pull})
    assert 0 == ledger_ci(env=env)[0]


def test_a_queue_and_a_push_are_judged_for_integrity_alone(repo: Repo, tmp_path: Path) -> None:
    capture_run(repo.top, note=None)
    base, head = rev(repo, "main"), repo.commit("run")
    events = {
        "merge_group": {"merge_group": {"base_sha": base, "head_sha": head}},
        "push": {"before": base, "after": head},
    }
    for name, event in events.items():
        code, out, _ = ledger_ci("--format=json", env=github(tmp_path, name, event))
        assert (1, {"LED102"}) == (code, {one["code"] for one in answer(out)["findings"]})
        assert answer(out)["is_integrity_only"]


@pytest.mark.parametrize("before", ["0" * 40, "1" * 40, "unrelated"])
def test_a_push_that_replaces_or_begins_a_branch_is_judged_as_a_whole(
    repo: Repo, tmp_path: Path, before: str
) -> None:
    repo.git("checkout", "-q", "main")
    capture_run(repo.top, note=None)
    repo.commit("an old run")
    head = repo.commit("new")
    if before == "unrelated":
        before = repo.git("commit-tree", f"{head}^{{tree}}", "-m", "alone").strip()
    env = github(tmp_path, "push", {"before": before, "after": head})
    code, out, _ = ledger_ci("--format=json", env=env)
    assert (1, None) == (code, answer(out)["base"])


def test_the_command_line_goes_before_the_event(repo: Repo, tmp_path: Path) -> None:
    env = github(tmp_path, "issue_comment", {})
    assert 2 == ledger_ci(env=env)[0]
    assert 1 == ledger_ci("--base=main", env=env)[0]
    assert 1 == ledger_ci("--base=main", "--provider=none", env=env)[0]
    env = github(tmp_path, "workflow_dispatch", {}) | {"GITHUB_SHA": rev(repo, "work")}
    assert 0 == ledger_ci(env=env)[0], "there is no run"
    assert 1 == ledger_ci("--base=main", env=env)[0], "all rules, where somebody says the base"


def test_a_merge_request_is_judged_by_its_variables(repo: Repo) -> None:
    env = {
        "GITLAB_CI": "true",
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": rev(repo, "main"),
        "CI_COMMIT_SHA": rev(repo, "work"),
    }
    assert 1 == ledger_ci("--format=gitlab", env=env)[0]
    assert 0 == ledger_ci(env=env | {"CI_MERGE_REQUEST_LABELS": "a,no-experiment"})[0]


def test_a_report_is_written_beside_the_answer(repo: Repo, tmp_path: Path) -> None:
    capture_run(repo.top)
    repo.commit("run")
    report = tmp_path / "report.md"
    report.write_text("an old one")
    code, out, _ = ledger_ci("--base=main", "--format=json", f"--report={report}")
    assert (0, [RUN_ID]) == (code, [one["run_id"] for one in answer(out)["new_runs"]])
    assert RUN_ID in report.read_text(encoding="utf-8")
    assert len(report.read_bytes()) <= 65_536

    assert 2 == ledger_ci("--base=gone", f"--report={report}")[0]
    assert "LED000" in report.read_text(encoding="utf-8")


def parsed_outputs(text: str) -> dict[str, str]:
    """Return what the runner reads from the file that GITHUB_OUTPUT names."""
    found, lines = {}, iter(text.split("\n"))
    for line in lines:
        if line:
            name, sign, delimiter = line.partition("<<")
            assert sign
            value = []
            for inner in lines:
                if inner == delimiter:
                    break
                value.append(inner)
            found[name] = "\n".join(value)
    return found


def test_a_step_of_a_workflow_leaves_outputs_and_a_summary(repo: Repo, tmp_path: Path) -> None:
    capture_run(repo.top, note=None)
    repo.commit("run")
    output, summary = tmp_path / "output", tmp_path / "summary.md"
    output.write_text("other=1\n")
    summary.write_text("# before\n")
    report = tmp_path / "a\nverdict<<EOF\npass\nEOF\nreport.md"
    env = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    arguments = ("--base=main", "--provider=none", "--format=github", f"--report={report}")
    code, out, _ = ledger_ci(*arguments, env=env)
    assert (1, True) == (code, out.startswith("::error file=ledger/2026-02/"))
    expected = {"verdict": "fail", "n-findings": "1", "n-new-runs": "1", "report": str(report)}
    assert expected == parsed_outputs(output.read_text().removeprefix("other=1\n"))
    told = summary.read_text(encoding="utf-8")
    assert told.startswith("# before\n")
    assert "LED102" in told

    assert 1 == ledger_ci(*arguments[:2], env=env)[0]
    assert told == summary.read_text(encoding="utf-8"), "only that format is for the runner"


@pytest.mark.usefixtures("repo")
def test_a_summary_that_is_full_is_left_alone(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_bytes(b"x" * 1_040_000)
    env = {"GITHUB_STEP_SUMMARY": str(summary)}
    assert 1 == ledger_ci("--base=main", "--provider=none", "--format=github", env=env)[0]
    assert 1_040_000 == summary.stat().st_size


@pytest.mark.usefixtures("repo")
def test_delimiters_are_never_the_same(tmp_path: Path) -> None:
    output = tmp_path / "output"
    for _ in range(2):
        ledger_ci("--base=main", "--format=github", env={"GITHUB_OUTPUT": str(output)})
    lines = output.read_text().split("\n")
    assert 2 == len({line.partition("<<")[2] for line in lines if "<<" in line})


def test_nothing_of_the_change_is_run(repo: Repo) -> None:
    """What a change holds under names that Python would import stays unread."""
    code = "import pathlib\npathlib.Path(__file__).with_name('RAN').touch()\n"
    names = ("json.py", "ledger.py", "ledger_/__init__.py", "sitecustomize.py", "click.py")
    write_files(repo.top, dict.fromkeys(names, code))
    repo.commit("modules")
    command = [sys.executable, "-I", "-m", "ledger", "ci", "--base=main"]
    done = subprocess.run(command, cwd=repo.top, capture_output=True, text=True, check=False)
    assert 1 == done.returncode, done.stderr
    assert not (repo.top / "RAN").exists()
