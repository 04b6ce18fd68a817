"""``ledger init`` in folders of every kind."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from ledger.errors import LedgerError, NoLedgerError
from ledger.setup.hooks.gate import STAGES
from ledger.setup.init import init
from ledger.storage.git import clean_environment
from policy.builders import Repo, environment, write_run


if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, *, hooks: bool = False) -> list[str]:
    """Return the paths that ``ledger init`` changed."""
    changes = init(
        folder,
        environ=clean_environment(environment()),
        interpreter=sys.executable if hooks else None,
    )
    return [change.path for change in changes]


def test_empty_repository_gets_everything_once(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    hooks = [f".git/hooks/{stage}" for stage in STAGES]
    assert run(repo.top, hooks=True) == [
        "ledger.toml",
        ".gitignore",
        "ledger/.gitattributes",
        *hooks,
    ]
    assert run(repo.top, hooks=True) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[project]\nname = 'x'\n",
        "[tool.ruff]\nline-length = 99",
        "# comment\r\n[project]\r\nname = 'x'\r\n",
    ],
)
def test_pyproject_gets_a_section_at_its_end(tmp_path: Path, text: str) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / "pyproject.toml").write_bytes(text.encode())
    assert run(repo.top)[0] == "pyproject.toml"
    new = (repo.top / "pyproject.toml").read_bytes().decode()
    assert new.startswith(text)
    assert tomllib.loads(new)["tool"]["ledger"] == {"dir": "ledger"}
    assert not (repo.top / "ledger.toml").exists()
    assert run(repo.top) == []


def test_pyproject_with_a_closed_tool_table_is_left_alone(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / "pyproject.toml").write_text("tool = { a = { b = 1 } }\n")
    assert run(repo.top)[0] == "ledger.toml"
    assert (repo.top / "pyproject.toml").read_text() == "tool = { a = { b = 1 } }\n"


def test_pyproject_is_never_created(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    run(repo.top)
    assert not (repo.top / "pyproject.toml").exists()


def test_folder_of_settings_is_honoured(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / "ledger.toml").write_text('dir = "work/runs"\n')
    (repo.top / ".gitignore").write_text("*.csv\n*.json\n")
    assert run(repo.top) == [".gitignore", "work/runs/.gitattributes"]


@pytest.mark.parametrize("rules", ["*.csv\n*.json\ndata/\n*.txt", "ledger/\n", "/ledger\n", "*\n"])
def test_rules_of_the_project_do_not_swallow_runs(tmp_path: Path, rules: str) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / ".gitignore").write_text(rules)
    run(repo.top)
    folder = write_run(repo.ledger)
    (folder / ".run.json.1.tmp").write_text("x")
    (folder / ".DS_Store").write_text("x")
    repo.git("add", "-A")
    staged = repo.git("ls-files", "ledger").splitlines()
    assert {path.rpartition("/")[2] for path in staged} == {
        ".gitattributes",
        "metrics.csv",
        "run.json",
        "run.md",
    }
    assert (repo.top / ".gitignore").read_text().startswith(rules)
    assert run(repo.top) == []


def test_rules_written_below_ours_are_overruled_again(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    run(repo.top)
    with (repo.top / ".gitignore").open("a") as file:
        file.write("*.csv\n")
    assert run(repo.top) == [".gitignore"]
    assert run(repo.top) == []


def test_exclude_file_is_overruled(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    exclude = repo.top / ".git/info/exclude"
    exclude.parent.mkdir(exist_ok=True)
    exclude.write_text("*.csv\nledger/\n")
    run(repo.top)
    write_run(repo.ledger)
    assert (
        repo.ask("check-ignore", "-q", "--no-index", "ledger/2026-02/x/metrics.csv").returncode == 1
    )


def test_ignored_folder_above_is_named_and_refused(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / ".gitignore").write_text("# x\nprojects/\n")
    with pytest.raises(LedgerError, match=r"\.gitignore:2 \(projects/\)"):
        run(repo.top / "projects" / "one")
    assert not (repo.top / "projects" / "one" / ".gitignore").exists()


@pytest.mark.parametrize("name", ["ledger.py", "ledger/__init__.py"])
def test_module_that_would_shadow_the_package_is_refused(tmp_path: Path, name: str) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / name).parent.mkdir(exist_ok=True)
    (repo.top / name).write_text("")
    with pytest.raises(LedgerError, match="rename it"):
        run(repo.top)
    assert not (repo.top / "ledger.toml").exists()


def test_no_repository_says_git_init(tmp_path: Path) -> None:
    with pytest.raises(NoLedgerError, match="git init"):
        run(tmp_path)


def test_attributes_below_those_of_somebody_else(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    repo.ledger.mkdir()
    (repo.ledger / ".gitattributes").write_text("*.csv filter=lfs")
    assert "ledger/.gitattributes" in run(repo.top)
    folder = write_run(repo.ledger)
    said = repo.git("check-attr", "filter", "text", "merge", "--", str(folder / "metrics.csv"))
    assert [line.rpartition(" ")[2] for line in said.splitlines()] == ["unset", "unset", "binary"]
    assert run(repo.top) == []


def test_a_folder_below_the_top(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    assert run(repo.top / "sub" / "project") == [
        "sub/project/ledger.toml",
        "sub/project/.gitignore",
        "sub/project/ledger/.gitattributes",
    ]


def test_command_line_says_what_it_changed(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    argv = [
        sys.executable,
        "-I",
        "-c",
        "from ledger.cli.main import run; run()",
        "init",
        "--no-hooks",
    ]
    said = [
        subprocess.run(argv, cwd=repo.top, env=environment(), capture_output=True, check=True)
        for _ in range(2)
    ]
    assert b"created ledger.toml" in said[0].stderr
    assert b"nothing to change" in said[1].stderr


# ---- judged first, written after


def files(top: Path) -> dict[str, bytes]:
    """Return every file below ``top`` outside of .git, and folders as empty ones with a slash."""
    return {
        path.relative_to(top).as_posix() + ("/" if path.is_dir() else ""): (
            b"" if path.is_dir() else path.read_bytes()
        )
        for path in top.rglob("*")
        if ".git" not in path.relative_to(top).parts[:1]
    }


@pytest.mark.parametrize("is_there", [True, False])
def test_refusing_an_ignored_folder_leaves_nothing_behind(
    tmp_path: Path, *, is_there: bool
) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / ".gitignore").write_text("projects/\n")
    if is_there:
        (repo.top / "projects" / "one").mkdir(parents=True)
    before = files(repo.top)
    with pytest.raises(LedgerError, match="git ignores"):
        run(repo.top / "projects" / "one")
    assert files(repo.top) == before


def test_rule_inside_the_ledger_leaves_nothing_behind(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    repo.ledger.mkdir()
    (repo.ledger / ".gitignore").write_text("*.csv\n")
    (repo.top / ".gitignore").write_bytes(b"*.pt\r\n")
    before = files(repo.top)
    with pytest.raises(LedgerError, match=r"ledger/\.gitignore:1"):
        run(repo.top)
    assert files(repo.top) == before


def test_file_called_ledger_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / "ledger").write_text("mine\n")
    before = files(repo.top)
    with pytest.raises(LedgerError, match="is no folder") as caught:
        run(repo.top)
    assert caught.value.exit_code == 2
    assert files(repo.top) == before


def test_file_in_place_of_the_project_is_refused(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / "x").write_text("mine\n")
    with pytest.raises(LedgerError, match="cannot be written"):
        run(repo.top / "x")


# ---- other people's bytes


@pytest.mark.parametrize(
    "old", [b"*.pt\r\n*.csv\r\n", b"*.pt\n*.csv", b"# \xff\n*.csv\n", b"a\r\nb\n"]
)
def test_every_byte_of_the_ignore_file_stays(tmp_path: Path, old: bytes) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / ".gitignore").write_bytes(old)
    run(repo.top)
    new = (repo.top / ".gitignore").read_bytes()
    assert new.startswith(old)
    added = new[len(old) :]
    if old.partition(b"\n")[0].endswith(b"\r"):
        assert b"\n" not in added.replace(b"\r\n", b"")
    else:
        assert b"\r" not in added
    assert run(repo.top) == []
    write_run(repo.ledger)
    repo.git("add", "-A")
    assert "metrics.csv" in repo.git("ls-files")


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_block_moves_below_rules_that_came_later(tmp_path: Path, end: bytes) -> None:
    repo = Repo(tmp_path, ledger=False)
    path = repo.top / ".gitignore"
    path.write_bytes(b"*.pt" + end)
    run(repo.top)
    once = path.read_bytes()
    path.write_bytes(once + b"*.csv" + end)
    assert run(repo.top) == [".gitignore"]
    assert path.read_bytes() == b"*.pt" + end + b"*.csv" + end + once.removeprefix(b"*.pt" + end)
    assert run(repo.top) == []
