"""The hooks under the real pre-commit and the real prek; a local hook needs no network.

Rows of the matrix are run as they are, with the same oracle: exit code, findings, and a working
tree and index that no hook changed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.hook_matrix import NEW, OLD, Clone, copy, findings, make_template
from e2e.test_hook_matrix import OTHER_ID, ROWS, Row
from ledger.setup.hooks.gate import STAGES
from ledger.setup.hooks.precommit import CONFIG_NAME, write_config
from policy.builders import RUN_ID, Repo, environment, filled_note, write_run


BIN = Path(sys.executable).parent
TOOLS = (pytest.param("pre-commit", marks=pytest.mark.slow), "prek")
"""What prek does, pre-commit does in ten times the time."""
NO_INDEX = (
    "NewConnectionError",
    "Failed to fetch",
    "Temporary failure",
    "No matching distribution",
)
MANIFEST = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"


def program(tool: str) -> str:
    """Return the path of ``tool``; skip loudly where it is not installed."""
    path = BIN / tool
    if not path.exists():
        pytest.skip(f"{tool} is not installed: the hooks are NOT tested under it")
    return str(path)


@pytest.fixture(scope="module", params=TOOLS)
def tool(request: pytest.FixtureRequest) -> str:
    return program(request.param)


@pytest.fixture(autouse=True)
def _first_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hook's `python` is the one of the environment that has the package."""
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="module")
def template(tool: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose config runs our hooks, with the tool's hooks of every stage."""

    def put(repo: Repo) -> None:
        write_config(repo.top)
        repo.git("config", "ledger.base", repo.commit("config"))
        run(repo, tool, "install")
        assert {path.name for path in (repo.top / ".git/hooks").iterdir()} == set(STAGES)

    return make_template(tmp_path_factory.mktemp("framework"), put)


@pytest.fixture
def clone(template: Path, tmp_path: Path) -> Clone:
    return copy(template, tmp_path)


def run(repo: Repo, *argv: str, code: int = 0, **env: str) -> subprocess.CompletedProcess[bytes]:
    """Run a command in ``repo``; it must end with ``code``."""
    done = subprocess.run(
        argv, cwd=repo.top, env=environment() | env, capture_output=True, check=False
    )
    assert code == done.returncode, (done.stdout + done.stderr).decode()
    return done


def trailers(repo: Repo) -> list[str]:
    return repo.git("log", "-1", "--format=%(trailers:key=Ledger-Run,valueonly)").split()


# ---- commits


CHOSEN = [
    one
    for one in ROWS
    if one.name
    in {
        "commit -i takes what is staged along",
        "a published run is removed",
        "a published run is moved and changed",
        "a merge that is committed by hand",
        "an octopus",
        "commit -a below the top of a worktree",
        "names that do not",
        "a record of UTF-16",
    }
]


@pytest.mark.parametrize("case", CHOSEN, ids=[f"{one.number} {one.name}" for one in CHOSEN])
def test_rows_of_the_matrix(clone: Clone, case: Row) -> None:
    done = case.act(clone)
    assert (case.code, case.found) == (done.returncode, findings(done)), done.stderr.decode()
    assert clone.wrote() == ""


def test_unstaged_edits_are_put_aside(clone: Clone) -> None:
    """What is judged is the index, and afterwards everything is as it was."""
    folder = write_run(clone.ledger, note=None)
    clone.add()
    (folder / "run.md").write_bytes(filled_note(RUN_ID))
    (clone.top / "train.py").write_text("lr = 0.9\n")
    before = clone.state()
    done = clone.commit_now()
    assert (done.returncode, findings(done)) == (1, [f"LED102 {NEW}/run.md"])
    assert clone.state() == before  # the tool itself refreshes the index


def test_a_good_commit_names_its_run_and_nothing_is_written(clone: Clone) -> None:
    clone.write()
    done = clone.commit_now()
    assert (done.returncode, findings(done)) == (0, [])
    assert trailers(clone) == [RUN_ID]
    assert clone.wrote() == ""


def test_a_commit_that_no_check_saw_is_told(clone: Clone) -> None:
    clone.bad()
    done = clone.commit_now("-n")
    assert (done.returncode, findings(done)) == (0, ["told LED102"])


def test_many_runs_are_judged_in_one_process(clone: Clone) -> None:
    """The tools would share out file names over processes, and tear runs apart."""
    for number in range(60):
        write_run(clone.ledger, f"2026-02-01_1630_r{number}-aaaaaaaa")
    write_run(clone.ledger, OTHER_ID, note=None)
    clone.add()
    done = clone.commit_now()
    assert findings(done) == [f"LED102 ledger/2026-02/{OTHER_ID}/run.md"]


def test_a_skipped_hook_judges_nothing(clone: Clone, tool: str) -> None:
    clone.bad()
    run(clone, tool, "run", code=1)
    run(clone, tool, "run", SKIP="ledger-check")


# ---- trees, ranges, pushes


def test_all_files_judges_the_whole_tree(clone: Clone, tool: str) -> None:
    run(clone, tool, "run", "--all-files")
    clone.bad()
    clone.bypass()
    done = run(clone, tool, "run", "--all-files", code=1)
    assert findings(done) == [f"LED102 {NEW}/run.md"]


def test_a_commit_without_runs_passes_beside_a_bad_committed_one(clone: Clone, tool: str) -> None:
    clone.bad()
    clone.bypass()
    clone.edit()
    run(clone, tool, "run")


def test_a_range_is_judged_as_one(clone: Clone, tool: str) -> None:
    """A record that came before the range is no matter of it; code that nobody ran is."""
    clone.bad()
    clone.bypass()
    clone.edit()
    clone.bypass()
    how = ("run", "--from-ref", "HEAD~1", "--to-ref", "HEAD")
    assert findings(run(clone, tool, *how, code=1)) == ["LED100 train.py"]
    how = ("run", "--from-ref", "HEAD~2", "--to-ref", "HEAD~1")
    assert findings(run(clone, tool, *how, code=1)) == [f"LED102 {NEW}/run.md"]


def test_a_push_is_judged_by_its_first_ref(clone: Clone) -> None:
    """The tools show hooks the first ref only; code that nobody ran yet may be pushed."""
    clone.git("init", "-q", "--bare", "../remote.git")
    clone.git("remote", "add", "origin", "../remote.git")
    clone.git("push", "-q", "--no-verify", "origin", "main")
    clone.edit()
    clone.bypass()
    assert clone.ask("push", "-q", "origin", "main").returncode == 0
    clone.bad()
    clone.bypass()
    done = clone.ask("push", "origin", "main", "main:twin")
    assert (done.returncode, findings(done)) == (1, [f"LED102 {NEW}/run.md"])
    assert clone.wrote() == ""


# ---- the manifest


def test_config_and_manifest_are_valid(clone: Clone, tool: str) -> None:
    run(clone, tool, "validate-config", CONFIG_NAME)
    run(clone, tool, "validate-manifest", str(MANIFEST))


@pytest.mark.parametrize("name", TOOLS)
def test_another_repository_consumes_the_manifest(tmp_path: Path, name: str) -> None:
    """As others would: by the URL of our repository, here with the hooks that take PATH."""
    ours = Repo(tmp_path / "ours", ledger=False)
    shutil.copyfile(MANIFEST, ours.top / MANIFEST.name)
    commit = ours.commit("manifest")
    theirs = Repo(tmp_path / "theirs")
    (theirs.top / CONFIG_NAME).write_text(
        f"repos:\n  - repo: {ours.top}\n    rev: {commit}\n    hooks:\n"
        "      - id: ledger-check-system\n"
    )
    theirs.commit("config")
    write_run(theirs.ledger, note=None)
    theirs.git("add", "-A")
    done = run(theirs, program(name), "run", code=1)
    assert findings(done) == [f"LED102 {NEW}/run.md"]
    assert OLD not in done.stdout.decode()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["pre-commit", "prek"])
