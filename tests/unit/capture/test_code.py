"""Which code ran: real repositories in every state git knows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from make_repo import commit_files, git, make_repo, write_files
from unit.capture.code_runs import (
    SCRIPT,
    added_ids,
    captured,
    dirty_paths,
    manifest_of,
    train_uncommitted,
)
from unit.writer.recording import (
    ledger_command,
    make_project,
    only_run,
    read_record,
    run_dirs,
    train,
)


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = make_project(tmp_path)
    commit_files(folder, {"train.py": SCRIPT})
    return folder


def tree_state(project: Path) -> tuple[str, bytes, str]:
    """Return what recording must never touch: HEAD, the index, the state of the working tree."""
    return (
        git(project, "rev-parse", "HEAD"),
        (project / ".git" / "index").read_bytes(),
        git(project, "--no-optional-locks", "status", "--porcelain", "--", ":!ledger"),
    )


def test_a_clean_tree_is_clean_and_named_by_its_commit(project: Path) -> None:
    section = captured(project)
    assert git(project, "rev-parse", "HEAD").strip() == section["commit"]
    assert ("main", False, [], None) == tuple(
        section[key] for key in ("branch", "dirty", "dirty_paths", "snapshot")
    )
    assert not (only_run(project) / "changes.patch").exists()


def test_the_manifest_of_a_clean_tree_is_its_commit(project: Path) -> None:
    manifest = manifest_of(project, captured(project))
    committed = added_ids(project)
    assert {path: committed[path] for path in ("ledger.toml", "src/model.py", "train.py")} == {
        path: entry.oid for path, entry in manifest.entries.items()
    }


def test_a_touched_file_is_not_dirty(project: Path) -> None:
    os.utime(project / "src/model.py", (1, 1))
    assert captured(project)["dirty"] is False


@pytest.mark.parametrize("is_staged", [False, True])
def test_an_edited_file_is_dirty_in_patch_snapshot_and_manifest(
    project: Path, is_staged: bool
) -> None:
    write_files(project, {"src/model.py": "WIDTH = 4\n"})
    if is_staged:
        git(project, "add", "src/model.py")
    before = tree_state(project)
    section = captured(project)
    assert before == tree_state(project)
    assert section["dirty"] is True
    assert {"src/model.py": ("M", False)} == dirty_paths(section)
    assert "WIDTH = 4\n" == git(project, "show", f"{section['snapshot']}:src/model.py")
    assert (
        section["snapshot"]
        == git(project, "rev-parse", f"refs/ledger/{only_run(project).name}").strip()
    )
    patch = (only_run(project) / "changes.patch").read_text()
    assert "+WIDTH = 4" in patch
    oid = git(project, "hash-object", "src/model.py").strip()
    assert oid == manifest_of(project, section).entries["src/model.py"].oid


def test_the_patch_gives_back_what_the_manifest_names(project: Path, tmp_path: Path) -> None:
    commit_files(project, {"gone.py": "x\n", "tool.sh": "echo\n", "cfg/a b.yaml": "a: 1\n"})
    write_files(
        project,
        {
            "src/model.py": b"WIDTH = 4\r\nno newline",
            "cfg/a b.yaml": "a: 2\n",
            "src/new.py": "N = 1\n",
            'src/qu"ote.py': "Q = 1\n",
            "src/ü.py": "U = 1\n",
            "train.py": SCRIPT.replace(
                "import ledger", "import ledger, sys\nsys.path.insert(0, 'src')\nimport new"
            ),
        },
    )
    (project / "gone.py").unlink()
    (project / "tool.sh").chmod(0o755)
    git(project, "add", "--intent-to-add", 'src/qu"ote.py')
    section = captured(project)
    assert {
        "gone.py": ("D", False),
        "tool.sh": ("M", False),
        "cfg/a b.yaml": ("M", False),
        "src/model.py": ("M", False),
        "src/new.py": ("?", True),
        "train.py": ("M", True),
    } == dirty_paths(section)
    git(project, "worktree", "add", "--detach", str(tmp_path / "clean"), section["commit"])
    patch = str(only_run(project) / "changes.patch")
    git(tmp_path / "clean", "apply", "--check", patch)
    git(tmp_path / "clean", "apply", "--index", patch)
    entries = manifest_of(project, section).entries
    applied = {
        line.split("\t")[1]: tuple(line.split()[:2])
        for line in git(tmp_path / "clean", "ls-files", "-s", "-z").split("\0")
        if line and line.split("\t")[1] != ".gitignore"
    }
    assert {path: (entry.mode, entry.oid) for path, entry in entries.items()} == applied
    assert "100755" == entries["tool.sh"].mode
    assert "gone.py" not in entries


def test_an_untracked_file_that_nobody_loads_is_no_dirt(project: Path) -> None:
    write_files(project, {"scratch.py": "1\n", "ledger/notes.py": "1\n"})
    section = captured(project)
    assert section["dirty"] is False
    assert "scratch.py" not in manifest_of(project, section).entries


def test_an_untracked_module_that_is_loaded_is_dirty(project: Path) -> None:
    write_files(project, {"extra.py": "E = 1\n", "other.py": "O = 1\n"})
    commit_files(project, {"train.py": "import extra\n" + SCRIPT})
    section = captured(project)
    assert {"extra.py": ("?", True)} == dirty_paths(section)
    assert "extra.py" in manifest_of(project, section).entries
    assert "+E = 1" in (only_run(project) / "changes.patch").read_text()
    assert "E = 1\n" == git(project, "show", f"{section['snapshot']}:extra.py")


@pytest.mark.parametrize("given", ["'conf.yaml'", "pathlib.Path('conf.yaml')"])
def test_an_untracked_config_file_is_dirty(project: Path, given: str) -> None:
    write_files(project, {"conf.yaml": "lr: 1\n"})
    script = SCRIPT.replace('"run"', f'"run", config={given}').replace(
        "ledger\n", "ledger, pathlib\n", 1
    )
    commit_files(project, {"train.py": script})
    assert {"conf.yaml": ("?", True)} == dirty_paths(captured(project))


def test_in_a_session_without_a_script_every_untracked_code_path_counts(project: Path) -> None:
    write_files(project, {"cell.py": "1\n", "data.bin": "1\n"})
    done = subprocess.run(
        [sys.executable, "-"], cwd=project, input=SCRIPT, text=True, capture_output=True, check=True
    )
    assert done.returncode == 0
    assert {"cell.py": ("?", True)} == dirty_paths(read_record(only_run(project))["git"])


def test_a_script_in_another_folder_is_found_by_its_own_place(
    project: Path, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    section = captured(project, cwd=tmp_path / "elsewhere")
    assert git(project, "rev-parse", "HEAD").strip() == section["commit"]


def test_git_variables_of_another_repository_are_ignored(project: Path, tmp_path: Path) -> None:
    other = make_project(tmp_path, {"x.py": ""}, name="other")
    env = {"GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other), "GIT_INDEX_FILE": "/x"}
    section = captured(project, env=env)
    assert git(project, "rev-parse", "HEAD").strip() == section["commit"]
    assert section["dirty"] is False


def test_without_a_repository_the_code_is_null_and_said(project: Path) -> None:
    shutil.rmtree(project / ".git")
    done = train_uncommitted(project)
    git_section = read_record(only_run(project))["git"]
    assert dict.fromkeys(("commit", "base", "branch", "remote", "dirty")) == git_section
    assert "not a git repository" in done.stderr
    assert 0 == done.returncode


def test_before_the_first_commit_there_is_no_commit(tmp_path: Path) -> None:
    project = make_repo(tmp_path)
    write_files(project, {"ledger.toml": "", "train.py": SCRIPT})
    git(project, "add", "ledger.toml")
    section = captured(project)
    assert (None, "main", True) == (section["commit"], section["branch"], section["dirty"])
    assert {"ledger.toml": ("A", False), "train.py": ("?", True)} == dirty_paths(section)
    assert "+import ledger" in (only_run(project) / "changes.patch").read_text()


def test_a_detached_head_has_no_branch(project: Path) -> None:
    git(project, "checkout", "--quiet", "--detach")
    assert captured(project)["branch"] is None


@pytest.mark.parametrize(
    "env",
    [
        {"GITHUB_HEAD_REF": "feature/x", "GITHUB_REF_NAME": "7/merge"},
        {"GITHUB_HEAD_REF": "", "GITHUB_REF_NAME": "feature/x"},
        {"CI_COMMIT_REF_NAME": "feature/x"},
    ],
)
def test_continuous_integration_names_the_branch(project: Path, env: dict[str, str]) -> None:
    git(project, "checkout", "--quiet", "--detach")
    assert "feature/x" == captured(project, env=env)["branch"]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:token@host/x.git", "https://host/x.git"),
        ("https://token@host/x.git", "https://host/x.git"),
        ("git@host:me/x.git", "git@host:me/x.git"),
        ("/srv/git/x.git", "/srv/git/x.git"),
    ],
)
def test_the_remote_is_without_credentials(project: Path, url: str, shown: str) -> None:
    git(project, "remote", "add", "origin", url)
    assert shown == captured(project)["remote"]
    assert "token" not in (only_run(project) / "run.json").read_text()


def test_the_base_is_the_merge_base_with_the_upstream(project: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(project), "clone")
    clone = (tmp_path / "clone").resolve()
    for key, text in (("name", "Test"), ("email", "test@example.com")):
        git(clone, "config", f"user.{key}", text)
    base = git(clone, "rev-parse", "HEAD").strip()
    commit_files(clone, {"src/model.py": "WIDTH = 5\n"})
    write_files(clone, {"src/model.py": "WIDTH = 6\n"})
    section = captured(clone)
    assert (base, str(project)) == (section["base"], section["remote"])
    assert base != section["commit"]
    patch = (only_run(clone) / "changes.patch").read_text()
    assert "-WIDTH = 3\n+WIDTH = 6\n" in patch


def test_an_upstream_that_is_gone_is_no_base(project: Path) -> None:
    git(project, "config", "branch.main.remote", "origin")
    git(project, "config", "branch.main.merge", "refs/heads/gone")
    assert captured(project)["base"] is None


def test_a_worktree_of_its_own_is_captured_there(project: Path, tmp_path: Path) -> None:
    git(project, "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    side = (tmp_path / "side").resolve()
    write_files(side, {"src/model.py": "WIDTH = 7\n"})
    section = captured(side)
    assert ("side", True) == (section["branch"], section["dirty"])
    assert [] == run_dirs(project)


def test_a_project_in_a_subfolder_sees_only_itself(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"app/ledger.toml": "", "app/train.py": SCRIPT, "lib/x.py": "1\n"})
    write_files(repo, {"lib/x.py": "2\n"})
    section = captured(repo.resolve() / "app")
    assert section["dirty"] is False
    assert {"app/ledger.toml", "app/train.py"} == set(manifest_of(repo, section).entries)
    write_files(repo, {"app/train.py": SCRIPT + "\n"})
    before = set(run_dirs(repo / "app"))
    section = captured(repo.resolve() / "app")
    assert {"app/train.py": ("M", True)} == dirty_paths(section)
    (run_dir,) = set(run_dirs(repo / "app")) - before
    assert "a/app/train.py" in (run_dir / "changes.patch").read_text()


def test_a_submodule_is_named_by_its_head_and_is_dirty_inside(
    project: Path, tmp_path: Path
) -> None:
    inner = make_repo(tmp_path, {"net.py": "1\n"}, name="inner")
    git(
        project,
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        str(inner),
        "vendor",
    )
    git(project, "commit", "--quiet", "-m", "vendor")
    section = captured(project)
    assert section["dirty"] is False
    entry = manifest_of(project, section).entries["vendor"]
    assert ("160000", git(inner, "rev-parse", "HEAD").strip()) == (entry.mode, entry.oid)
    write_files(project, {"vendor/net.py": "2\n"})
    section = captured(project)
    assert (True, {"vendor": ("S", False)}) == (section["dirty"], dirty_paths(section))


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_an_edit_that_git_was_told_not_to_see_is_dirty(project: Path, flag: str) -> None:
    git(project, "update-index", flag, "src/model.py")
    assert captured(project)["dirty"] is False
    write_files(project, {"src/model.py": "WIDTH = 9\n"})
    section = captured(project)
    assert {"src/model.py": ("M", False)} == dirty_paths(section)
    oid = git(project, "hash-object", "src/model.py").strip()
    assert oid == manifest_of(project, section).entries["src/model.py"].oid


def test_a_file_a_sparse_checkout_leaves_out_is_not_dirty(project: Path) -> None:
    git(project, "update-index", "--skip-worktree", "src/model.py")
    (project / "src/model.py").unlink()
    section = captured(project)
    assert section["dirty"] is False
    assert "src/model.py" in manifest_of(project, section).entries


@pytest.mark.parametrize("is_loaded", [False, True])
def test_a_file_taken_out_of_the_index_is_what_it_is(project: Path, is_loaded: bool) -> None:
    commit_files(
        project, {"extra.py": "E = 1\n", "train.py": "import extra\n" * is_loaded + SCRIPT}
    )
    git(project, "rm", "--quiet", "--cached", "extra.py")
    write_files(project, {"extra.py": "E = 2\n"})
    section = captured(project)
    assert {"extra.py": ("?", True) if is_loaded else ("D", False)} == dirty_paths(section)
    entries = manifest_of(project, section).entries
    assert is_loaded == ("extra.py" in entries)
    assert all("000000" != entry.mode for entry in entries.values())


def test_a_symlink_is_its_target(project: Path) -> None:
    (project / "link.py").symlink_to("train.py")
    git(project, "add", "link.py")
    git(project, "commit", "--quiet", "-m", "link")
    (project / "link.py").unlink()
    (project / "link.py").symlink_to("src/model.py")
    section = captured(project)
    entry = manifest_of(project, section).entries["link.py"]
    git(project, "add", "link.py")
    staged = git(project, "ls-files", "-s", "link.py").split()
    assert staged[:2] == [entry.mode, entry.oid]
    assert "120000" == entry.mode


@pytest.mark.parametrize(
    ("attributes", "config"),
    [
        ("*.py text eol=lf\n", {}),
        ("*.py text=auto\n", {"core.autocrlf": "true"}),
        ("*.py filter=upper\n", {"filter.upper.clean": "tr a-z A-Z"}),
        ("*.py ident\n", {}),
    ],
)
def test_a_content_id_is_the_one_git_add_gives(
    project: Path, attributes: str, config: dict[str, str]
) -> None:
    for key, text in config.items():
        git(project, "config", key, text)
    commit_files(project, {".gitattributes": attributes})
    write_files(project, {"src/model.py": b"width = 3 # $Id: 1$\r\nx = 1\r\n"})
    section = captured(project)
    git(project, "add", "src/model.py")
    staged = git(project, "ls-files", "-s", "src/model.py").split()[1]
    assert staged == manifest_of(project, section).entries["src/model.py"].oid


def notebook(source: str, output: str) -> str:
    cell = {"cell_type": "code", "source": [source], "outputs": [output], "execution_count": 1}
    return json.dumps({"cells": [cell], "nbformat": 4})


def test_new_outputs_of_a_notebook_are_no_change_of_code(project: Path) -> None:
    commit_files(project, {"nb.ipynb": notebook("x = 1", "1")})
    first = captured(project)
    write_files(project, {"nb.ipynb": notebook("x = 1", "2")})
    second = captured(project)
    assert (False, first["code"]) == (second["dirty"], second["code"])
    write_files(project, {"nb.ipynb": notebook("x = 2", "2")})
    third = captured(project)
    assert {"nb.ipynb": ("M", False)} == dirty_paths(third)
    assert first["code"] != third["code"]


@pytest.mark.parametrize("secret", ["", "key = 'sk-" + "a" * 30 + "'"])
def test_a_notebook_has_one_id_dirty_and_committed(project: Path, secret: str) -> None:
    commit_files(project, {"nb.ipynb": notebook("x = 1", "1")})
    write_files(project, {"nb.ipynb": notebook("x = 2" + secret, "1")})
    dirty = manifest_of(project, captured(project)).entries["nb.ipynb"]
    commit_files(project, {"nb.ipynb": notebook("x = 2" + secret, "1")})
    clean = manifest_of(project, captured(project)).entries["nb.ipynb"]
    assert clean == dirty


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("credentials.json", '{"user": "me"}\n'),
        ("id_rsa.cfg", "x\n"),
        ("src/model.py", 'API_KEY = "abcdefgh12345678"\n'),
        ("src/model.py", "key = 'AKIA" + "A" * 16 + "'\n" + "# long\n" * 200_000),
    ],
    ids=["file of credentials", "key file", "assigned in code", "in a file over 1 MiB"],
)
def test_a_new_secret_is_omitted_from_patch_and_snapshot(
    project: Path, path: str, text: str
) -> None:
    commit_files(project, {path: "", "other.py": "O = 1\n"})
    write_files(project, {path: text, "other.py": "O = 2\n"})
    section = captured(project)
    assert [path] == section["omitted"]
    assert {path, "other.py"} == set(dirty_paths(section))
    patch = (only_run(project) / "changes.patch").read_text()
    assert "+O = 2" in patch
    assert f"b/{path}" not in patch
    assert "" == git(project, "show", f"{section['snapshot']}:{path}")
    oid = git(project, "hash-object", path).strip()
    assert oid == manifest_of(project, section).entries[path].oid
    with pytest.raises(Exception, match="cat-file"):
        git(project, "cat-file", "-e", oid)


def test_an_old_secret_is_no_reason_to_omit(project: Path) -> None:
    line = 'API_KEY = "abcdefgh12345678"\n'
    commit_files(project, {"src/model.py": line})
    write_files(project, {"src/model.py": line + "x = 1\n"})
    section = captured(project)
    assert "omitted" not in section
    assert "+x = 1" in (only_run(project) / "changes.patch").read_text()


def test_a_secret_committed_after_the_base_costs_only_its_own_file(
    project: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--quiet", str(project), "clone")
    clone = (tmp_path / "clone").resolve()
    for key, text in (("name", "Test"), ("email", "test@example.com")):
        git(clone, "config", f"user.{key}", text)
    commit_files(clone, {"src/secret.py": 'API_KEY = "abcdefgh12345678"\n'})
    write_files(clone, {"src/model.py": "WIDTH = 6\n"})
    section = captured(clone)
    assert ["src/secret.py"] == section["omitted"]
    patch = (only_run(clone) / "changes.patch").read_text()
    assert "+WIDTH = 6" in patch
    assert "abcdefgh" not in patch


def test_a_patch_over_a_mebibyte_is_not_written(project: Path) -> None:
    write_files(project, {"src/model.py": "x = 1\n" * 200_000})
    section = captured(project)
    assert (True, ["src/model.py"]) == (section["dirty"], section["omitted"])
    assert not (only_run(project) / "changes.patch").exists()
    assert git(project, "hash-object", "src/model.py").strip() == (
        manifest_of(project, section).entries["src/model.py"].oid
    )


def test_a_huge_untracked_file_is_named_and_nothing_else(project: Path) -> None:
    write_files(project, {"vocab.json": b"0" * (10 * 1024 * 1024 + 1)})
    commit_files(project, {"train.py": SCRIPT.replace('"run"', '"run", data="vocab.json"')})
    script = (project / "train.py").read_text()
    commit_files(project, {"train.py": "import sys\nsys.argv.append('vocab.json')\n" + script})
    section = captured(project)
    assert (["vocab.json"], []) == (section["omitted"], section["dirty_paths"])
    assert "vocab.json" not in manifest_of(project, section).entries


def test_an_edit_right_after_the_start_never_counts(project: Path) -> None:
    racing = (
        """
