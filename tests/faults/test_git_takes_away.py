"""git takes the folder of a running run away: no row is lost, and git goes on working."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ledger
from ledger.contract.live import WHERE_NAME
from ledger.storage import files
from make_repo import commit_files, git
from unit.writer.recording import (
    LIMIT_SECONDS,
    begin_training,
    end_of,
    ledger_command,
    make_project,
    read_record,
    read_rows,
    run_dirs,
    wait_until,
)


# Does what each line of standard input says, and answers with a line.
OBEDIENT = """
import ledger, sys
run = ledger.start("run", hypothesis="it lasts", objective=("loss", "min"))
run.log(epoch=0, loss=1.0)
assert run.wait_for_capture(60)
print(run.id, flush=True)
epoch = 0
for line in sys.stdin:
    epoch += 1
    more = {f"extra_{epoch}": 1.0} if "widen" in line else {}
    run.log(epoch=epoch, loss=1 / (epoch + 1), **more)
    print("ok", flush=True)
    if "end" in line:
        break
run.final(test_acc=0.5)
run.artifact("script", __file__)
run.finish()
"""


class Training:
    """A training that logs a row for every word it is told."""

    def __init__(self, project: Path) -> None:
        self.project = project
        self.process = begin_training(project, OBEDIENT)
        assert self.process.stdout is not None
        self.run_id = self.process.stdout.readline().strip()
        self.n_rows = 1

    @property
    def run_dir(self) -> Path:
        (found,) = [each for each in run_dirs(self.project) if each.name == self.run_id]
        return found

    @property
    def live(self) -> Path:
        return self.project / ".git" / "ledger" / "live" / self.run_id

    def tell(self, word: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        assert "ok\n" == self.process.stdout.readline()
        self.n_rows += 1

    def end(self) -> str:
        """Let it finish; return what it said on stderr."""
        self.tell("end")
        code, _, stderr = end_of(self.process)
        assert 0 == code, stderr
        return stderr


def stash(project: Path) -> None:
    git(project, "stash", "--include-untracked")


def clean(project: Path) -> None:
    git(project, "clean", "-fdx")


def reset_hard(project: Path) -> None:
    git(project, "add", "--all")
    git(project, "reset", "--hard")


def switch_by_force(project: Path) -> None:
    git(project, "add", "--all")
    git(project, "checkout", "--force", "-b", "other", "HEAD~1")


TAKES_AWAY = {each.__name__: each for each in (stash, clean, reset_hard, switch_by_force)}


def assert_whole(project: Path, run_id: str, n_rows: int) -> None:
    """The run stands in its folder, sealed, with all its rows, and nothing is left in live."""
    (run_dir,) = [each for each in run_dirs(project) if each.name == run_id]
    record = read_record(run_dir)
    assert ("finished", None) == (record["status"], record.get("incomplete"))
    assert [str(n) for n in range(n_rows)] == [row["epoch"] for row in read_rows(run_dir)]
    assert n_rows == record["summary"]["loss"]["n"]
    assert not (project / ".git" / "ledger" / "live" / run_id).exists()
    assert {"metrics.csv", "run.json", "run.md"} <= {path.name for path in run_dir.iterdir()}
    judged = json.loads(ledger_command(project, "check", run_id, "--format", "json").stdout)
    assert {"LED102"} >= {one["code"] for one in judged["findings"]}, judged


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with two commits."""
    made = make_project(tmp_path)
    commit_files(made, {"src/model.py": "WIDTH = 4\n"})
    return made


@pytest.mark.parametrize("name", TAKES_AWAY)
@pytest.mark.parametrize("word", ["log", "widen"])
def test_a_folder_taken_away_comes_back_with_every_row(project: Path, name: str, word: str) -> None:
    training = Training(project)
    TAKES_AWAY[name](project)
    assert [] == run_dirs(project)
    training.tell(word)
    training.tell("log")
    assert training.run_id in ledger_command(project, "ls").stdout

    said = training.end()

    assert "its folder was taken away" in said
    if name == "stash":
        git(project, "stash", "pop")
    if name == "switch_by_force":
        git(project, "checkout", "main")
    listed = ledger_command(project, "ls")
    assert 0 == listed.returncode, listed.stderr
    assert_whole(project, training.run_id, training.n_rows)


