"""The checks under the real pre-commit framework; it needs no network for a local hook."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.setup.hooks.precommit import CONFIG_NAME, write_config
from policy.builders import Repo, environment, filled_note, write_run


PRE_COMMIT = Path(sys.executable).parent / "pre-commit"
pytestmark = pytest.mark.skipif(
    not PRE_COMMIT.exists(), reason="the extra `hooks` is not installed"
)


def framework(repo: Repo, *arguments: str) -> tuple[int, str]:
    """Run pre-commit and return its exit code and everything it said."""
    # the hook's `python` is the one of the environment that has the package
    path = f"{PRE_COMMIT.parent}{os.pathsep}{os.environ['PATH']}"
    env = environment() | {"PATH": path, "PRE_COMMIT_HOME": str(repo.top.parent / "cache")}
    done = subprocess.run(
        [str(PRE_COMMIT), *arguments], cwd=repo.top, env=env, capture_output=True, check=False
    )
    return done.returncode, (done.stdout + done.stderr).decode()


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A repository whose pre-commit config runs the checks."""
    repo = Repo(tmp_path / "repo")
    write_config(repo.top)
    repo.commit("ledger")
    return repo


def test_installed_hook_judges_the_commit(repo: Repo) -> None:
    code, said = framework(repo, "install")
    assert code == 0
    assert "pre-merge-commit" in said
    folder = write_run(repo.ledger, note=None)
    repo.git("add", "-A")
    path = f"{PRE_COMMIT.parent}{os.pathsep}{os.environ['PATH']}"
    home = str(repo.top.parent / "cache")
    done = repo.ask("commit", "-m", "x", PATH=path, PRE_COMMIT_HOME=home)
    assert done.returncode == 1
    assert b"LED102" in done.stdout + done.stderr
    (folder / "run.md").write_bytes(filled_note(folder.name))
    repo.git("add", "-A")
    assert repo.ask("commit", "-m", "x", PATH=path, PRE_COMMIT_HOME=home).returncode == 0


def test_commit_without_runs_passes_beside_a_bad_committed_one(repo: Repo) -> None:
    write_run(repo.ledger, note=None)
    repo.commit("bypassed")
    (repo.top / "a.txt").write_text("x\n")
    repo.git("add", "-A")
    assert framework(repo, "run")[0] == 0


def test_all_files_judges_the_whole_tree(repo: Repo) -> None:
    write_run(repo.ledger, note=None)
    repo.commit("bypassed")
    code, said = framework(repo, "run", "--all-files")
    assert code == 1
    assert "LED102" in said


def test_a_range_judges_the_whole_tree(repo: Repo) -> None:
    write_run(repo.ledger, note=None)
    repo.commit("bypassed")
    code, said = framework(repo, "run", "--from-ref", "HEAD~1", "--to-ref", "HEAD")
    assert code == 1
    assert "LED102" in said


def test_all_files_of_a_good_tree_pass(repo: Repo) -> None:
    write_run(repo.ledger)
    repo.commit("run")
    code, said = framework(repo, "run", "--all-files")
    assert code == 0, said


def test_manifest_is_valid(repo: Repo) -> None:
    code, said = framework(repo, "validate-config", CONFIG_NAME)
    assert code == 0, said
    manifest = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
    code, said = framework(repo, "validate-manifest", str(manifest))
    assert code == 0, said
