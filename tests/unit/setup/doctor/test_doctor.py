"""Each thing that makes recording fail silently is told with its mend, and mended where it can be.

A case makes one problem in a healthy repository; ``--fix``, or the command that is printed, makes
it go away, and doing it again changes nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from ledger.setup.change import Undo
from ledger.setup.doctor.git import check_clock, check_private, check_space
from ledger.setup.doctor.tools import check_git, check_python, git_version
from ledger.setup.hooks.gate import render_gate
from ledger.setup.hooks.install import install_hooks
from ledger.setup.hooks.precommit import write_config
from make_repo import git
from plain_user import plain_user_prefix
from policy.builders import dirty_git, environment, write_run
from unit.setup.doctor.sick import NOW, OLD, Patient, make_old, open_run


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.setup.doctor.problem import Problem


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(tmp_path / "repo")


def only(problems: list[Problem]) -> Problem:
    (problem,) = problems
    return problem


def test_a_healthy_repository_has_no_problem(patient: Patient) -> None:
    before = patient.state()
    assert patient.look() == []
    assert patient.heal().to_lines() == [
        f"{area}: fine"
        for area in ("tools", "settings", "git", "ledger", "hooks", "runs", "snapshots")
    ]
    assert before == patient.state()


# ---- mended by --fix


def ignored(patient: Patient) -> str:
    with (patient.top / ".gitignore").open("a") as file:
        file.write("*.json\n")
    return "git ignores files of the ledger: ledger/2026-02/a-run/certificate-1.json"


def settings_ignored(patient: Patient) -> str:
    (patient.top / ".git/info/exclude").write_text("ledger.toml\n")
    return "git ignores files of the ledger: ledger.toml"


def attributes_missing(patient: Patient) -> str:
    (patient.ledger / ".gitattributes").unlink()
    return "the ledger's attributes are missing"


def attributes_overruled(patient: Patient) -> str:
    (patient.top / ".gitattributes").write_text("*.csv filter=lfs\n")
    with (patient.ledger / ".gitattributes").open("a") as file:
        file.write("*.csv filter=lfs\n")
    return "filter=lfs on ledger/2026-02/a-run/metrics"


def sparse(patient: Patient) -> str:
    (patient.top / "src").mkdir()
    (patient.top / "src" / "a.py").write_text("")
    patient.commit()
    patient.git("sparse-checkout", "set", "--cone", "src")
    return "the sparse checkout leaves the ledger out"


def half_file(patient: Patient) -> str:
    path = patient.ledger / "2026-02" / OLD / ".run.json.1.tmp"
    path.write_text("{")
    make_old(path)
    return "1 half-written file left behind"


def no_hooks(patient: Patient) -> str:
    for name in ("pre-commit", "pre-merge-commit"):
        (patient.top / ".git/hooks" / name).unlink()
    return "no check runs at pre-commit and pre-merge-commit"


def one_hook(patient: Patient) -> str:
    (patient.top / ".git/hooks/pre-merge-commit").write_text("#!/bin/sh\n")
    return "no check runs at pre-merge-commit"


def no_quiet_hooks(patient: Patient) -> str:
    (patient.top / ".git/hooks/prepare-commit-msg").unlink()
    (patient.top / ".git/hooks/pre-push").write_text("#!/bin/sh\n")
    return "no hook of ours runs at prepare-commit-msg and pre-push"


def push_python_gone(patient: Patient) -> str:
    path = patient.top / ".git/hooks/pre-push"
    path.write_bytes(render_gate("/old venv/bin/python"))
    return "the Python of the hook is gone: /old venv/bin/python"


def not_executable(patient: Patient) -> str:
    (patient.top / ".git/hooks/pre-commit").chmod(0o644)
    return "git does not run the hook pre-commit: it is not executable"


def python_gone(patient: Patient) -> str:
    path = patient.top / ".git/hooks/pre-commit"
    path.write_bytes(render_gate("/old venv/bin/python"))
    return "the Python of the hook is gone: /old venv/bin/python"


def python_without_package(patient: Patient) -> str:
    python = patient.top.parent / "bare" / "python"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    (patient.top / ".git/hooks/pre-commit").write_bytes(render_gate(str(python)))
    return "the Python of the hook has no package experiment-ledger"


def python_of_another_version(patient: Patient) -> str:
    python = patient.top.parent / "python"
    python.write_text("#!/bin/sh\necho 99.1\n")
    python.chmod(0o755)
    (patient.top / ".git/hooks/pre-commit").write_bytes(render_gate(str(python)))
    return "the Python of the hook has version 99.1"


def hook_of_another_version(patient: Patient) -> str:
    path = patient.top / ".git/hooks/pre-commit"
    path.write_bytes(path.read_bytes() + b"\n# old\n")
    return "the hook was written by another version"


def hooks_elsewhere(patient: Patient) -> str:
    patient.git("config", "core.hooksPath", ".githooks")
    return "no check runs at pre-commit and pre-merge-commit"


def gate_missing(patient: Patient) -> str:
    patient.git("config", "core.hooksPath", ".githooks")
    install_hooks(patient.repository, sys.executable)
    (patient.top / ".git/ledger/commit-hook").unlink()
    return "hooks call a gate that is not installed in this clone"


def gate_not_executable(patient: Patient) -> str:
    patient.git("config", "core.hooksPath", ".githooks")
    install_hooks(patient.repository, sys.executable)
    (patient.top / ".git/ledger/commit-hook").chmod(0o644)
    return "the gate is not executable"


def pre_commit_not_installed(patient: Patient) -> str:
    no_hooks(patient)
    write_config(patient.top)
    return "no check runs at pre-commit and pre-merge-commit"


def pre_commit_without_our_types(patient: Patient) -> str:
    no_hooks(patient)
    write_config(patient.top)
    hook = patient.top / ".git/hooks/pre-commit"
    hook.write_text("#!/bin/sh\n# File generated by pre-commit: x\n")
    hook.chmod(0o755)
    return "no check runs at pre-merge-commit"


def unsealed(patient: Patient) -> str:
    open_run(patient.ledger, "2026-02-01_1730_dead-bbbbbbbb", _dead_pid())
    patient.commit()
    return "a run lost its process"


def live_only(patient: Patient) -> str:
    from ledger.contract.live import Where, encode_where

    run_id = "2026-02-01_1730_away-cccccccc"
    live = patient.top / ".git/ledger/live" / run_id
    start = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(NOW - 60))
    folder = write_run(
        patient.top.parent / "aside", run_id, timestamp={"start": start, "end": start}
    )
    live.parent.mkdir(parents=True)
    folder.rename(live)
    where = Where(top=os.path.realpath(patient.top), path=f"ledger/2026-02/{run_id}")
    (live / "where").write_bytes(encode_where(where))
    return "a run in the git directory only"


def snapshot_unheld(patient: Patient) -> str:
    commit = patient.git("rev-parse", "HEAD").strip()
    section = dirty_git({"train.py": b"print(2)\n"}, patient.ledger, ["train.py"])
    start = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(NOW - 60))
    write_run(
        patient.ledger,
        "2026-02-01_1730_dirty-dddddddd",
        git=section | {"snapshot": commit},
        timestamp={"start": start, "end": start},
    )
    return "nothing holds the snapshot of the code of an uncommitted run"


def snapshot_orphaned(patient: Patient) -> str:
    patient.git("update-ref", "refs/ledger/2026-02-01_1730_gone-eeeeeeee", "HEAD")
    return "1 snapshot of code that nobody needs"


MENDED = [
    ignored,
    settings_ignored,
    attributes_missing,
    attributes_overruled,
    sparse,
    half_file,
    no_hooks,
    one_hook,
    no_quiet_hooks,
    push_python_gone,
    not_executable,
    python_gone,
    python_without_package,
    python_of_another_version,
    hook_of_another_version,
    hooks_elsewhere,
    gate_missing,
    gate_not_executable,
    pre_commit_not_installed,
    pre_commit_without_our_types,
    unsealed,
    live_only,
    snapshot_unheld,
    snapshot_orphaned,
]


def _dead_pid() -> int:
    with subprocess.Popen(["true"]) as process:
        process.wait()
    return process.pid


@pytest.mark.parametrize("make", MENDED, ids=lambda make: make.__name__)
def test_problem_is_told_mended_and_gone(
    patient: Patient, make: Callable[[Patient], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}")
    title = make(patient)
    found = patient.look()
    assert any(title in problem.title for problem in found), found
    for problem in found:
        assert problem.mend is not None, problem
        assert all((problem.where, problem.why, problem.fix)), problem
    health = patient.heal()
    assert health.is_healthy, health
    assert any(title in problem.title for problem in health.mended)
    again = patient.heal()
    assert (again.is_healthy, again.mended) == (True, ())


# ---- a person decides: told with the command or the advice, and left alone


def overruled_by_git_directory(patient: Patient) -> tuple[str, str]:
    path = patient.top / ".git/info/attributes"
    path.write_text("*.csv filter=lfs\n")
    return "filter=lfs on ledger/2026-02/a-run/metrics", f"rm {path}"


def shadow(patient: Patient) -> tuple[str, str]:
    (patient.top / "ledger.py").write_text("")
    patient.commit()
    return "a module of yours is imported instead of the package", "git mv ledger.py my_ledger.py"


def shadow_in_a_folder_of_scripts(patient: Patient) -> tuple[str, str]:
    for name in ("scripts/ledger/__init__.py", "scripts/fit.py", "src/ledger/__init__.py"):
        (patient.top / name).parent.mkdir(parents=True, exist_ok=True)
        (patient.top / name).write_text("")
    patient.commit()
    return (
        "a module of yours is imported instead of the package",
        "git mv scripts/ledger scripts/my_ledger",
    )


def shadow_removed_in_the_index_only(patient: Patient) -> tuple[str, str]:
    (patient.top / "ledger.py").write_text("")
    return "a module of yours is imported instead of the package", "rm ledger.py"


def mirror(patient: Patient) -> tuple[str, str]:
    patient.git("config", "remote.backup.mirror", "true")
    return "the remote backup gets every ref", "git config --unset-all remote.backup.mirror"


def pushes_everything(patient: Patient) -> tuple[str, str]:
    patient.git("config", "remote.backup.push", "+refs/*:refs/*")
    return "the remote backup gets every ref", "git config --unset-all remote.backup.push"


def unreadable(patient: Patient) -> tuple[str, str]:
    path = f"ledger/2026-02/{OLD}/run.json"
    (patient.top / path).write_text("{")
    return "a record cannot be read", f"git restore --source=HEAD -- {path}"


def untracked(patient: Patient) -> tuple[str, str]:
    write_run(patient.ledger, "2026-02-01_1730_old-ffffffff")
    return "a run older than a day, and git does not track it", "git add ledger"


def stash_holds_a_run(patient: Patient) -> tuple[str, str]:
    run_id = "2026-02-01_1730_away-cccccccc"
    write_run(patient.ledger, run_id)
    patient.git("stash", "--quiet", "-u")
    live_only(patient)
    drop = "rm -r .git/ledger/live && git stash drop --quiet"
    return "because stash@{0} holds its place", drop


def lost_snapshot(patient: Patient) -> tuple[str, str]:
    section = dirty_git({"train.py": b"print(2)\n"}, patient.ledger, ["train.py"])
    start = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(NOW - 60))
    folder = write_run(
        patient.ledger,
        "2026-02-01_1730_dirty-dddddddd",
        git=section | {"snapshot": "0" * 39 + "1"},
        timestamp={"start": start, "end": start},
    )
    return "the snapshot of the code of an uncommitted run is gone", f"rm -r {folder}"


def out_of_dvc(patient: Patient) -> tuple[str, str]:
    (patient.top / "dvc.yaml").write_text("stages:\n  a:\n    cmd: x\n    outs:\n    - ledger\n")
    return "DVC has the ledger as an output", "rm dvc.yaml"


def settings_unknown(patient: Patient) -> tuple[str, str]:
    (patient.top / "ledger.toml").write_text("dri = 'x'\n")
    return "unknown setting 'dri'", "git restore ledger.toml"


def settings_of_another_project(patient: Patient) -> tuple[str, str]:
    (patient.top / "sub").mkdir()
    (patient.top / "sub" / "ledger.toml").write_text("dir = [")
    patient.commit()
    return "is not TOML", "rm sub/ledger.toml"


def ledger_is_a_link(patient: Patient) -> tuple[str, str]:
    patient.ledger.rename(patient.top.parent / "moved")
    patient.ledger.symlink_to(patient.top.parent / "moved")
    return "the ledger is no folder of its own", "rm ledger; mv ../moved ledger"


def private_is_a_file(patient: Patient) -> tuple[str, str]:
    path = patient.top / ".git/ledger"
    if path.exists():
        path.rename(patient.top / ".git/away")
    path.write_text("")
    return "is no folder", f"mv {path} {path}.old"


def framework_without_package(patient: Patient) -> tuple[str, str]:
    no_hooks(patient)
    write_config(patient.top)
    for name in ("pre-commit", "pre-merge-commit"):
        hook = patient.top / ".git/hooks" / name
        hook.write_text("#!/bin/sh\n# File generated by pre-commit: x\n")
        hook.chmod(0o755)
    empty = patient.top.parent / "bin"
    empty.mkdir()
    python = empty / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    return "pre-commit starts `python`, which has no package", f"ln -sf {sys.executable} {python}"


TOLD = [
    overruled_by_git_directory,
    shadow,
    shadow_in_a_folder_of_scripts,
    shadow_removed_in_the_index_only,
    mirror,
    pushes_everything,
    unreadable,
    untracked,
    stash_holds_a_run,
    lost_snapshot,
    out_of_dvc,
    settings_unknown,
    settings_of_another_project,
    ledger_is_a_link,
    private_is_a_file,
]


@pytest.mark.parametrize("make", TOLD, ids=lambda make: make.__name__)
def test_problem_of_a_person_is_told_left_and_mended_by_a_command(
    patient: Patient, make: Callable[[Patient], tuple[str, str]]
) -> None:
    title, command = make(patient)
    found = patient.look()
    assert any(title in problem.title for problem in found), found
    health = patient.heal()
    assert any(title in problem.title for problem in health.problems)
    subprocess.run(["sh", "-euc", command], cwd=patient.top, env=environment(), check=True)
    assert patient.look() == []


@pytest.mark.parametrize(
    "make",
    [
        shadow,
        shadow_in_a_folder_of_scripts,
        mirror,
        pushes_everything,
        unreadable,
        private_is_a_file,
    ],
    ids=lambda make: make.__name__,
)
def test_printed_command_is_the_one_that_mends(
    patient: Patient, make: Callable[[Patient], tuple[str, str]]
) -> None:
    _, command = make(patient)
    assert only(patient.look()).fix.partition(",")[0] == command


def test_python_of_pre_commit_is_the_one_on_path(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    title, command = framework_without_package(patient)
    monkeypatch.setenv("PATH", f"{patient.top.parent / 'bin'}:{os.environ['PATH']}")
    assert title in {problem.title.partition(" experiment")[0] for problem in patient.look()}
    python = patient.top.parent / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    assert patient.look() == []
    assert command


def test_hooks_shared_by_all_repositories_are_told_and_left(
    patient: Patient, tmp_path: Path
) -> None:
    no_hooks(patient)
    shared = tmp_path / "shared"
    config = tmp_path / "gitconfig"
    config.write_text(f"[core]\n\thooksPath = {shared}\n")
    health = patient.heal(GIT_CONFIG_GLOBAL=str(config))
    (problem,) = health.problems
    assert "core.hooksPath" in problem.where
    assert f"add this line to {shared}/pre-commit" in problem.fix
    assert not shared.exists()


# ---- facts of a machine that a test cannot change


def test_old_python_and_old_git_are_told(
    patient: Patient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "3.10" in only([*check_python((3, 10), "/usr/bin/python3")]).title
    assert [*check_python((3, 11), "python")] == []
    old = tmp_path / "git"
    old.write_text("#!/bin/sh\necho git version 2.30.9\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    problem = only([*check_git(str(patient.top), environment())])
    assert "git 2.30 is too old" in problem.title
    assert git_version("git version 2.39.5 (Apple Git-154)") == (2, 39)
    assert git_version("nonsense") is None


def test_little_space_is_told_once_per_disk(patient: Patient) -> None:
    places = [str(patient.top), str(patient.ledger), "/nowhere"]
    problem = only([*check_space(places, low_bytes=1 << 62)])
    assert "nearly full" in problem.title
    assert [*check_space(places, low_bytes=0)] == []


def test_clock_behind_the_newest_record_is_told() -> None:
    assert "clock" in only([*check_clock(NOW + 7200, "run x", NOW)]).title
    assert [*check_clock(NOW + 60, "run x", NOW)] == []
    assert [*check_clock(None, "", NOW)] == []


@pytest.mark.parametrize("place", ["ledger", "ledger/2026-02", ".git/ledger"])
def test_folder_that_cannot_be_written_is_told_and_mended(patient: Patient, place: str) -> None:
    folder = patient.top / place
    folder.mkdir(exist_ok=True)
    folder.chmod(0o555)
    argv = [
        *plain_user_prefix(),
        *(sys.executable, "-I", "-c", "from ledger.cli.main import run; run()", "doctor"),
    ]

    def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*argv, *arguments],
            cwd=patient.top,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    told = doctor()
    assert told.returncode == 1
    assert "cannot be written" in told.stdout
    assert "mended: " in doctor("--fix").stdout
    assert folder.stat().st_mode & 0o700 == 0o700
    assert doctor().returncode == 0


def test_private_folder_of_a_healthy_repository_is_fine(patient: Patient) -> None:
    assert [*check_private(patient.repository)] == []


def test_undo_after_a_mend_that_another_file_overrules(patient: Patient) -> None:
    overruled_by_git_directory(patient)
    before = (patient.ledger / ".gitattributes").read_bytes()
    patient.heal()
    assert before == (patient.ledger / ".gitattributes").read_bytes()
    assert Undo().paths == ()


# ---- the command line


def doctor(patient: Patient, *arguments: str, cwd: Path | None = None) -> tuple[int, str]:
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            "from ledger.cli.main import run; run()",
            "doctor",
            *arguments,
        ],
        cwd=cwd or patient.top,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_exit_codes_say_what_is_left(patient: Patient, tmp_path: Path) -> None:
    assert doctor(patient)[0] == 0
    no_hooks(patient)
    code, said = doctor(patient)
    assert code == 1
    assert "fix: ledger install" in said
    assert "ledger doctor --fix" in said
    code, said = doctor(patient, "--fix")
    assert (code, "mended: no check runs" in said) == (0, True)
    (tmp_path / "empty").mkdir()
    assert doctor(patient, cwd=tmp_path / "empty")[0] == 2


def test_repository_of_somebody_else_cannot_be_judged(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    said = subprocess.run(
        ["git", "status"], cwd=patient.top, env=os.environ, capture_output=True, check=False
    )
    assert b"dubious ownership" in said.stderr, "git's own test switch is gone"
    from ledger.errors import GitError
    from ledger.setup.doctor.git import refused_repository
    from ledger.storage.git import find_repository

    with pytest.raises(GitError) as caught:
        find_repository(str(patient.top), dict(os.environ))
    problem = refused_repository(caught.value, str(patient.top))
    assert "safe.directory" in problem.fix


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository away")
def test_repository_given_away_is_told_and_ends_with_2(patient: Patient) -> None:
    os.chown(patient.top, 12345, 12345)
    code, said = doctor(patient, "--fix")
    assert code == 2
    assert "it belongs to somebody else" in said
    assert f"git config --global --add safe.directory {patient.top}" in said


def test_json_holds_every_field(patient: Patient) -> None:
    import json

    no_hooks(patient)
    code, said = doctor(patient, "--format", "json")
    answer = json.loads(said.partition("\nledger:")[0])
    assert (code, answer["healthy"], answer["answer_version"]) == (1, False, 1)
    (problem,) = answer["problems"]
    assert set(problem) == {"area", "title", "where", "why", "fix", "can_mend"}


def test_every_project_of_the_repository_is_looked_at(patient: Patient) -> None:
    (patient.top / "sub/ledger").mkdir(parents=True)
    (patient.top / "sub/ledger.toml").write_text("")
    patient.commit()
    (problem, *_) = patient.look()
    assert "sub/ledger" in problem.where
    assert patient.heal().is_healthy
    assert git(patient.top, "status", "--porcelain") != ""