def test_a_folder_that_comes_back_with_fewer_rows_is_read_from_live_and_has_all_at_the_end(
    project: Path,
) -> None:
    training = Training(project)
    stash(project)
    training.tell("log")
    git(project, "stash", "pop")
    assert ["0"] == [row["epoch"] for row in read_rows(training.run_dir)]

    answer = ledger_command(project, "query", "best loss", "--format", "json")

    assert 1 == json.loads(answer.stdout)["rows"][0]["epoch"]
    training.tell("widen")
    assert "taken away" not in training.end()
    assert_whole(project, training.run_id, training.n_rows)


def test_a_stash_keeps_the_run_away_until_it_is_applied(project: Path) -> None:
    training = Training(project)
    stash(project)
    training.tell("log")
    training.end()

    listed = ledger_command(project, "ls")

    assert training.run_id in listed.stdout
    assert "stash@{0} holds its place" in listed.stderr
    assert [] == run_dirs(project)
    git(project, "stash", "pop")
    ledger_command(project, "ls")
    assert_whole(project, training.run_id, training.n_rows)


def test_a_dropped_stash_lets_the_run_come_back(project: Path) -> None:
    training = Training(project)
    stash(project)
    training.end()
    git(project, "stash", "drop")

    listed = ledger_command(project, "ls")

    assert f"{training.run_id} is back in" in listed.stderr
    assert_whole(project, training.run_id, training.n_rows)


def test_a_branch_that_holds_the_run_keeps_it_away_until_it_is_checked_out(project: Path) -> None:
    """A run that was committed while it ran, past the hook, and left with its branch."""
    training = Training(project)
    git(project, "checkout", "-b", "side")
    git(project, "add", "--all")
    git(project, "commit", "--no-verify", "-m", "too early")
    git(project, "checkout", "main")
    assert [] == run_dirs(project)
    training.tell("log")
    training.end()
    assert "side holds its place" in ledger_command(project, "ls").stderr

    git(project, "checkout", "side")

    ledger_command(project, "ls")
    assert_whole(project, training.run_id, training.n_rows)


def test_a_rebase_under_a_running_run_loses_no_row(project: Path) -> None:
    git(project, "branch", "upstream")
    training = Training(project)
    git(project, "add", "--all")
    git(project, "commit", "--no-verify", "-m", "too early")
    git(project, "checkout", "upstream")
    commit_files(project, {"other.py": "X = 1\n"})
    git(project, "checkout", "main")
    training.tell("log")
    git(project, "checkout", "--", ".")
    git(project, "rebase", "upstream")
    training.tell("widen")
    training.end()
    ledger_command(project, "ls")
    assert_whole(project, training.run_id, training.n_rows)


