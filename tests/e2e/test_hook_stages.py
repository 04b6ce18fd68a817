"""The hooks beside the check: trailers, the word after a commit, and the push, in real clones."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from ledger.setup.hooks.gate import STAGES, render_gate
from ledger.setup.hooks.install import install_hooks, uninstall_hooks
from ledger.storage.git import clean_environment, find_repository
from policy.builders import RUN_ID, Repo, environment, filled_note, write_run


if TYPE_CHECKING:
    from pathlib import Path

OTHER = "2026-02-01_1700_other-bbbbbbbb"
THIRD = "2026-02-01_1730_third-cccccccc"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a ledger in its first commit, every hook, and a remote that has it."""
    top = tmp_path_factory.mktemp("stages")
    repo = Repo(top / "repo")
    (repo.top / "train.py").write_text("lr = 0.1\n")
    repo.commit("ledger")
    subprocess.run(
        ["git", "clone", "-q", "--bare", "repo", "remote.git"],
        cwd=top,
        check=True,
        env=environment(),
    )
    repo.git("remote", "add", "origin", "../remote.git")
    repo.git("fetch", "-q")
    repo.git("branch", "-q", "--set-upstream-to=origin/main")
    repository = find_repository(str(repo.top), clean_environment(environment()))
    install_hooks(repository, sys.executable)
    return top


@pytest.fixture
def repo(template: Path, tmp_path: Path) -> Repo:
    shutil.copytree(template, tmp_path / "all", symlinks=True)
    repo = Repo.__new__(Repo)
    repo.top = tmp_path / "all" / "repo"
    return repo


def stage(repo: Repo, *runs: str, note: bytes | None = b"filled") -> None:
    for run in runs:
        write_run(repo.ledger, run, note=note)
    repo.git("add", "-A")


def trailers(repo: Repo, commit: str = "HEAD") -> list[str]:
    how = "--format=%(trailers:key=Ledger-Run,valueonly)"
    return repo.git("log", "-1", how, commit).split()


