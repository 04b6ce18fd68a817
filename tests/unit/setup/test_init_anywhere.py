"""``ledger init`` in repositories as they are: what others decided stays, and runs are kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ledger.errors import LedgerError, NoLedgerError
from ledger.project import find_project
from ledger.setup.init import init
from ledger.storage.git import clean_environment
from policy.builders import Repo, environment, write_run


LEDGER = (sys.executable, "-I", "-c", "from ledger.cli.main import run; run()")
FILES = {".gitattributes", "metrics.csv", "run.json", "run.md"}


def ledger(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in ``folder``."""
    return subprocess.run(
        [*LEDGER, *arguments],
        cwd=folder,
        env=environment() | env,
        capture_output=True,
        text=True,
        check=False,
    )


def set_up(folder: Path, **env: str) -> list[str]:
    """Return the paths that ``ledger init`` changed."""
    return [change.path for change in init(folder, environ=clean_environment(environment() | env))]


def staged(repo: Repo, folder: str = "ledger", **env: str) -> set[str]:
    """Write a run, stage everything, and return what the index holds of the ledger."""
    write_run(repo.top / folder)
    repo.git("add", "-A", **env)
    listed = repo.git("ls-files", folder).splitlines()
    return {path.rpartition("/")[2] for path in listed}


# ---- ignore rules


@pytest.mark.parametrize(
    "rules",
    ["*\n!*.py\n!*/\n", "/*\n!/src\n", "*.toml\n*.md\n*.json\n", ".*\n*.csv\n"],
    ids=["nothing but scripts", "nothing but src", "no settings", "no dot files"],
)
def test_settings_and_rules_are_tracked_as_the_runs_are(tmp_path: Path, rules: str) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / ".gitignore").write_text(rules)
    set_up(repo.top)
    assert staged(repo) == FILES
    tracked = repo.git("ls-files", "--", ".gitignore", "ledger.toml").split()
    assert tracked == [".gitignore", "ledger.toml"]
    assert set_up(repo.top) == []


def test_excludes_of_the_user_are_overruled(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo", ledger=False)
    excludes = tmp_path / "excludes"
    excludes.write_text("*.csv\nledger/\nledger.toml\n")
    config = tmp_path / "gitconfig"
    config.write_text(f"[core]\n\texcludesFile = {excludes}\n")
    env = {"GIT_CONFIG_GLOBAL": str(config)}
    set_up(repo.top, **env)
    assert staged(repo, **env) == FILES
    assert repo.git("ls-files", "ledger.toml") == "ledger.toml\n"


def test_folder_name_with_signs_of_a_pattern(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / "ledger.toml").write_text('dir = "runs [old] *"\n')
    (repo.top / ".gitignore").write_text("*.csv\n*.json\n")
    set_up(repo.top)
    assert staged(repo, "runs [old] *") == FILES


def test_ignored_folder_above_says_which_line_would_let_it_in(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / ".gitignore").write_text("*\n!*.py\n")
    with pytest.raises(LedgerError, match=r"\.gitignore:1 \(\*\).*add !/sub/a/ below it"):
        set_up(repo.top / "sub" / "a")


def test_ledger_that_is_a_link_is_refused(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo", ledger=False)
    (tmp_path / "elsewhere").mkdir()
    repo.ledger.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LedgerError, match="is a link"):
        set_up(repo.top)
    assert not (repo.top / "ledger.toml").exists()


# ---- attributes


@pytest.mark.parametrize(
    "attributes",
    [
        "*.csv filter=lfs diff=lfs merge=lfs -text\n",
        "* text=auto eol=crlf\n*.json working-tree-encoding=UTF-16 ident\n",
        "[attr]big filter=lfs merge=union\n*.csv big\n*.json big\n",
    ],
    ids=["lfs", "line ends and encodings", "a macro"],
)
def test_attributes_of_the_repository_do_not_reach_the_ledger(
    tmp_path: Path, attributes: str
) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / ".gitattributes").write_text(attributes)
    set_up(repo.top)
    asked = "ledger/2026-02/x/metrics.csv", "ledger/2026-02/x/run.json"
    for attribute, right in (
        ("filter", {"unset"}),
        ("text", {"unset"}),
        ("merge", {"binary"}),
        ("ident", {"unset"}),
        ("working-tree-encoding", {"unspecified"}),
    ):
        said = repo.git("check-attr", attribute, "--", *asked).splitlines()
        assert {line.rpartition(" ")[2] for line in said} == right