def test_the_run_of_a_removed_worktree_comes_home(project: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    git(project, "worktree", "add", "--quiet", str(tree), "HEAD")
    training = Training(tree)
    git(project, "worktree", "remove", "--force", str(tree))
    assert not tree.exists()
    training.tell("log")
    training.tell("widen")
    training.end()

    listed = ledger_command(project, "ls")

    assert 0 == listed.returncode, listed.stderr
    assert_whole(project, training.run_id, training.n_rows)


def test_a_worktree_leaves_the_runs_of_another_alone(project: Path, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    git(project, "worktree", "add", "--quiet", str(tree), "HEAD")
    training = Training(tree)
    clean(tree)
    training.end()

    assert "no run" in ledger_command(project, "ls").stderr

    ledger_command(tree, "ls")
    (run_dir,) = run_dirs(tree)
    assert training.run_id == run_dir.name


def test_a_killed_run_whose_folder_is_away_is_sealed_and_comes_back(project: Path) -> None:
    training = Training(project)
    clean(project)
    training.tell("log")
    training.process.kill()
    training.process.communicate()

    listed = ledger_command(project, "ls")

    assert "sealed as crashed" in listed.stderr
    (run_dir,) = run_dirs(project)
    record = read_record(run_dir)
    assert ("crashed", 2) == (record["status"], record["files"]["metrics.csv"]["rows"])
    assert not training.live.exists()


def test_many_who_heal_at_once_heal_each_run_once(project: Path) -> None:
    training = Training(project)
    clean(project)
    training.tell("log")
    training.process.kill()
    training.process.communicate()
    command = [sys.executable, "-c", "from ledger.cli.main import run; run()", "ls"]
    healers = [
        subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE, text=True) for _ in range(6)
    ]
    said = [healer.communicate(timeout=LIMIT_SECONDS)[1] for healer in healers]

    assert 1 == sum("sealed as crashed" in each for each in said), said
    assert 1 == sum("is back in" in each for each in said), said
    (run_dir,) = run_dirs(project)
    assert ["0", "1"] == [row["epoch"] for row in read_rows(run_dir)]


def test_the_next_start_seals_a_run_whose_process_is_gone(project: Path) -> None:
    training = Training(project)
    training.process.kill()
    training.process.communicate()

    following = Training(project)

    wait_until(lambda: read_record(training.run_dir)["status"] == "crashed")
    assert not training.live.exists()
    assert following.live.exists()
    assert "sealed as crashed" in following.end()


def test_a_git_directory_that_cannot_be_written_to_costs_only_the_protection(
    project: Path,
) -> None:
    (project / ".git" / "ledger").write_text("in the way")
    training = Training(project)
    training.tell("log")
    training.process.communicate("end\n", timeout=LIMIT_SECONDS)
    assert ["0", "1", "2"] == [row["epoch"] for row in read_rows(training.run_dir)]
    assert "finished" == read_record(training.run_dir)["status"]


def run_once(project: Path) -> str:
    """Run a training to its end and return the id of the run."""
    training = Training(project)
    training.end()
    return training.run_id


def test_a_run_made_meanwhile_is_not_in_the_way_of_a_stash(project: Path) -> None:
    """Both runs name the same package list and code manifest; git overwrites no untracked file."""
    first = run_once(project)
    stash(project)
    second = run_once(project)

    git(project, "stash", "pop")

    assert {first, second} == {each.name for each in run_dirs(project)}
    assert 1 == len(list((project / "ledger" / "environments").iterdir()))


def test_a_run_made_on_another_branch_is_not_in_the_way_of_a_checkout(project: Path) -> None:
    git(project, "checkout", "-b", "side")
    run_once(project)
    git(project, "add", "--all")
    git(project, "commit", "--no-verify", "-m", "a run")
    git(project, "checkout", "main")
    second = run_once(project)
    assert not (project / "ledger" / "environments").exists()
    shown = ledger_command(project, "compare", second, second)
    assert 0 == shown.returncode, "the package list is read from the store"

    git(project, "checkout", "side")

    assert 2 == len(run_dirs(project))


def test_a_shared_file_that_waits_is_told_with_the_command_that_brings_it(project: Path) -> None:
    git(project, "checkout", "-b", "side")
    run_once(project)
    git(project, "add", "--all")
    git(project, "commit", "--no-verify", "-m", "a run")
    git(project, "checkout", "main")
    second = run_once(project)

    judged = ledger_command(project, "check", second, "--format", "json")

    fixes = {one["fix"] for one in json.loads(judged.stdout)["findings"] if one["code"] == "LED104"}
    assert {f"ledger commit {second}"} == fixes


def test_a_run_outlives_the_removal_of_its_second_home(tmp_path: Path) -> None:
    """Somebody tidies the git directory up; the run's own folder is all there."""
    project = make_project(tmp_path)
    training = Training(project)
    shutil.rmtree(project / ".git" / "ledger" / "live")
    code, _, said = end_of(training.process)
    assert 0 == code, said
    record = read_record(training.run_dir)
    assert ("finished", None) == (record["status"], record.get("incomplete"))
    assert {"test_acc": 0.5, "loss": 1.0}.items() <= record["metrics"].items()


def test_a_second_home_tells_where_it_belongs_when_it_holds_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who heals at this moment takes one without a record for one that is being removed."""
    seen: list[bool] = []
    replace = files.replace_file

    def look(path: str, data: bytes, **options: Any) -> None:
        if Path(path).name == WHERE_NAME:
            seen.append(Path(path).with_name("run.json").exists())
        replace(path, data, **options)

    monkeypatch.setattr("ledger.writer.home.replace_file", look)
    monkeypatch.chdir(make_project(tmp_path))
    ledger.start("run").finish()
    assert [True] == seen
