"""The gate over files that runs share, and mends that work as they are printed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ledger.setup.hooks.install import install_hooks
from ledger.storage.git import clean_environment, find_repository
from policy.builders import RUN_ID, Repo, dirty_git, environment, write_run


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.storage.git import Repository

PACKAGES = b"numpy==1.26.0\n"
DATA = b"0cc175b9c0f1b6a831c399e269772661  1  a\n"
FILES = ("code/*.manifest", "environments/*.txt", "data/*.manifest")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A repository with a committed run that names a file of every shared folder."""
    repo = Repo(tmp_path / "repo")
    (repo.top / "train.py").write_text("lr = 0.1\n")
    share(repo.ledger)
    repo.commit("a run")
    install_hooks(repository(repo), sys.executable)
    return repo


def share(ledger: Path, **changes: object) -> Path:
    """Write a run that names a code manifest, a package list and a data manifest."""
    git = dirty_git({"train.py": b"lr = 0.1\n"}, ledger, []) | {"dirty": False}
    frozen = hashlib.sha256(PACKAGES).hexdigest()
    for name, content in ((f"environments/{frozen}.txt", PACKAGES), ("data/ab.manifest", DATA)):
        (ledger / name).parent.mkdir(exist_ok=True, parents=True)
        (ledger / name).write_bytes(content)
    data = {"name": "d", "path": "d", "hash": "md5:ab", "split": None, "source": "computed"}
    packages = {"python": "3.11.7", "pip_freeze_hash": f"sha256:{frozen}"}
    sections: dict[str, object] = {"git": git, "environment": packages, "data": data}
    return write_run(ledger, **(sections | changes))  # type: ignore[arg-type]  # keys of the record


def repository(repo: Repo) -> Repository:
    return find_repository(str(repo.top), clean_environment(environment()))


def refused(repo: Repo, code: str) -> list[str]:
    """Commit, which must be refused for ``code`` alone, and return the mends."""
    done = repo.ask("commit", "-m", "work")
    said = done.stderr.decode()
    assert done.returncode == 1, said
    assert set(re.findall(r"^(LED\d+)", said, flags=re.MULTILINE)) == {code}, said
    return re.findall(r"^    fix: (.*)$", said, flags=re.MULTILINE)


def sh(repo: Repo, line: str) -> None:
    subprocess.run(["sh", "-euc", line], cwd=repo.top, env=environment(), check=True)


# ---- what is removed


@pytest.mark.parametrize("pattern", FILES)
def test_removing_a_shared_file_that_a_run_names_blocks(repo: Repo, pattern: str) -> None:
    repo.git("rm", "-q", f"ledger/{pattern}")
    mends = refused(repo, "LED104")
    for mend in mends:
        sh(repo, mend)
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize("pattern", FILES)
def test_removing_the_run_with_its_shared_files_passes(repo: Repo, pattern: str) -> None:
    repo.git("rm", "-rq", f"ledger/{pattern}", "ledger/2026-02")
    assert repo.ask("commit", "-m", "work").returncode == 0


def test_removing_the_whole_ledger_passes(repo: Repo) -> None:
    repo.git("rm", "-rq", "ledger")
    assert repo.ask("commit", "-m", "work").returncode == 0


def test_removing_a_shared_file_that_nobody_names_passes(repo: Repo) -> None:
    (repo.ledger / "data" / "cd.manifest").write_bytes(DATA)
    repo.commit()
    repo.git("rm", "-q", "ledger/data/cd.manifest")
    assert repo.ask("commit", "-m", "work").returncode == 0


def test_settings_that_git_does_not_track_count(repo: Repo) -> None:
    repo.git("rm", "-q", "--cached", "ledger.toml")
    repo.git("commit", "-q", "--no-verify", "-m", "untracked settings")
    repo.git("rm", "-q", "ledger/code/*.manifest")
    refused(repo, "LED104")


def test_removing_the_attributes_of_a_ledger_blocks(repo: Repo) -> None:
    repo.git("rm", "-q", "ledger/.gitattributes")
    (mend,) = refused(repo, "LED105")
    sh(repo, mend)
    assert repo.git("status", "--porcelain") == ""


def test_files_of_other_folders_with_such_names_pass(repo: Repo) -> None:
    for name in ("environments/dev.txt", "data/x.manifest"):
        (repo.top / name).parent.mkdir()
        (repo.top / name).write_text("x\n")
    repo.commit()
    repo.git("rm", "-rq", "environments", "data")
    assert repo.ask("commit", "-m", "work").returncode == 0


# ---- mends that work


@pytest.mark.parametrize("name", ["metrics.csv", "run.json"])
def test_file_on_the_disk_is_added(repo: Repo, name: str) -> None:
    repo.git("rm", "-rq", "ledger/2026-02")
    repo.git("commit", "-q", "--no-verify", "-m", "start again")
    folder = share(repo.ledger)
    repo.git("add", "ledger")
    path = folder.relative_to(repo.top) / name
    repo.git("rm", "-q", "--cached", str(path))
    mends = refused(repo, "LED104" if name == "metrics.csv" else "LED111")
    mend = f"git add -f -- {path}"
    assert mend in mends
    sh(repo, mend)
    assert repo.ask("commit", "-m", "work").returncode == 0


