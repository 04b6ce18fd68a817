"""One manifest: dirty working tree = index = commit = clean working tree, whatever git does."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from ledger.capture.code import observe
from ledger.capture.settle import settle
from ledger.contract.manifest import decode_manifest
from ledger.policy.code_tree import manifest_in
from ledger.policy.ledgers import Ledger
from ledger.project import find_project
from ledger.storage.git import clean_environment, find_repository
from ledger.storage.tree import IndexTree, RevisionTree
from make_repo import commit_files, git, make_repo, write_files


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.manifest import Manifest

    Case = Callable[[Path], None]

OLD = {
    "ledger.toml": "[require]\nwhen = ['tables/*.csv']\n",
    "train.py": "import model\n",
    "src/model.py": "WIDTH = 3\n",
    "gone.py": "x\n",
    "tool.sh": "x\n",
    "link.py": "x\n",
    "docs/conf.py": "no code path\n",
    "tables/a.csv": "1\n",
    "tables/b.txt": "not required\n",
    "nb.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": "x = 1", "outputs": []}]}),
}


def working(project: Path, *loaded: str) -> Manifest:
    """Return what capture sees; ``loaded`` are the untracked files the process runs."""
    files = [str(project / path) for path in loaded]
    state = observe(find_project([project]), os.environ, files)
    return decode_manifest(settle(state, None).manifest)


def ledger_of(project: Path) -> Ledger:
    prefix = git(project, "rev-parse", "--show-prefix").strip()
    settings = find_project([project]).settings
    return Ledger(folder=f"{prefix}ledger", settings=settings, settings_path=f"{prefix}ledger.toml")


def staged(project: Path, **env: str) -> Manifest:
    repository = find_repository(str(project), clean_environment(os.environ) | env)
    return manifest_in(ledger_of(project), IndexTree(repository), repository.object_format)


def committed(project: Path) -> Manifest:
    repository = find_repository(str(project), clean_environment(os.environ))
    tree = RevisionTree(repository, "HEAD")
    return manifest_in(ledger_of(project), tree, repository.object_format)


def assert_one_manifest(project: Path, *loaded: str, flags: tuple[str, ...] = ()) -> Manifest:
    """Stage and commit the working tree step by step; its manifest never changes."""
    expected = working(project, *loaded)
    index = git(project, "rev-parse", "--path-format=absolute", "--git-path", "index").strip()
    shutil.copy2(index, f"{index}-other")  # with its time stamp, by which git judges
    for env in ({"GIT_INDEX_FILE": f"{index}-other"}, {}):
        for flag in flags:
            git(project, "update-index", f"--no-{flag}", "src/model.py", env=env)
        git(project, "add", "--update", env=env)
        if loaded:
            git(project, "--literal-pathspecs", "add", "--", *loaded, env=env)
        assert expected == staged(project, **env)
    assert expected == working(project)
    git(project, "commit", "--quiet", "-m", "all")
    assert expected == committed(project)
    assert expected == staged(project) == working(project)
    return expected


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_repo(tmp_path, OLD, name="project").resolve()


def edit(project: Path) -> None:
    write_files(project, {"src/model.py": b"width = 4 # $Id$\r\nx = 1\r\n", "train.py": "new\n"})


def edited_deleted_and_new(project: Path) -> None:
    edit(project)
    (project / "gone.py").unlink()
    write_files(project, {"new.py": "n\n", "docs/conf.py": "edited\n", "tables/b.txt": "e\n"})


def attributes(line: str, **config: str) -> Case:
    def prepare(project: Path) -> None:
        for key, text in config.items():
            git(project, "config", key.replace("__", "."), text)
        commit_files(project, {".gitattributes": line + "\n"})
        git(project, "add", "--renormalize", ".")
        git(project, "commit", "--quiet", "--allow-empty", "-m", "attributes")
        edit(project)

    return prepare


def wide(project: Path) -> None:
    line = "src/model.py working-tree-encoding=UTF-16 text eol=crlf\n"
    commit_files(project, {".gitattributes": line, "src/model.py": "x = 'ä'\r\n".encode("utf-16")})
    write_files(project, {"src/model.py": "x = 'ü'\r\n".encode("utf-16")})


def symlinked(project: Path) -> None:
    (project / "link.py").unlink()
    (project / "link.py").symlink_to("src/model.py")


def notebook(project: Path) -> None:
    cells = [{"cell_type": "code", "source": ["x = 2\n", "y"], "outputs": [1], "metadata": {}}]
    write_files(project, {"nb.ipynb": json.dumps({"cells": cells})})


def executable(project: Path) -> None:
    (project / "tool.sh").chmod(0o755)


def untrusted_bits(project: Path) -> None:
    git(project, "config", "core.fileMode", "false")
    executable(project)
    write_files(project, {"tool.sh": "y\n", "new.py": "n\n"})
    (project / "new.py").chmod(0o755)


def required(project: Path) -> None:
    write_files(project, {"tables/a.csv": "2\n"})


def renamed_by_case(project: Path) -> None:
    (project / "train.py").rename(project / "Train.py")


def replaced_by_a_folder(project: Path) -> None:
    (project / "gone.py").unlink()
    write_files(project, {"gone.py/new.py": "n\n"})


CLEAN_ONLY = {"filter__up__clean": "tr a-z A-Z", "filter__up__smudge": "cat"}
LFS = {"filter__lfs__clean": "git hash-object --stdin", "filter__lfs__smudge": "cat"}


@pytest.mark.parametrize(
    ("prepare", "loaded"),
    [
        (edited_deleted_and_new, ["new.py"]),
        (attributes("*.py filter=up", **CLEAN_ONLY), []),
        (attributes("*.py filter=lfs diff=lfs merge=lfs -text", **LFS), []),
        (attributes("*.py ident"), []),
        (attributes("*.py text eol=lf"), []),
        (attributes("*.py text eol=crlf"), []),
        (attributes("*.py text=auto", core__autocrlf="true"), []),
        (attributes("# nothing", core__autocrlf="true"), []),
        (attributes("# nothing", core__autocrlf="input"), []),
        (wide, []),
        (symlinked, []),
        (notebook, []),
        (executable, []),
        (untrusted_bits, ["new.py"]),
        (required, []),
        (renamed_by_case, ["Train.py"]),
        (replaced_by_a_folder, ["gone.py/new.py"]),
    ],
    ids=lambda item: getattr(item, "__name__", "") if callable(item) else None,
)
def test_working_tree_index_and_commit_are_one(
    project: Path, prepare: Case, loaded: list[str]
) -> None:
    before = working(project)
    prepare(project)
    manifest = assert_one_manifest(project, *loaded)
    assert before != manifest
    assert {"docs/conf.py", "tables/b.txt"}.isdisjoint(manifest.entries)
    assert "tables/a.csv" in manifest.entries


@pytest.mark.parametrize(
    "name",
    [
        b'qu"ote.py',
        b"'.py",
        b"tab\t.py",
        b"new\nline.py",
        b"\xff.py",
        "é.py".encode(),
        "e\u0301.py".encode(),
        b'"begins.py',
        b" .py",
        b":(glob)*.py",
    ],
)
def test_any_name_is_one(project: Path, name: bytes) -> None:
    path = os.fsdecode(name)
    for content in ("1\n", "2\n"):
        with open(os.path.join(os.fsencode(project), name), "w", encoding="ascii") as file:
            file.write(content)
        assert path in assert_one_manifest(project, path).entries


@pytest.mark.parametrize("flag", ["assume-unchanged", "skip-worktree"])
def test_flags_of_the_index_hide_nothing(project: Path, flag: str) -> None:
    before = working(project)
    git(project, "update-index", f"--{flag}", "src/model.py")
    assert before == working(project)
    edit(project)
    (project / "src/model.py").chmod(0o755)
    manifest = assert_one_manifest(project, flags=(flag,))
    assert "100755" == manifest.entries["src/model.py"].mode
    assert before.entries["src/model.py"] != manifest.entries["src/model.py"]


@pytest.mark.parametrize("flag", ["assume-unchanged", "skip-worktree"])
def test_a_flagged_file_that_is_not_there_is_what_the_index_says(project: Path, flag: str) -> None:
    before = working(project)
    git(project, "update-index", f"--{flag}", "src/model.py")
    (project / "src/model.py").unlink()
    assert before == working(project)


@pytest.mark.parametrize("options", [[], ["--no-cone"], ["--sparse-index"]])
def test_what_a_sparse_checkout_leaves_out_is_there(project: Path, options: list[str]) -> None:
    commit_files(project, {"far/away/x.py": "x\n", "far/y.py": "y\n"})
    before = working(project)
    git(
        project,
        "sparse-checkout",
        "set",
        *options,
        "tables" if options != ["--no-cone"] else "/*.*",
    )
    assert not (project / "far/y.py").exists()
    assert before == working(project) == staged(project)
    write_files(project, {"train.py": "edited\n"})
    manifest = assert_one_manifest(project)
    assert {"far/y.py", "far/away/x.py", "src/model.py"} <= set(manifest.entries)


def test_what_is_only_meant_to_be_added_is_untracked(project: Path) -> None:
    before = working(project)
    write_files(project, {"later.py": "l\n", "empty.py": ""})
    git(project, "add", "--intent-to-add", "later.py", "empty.py")
    assert before == working(project) == staged(project)
    git(project, "add", "empty.py")
    assert {"empty.py"} == set(staged(project).entries) - set(before.entries)
    assert {"empty.py", "later.py"} == set(working(project, "later.py").entries) - set(
        before.entries
    )
    git(project, "rm", "--quiet", "--cached", "--force", "later.py")
    assert_one_manifest(project, "later.py")


@pytest.mark.parametrize("is_committed", [False, True])
def test_a_submodule_is_its_head(project: Path, tmp_path: Path, is_committed: bool) -> None:
    inner = make_repo(tmp_path, {"net.py": "1\n"}, name="inner")
    allow = ("-c", "protocol.file.allow=always")
    git(project, *allow, "submodule", "--quiet", "add", str(inner), "vendor")
    if is_committed:
        git(project, "commit", "--quiet", "-m", "vendor")
        for key, text in (("name", "Test"), ("email", "test@example.com")):
            git(project / "vendor", "config", f"user.{key}", text)
        commit_files(project / "vendor", {"net.py": "2\n"})
    head = git(project / "vendor", "rev-parse", "HEAD").strip()
    entry = assert_one_manifest(project).entries["vendor"]
    assert ("160000", head) == (entry.mode, entry.oid)


def test_a_repository_of_sha_256_is_one(tmp_path: Path) -> None:
    project = make_repo(tmp_path, OLD, name="project", object_format="sha256").resolve()
    edited_deleted_and_new(project)
    notebook(project)
    write_files(project, {"empty.py": ""})
    manifest = assert_one_manifest(project, "new.py", "empty.py")
    assert {64} == {len(entry.oid) for entry in manifest.entries.values()}


def test_a_project_in_a_folder_is_one(tmp_path: Path) -> None:
    files = {f"apps/one/{path}": data for path, data in OLD.items()}
    repo = make_repo(tmp_path, files | {"other.py": "o\n", "apps/oneself.py": "o\n"}).resolve()
    project = repo / "apps/one"
    edited_deleted_and_new(project)
    write_files(repo, {"other.py": "edited\n"})
    manifest = assert_one_manifest(project, "new.py")
    assert all(path.startswith("apps/one/") for path in manifest.entries)


def test_what_a_pipeline_writes_is_in_none(project: Path) -> None:
    stages = "stages:\n  t:\n    cmd: x\n    metrics: [m.json]\n    outs: [tables/a.csv]\n"
    lock = "stages:\n  t:\n    outs:\n    - path: m.json\n      md5: aa\n"
    commit_files(
        project,
        {"dvc.yaml": stages, "m.json": "{}", "dvc.lock": lock, "tables/c.csv.dvc": "outs: []"},
    )
    edit(project)
    write_files(project, {"m.json": "{1}", "dvc.lock": lock + "\n"})
    manifest = assert_one_manifest(project)
    assert {"m.json", "dvc.lock", "tables/a.csv", "tables/c.csv.dvc"}.isdisjoint(manifest.entries)
    assert "dvc.yaml" in manifest.entries