@pytest.mark.parametrize("place", [".git/info/attributes", "ledger/2026-02/.gitattributes"])
def test_attributes_that_overrule_ours_are_named_and_refused(tmp_path: Path, place: str) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / place).parent.mkdir(parents=True, exist_ok=True)
    (repo.top / place).write_text("*.csv filter=lfs\n")
    with pytest.raises(LedgerError, match=rf"filter=lfs applies to .*{place}"):
        set_up(repo.top)
    assert not (repo.top / "ledger.toml").exists()


def test_lines_added_below_our_attributes_are_overruled_again(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    set_up(repo.top)
    with (repo.ledger / ".gitattributes").open("a") as file:
        file.write("*.csv filter=lfs\n")
    assert set_up(repo.top) == ["ledger/.gitattributes"]
    assert set_up(repo.top) == []


# ---- repositories of every shape


def test_repository_without_files_is_refused_as_that(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo", ledger=False)
    repo.git("init", "-q", "--bare", str(tmp_path / "bare"))
    with pytest.raises(NoLedgerError, match="without files"):
        set_up(tmp_path / "bare")


@pytest.mark.parametrize("mode", ["--cone", "--no-cone"])
def test_sparse_checkout_that_leaves_the_ledger_out_is_told_with_the_mend(
    tmp_path: Path, mode: str
) -> None:
    repo = Repo(tmp_path, ledger=False)
    for name in ("src/a.py", "big/b.py"):
        (repo.top / name).parent.mkdir()
        (repo.top / name).write_text("x = 1\n")
    repo.commit()
    repo.git("sparse-checkout", "set", mode, "src" if mode == "--cone" else "/src/")
    (repo.top / "ledger.toml").write_text("")
    done = ledger(repo.top, "init", "--no-hooks")
    assert done.returncode == 0, done.stderr
    (told,) = [line for line in done.stderr.splitlines() if "sparse" in line]
    write_run(repo.ledger)
    assert repo.ask("add", "ledger").returncode == 1
    subprocess.run(
        ["sh", "-euc", told.rpartition(": ")[2]], cwd=repo.top, env=environment(), check=True
    )
    repo.git("add", "ledger")
    assert "metrics.csv" in repo.git("ls-files", "ledger")
    assert not (repo.top / "big").exists()


def test_several_projects_share_the_hooks_and_the_nearest_settings_win(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / ".gitignore").write_text("*.csv\n")
    for folder in ("sub/a", "sub/b", "."):
        done = ledger(repo.top, "init", folder)
        assert done.returncode == 0, done.stderr
        assert ("created .git/hooks" in done.stderr) == (folder == "sub/a")
    for folder in ("sub/a", "sub/b", "."):
        project = find_project([repo.top / folder / "scripts"])
        assert project.root == repo.top / folder
        assert staged(repo, f"{folder}/ledger") == FILES
        assert "nothing to change" in ledger(repo.top / folder, "init").stderr


def test_project_below_another_says_who_records_where(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    assert "is a project too" not in ledger(repo.top, "init").stderr
    assert "the top is a project too" in ledger(repo.top, "init", "sub").stderr


def test_worktree_and_submodule_have_their_own_ledger(tmp_path: Path) -> None:
    inner = Repo(tmp_path / "inner", ledger=False)
    inner.commit()
    repo = Repo(tmp_path / "repo", ledger=False)
    allow = ("-c", "protocol.file.allow=always")
    repo.git(*allow, "submodule", "--quiet", "add", str(inner.top), "inner")
    repo.commit()
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"))
    for folder in (repo.top / "inner", tmp_path / "tree"):
        done = ledger(folder, "init")
        assert done.returncode == 0, done.stderr
        assert (folder / "ledger.toml").is_file()
    assert (repo.top / ".git/modules/inner/hooks/pre-commit").is_file()
    assert (repo.top / ".git/hooks/pre-commit").is_file()
    assert not (repo.top / "ledger.toml").exists()


def test_what_to_do_next_is_told_as_commands_that_work(tmp_path: Path) -> None:
    repo = Repo(tmp_path, ledger=False)
    (repo.top / "sub dir").mkdir()
    (repo.top / "sub dir" / "main.py").write_text("print(1)\n")
    said = ledger(repo.top / "sub dir", "init").stderr.splitlines()
    lines = said[said.index("next:") + 1 :]
    assert len(lines) == 3
    assert "python main.py" in lines[1]
    subprocess.run(
        ["sh", "-euc", lines[0]],
        cwd=repo.top / "sub dir",
        env=environment(),
        check=True,
        capture_output=True,
    )
    assert repo.git("status", "--porcelain") == '?? "sub dir/main.py"\n'
    assert "next:" not in ledger(repo.top / "sub dir", "init").stderr
