"""The native commit hook in real repositories: exit code, codes found, and an untouched index."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ledger.contract.note import render_note
from ledger.setup.hooks.gate import STAGES, render_gate
from ledger.setup.hooks.install import install_hooks, uninstall_hooks
from ledger.storage.git import clean_environment, find_repository
from policy.builders import (
    RUN_ID,
    Repo,
    dirty_git,
    environment,
    filled_note,
    make_table,
    write_run,
)


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.setup.change import Change

OTHER = "2026-02-01_1700_other-bbbbbbbb"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A repository with a ledger in its first commit, and the hook installed."""
    repo = Repo(tmp_path / "repo")
    (repo.top / "train.py").write_text("lr = 0.1\n")
    repo.commit("ledger")
    install(repo)
    return repo


def install(repo: Repo) -> list[Change]:
    repository = find_repository(str(repo.top), clean_environment(environment()))
    return install_hooks(repository, sys.executable)


def commit(
    repo: Repo, *arguments: str, cwd: Path | None = None, **env: str
) -> tuple[int, list[str]]:
    """Commit, return (exit code, codes found); a refused commit leaves all as it was."""
    before = repo.state()
    done = repo.ask("commit", "-m", "work", *arguments, cwd=cwd, **env)
    if done.returncode and not {"-a", "-i"} & set(arguments):
        assert repo.state() == before
    return done.returncode, codes(done)


