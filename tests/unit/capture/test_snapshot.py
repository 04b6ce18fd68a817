"""The snapshot of a dirty run touches nothing else; the patch is what git itself would write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ledger.capture.code import observe
from ledger.capture.settle import settle
from ledger.project import find_project
from make_repo import git, make_repo, write_files
from unit.writer.recording import make_project


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.capture.settle import CodeFacts


def facts_of(folder: Path, run_id: str = "run-1") -> CodeFacts:
    loaded = [str(path) for path in folder.glob("*.py")]
    return settle(observe(find_project([folder]), os.environ, loaded), run_id)


def test_head_index_and_files_stay_as_they_are(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    write_files(project, {"train.py": "staged\n"})
    git(project, "add", "train.py")
    write_files(project, {"train.py": "edited\n", "new.py": "n\n"})

    def seen() -> tuple[object, ...]:
        files = {p: (p.stat().st_mtime_ns, p.read_bytes()) for p in project.glob("*.py")}
        index = (project / ".git/index").read_bytes()
        return files, index, (project / ".git/HEAD").read_bytes(), git(project, "branch", "-a")

    before = seen()
    facts = facts_of(project)
    assert before == seen()
    assert "edited\n" == git(project, "show", f"{facts.snapshot}:train.py")
    assert "n\n" == git(project, "show", f"{facts.snapshot}:new.py")
    assert not list((project / ".git" / "ledger").glob("*.index*"))


def test_its_parent_is_the_commit_and_its_ref_is_ours(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    write_files(project, {"train.py": "edited\n"})
    facts = facts_of(project)
    assert facts.commit == git(project, "rev-parse", f"{facts.snapshot}^").strip()
    refs = git(project, "for-each-ref", "--format=%(refname) %(objectname)", "refs/ledger")
    assert f"refs/ledger/run-1 {facts.snapshot}\n" == refs


def test_nobody_needs_an_identity_for_it(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    git(project, "config", "--unset", "user.name")
    git(project, "config", "--unset", "user.email")
    git(project, "config", "user.useConfigOnly", "true")
    write_files(project, {"train.py": "edited\n"})
    assert facts_of(project).snapshot


def test_a_file_that_became_a_folder_is_told_as_both(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"net.py": "1\n"})
    (project / "net.py").unlink()
    write_files(project, {"net.py/a.py": "2\n"})
    loaded = [str(project / "net.py/a.py")]
    facts = settle(observe(find_project([project]), os.environ, loaded), "r")
    assert [("net.py", "D", False), ("net.py/a.py", "?", True)] == list(facts.changes)
    assert "2\n" == git(project, "show", f"{facts.snapshot}:net.py/a.py")


def test_users_settings_of_diff_do_not_reach_the_patch(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    for key, text in {
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.external": "false",
        "color.ui": "always",
        "diff.renames": "copies",
        "core.pager": "false",
    }.items():
        git(project, "config", key, text)
    write_files(project, {"train.py": "edited\n"})
    patch = facts_of(project).patch
    assert patch is not None
    assert patch.startswith(b"diff --git a/train.py b/train.py\nindex ")
    assert len(patch.split(b"index ")[1].split(b".")[0]) == 40


def test_before_the_first_commit_the_patch_is_against_nothing(tmp_path: Path) -> None:
    project = make_repo(tmp_path)
    write_files(project, {"ledger.toml": "", "train.py": "t\n"})
    facts = facts_of(project)
    assert facts.patch is not None
    assert b"new file mode 100644" in facts.patch
    assert facts.commit is None