def test_file_that_only_the_last_commit_has_is_restored(repo: Repo) -> None:
    path = f"ledger/2026-02/{RUN_ID}/metrics.csv"
    repo.git("rm", "-q", path)
    done = repo.ask("commit", "-m", "work")
    mend = f"git restore --source=HEAD --staged --worktree -- {path}"
    assert f"fix: {mend}\n" in done.stderr.decode()
    sh(repo, mend)
    assert repo.git("status", "--porcelain") == ""


def test_file_that_is_nowhere_says_to_leave_the_run_out(repo: Repo) -> None:
    repo.git("rm", "-rq", "ledger")
    repo.git("commit", "-q", "--no-verify", "-m", "start again")
    (repo.ledger).mkdir(exist_ok=True)
    folder = share(repo.ledger)
    (folder / "metrics.csv").unlink()
    repo.git("add", "-A")
    mends = refused(repo, "LED104")
    assert not any("git add -f" in mend for mend in mends)
    command = f"git restore --staged -- {folder.relative_to(repo.top)}"
    assert f"leave the run out: {command}, and record a new run" in mends
    sh(repo, command)
    assert repo.ask("commit", "-m", "work").returncode == 0


def test_manifest_of_a_dirty_run_that_is_nowhere_is_not_added(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    git = dirty_git({"train.py": b"lr = 0.1\n"}, repo.ledger, ["train.py"])
    for path in (repo.ledger / "code").iterdir():
        path.unlink()
    folder = write_run(repo.ledger, git=git)
    install_hooks(repository(repo), sys.executable)
    repo.git("add", "-A")
    (mend,) = refused(repo, "LED101")
    command = f"git rm -r --cached -- {folder.relative_to(repo.top)}"
    assert mend == f"leave the run out: {command}, and record a new run"
    sh(repo, command)
    assert repo.ask("commit", "-m", "work").returncode == 0


def test_run_on_the_disk_that_git_never_held_is_not_restored_from_it(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit()
    folder = write_run(repo.ledger)
    (folder / "metrics.csv").write_bytes(b"epoch,loss\n0,1.0\n")
    done = check(repo, "--format", "json")
    fixes = {finding["fix"] for finding in json.loads(done.stdout)["findings"]}
    assert fixes
    assert not any("git restore" in fix or "git add" in fix for fix in fixes)


def test_changed_file_on_the_disk_is_restored_and_no_other(repo: Repo) -> None:
    folder = repo.ledger / "2026-02" / RUN_ID
    (folder / "metrics.csv").write_bytes(b"epoch,loss\n0,1.0\n")
    note = (folder / "run.md").read_bytes() + b"More.\n"
    (folder / "run.md").write_bytes(note)
    done = check(repo, "--format", "json")
    for finding in json.loads(done.stdout)["findings"]:
        sh(repo, finding["fix"])
    assert (folder / "run.md").read_bytes() == note
    assert check(repo).returncode == 0


def check(repo: Repo, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-I", "-c", "from ledger.cli.main import run; run()", "check"]
    return subprocess.run(
        [*argv, *arguments],
        cwd=cwd or repo.top,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )


# ---- several projects


def test_mends_of_a_project_below_the_top_find_its_ledger(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo", ledger=False)
    project = repo.top / "my project"
    (project / "ledger").mkdir(parents=True)
    (project / "ledger.toml").write_text('dir = "ledger"\n')
    write_run(project / "ledger", note=None)
    install_hooks(repository(repo), sys.executable)
    repo.git("add", "-A")
    (mend,) = refused(repo, "LED102")
    assert mend.startswith(f"(cd 'my project' && ledger note {RUN_ID}) && git add -- 'my project/")
    filled = mend.replace(RUN_ID, f"{RUN_ID} --accept --hypothesis=h --change=c --result=r"
                          " --next=n --risk=k", 1)  # fmt: skip
    script = tmp_path / "bin" / "ledger"
    script.parent.mkdir()
    script.write_text(
        f"#!/bin/sh\nexec {sys.executable} -I -c 'from ledger.cli.main import run; run()' \"$@\"\n"
    )
    script.chmod(0o755)
    path = f"{script.parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(
        ["sh", "-euc", filled], cwd=repo.top, env=environment() | {"PATH": path}, check=True
    )
    assert repo.ask("commit", "-m", "work").returncode == 0


# ---- names of runs


@pytest.mark.parametrize("name", ["demo", "aaaaaaaa", RUN_ID[:10], f"ledger/2026-02/{RUN_ID}/"])
def test_check_takes_the_names_that_other_verbs_take(repo: Repo, name: str) -> None:
    done = check(repo, name)
    assert (done.returncode, done.stderr) == (0, "ledger: 1 run judged: 0 to mend\n")


def test_check_judges_a_run_whose_record_is_broken(repo: Repo) -> None:
    path = repo.ledger / "2026-02" / RUN_ID / "run.json"
    path.write_text("{")
    done = check(repo, str(path.parent.relative_to(repo.top)))
    assert done.returncode == 1
    assert "LED111" in done.stdout


def test_check_of_an_unknown_run_says_so(repo: Repo) -> None:
    done = check(repo, "nothing")
    assert done.returncode == 1
    assert "nothing" in done.stderr
    assert len(done.stderr.splitlines()) == 1