def test_the_hooks_that_the_tool_installs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The tool builds the package and what it needs from the sources, without ours on PATH."""
    tool = program(name)
    ours = Repo(tmp_path / "ours", ledger=False)
    for part in ("src", "hooks"):
        skipped = shutil.ignore_patterns("__pycache__")
        shutil.copytree(MANIFEST.parent / part, ours.top / part, ignore=skipped)
    for part in ("pyproject.toml", "README.md", "LICENSE", MANIFEST.name):
        shutil.copyfile(MANIFEST.parent / part, ours.top / part)
    commit = ours.commit("sources")
    theirs = Repo(tmp_path / "theirs")
    (theirs.top / CONFIG_NAME).write_text(
        f"repos:\n  - repo: {ours.top}\n    rev: {commit}\n    hooks:\n      - id: ledger-check\n"
    )
    theirs.commit("config")
    monkeypatch.setenv("PATH", os.environ["PATH"].removeprefix(f"{BIN}{os.pathsep}"))
    installed = subprocess.run(
        [tool, "install-hooks"], cwd=theirs.top, env=environment(), capture_output=True, check=False
    )
    told = (installed.stdout + installed.stderr).decode()
    if any(word in told for word in NO_INDEX):
        pytest.skip("no package index here: the hooks that a tool installs are NOT tested")
    assert installed.returncode == 0, told
    write_run(theirs.ledger, note=None)
    theirs.git("add", "-A")
    assert findings(run(theirs, tool, "run", code=1)) == [f"LED102 {NEW}/run.md"]