def codes(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    said = done.stderr.decode()
    assert "Traceback" not in said
    return sorted(re.findall(r"^(LED\d+)", said, flags=re.MULTILINE))


def stage(repo: Repo, *paths: str) -> None:
    repo.git("add", "-A", *paths)


# ---- what is judged is the index


def test_commit_without_runs_runs_no_python(repo: Repo) -> None:
    hook = repo.top / ".git/hooks/pre-commit"
    hook.write_bytes(render_gate("/no/such/python"))
    (repo.top / "train.py").write_text("lr = 0.2\n")
    stage(repo)
    assert commit(repo) == (0, [])


def test_commit_without_runs_asks_git_once(repo: Repo, tmp_path: Path) -> None:
    (repo.top / "train.py").write_text("lr = 0.2\n")
    stage(repo)
    assert processes(repo, tmp_path, [str(repo.top / ".git/hooks/pre-commit")]) == 1


def test_commit_of_new_runs_asks_git_three_times(repo: Repo, tmp_path: Path) -> None:
    for number in range(5):
        write_run(repo.ledger, f"2026-02-01_1630_run{number}-aaaaaaaa")
    stage(repo)
    assert processes(repo, tmp_path, [sys.executable, "-I", "-m", "ledger.policy", "--staged"]) == 3


def processes(repo: Repo, tmp_path: Path, argv: list[str]) -> int:
    trace = tmp_path / "trace"
    done = subprocess.run(
        argv,
        cwd=repo.top,
        env=environment() | {"GIT_TRACE2_EVENT": str(trace)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return trace.read_text().count('"event":"start"')


@pytest.mark.parametrize("has_note", [True, False])
def test_initial_commit_is_judged(tmp_path: Path, *, has_note: bool) -> None:
    repo = Repo(tmp_path / "repo")
    install(repo)
    write_run(repo.ledger, note=b"filled" if has_note else None)
    stage(repo)
    assert commit(repo) == ((0, []) if has_note else (1, ["LED102"]))


def test_run_without_note_blocks(repo: Repo) -> None:
    write_run(repo.ledger, note=None)
    stage(repo)
    assert commit(repo) == (1, ["LED102"])


def test_template_untouched_blocks(repo: Repo) -> None:
    write_run(repo.ledger, note=render_note(RUN_ID, {}))
    stage(repo)
    assert commit(repo) == (1, ["LED102"])


def test_note_fixed_on_disk_only_blocks(repo: Repo) -> None:
    folder = write_run(repo.ledger, note=render_note(RUN_ID, {"Next": ["x"]}))
    stage(repo)
    (folder / "run.md").write_bytes(filled_note(RUN_ID))
    assert commit(repo) == (1, ["LED102"])


def test_note_bad_on_disk_but_good_in_the_index_passes(repo: Repo) -> None:
    folder = write_run(repo.ledger)
    stage(repo)
    (folder / "run.md").unlink()
    assert commit(repo) == (0, [])


def test_unstaged_run_is_not_judged(repo: Repo) -> None:
    write_run(repo.ledger, note=None)
    (repo.top / "train.py").write_text("lr = 0.2\n")
    stage(repo, "train.py")
    assert commit(repo) == (0, [])


# ---- ways to commit


@pytest.mark.parametrize("is_good", [True, False])
def test_commit_all_judges_what_it_adds(repo: Repo, *, is_good: bool) -> None:
    folder = write_run(repo.ledger)
    repo.commit("run")
    note = filled_note(RUN_ID, Result="better") if is_good else render_note(RUN_ID, {})
    (folder / "run.md").write_bytes(note)
    assert commit(repo, "-a") == ((0, []) if is_good else (1, ["LED102"]))


def test_commit_path_leaves_a_bad_staged_run_alone(repo: Repo) -> None:
    write_run(repo.ledger, note=None)
    stage(repo)
    (repo.top / "train.py").write_text("lr = 0.2\n")
    assert commit(repo, "--only", "train.py") == (0, [])


def test_commit_path_judges_the_path(repo: Repo) -> None:
    folder = write_run(repo.ledger)
    repo.commit("run")
    (repo.top / "train.py").write_text("lr = 0.2\n")
    stage(repo)
    (folder / "run.md").write_bytes(b"")
    code, found = commit(repo, "--only", str(folder / "run.md"))
    assert (code, found) == (1, ["LED102"])


def test_commit_from_a_subdirectory(repo: Repo) -> None:
    folder = write_run(repo.ledger, note=None)
    stage(repo)
    assert commit(repo, cwd=folder) == (1, ["LED102"])


def test_commit_in_a_worktree(repo: Repo, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    repo.git("worktree", "add", "-q", str(tree))
    folder = write_run(tree / "ledger", note=None)
    repo.git("add", "-A", cwd=tree)
    done = repo.ask("commit", "-m", "work", cwd=tree)
    assert (done.returncode, codes(done)) == (1, ["LED102"])
    (folder / "run.md").write_bytes(filled_note(RUN_ID))
    repo.git("add", "-A", cwd=tree)
    done = repo.ask("commit", "-m", "work", cwd=folder)
    assert (done.returncode, codes(done)) == (0, [])


def test_commit_by_git_dir_and_work_tree(repo: Repo, tmp_path: Path) -> None:
    write_run(repo.ledger, note=None)
    stage(repo)
    done = repo.ask(
        f"--git-dir={repo.top / '.git'}",
        f"--work-tree={repo.top}",
        "commit",
        "-m",
        "x",
        cwd=tmp_path,
    )
    assert (done.returncode, codes(done)) == (1, ["LED102"])


def test_our_own_git_commits_are_judged_too(repo: Repo) -> None:
    """run_git passes --literal-pathspecs, which git hands down to the gate."""
    write_run(repo.ledger, note=None)
    stage(repo)
    done = repo.ask("--literal-pathspecs", "commit", "-m", "x")
    assert (done.returncode, codes(done)) == (1, ["LED102"])


def test_amend_that_adds_a_bad_run_blocks(repo: Repo) -> None:
    write_run(repo.ledger, note=None)
    stage(repo)
    assert commit(repo, "--amend") == (1, ["LED102"])


def test_amend_that_mends_a_run_passes(repo: Repo) -> None:
    folder = write_run(repo.ledger, note=None)
    repo.commit("bypassed")
    (folder / "run.md").write_bytes(filled_note(RUN_ID))
    stage(repo)
    assert commit(repo, "--amend") == (0, [])


def test_several_ledgers_in_one_repository(repo: Repo) -> None:
    project = repo.top / "sub project"
    project.mkdir()
    (project / "pyproject.toml").write_text('[tool.ledger]\ndir = "runs"\n')
    write_run(project / "runs", note=None)
    write_run(repo.ledger)
    stage(repo)
    assert commit(repo) == (1, ["LED102"])


def test_settings_that_are_not_in_git_yet_count(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    install(repo)
    write_run(repo.ledger, note=None)
    stage(repo, "ledger")
    assert commit(repo) == (1, ["LED102"])


def test_settings_that_do_not_parse_cannot_be_judged(repo: Repo) -> None:
    write_run(repo.ledger)
    (repo.top / "ledger.toml").write_text("dir = \n")
    stage(repo)
    assert commit(repo)[0] != 0


def test_renaming_the_ledger_is_no_way_around(repo: Repo) -> None:
    write_run(repo.ledger)
    repo.git("config", "ledger.base", repo.commit("run"))
    repo.git("mv", "ledger", "runs")
    (repo.top / "ledger.toml").write_text('dir = "runs"\n')
    stage(repo)
    assert commit(repo) == (1, ["LED103", "LED103"])


# ---- deletions, moves, frozen records


def test_deleting_only_the_note_blocks(repo: Repo) -> None:
    folder = write_run(repo.ledger)
    repo.commit("run")
    repo.git("rm", "-q", str(folder / "run.md"))
    assert commit(repo) == (1, ["LED102"])


def test_renaming_a_run_that_others_have_blocks(repo: Repo) -> None:
    folder = write_run(repo.ledger)
    publish(repo)
    repo.git("mv", str(folder), str(folder.with_name(OTHER)))
    assert commit(repo) == (1, ["LED103", "LED103", "LED104"])


@pytest.mark.parametrize("base", ["upstream", "ledger.base", "origin/HEAD", "nothing"])
def test_changed_record_blocks_where_others_have_it(repo: Repo, base: str) -> None:
    folder = write_run(repo.ledger)
    if base == "nothing":
        repo.commit("run")
    else:
        publish(repo, base)
    change(folder / "run.json", '"lr": 0.1', '"lr": 0.5')
    stage(repo)
    assert commit(repo) == ((0, ["LED103"]) if base == "nothing" else (1, ["LED103"]))


def test_base_that_is_not_there_cannot_be_judged(repo: Repo) -> None:
    folder = write_run(repo.ledger)
    repo.commit("run")
    repo.git("config", "ledger.base", "no-such-branch")
    change(folder / "run.json", '"lr": 0.1', '"lr": 0.5')
    stage(repo)
    assert commit(repo) == (1, [])


def test_run_that_nobody_has_seen_may_be_removed(repo: Repo) -> None:
    publish(repo)
    folder = write_run(repo.ledger)
    repo.commit("run")
    repo.git("rm", "-rq", str(folder))
    assert commit(repo) == (0, [])


def publish(repo: Repo, base: str = "upstream") -> None:
    """Make the present commit what others have seen."""
    head = repo.commit("published")
    if base == "ledger.base":
        repo.git("config", "ledger.base", head)
        return
    repo.git("update-ref", "refs/remotes/origin/main", head)
    if base == "origin/HEAD":
        repo.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
        return
    repo.git("config", "remote.origin.url", "nowhere")
    repo.git("config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")
    repo.git("branch", "-q", "--set-upstream-to=origin/main")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


# ---- merges


def side_branch(repo: Repo, *, note: bytes | None) -> None:
    """Commit another run on the branch ``side``, bypassing the hook, and go back to main."""
    repo.git("checkout", "-q", "-b", "side")
    write_run(repo.ledger, OTHER, note=note)
    (repo.top / "conflict.txt").write_text("side\n")
    repo.commit("side run")
    repo.git("checkout", "-q", "main")
    write_run(repo.ledger)


@pytest.mark.parametrize("note", [b"filled", None])
def test_clean_merge_is_judged(repo: Repo, note: bytes | None) -> None:
    side_branch(repo, note=note)
    repo.commit("main run")
    done = repo.ask("merge", "--no-edit", "side")
    assert (done.returncode, codes(done)) == ((0, []) if note else (1, ["LED102"]))


@pytest.mark.parametrize("note", [b"filled", None])
def test_concluded_conflict_is_judged(repo: Repo, note: bytes | None) -> None:
    side_branch(repo, note=note)
    (repo.top / "conflict.txt").write_text("main\n")
    repo.commit("main run")
    assert repo.ask("merge", "--no-edit", "side").returncode == 1
    (repo.top / "conflict.txt").write_text("both\n")
    stage(repo)
    assert commit(repo) == ((0, []) if note else (1, ["LED102"]))


def test_merged_dirty_run_was_judged_where_it_was_committed(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "side")
    code = {"train.py": b"lr = 0.7\n"}
    (repo.top / "train.py").write_bytes(code["train.py"])
    write_run(repo.ledger, OTHER, git=dirty_git(code, repo.ledger, ["train.py"]))
    stage(repo)
    assert commit(repo) == (0, [])
    (repo.top / "train.py").write_text("lr = 0.8\n")
    repo.commit("code moved on")
    repo.git("checkout", "-q", "main")
    (repo.top / "other.py").write_text("x\n")
    repo.commit("main")
    done = repo.ask("merge", "--no-edit", "side")
    assert (done.returncode, codes(done)) == (0, [])


def test_record_changed_upstream_may_be_merged(repo: Repo) -> None:
    folder = write_run(repo.ledger)
    publish(repo)
    repo.git("checkout", "-q", "-b", "side")
    change(folder / "run.json", '"lr": 0.1', '"lr": 0.5')
    repo.commit("side")
    repo.git("checkout", "-q", "main")
    (repo.top / "other.py").write_text("x\n")
    repo.commit("main")
    done = repo.ask("merge", "--no-edit", "side")
    assert (done.returncode, codes(done)) == (0, [])


def test_editing_an_old_dirty_run_s_note_does_not_judge_its_code_again(repo: Repo) -> None:
    code = {"train.py": b"lr = 0.1\n"}
    folder = write_run(repo.ledger, git=dirty_git(code, repo.ledger, ["train.py"]))
    repo.commit("run")
    (repo.top / "train.py").write_text("lr = 0.9\n")
    (folder / "run.md").write_bytes(filled_note(RUN_ID, Next="more"))
    stage(repo)
    assert commit(repo) == (0, [])


# ---- odd bytes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"dirty": false', '"dirty": true, "dirty": false'),
        ('"lr": 0.1', '"lr": NaN'),
        ('{\n  "schema_version"', '\ufeff{\n  "schema_version"'),
        ('"lr": 0.1', '"lr": ' + "[" * 500 + "]" * 500),
        ('"lr": 0.1', '"lr": ' + "9" * 5000),
        ('"lr": 0.1', '"lr": "\\ud800"'),
    ],
    ids=["duplicate", "nan", "bom", "deep", "digits", "surrogate"],
)
def test_record_that_could_be_read_in_two_ways_blocks(repo: Repo, old: str, new: str) -> None:
    folder = write_run(repo.ledger)
    change(folder / "run.json", old, new)
    stage(repo)
    assert commit(repo) == (1, ["LED111"])


def test_note_that_is_a_link_blocks(repo: Repo) -> None:
    folder = write_run(repo.ledger)
    (folder / "run.md").unlink()
    (folder / "run.md").symlink_to("/etc/hostname")
    stage(repo)
    assert commit(repo) == (1, ["LED105"])


def test_executable_bit_blocks(repo: Repo) -> None:
    folder = write_run(repo.ledger)
    (folder / "metrics.csv").chmod(0o755)
    stage(repo)
    assert commit(repo) == (1, ["LED105"])


def test_ignored_table_blocks_and_says_so(repo: Repo) -> None:
    (repo.top / ".gitignore").write_text("*.csv\n")
    write_run(repo.ledger)
    stage(repo)
    done = repo.ask("commit", "-m", "x")
    assert done.returncode == 1
    assert "git ignores it" in done.stderr.decode()
    assert "git add -f -- ledger/2026-02/" in done.stderr.decode()


def test_staged_and_deleted_on_disk_passes(repo: Repo) -> None:
    folder = write_run(repo.ledger)
    stage(repo)
    for path in folder.iterdir():
        path.unlink()
    assert commit(repo) == (0, [])


def test_autocrlf_changes_nothing(repo: Repo) -> None:
    repo.git("config", "core.autocrlf", "true")
    write_run(repo.ledger)
    stage(repo)
    assert commit(repo) == (0, [])


@pytest.mark.parametrize("name", ["a\tb.txt", "e\u0301.md", "x\u202ey.md"])
def test_odd_names_are_told_without_acting_on_the_terminal(repo: Repo, name: str) -> None:
    folder = write_run(repo.ledger)
    (folder / name).write_text("x\n")
    stage(repo)
    done = repo.ask("commit", "-m", "x")
    assert all(char.isprintable() for line in done.stderr.decode().splitlines() for char in line)


def test_name_that_is_no_utf8_blocks(repo: Repo) -> None:
    folder = write_run(repo.ledger)
    path = os.fsencode(folder) + b"/\xff.md"
    with open(path, "wb") as file:
        file.write(b"x\n")
    stage(repo)
    assert commit(repo) == (1, ["LED105"])


def test_dirty_run_passes_with_the_code_it_used(repo: Repo) -> None:
    code = {"train.py": b"lr = 0.7\n"}
    write_run(repo.ledger, git=dirty_git(code, repo.ledger, ["train.py"]))
    stage(repo)
    assert commit(repo) == (1, ["LED101"])
    (repo.top / "train.py").write_bytes(code["train.py"])
    stage(repo)
    assert commit(repo) == (0, [])


def test_big_commit_is_judged_whole(repo: Repo) -> None:
    for number in range(60):
        write_run(repo.ledger, f"2026-02-01_1630_r{number}-aaaaaaaa", table=make_table(50))
    write_run(repo.ledger, OTHER, note=None)
    stage(repo)
    assert commit(repo) == (1, ["LED102"])


# ---- install, chain, uninstall


def test_install_twice_changes_nothing(repo: Repo) -> None:
    before = {name: (repo.top / ".git/hooks" / name).read_bytes() for name in STAGES}
    assert install(repo) == []
    assert before == {name: (repo.top / ".git/hooks" / name).read_bytes() for name in STAGES}


@pytest.mark.parametrize("answer", [0, 7])
def test_hook_that_was_there_runs_first(tmp_path: Path, answer: int) -> None:
    repo = Repo(tmp_path / "repo")
    hook = foreign_hook(repo, f'#!/bin/sh\necho ran "$@" > ran\nexit {answer}\n', 0o755)
    install(repo)
    install(repo)
    write_run(repo.ledger, note=None)
    stage(repo)
    done = repo.ask("commit", "-m", "x")
    assert (repo.top / "ran").exists()
    assert codes(done) == ([] if answer else ["LED102"])
    assert done.returncode == 1
    assert hook.read_bytes().startswith(b"#!/bin/sh\n# ledger")


@pytest.mark.parametrize("mode", [0o755, 0o700, 0o644])
def test_uninstall_restores_bytes_and_mode(tmp_path: Path, mode: int) -> None:
    repo = Repo(tmp_path / "repo")
    hook = foreign_hook(repo, "#!/bin/sh\nexit 0\n# é\n", mode)
    before = (hook.read_bytes(), hook.stat().st_mode, sorted(os.listdir(hook.parent)))
    install(repo)
    uninstall_hooks(find_repository(str(repo.top), clean_environment(environment())))
    assert before == (hook.read_bytes(), hook.stat().st_mode, sorted(os.listdir(hook.parent)))


def foreign_hook(repo: Repo, text: str, mode: int) -> Path:
    hook = repo.top / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(text, encoding="utf-8")
    hook.chmod(mode)
    return hook


def test_interpreter_that_is_gone_blocks_with_the_mend(repo: Repo) -> None:
    (repo.top / ".git/hooks/pre-commit").write_bytes(render_gate("/no/such/python"))
    write_run(repo.ledger)
    stage(repo)
    done = repo.ask("commit", "-m", "x")
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("ledger: /no/such/python is gone")
    assert line.endswith("mend it with: ledger install")


def test_interpreter_without_the_package_blocks_with_the_mend(repo: Repo) -> None:
    bare = os.path.realpath(sys.executable)  # the interpreter behind the environment's
    says = subprocess.run([bare, "-I", "-c", "import ledger"], capture_output=True, check=False)
    if says.returncode == 0:
        pytest.skip("the bare interpreter has the package too")
    (repo.top / ".git/hooks/pre-commit").write_bytes(render_gate(bare))
    write_run(repo.ledger)
    stage(repo)
    done = repo.ask("commit", "-m", "x")
    assert done.returncode == 1
    assert "mend it with: ledger install" in done.stderr.decode()


def test_interpreter_path_with_a_quote_and_a_space(repo: Repo, tmp_path: Path) -> None:
    folder = tmp_path / "it's here"
    folder.mkdir()
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    (repo.top / ".git/hooks/pre-commit").write_bytes(render_gate(str(python)))
    write_run(repo.ledger, note=None)
    stage(repo)
    assert commit(repo) == (1, ["LED102"])


def test_package_of_the_working_folder_is_not_imported(repo: Repo) -> None:
    (repo.top / "json.py").write_text("raise SystemExit(0)\n")
    (repo.top / "ledger" / "__init__.py").write_text("raise SystemExit(0)\n")
    write_run(repo.ledger, note=None)
    stage(repo)
    assert commit(repo) == (1, ["LED102"])