def said(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    text = done.stderr.decode()
    assert "Traceback" not in text
    return [line for line in text.splitlines() if line.startswith("ledger")]


def editor(tmp_path: Path, script: str) -> str:
    path = tmp_path / "editor"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


WRITE = "sed -i '1s/^/a subject/' \"$1\""


# ---- trailers


@pytest.mark.parametrize(
    "how", [("-m", "work"), ("-m", "work\n\nSigned-off-by: Ada <a@b.c>"), ("-F", "../m")]
)
def test_new_runs_are_named_in_the_message(repo: Repo, how: tuple[str, str]) -> None:
    (repo.top.parent / "m").write_text("work\n\n--- a rule ---\n\nmore\n")
    stage(repo, RUN_ID, OTHER)
    repo.git("commit", "-q", *how)
    assert trailers(repo) == [RUN_ID, OTHER]
    assert repo.git("log", "-1", "--format=%s").strip() == "work"


def test_a_trailer_that_is_there_is_not_written_again(repo: Repo) -> None:
    stage(repo, RUN_ID)
    repo.git("commit", "-q", "-m", f"work\n\nLedger-Run: {RUN_ID}")
    assert trailers(repo) == [RUN_ID]


def test_a_commit_without_new_runs_is_left_alone(repo: Repo) -> None:
    stage(repo, RUN_ID)
    repo.git("commit", "-q", "-m", "work")
    folder = repo.ledger / "2026-02" / RUN_ID
    (folder / "run.md").write_bytes(filled_note(RUN_ID, Next="more"))
    repo.git("add", "-A")
    repo.git("commit", "-q", "-m", "a better note")
    assert trailers(repo) == []


@pytest.mark.parametrize(
    ("options", "script", "config"),
    [
        ((), WRITE, ()),
        (("-v",), WRITE, ()),
        (("--cleanup=scissors",), WRITE, ()),
        (("--cleanup=verbatim",), "sed -i '1i a subject' \"$1\"", ()),
        ((), WRITE, ("-c", "core.commentChar=;")),
        (("--template", "../template"), "sed -i '1s/^.*$/a subject/' \"$1\"", ()),
        (("-e", "-m", "a subject"), "true", ()),
    ],
    ids=["plain", "verbose", "scissors", "verbatim", "comment char", "template", "edited"],
)  # fmt: skip
def test_a_message_that_is_written_in_an_editor_names_them(
    repo: Repo, tmp_path: Path, options: tuple[str, ...], script: str, config: tuple[str, ...]
) -> None:
    (repo.top.parent / "template").write_text("subject here\n\n# say why\n")
    stage(repo, RUN_ID)
    done = repo.ask(*config, "commit", *options, GIT_EDITOR=editor(tmp_path, script))
    assert done.returncode == 0, done.stderr
    assert trailers(repo) == [RUN_ID]
    message = repo.git("log", "-1", "--format=%B")
    assert message.startswith("a subject\n")
    assert "ledger:" not in message


@pytest.mark.parametrize("options", [(), ("-v",), ("--template", "../template")])
def test_a_message_that_nobody_writes_calls_the_commit_off(
    repo: Repo, tmp_path: Path, options: tuple[str, ...]
) -> None:
    (repo.top.parent / "template").write_text("subject here\n\n# say why\n")
    stage(repo, RUN_ID)
    before = repo.state()
    done = repo.ask("commit", *options, GIT_EDITOR=editor(tmp_path, "true"))
    assert done.returncode == 1
    assert b"Aborting commit" in done.stderr
    assert repo.state() == before


def test_a_run_whose_line_is_deleted_is_not_named(repo: Repo, tmp_path: Path) -> None:
    stage(repo, RUN_ID, OTHER)
    script = f"{WRITE}; sed -i '/{OTHER}/d' \"$1\""
    repo.git("commit", "-q", GIT_EDITOR=editor(tmp_path, script))
    assert trailers(repo) == [RUN_ID]


def test_another_commit_s_message_is_left_alone(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "side")
    stage(repo, RUN_ID)
    repo.git("-c", "core.hooksPath=/dev/null", "commit", "-q", "-m", "side")
    side = repo.git("rev-parse", "HEAD").strip()
    repo.git("checkout", "-q", "main")
    (repo.top / "other.txt").write_text("x\n")
    stage(repo)
    repo.git("commit", "-q", "-m", "main")
    main = repo.git("rev-parse", "HEAD").strip()
    ways = {
        "cherry-pick": ("cherry-pick", side),
        "merge": ("merge", "-q", "--no-edit", "--no-ff", side),
        "squash": ("merge", "-q", "--squash", side),
        "no-commit": ("merge", "-q", "--no-commit", "--no-ff", side),
        "pick without commit": ("cherry-pick", "-n", side),
    }
    for name, how in ways.items():
        repo.git("reset", "-q", "--hard", main)
        repo.git(*how)
        if name in {"squash", "no-commit", "pick without commit"}:
            repo.git("commit", "-q", "-m", name)
        assert trailers(repo) == [], name
    repo.git("revert", "--no-edit", "HEAD")
    repo.git("revert", "--no-edit", "HEAD")
    assert trailers(repo) == []
    repo.git("checkout", "-q", "side")
    repo.git("rebase", "-q", main)
    repo.git("commit", "-q", "--amend", "--no-edit")
    assert trailers(repo) == []


def test_a_message_hook_that_cannot_work_fails_no_commit(repo: Repo) -> None:
    stage(repo, RUN_ID)
    for name in ("prepare-commit-msg", "post-commit"):
        (repo.top / ".git/hooks" / name).write_bytes(render_gate("/no/such/python"))
    done = repo.ask("commit", "-m", "work")
    assert done.returncode == 0
    assert len(said(done)) == 2
    assert all("/no/such/python is gone" in line for line in said(done))


# ---- after the commit


def test_a_bad_run_that_no_check_saw_is_told_in_one_line(repo: Repo) -> None:
    stage(repo, RUN_ID, note=None)
    done = repo.ask("commit", "-n", "-m", "work")
    assert done.returncode == 0
    (line,) = said(done)
    place = f"ledger/2026-02/{RUN_ID}/run.md"
    assert f"what the checks refuse (LED102): {place}; mend it" in line


def test_a_good_commit_says_nothing(repo: Repo) -> None:
    stage(repo, RUN_ID)
    assert said(repo.ask("commit", "-n", "-m", "bypassed and good")) == []
    stage(repo, OTHER)
    assert said(repo.ask("commit", "-m", "work")) == []


def test_picks_and_rebases_tell_it_too(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "side")
    stage(repo, RUN_ID, note=None)
    repo.git("commit", "-q", "-n", "-m", "bad")
    repo.git("checkout", "-q", "main")
    (repo.top / "other.txt").write_text("x\n")
    repo.commit("main")
    assert len(said(repo.ask("cherry-pick", "side"))) == 1
    repo.git("reset", "-q", "--hard", "HEAD~1")
    repo.git("checkout", "-q", "side")
    assert len(said(repo.ask("rebase", "main"))) == 1


def test_after_a_commit_without_runs_no_python_starts(repo: Repo) -> None:
    for name in ("prepare-commit-msg", "commit-msg", "post-commit", "pre-push"):
        (repo.top / ".git/hooks" / name).write_bytes(render_gate("/no/such/python"))
    (repo.top / "train.py").write_text("lr = 0.2\n")
    repo.git("add", "-A")
    assert said(repo.ask("commit", "-m", "work")) == []
    assert said(repo.ask("push", "-q")) == []


def test_a_commit_without_runs_asks_git_three_times_in_all(repo: Repo, tmp_path: Path) -> None:
    (repo.top / "train.py").write_text("lr = 0.2\n")
    repo.git("add", "-A")
    n_processes = []
    for hooks in (".git/hooks", "/dev/null"):
        trace = tmp_path / "trace"
        repo.git("-c", f"core.hooksPath={hooks}", "commit", "-qm", "x", GIT_TRACE2_EVENT=str(trace))
        n_processes.append(trace.read_text().count('"event":"start"'))
        trace.unlink()
        repo.git("reset", "-q", "--soft", "HEAD~1")
    assert n_processes[0] - n_processes[1] == 3


# ---- the push


def push(repo: Repo, *arguments: str) -> tuple[int, list[str]]:
    """Push; return (exit code, codes found). What is refused does not arrive."""
    before = repo.git("ls-remote", "origin")
    state = repo.state()
    done = repo.ask("push", "-q", *arguments)
    found = re.findall(r"^(LED\d+)", done.stderr.decode(), flags=re.MULTILINE)
    assert "Traceback" not in done.stderr.decode()
    assert repo.state() == state
    assert (repo.git("ls-remote", "origin") == before) or done.returncode == 0
    return done.returncode, sorted(found)


def bypass(repo: Repo, run: str = RUN_ID, note: bytes | None = None) -> None:
    write_run(repo.ledger, run, note=note)
    repo.commit("bypassed")


@pytest.mark.parametrize("note", [None, b"filled"])
def test_push_of_a_branch_that_the_remote_has(repo: Repo, note: bytes | None) -> None:
    bypass(repo, note=note)
    assert push(repo, "origin", "main") == ((0, []) if note else (1, ["LED102"]))


@pytest.mark.parametrize("has_default", [True, False])
def test_push_of_a_new_branch(repo: Repo, *, has_default: bool) -> None:
    if has_default:
        repo.git("remote", "set-head", "origin", "main")
    repo.git("checkout", "-q", "-b", "side")
    (repo.top / "train.py").write_text("lr = 0.7\n")
    repo.commit("code that nobody has run yet")
    assert push(repo, "origin", "side") == (0, [])
    repo.git("checkout", "-q", "-b", "other")
    bypass(repo)
    assert push(repo, "origin", "other") == (1, ["LED102"])


def test_every_ref_of_a_push_is_judged(repo: Repo) -> None:
    repo.git("branch", "good")
    repo.git("checkout", "-q", "-b", "bad")
    bypass(repo)
    repo.git("checkout", "-q", "-b", "worse", "main")
    bypass(repo, OTHER)
    repo.git("checkout", "-q", "main")
    done = repo.ask("push", "origin", "good", "bad", "worse", "main")
    assert done.returncode == 1
    lines = said(done)
    assert [line.rpartition(" ")[2] for line in lines] == ["refs/heads/bad", "refs/heads/worse"]


def test_a_branch_forwarded_to_what_another_one_bypassed_is_judged(repo: Repo) -> None:
    repo.git("checkout", "-q", "-b", "side")
    bypass(repo)
    repo.git("push", "-q", "--no-verify", "origin", "side")
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--ff-only", "side")
    assert push(repo, "origin", "main") == (1, ["LED102"])


@pytest.mark.parametrize("kind", ["light", "annotated", "of a file"])
def test_push_of_a_tag(repo: Repo, kind: str) -> None:
    bypass(repo)
    options = ("-a", "-m", "x") if kind == "annotated" else ()
    repo.git("tag", *options, "v1", "HEAD:train.py" if kind == "of a file" else "HEAD")
    assert push(repo, "origin", "v1") == ((0, []) if kind == "of a file" else (1, ["LED102"]))


def test_deleting_a_branch_is_not_judged(repo: Repo) -> None:
    bypass(repo)
    repo.git("push", "-q", "--no-verify", "origin", "main:side")
    (repo.top / ".git/hooks/pre-push").write_bytes(render_gate("/no/such/python"))
    assert push(repo, "origin", ":side") == (0, [])


def test_nothing_to_push(repo: Repo) -> None:
    (repo.top / ".git/hooks/pre-push").write_bytes(render_gate("/no/such/python"))
    assert push(repo, "origin", "main") == (0, [])


def test_a_forced_push_is_judged_from_where_the_two_part(repo: Repo) -> None:
    bypass(repo, note=b"filled")
    repo.git("push", "-q", "origin", "main")
    repo.git("reset", "-q", "--hard", "HEAD~1")
    bypass(repo, OTHER)
    assert push(repo, "--force", "origin", "main") == (1, ["LED102"])
    repo.git("reset", "-q", "--hard", "HEAD~1")
    bypass(repo, OTHER, note=b"filled")
    repo.git("remote", "set-head", "origin", "main")
    code, found = push(repo, "--force", "origin", "main")
    assert (code, set(found)) == (1, {"LED103"})  # what others build on loses a run
    repo.git("remote", "set-head", "origin", "--delete")
    assert push(repo, "--force", "origin", "main") == (0, [])


def test_a_forced_push_over_what_was_never_fetched_says_from_where(repo: Repo) -> None:
    other = repo.top.parent / "colleague"
    repo.git("clone", "-q", "../remote.git", str(other))
    (other / "b.txt").write_text("x\n")
    repo.git("add", "-A", cwd=other)
    repo.git("commit", "-qm", "theirs", cwd=other)
    repo.git("push", "-q", cwd=other)
    bypass(repo)
    done = repo.ask("push", "--force", "origin", "main")
    assert done.returncode == 1
    assert "is not here" in said(done)[0]
    assert "LED102" in done.stderr.decode()


def test_a_replaced_commit_is_judged_as_others_get_it(repo: Repo) -> None:
    bypass(repo)
    harmless = repo.git("commit-tree", "HEAD~1^{tree}", "-p", "HEAD~1", "-m", "x").strip()
    repo.git("replace", "HEAD", harmless)
    assert push(repo, "origin", "main") == (1, ["LED102"])


def test_the_first_push_to_an_empty_remote_is_judged_whole(repo: Repo) -> None:
    repo.git("init", "-q", "--bare", "../empty.git")
    repo.git("remote", "add", "fresh", "../empty.git")
    bypass(repo)
    assert repo.ask("push", "fresh", "main").returncode == 1
    repo.git("reset", "-q", "--hard", "HEAD~1")
    bypass(repo, note=b"filled")
    assert repo.ask("push", "fresh", "main").returncode == 0
    assert repo.ask("push", "../empty.git", "main:by-url").returncode == 0


def test_a_shallow_clone_that_cannot_be_judged_is_refused_and_told(repo: Repo) -> None:
    bypass(repo, note=b"filled")
    repo.git("push", "-q", "origin", "main")
    remote = f"file://{(repo.top.parent / 'remote.git').resolve()}"
    shallow = Repo.__new__(Repo)
    shallow.top = repo.top.parent / "shallow"
    repo.git("clone", "-q", "--depth=1", remote, str(shallow.top))
    repository = find_repository(str(shallow.top), clean_environment(environment()))
    install_hooks(repository, sys.executable)
    shallow.git("checkout", "-q", "--orphan", "apart")
    shallow.commit("no history in common")
    done = shallow.ask("push", "origin", "HEAD:main", "--force")
    assert done.returncode == 1
    assert "git fetch --unshallow" in said(done)[0]
    assert "--no-verify" in said(done)[1]
    shallow.git("checkout", "-q", "main")
    (shallow.top / "a.txt").write_text("x\n")
    bypass(shallow, OTHER)
    assert shallow.ask("push", "-q", "origin", "main").returncode == 1


def test_a_pre_push_hook_that_was_there_reads_the_refs_too(repo: Repo) -> None:
    hook = repo.top / ".git/hooks/pre-push"
    ours = hook.read_bytes()
    seen = repo.top.parent / "seen"
    saved = hook.with_name("pre-push.before-ledger")
    saved.write_text(f'#!/bin/sh\necho "${{0##*/}} $1" > {seen}\ncat >> {seen}\n')
    saved.chmod(0o755)
    assert hook.read_bytes() == ours
    bypass(repo)
    assert push(repo, "origin", "main", "main:twin") == (1, ["LED102", "LED102"])
    first, *refs = seen.read_text().splitlines()
    assert first == "pre-push origin"
    assert [line.split()[2] for line in refs] == ["refs/heads/main", "refs/heads/twin"]


def test_pushes_from_a_worktree_are_judged(repo: Repo) -> None:
    tree = repo.top.parent / "tree"
    repo.git("worktree", "add", "-q", "-b", "side", str(tree))
    write_run(tree / "ledger", RUN_ID, note=None)
    repo.git("add", "-A", cwd=tree)
    done = repo.ask("commit", "-n", "-m", "x", cwd=tree)
    assert len(said(done)) == 1
    done = repo.ask("push", "origin", "side", cwd=tree)
    assert done.returncode == 1
    assert b"LED102" in done.stderr


def test_lines_that_are_no_push_cannot_be_judged(repo: Repo) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-m", "ledger.policy", "--pre-push", "origin"],
        cwd=repo.top,
        env=environment() | {"PATH": os.environ["PATH"]},
        input=b"nonsense\n",
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert len(said(done)) == 1


# ---- beside other hooks


SAYS = '#!/bin/sh\necho "${0##*/} $#" >> "$(git rev-parse --git-common-dir)/ran"\n'
READS = SAYS + 'while read -r ref _; do echo "$ref" >> .git/ran; done\n'


@pytest.mark.parametrize("place", [".git/hooks", ".githooks"])
@pytest.mark.parametrize(
    "first", ["#!/bin/sh", f"#!{shutil.which('bash')} -u", "#!/usr/bin/env sh"]
)
def test_hooks_of_every_stage_run_beside_ours(
    template: Path, tmp_path: Path, place: str, first: str
) -> None:
    shutil.copytree(template, tmp_path / "all", symlinks=True)
    repo = Repo.__new__(Repo)
    repo.top = tmp_path / "all" / "repo"
    repository = find_repository(str(repo.top), clean_environment(environment()))
    uninstall_hooks(repository)
    folder = repo.top / place
    folder.mkdir(exist_ok=True)
    repo.git("config", "core.hooksPath", place)
    for name in STAGES:
        text = READS if name == "pre-push" else SAYS
        (folder / name).write_text(text.replace("#!/bin/sh", first))
        (folder / name).chmod(0o755)
    install_hooks(repository, sys.executable)
    stage(repo, RUN_ID, note=None)
    assert repo.ask("commit", "-m", "bad").returncode == 1
    (repo.ledger / "2026-02" / RUN_ID / "run.md").write_bytes(filled_note(RUN_ID))
    repo.git("add", "-A")
    (repo.top / ".git/ran").unlink(missing_ok=True)
    repo.git("commit", "-q", "-m", "good")
    assert trailers(repo) == [RUN_ID]
    repo.git("push", "-q", "origin", "main", "main:twin")
    assert (repo.top / ".git/ran").read_text().splitlines() == [
        "pre-commit 0",
        "prepare-commit-msg 2",
        "commit-msg 1",
        "post-commit 0",
        "pre-push 2",
        "refs/heads/main",
        "refs/heads/main",
    ]


def test_an_interpreter_that_is_gone_refuses_a_push_of_runs_with_the_mend(repo: Repo) -> None:
    bypass(repo)
    (repo.top / ".git/hooks/pre-push").write_bytes(render_gate("/no/such/python"))
    done = repo.ask("push", "origin", "main")
    assert done.returncode == 1
    (line,) = said(done)
    assert line.startswith("ledger: /no/such/python is gone")