import ledger, pathlib
begin = ledger.Run.begin
def edit_then_begin(run):
    pathlib.Path("src/model.py").write_text("WIDTH = 99\\n")
    pathlib.Path("ledger.toml").write_text("# edited\\n")
    begin(run)
ledger.Run.begin = edit_then_begin
"""
        + SCRIPT
    )
    commit_files(project, {"train.py": racing})
    write_files(project, {"src/model.py": "WIDTH = 4\n"})
    section = captured(project)
    assert {"src/model.py": ("M", False)} == dirty_paths(section)
    assert "WIDTH = 4\n" == git(project, "show", f"{section['snapshot']}:src/model.py")
    entries = manifest_of(project, section).entries
    assert added_ids(project)["ledger.toml"] == entries["ledger.toml"].oid
    assert "code_raced" not in section


def test_a_large_file_that_changed_before_it_was_read_is_told(project: Path) -> None:
    racing = (
        """
import ledger, pathlib
begin = ledger.Run.begin
def edit_then_begin(run):
    pathlib.Path("src/model.py").write_text("y = 1\\n" * 300_000)
    begin(run)
ledger.Run.begin = edit_then_begin
"""
        + SCRIPT
    )
    commit_files(project, {"train.py": racing})
    write_files(project, {"src/model.py": "x = 1\n" * 200_000})
    section = captured(project)
    assert (None, True) == (section["dirty"], section["code_raced"])
    assert {"src/model.py": ("M", False)} == dirty_paths(section)


def test_what_the_ledger_writes_is_never_dirt(project: Path) -> None:
    for _ in range(3):
        assert captured(project)["dirty"] is False
    write_files(project, {"ledger/2026-01/x/run.json": "{}", "ledger/tool.py": "1\n"})
    git(project, "add", "--force", "ledger")
    assert captured(project)["dirty"] is False


def test_untracked_settings_are_no_dirt(project: Path) -> None:
    git(project, "rm", "--quiet", "--cached", "ledger.toml")
    git(project, "commit", "--quiet", "-m", "settings are mine")
    assert captured(project)["dirty"] is False


def test_untracked_settings_are_no_dirt_where_nobody_knows_what_is_loaded(project: Path) -> None:
    """The first run after ``ledger init``, of a command that is no program of ours."""
    git(project, "rm", "--quiet", "--cached", "ledger.toml")
    git(project, "commit", "--quiet", "-m", "settings are mine")
    done = ledger_command(project, "run", "--", "true")
    assert 0 == done.returncode, done.stderr
    assert read_record(only_run(project))["git"]["dirty"] is False


def test_what_a_pipeline_writes_is_no_code(project: Path) -> None:
    stages = "stages:\n  train:\n    cmd: python train.py\n    metrics:\n    - metrics.json\n"
    commit_files(project, {"dvc.yaml": stages, "metrics.json": "{}\n"})
    write_files(project, {"metrics.json": '{"acc": 1}\n'})
    section = captured(project)
    assert section["dirty"] is False
    assert "metrics.json" not in manifest_of(project, section).entries


def test_a_repository_of_sha_256_is_captured(tmp_path: Path) -> None:
    project = make_project(tmp_path, {"train.py": SCRIPT}, object_format="sha256")
    write_files(project, {"src/model.py": "WIDTH = 4\n"})
    section = captured(project)
    assert 64 == len(section["commit"]) == len(section["snapshot"])
    manifest = manifest_of(project, section)
    assert "sha256" == manifest.object_format
    assert git(project, "hash-object", "src/model.py").strip() == (
        manifest.entries["src/model.py"].oid
    )


@pytest.mark.parametrize(
    "name",
    [
        b"with space.py",
        b'qu"ote.py',
        "ü 文.py".encode(),
        b"tab\t.py",
        b"new\nline.py",
        b"latin\xff.py",
        b"-dash.py",
        b":(top)x.py",
    ],
)
def test_any_file_name_is_captured(project: Path, name: bytes) -> None:
    path = os.path.join(os.fsencode(project), name)
    for content in (b"1\n", b"2\n"):
        with open(path, "wb") as file:
            file.write(content)
        if content == b"1\n":
            git(project, "add", "--all")
            git(project, "commit", "--quiet", "-m", "name")
    section = captured(project)
    assert [("M", False)] == list(dirty_paths(section).values())
    assert os.fsdecode(name) in manifest_of(project, section).entries
    git(project, "apply", "--check", "--reverse", str(only_run(project) / "changes.patch"))


def test_a_non_utf_8_argument_is_recorded(project: Path) -> None:
    done = subprocess.run(
        [sys.executable.encode(), b"train.py", b"--x=\xff"],
        cwd=project,
        capture_output=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    assert "--x=?" == read_record(only_run(project))["command"]["argv"][-1]


def test_a_merge_conflict_does_not_stop_a_run(project: Path) -> None:
    git(project, "checkout", "--quiet", "-b", "side")
    commit_files(project, {"src/model.py": "WIDTH = 1\n"})
    git(project, "checkout", "--quiet", "main")
    commit_files(project, {"src/model.py": "WIDTH = 2\n"})
    with pytest.raises(Exception, match="merge"):
        git(project, "merge", "--quiet", "side")
    section = captured(project)
    assert "src/model.py" in dirty_paths(section)


def test_three_thousand_files_are_captured(project: Path) -> None:
    commit_files(project, {f"src/p{n % 50}/m{n}.py": f"N = {n}\n" for n in range(3000)})
    for n in range(10, 3000, 10):
        (project / f"src/p{n % 50}/m{n}.py").write_text(f"N = {-n}\n")
    section = captured(project)
    assert 299 == len(section["dirty_paths"])
    assert 3003 == len(manifest_of(project, section).entries)


def test_train_helper_commits_what_it_runs(project: Path) -> None:
    assert 0 == train(project, SCRIPT).returncode
    assert read_record(only_run(project))["git"]["dirty"] is False
