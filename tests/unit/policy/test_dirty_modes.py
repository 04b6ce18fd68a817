"""LED101 under each setting, with real captures, and the mend that is printed."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from ledger.policy.judge import judge_index, judge_staged
from ledger.storage.git import clean_environment, find_repository
from make_repo import write_files
from policy.builders import RUN_ID, Repo, capture_run, environment


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.policy.finding import Finding

NOTEBOOK = json.dumps({"cells": [{"cell_type": "code", "source": "x = 2", "outputs": []}]})


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "repo")
    old = {"train.py": "LR = 1\n", "gone.py": "x\n", "tool.sh": "x\n", "n.ipynb": "{}\n"}
    write_files(made.top, old)
    made.commit("first")
    return made


def settings(repo: Repo, dirty: str, more: str = "") -> None:
    (repo.top / "ledger.toml").write_text(f'dir = "ledger"\ndirty = "{dirty}"\n{more}')
    repo.commit("settings")


def judge(repo: Repo) -> list[Finding]:
    """Return what LED101 says of the commit of the ledger alone."""
    repo.git("add", "ledger")
    found = find_repository(str(repo.top), clean_environment(environment()))
    verdict = judge_staged(found, {})
    assert {"LED101"} >= {one.code for one in verdict.findings}
    return list(verdict.findings)


def everything_changes(repo: Repo) -> None:
    write_files(
        repo.top,
        {
            "train.py": b"LR = 2\r\nno newline",
            "n.ipynb": NOTEBOOK,
            "new.py": "n\n",
            'odd "\t\n.py': "o\n",
            "bytes.py": b"\0\xff\n",
            "white.py": "x = 1  \n\t \n\n\n",
        },
    )
    (repo.top / "gone.py").unlink()
    (repo.top / "tool.sh").chmod(0o755)
    (repo.top / "link.py").symlink_to("train.py")


NEW = ["new.py", 'odd "\t\n.py', "bytes.py", "white.py", "link.py"]


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"core.autocrlf": "true"},
        {"apply.whitespace": "fix", "apply.ignoreWhitespace": "change", "diff.noprefix": "true"},
    ],
    ids=["plain", "autocrlf", "settings"],
)
def test_a_patch_that_gives_the_manifest_again_is_accepted(
    repo: Repo, config: dict[str, str]
) -> None:
    for key, text in config.items():
        repo.git("config", key, text)
    settings(repo, "reconstructible")
    everything_changes(repo)
    capture_run(repo.top, loaded=NEW)
    before = repo.state(), (repo.top / ".git/index").read_bytes()
    assert [] == judge(repo)
    repo.git("restore", "--staged", "ledger")
    assert before[0] == repo.state()
    assert not list((repo.top / ".git/ledger").glob("*.index*"))


def test_a_patch_against_the_upstream_is_accepted(repo: Repo) -> None:
    settings(repo, "reconstructible")
    repo.git("checkout", "-q", "-b", "work", "--track", "main")
    write_files(repo.top, {"train.py": "LR = 5\n", "docs/x.py": "no code\n"})
    repo.commit("on the branch")
    write_files(repo.top, {"train.py": "LR = 6\n"})
    folder = capture_run(repo.top)
    assert b"+LR = 6" in (folder / "changes.patch").read_bytes()
    assert [] == judge(repo)


def test_a_submodule_of_the_branch_is_in_the_patch(repo: Repo, tmp_path: Path) -> None:
    settings(repo, "reconstructible")
    inner = Repo(tmp_path / "inner", ledger=False)
    write_files(inner.top, {"net.py": "1\n"})
    inner.commit()
    repo.git("checkout", "-q", "-b", "work", "--track", "main")
    allow = ("-c", "protocol.file.allow=always")
    repo.git(*allow, "submodule", "--quiet", "add", str(inner.top), "vendor")
    repo.commit("vendor")
    write_files(repo.top, {"train.py": "LR = 6\n"})
    capture_run(repo.top)
    assert [] == judge(repo)


@pytest.mark.parametrize("dirty", ["covered", "reconstructible"])
def test_what_was_changed_inside_a_submodule_is_never_accepted(
    repo: Repo, tmp_path: Path, dirty: str
) -> None:
    """Its HEAD is what the commit holds, but not what ran."""
    settings(repo, dirty)
    inner = Repo(tmp_path / "inner", ledger=False)
    write_files(inner.top, {"net.py": "1\n"})
    inner.commit()
    allow = ("-c", "protocol.file.allow=always")
    repo.git(*allow, "submodule", "--quiet", "add", str(inner.top), "vendor")
    repo.commit("vendor")
    write_files(repo.top, {"vendor/net.py": "2\n"})
    capture_run(repo.top)
    (finding,) = judge(repo)
    assert "changed inside the submodule" in finding.message
    assert "commit the changes inside the submodule, then run again" == finding.fix


def test_settings_of_the_run_say_what_was_code_then(repo: Repo) -> None:
    settings(repo, "reconstructible", 'code = ["**/*.py"]\n')
    write_files(repo.top, {"train.py": "LR = 2\n"})
    capture_run(repo.top)
    text = 'dir = "ledger"\ndirty = "reconstructible"\n'
    (repo.top / "ledger.toml").write_text(text)
    repo.git("add", "ledger.toml")
    assert [] == judge(repo)


@pytest.mark.parametrize("dirty", ["covered", "forbid"])
def test_elsewhere_the_patch_does_not_count(repo: Repo, dirty: str) -> None:
    settings(repo, dirty)
    everything_changes(repo)
    capture_run(repo.top, loaded=NEW)
    assert ["error"] == [one.severity for one in judge(repo)]


def test_where_dirty_runs_are_forbidden_staged_code_is_not_enough(repo: Repo) -> None:
    settings(repo, "forbid")
    write_files(repo.top, {"train.py": "LR = 2\n"})
    capture_run(repo.top)
    repo.git("add", "--all")
    (finding,) = judge(repo)
    assert "forbid" in finding.message
    assert "commit the code, then run again" in finding.fix


def test_a_base_that_is_no_commit_here_is_not_accepted(repo: Repo) -> None:
    settings(repo, "reconstructible")
    write_files(repo.top, {"train.py": "LR = 2\n"})
    folder = capture_run(repo.top)
    document = json.loads((folder / "run.json").read_text())
    document["git"] |= {"base": "1" * 40}
    (folder / "run.json").write_text(json.dumps(document, indent=2))
    assert ["LED101"] == [one.code for one in judge(repo)]


# -- mends


def test_the_mend_is_to_commit_what_the_snapshot_holds(repo: Repo) -> None:
    write_files(repo.top, {"train.py": "LR = 2\n"})
    capture_run(repo.top)
    write_files(repo.top, {"train.py": "LR = 3\n"})
    assert [f"ledger commit {RUN_ID}"] == [one.fix for one in judge(repo)]


def test_without_the_snapshot_it_is_to_add_what_is_still_there(repo: Repo) -> None:
    everything_changes(repo)
    capture_run(repo.top, loaded=["new.py", "link.py"])
    repo.git("update-ref", "-d", f"refs/ledger/{RUN_ID}")
    repo.git("gc", "-q", "--prune=now")
    fix = judge(repo)[0].fix
    assert "git add -- gone.py n.ipynb train.py link.py new.py" == fix
    repo.git(*fix.split(" ")[1:])
    assert [] == judge(repo)


@pytest.mark.parametrize("path", ["train.py", "n.ipynb", "gone.py"])
def test_where_neither_holds_the_code_it_is_a_new_run(repo: Repo, path: str) -> None:
    everything_changes(repo)
    capture_run(repo.top, loaded=["new.py"])
    repo.git("update-ref", "-d", f"refs/ledger/{RUN_ID}")
    repo.git("gc", "-q", "--prune=now")
    write_files(repo.top, {path: "edited since\n"})
    assert "commit the code, then run again" in judge(repo)[0].fix


def test_a_snapshot_that_lacks_a_file_is_no_mend(repo: Repo) -> None:
    write_files(repo.top, {"train.py": 'API_KEY = "abcdefgh12345678"\n'})
    capture_run(repo.top)
    assert ["git add -- train.py"] == [one.fix for one in judge(repo)]


def test_a_committed_run_whose_code_moved_on_asks_for_nothing(repo: Repo) -> None:
    write_files(repo.top, {"train.py": "LR = 2\n"})
    capture_run(repo.top)
    repo.commit("run")
    write_files(repo.top, {"train.py": "LR = 3\n"})
    repo.commit("later")
    found = find_repository(str(repo.top), clean_environment(environment()))
    assert () == judge_index(found).findings


def test_a_committed_run_that_came_without_its_code_is_told_as_a_warning(repo: Repo) -> None:
    write_files(repo.top, {"train.py": "LR = 2\n"})
    capture_run(repo.top)
    write_files(repo.top, {"train.py": "LR = 3\n"})
    repo.commit("run")
    found = find_repository(str(repo.top), clean_environment(environment()))
    (finding,) = judge_index(found).findings
    assert "warn" == finding.severity
    assert finding.fix.startswith("nothing, where another commit holds")


@pytest.mark.parametrize("is_deleted", [False, True])
def test_a_name_that_is_no_utf_8_is_compared_all_the_same(repo: Repo, is_deleted: bool) -> None:
    """A record writes such a name in ASCII; that must not make it a path nobody has."""
    path = os.path.join(os.fsencode(repo.top), b"l\xff.py")
    with open(path, "w", encoding="ascii") as file:
        file.write("1\n")
    repo.commit("odd")
    if is_deleted:
        os.unlink(path)
    else:
        with open(path, "w", encoding="ascii") as file:
            file.write("2\n")
    capture_run(repo.top)
    assert ["LED101"] == [one.code for one in judge(repo)]
    repo.git("add", "--update")
    assert [] == judge(repo)
