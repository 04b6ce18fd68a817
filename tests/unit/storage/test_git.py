"""Every git command we run, against real git."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ledger.errors import GitError, NoLedgerError
from ledger.storage.git import (
    clean_environment,
    find_repository,
    hook_environment,
    join_z,
    run_git,
    split_z,
)
from make_repo import git, make_repo


if TYPE_CHECKING:
    from ledger.storage.git import Repository

BIG = 6 * 1024 * 1024
SRC = str(Path(__file__).parents[3] / "src")


def repository(folder: Path) -> Repository:
    return find_repository(str(folder), clean_environment(os.environ))


def run_python(program: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run ``program`` in an interpreter of its own that can import ledger."""
    paths = f"import sys; sys.path.insert(0, {SRC!r})\n"
    return subprocess.run(
        [sys.executable, "-c", paths + textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        **options,  # type: ignore[call-overload]  # cwd, env, preexec_fn
    )


# -- finding the repository


def test_repository_is_found_from_a_folder_within(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a/b/c.txt": "x"})
    found = repository(repo / "a" / "b")
    assert str(repo) == found.top
    assert str(repo / ".git") == found.git_dir == found.common_dir
    assert str(repo / ".git" / "ledger") == found.private_dir
    assert "sha1" == found.object_format


def test_repository_of_sha256_says_so(tmp_path: Path) -> None:
    assert "sha256" == repository(make_repo(tmp_path, object_format="sha256")).object_format


def test_worktrees_share_one_private_folder(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a/x": "x"})
    git(repo, "worktree", "add", "-q", str(tmp_path / "other"), "-b", "other")
    found = repository(tmp_path / "other" / "a")
    assert str(tmp_path / "other") == found.top
    assert str(repo / ".git") == found.common_dir
    assert found.git_dir != found.common_dir
    assert repository(repo).private_dir == found.private_dir


def test_folder_behind_a_symbolic_link_finds_the_real_repository(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a/b/x": "x"})
    (tmp_path / "link").symlink_to(repo / "a" / "b")
    found = repository(tmp_path / "link")
    assert (str(repo), str(repo / ".git")) == (found.top, found.common_dir)


def test_paths_are_absolute_from_a_relative_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = make_repo(tmp_path, {"a/x": "x"})
    monkeypatch.chdir(repo / "a")
    found = find_repository(".", clean_environment(os.environ))
    assert (str(repo), str(repo / ".git")) == (found.top, found.common_dir)


@pytest.mark.parametrize("name", ["with space", "-dash", "glob*[a]", 'quote"', "umläut", "tab\t"])
def test_repository_in_a_folder_with_a_weird_name(tmp_path: Path, name: str) -> None:
    repo = make_repo(tmp_path, {"a/x": "x"}, name=name)
    found = repository(repo / "a")
    assert (str(repo), str(repo / ".git")) == (found.top, found.common_dir)


def test_repository_in_a_folder_whose_name_is_not_utf8(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {"a/x": "x"}, name=os.fsdecode(b"caf\xe9"))
    assert str(repo) == repository(repo / "a").top


def test_folder_without_a_repository_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoLedgerError, match="git init"):
        repository(tmp_path)


def test_bare_repository_has_no_working_tree(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    with pytest.raises(NoLedgerError):
        repository(tmp_path / "bare.git")


def test_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(GitError):
        repository(tmp_path / "gone")


def test_missing_git_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoLedgerError, match="not installed"):
        run_git(("version",), cwd=str(tmp_path), env=os.environ)


# -- the environment


def test_variables_that_name_another_repository_are_dropped(tmp_path: Path) -> None:
    mine = make_repo(tmp_path, {"mine": "x"}, name="mine")
    other = make_repo(tmp_path, {"other": "x"}, name="other")
    leftovers = {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / ".git" / "index"),
        "GIT_OBJECT_DIRECTORY": str(other / ".git" / "objects"),
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(other / ".git" / "objects"),
        "GIT_COMMON_DIR": str(other / ".git"),
        "GIT_NAMESPACE": "other",
        "GIT_PREFIX": "sub/",
        "GIT_QUARANTINE_PATH": str(other),
        "GIT_LITERAL_PATHSPECS": "0",
        "GIT_GLOB_PATHSPECS": "1",
        "GIT_TRACE": "1",
        "GIT_EXTERNAL_DIFF": "false",
        "GIT_CONFIG_PARAMETERS": "'core.bare=true'",
    }
    clean = clean_environment({**os.environ, **leftovers})
    assert set() == set(leftovers) & set(clean)
    found = find_repository(str(mine), clean)
    assert str(mine) == found.top
    assert ["mine"] == split_z(found.git("ls-files", "-z"))


def test_variables_that_say_how_git_runs_are_kept() -> None:
    kept = {
        "GIT_CONFIG_GLOBAL": "a",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        "GIT_SSH_COMMAND": "ssh",
        "PATH": "b",
        "HOME": "c",
    }
    assert kept == {key: clean_environment(kept)[key] for key in kept}


@pytest.mark.parametrize("make", [clean_environment, hook_environment])
def test_git_speaks_english_and_asks_nothing(make: object) -> None:
    env = make({"LC_ALL": "de_DE.UTF-8"})  # type: ignore[operator]  # one of the two
    assert ("C", "0") == (env["LC_ALL"], env["GIT_TERMINAL_PROMPT"])


def test_questions_do_not_touch_the_index(tmp_path: Path) -> None:
    """A refreshed index would race with the user's own git."""
    repo = make_repo(tmp_path, {"a": "x"})
    os.utime(repo / "a", (1, 1))
    before = (repo / ".git" / "index").read_bytes()
    repository(repo).git("status", "--porcelain", "-z")
    assert before == (repo / ".git" / "index").read_bytes()


def test_hook_environment_keeps_the_index_of_the_commit() -> None:
    given = {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index.lock"}
    assert given == {key: hook_environment(given)[key] for key in given}


# -- running a command


def test_failure_tells_gits_own_complaint(tmp_path: Path) -> None:
    repo = make_repo(tmp_path)
    with pytest.raises(
        GitError, match="git rev-parse --verify gone failed: fatal: Needed a single"
    ):
        repository(repo).git("rev-parse", "--verify", "gone")


def test_exit_code_may_be_an_answer(tmp_path: Path) -> None:
    repo = make_repo(tmp_path, {".gitignore": "*.csv\n"})
    found = repository(repo)
    assert 0 == found.ask("check-ignore", "-q", "a.csv").code
    assert 1 == found.ask("check-ignore", "-q", "a.txt").code


def test_arguments_reach_git_as_they_are(tmp_path: Path) -> None:
    names = [
        "a b",
        "a'b",
        'a"b',
        "a\nb",
        "a\tb",
        "$(touch x)",
        "*",
        "[ab]",
        ":(top)x",
        "-n",
        "\udcff",
    ]
    repo = make_repo(tmp_path, dict.fromkeys(names, "x"))
    for name in names:
        assert [name] == split_z(repository(repo).git("ls-files", "-z", "--", name))


@pytest.mark.parametrize("n_bytes", [0, 1, 65536, 65537, BIG])
def test_content_of_any_size_goes_both_ways(tmp_path: Path, n_bytes: int) -> None:
    """Both pipes fill up long before the content ends: neither side may wait for the other."""
    data = (b"0123456789abcdef" * (n_bytes // 16 + 1))[:n_bytes]
    found = repository(make_repo(tmp_path))
    oid = found.git("hash-object", "-w", "--stdin", stdin=data).decode().strip()
    assert data == found.git("cat-file", "blob", oid)


def test_both_directions_at_once_never_deadlock(tmp_path: Path) -> None:
    found = repository(make_repo(tmp_path))
    names = [f"{place:07d}-{'x' * 100}" for place in range(BIG // 100)]
    # echoes every name while it is still being fed
    output = found.ask(
        "check-ignore", "-z", "--stdin", "--no-index", "-v", "-n", stdin=join_z(names)
    )
    echoed = [field for field in split_z(output.stdout) if field]
    assert names == echoed
    assert len(output.stdout) > 5 * 1024 * 1024


def test_much_on_standard_error_never_deadlocks(tmp_path: Path) -> None:
    found = repository(make_repo(tmp_path))
    noise = "alias.noise=!yes 0123456789 | head -c 6000000 >&2; head -c 3 /dev/zero | tr '\\0' x"
    output = found.ask("-c", noise, "noise", stdin=b"x" * BIG)
    assert b"xxx" == output.stdout
    assert len(output.stderr) >= 6_000_000


def test_command_that_does_not_read_its_input_is_no_error(tmp_path: Path) -> None:
    output = repository(make_repo(tmp_path)).ask("version", stdin=b"x" * BIG)
    assert 0 == output.code
    assert output.stdout.startswith(b"git version")


def test_no_descriptor_and_no_child_is_left(tmp_path: Path) -> None:
    found = repository(make_repo(tmp_path))
    before = sorted(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else []
    others = children()  # what a test that failed may still hold
    for _ in range(5):
        found.ask("version", stdin=b"x" * 100_000)
        with pytest.raises(GitError):
            found.git("nonsense")
    after = sorted(os.listdir("/proc/self/fd")) if before else []
    assert before == after
    assert children() <= others


def children() -> set[str]:
    """Return the ids of the processes that this one has started, ended ones included."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {line.split()[0] for line in listed.splitlines() if " ps -o " not in line}


def test_program_with_closed_standard_streams_can_ask_git(tmp_path: Path) -> None:
    """A daemon's descriptors 0 to 2 are free, and pipes get their numbers."""
    repo = make_repo(tmp_path, {"a": "x"})
    answer = tmp_path / "answer"
    run_python(
        f"""
        import os
        from ledger.storage.git import clean_environment, find_repository
        for number in (0, 1, 2):
            os.close(number)
        found = find_repository({str(repo)!r}, clean_environment(os.environ))
        oid = found.git("hash-object", "--stdin", stdin=b"hello")
        open({str(answer)!r}, "wb").write(oid + found.ask("nonsense").stderr)
        """
    )
    text = answer.read_text()
    assert text.startswith("b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0\n")
    assert "nonsense" in text


def test_git_killed_by_a_signal_is_a_failure(tmp_path: Path) -> None:
    found = repository(make_repo(tmp_path))
    output = found.ask("-c", "alias.die=!kill -KILL $PPID", "die")
    assert -signal.SIGKILL == output.code


def test_names_survive_a_nul_terminated_list() -> None:
    names = ["a", "\udcff", "a\nb", "ä", " "]
    assert names == split_z(join_z(names))
    assert [] == split_z(b"")


# -- within a hook


@pytest.mark.parametrize(
    ("arguments", "staged"),
    [
        pytest.param(["-a"], "tracked=new other=new", id="commit-a"),
        pytest.param(["--", "tracked"], "tracked=new other=old", id="commit-path"),
        pytest.param([], "tracked=old other=staged", id="commit"),
    ],
)
def test_hook_sees_the_index_of_this_very_commit(
    tmp_path: Path, arguments: list[str], staged: str
) -> None:
    """``commit -a`` and ``commit path`` judge a temporary index named by GIT_INDEX_FILE."""
    repo = make_repo(tmp_path, {"tracked": "old", "other": "old", "sub/x": "x"})
    hook = repo / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        f"#!{sys.executable}\n"
        f"import os, sys\nsys.path.insert(0, {SRC!r})\n"
        "from ledger.storage.git import find_repository, hook_environment\n"
        "from ledger.storage.tree import IndexTree\n"
        "repository = find_repository('.', hook_environment(os.environ))\n"
        "read = IndexTree(repository).read(['tracked', 'other'])\n"
        "said = ' '.join(f'{path}={data.decode()}' for path, data in read.items())\n"
        f"open({str(tmp_path / 'said')!r}, 'w').write(said)\n"
    )
    hook.chmod(0o755)
    if not arguments:
        (repo / "other").write_text("staged")
        git(repo, "add", "other")
    (repo / "tracked").write_text("new")
    (repo / "other").write_text("new")
    if arguments == ["--", "tracked"]:
        git(repo / "sub", "commit", "-q", "-m", "x", "--", "../tracked")
    else:
        git(repo / "sub", "commit", "-q", "-m", "x", *arguments)
    assert staged == (tmp_path / "said").read_text()


def test_git_is_there() -> None:
    """Everything above needs it; a missing git must not look like a pass."""
    assert shutil.which("git")
