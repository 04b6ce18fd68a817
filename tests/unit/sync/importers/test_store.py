"""What an import leaves in the ledger: once, whole, and as the checks want it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from ledger.cli.main import main
from ledger.storage import files
from make_repo import make_repo
from unit.reader.builders import add_run, make_project
from unit.sync.importers.imported import only_run, record_in, run_dirs, run_import
from unit.sync.importers.sources import REAL, write_oracle, write_trial


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def past(project: Path) -> Path:
    """Return a project folder of KerasTuner in ``project``."""
    folder = project / "past"
    write_oracle(folder)
    write_trial(folder, "0")
    return folder


def test_second_import_adds_nothing_and_says_so(project: Path, past: Path) -> None:
    run_import("keras-tuner", past)
    before = only_run(project)

    done = run_import("keras-tuner", past)

    assert (0, "") == (done.exit_code, done.stdout)
    assert f"past: is here as {before.name}; nothing is imported\n" == done.stderr
    assert before == only_run(project)


def test_copy_made_at_another_time_is_the_same_run(project: Path, past: Path) -> None:
    run_import("keras-tuner", past)
    copy = shutil.copytree(past, project / "copy", copy_function=shutil.copyfile)
    os.utime(copy / "oracle.json", (0, 0))

    run_import("keras-tuner", copy)

    assert "past" == record_in(only_run(project))["name"]


def test_id_follows_from_the_content_alone(project: Path, past: Path) -> None:
    run_import("keras-tuner", past)
    first = only_run(project).name
    shutil.rmtree(only_run(project))
    for path in (past / "oracle.json", past / "trial_0" / "trial.json"):
        os.utime(path, (1, 1))

    run_import("keras-tuner", past)

    assert first == only_run(project).name
    assert "1970-01" == only_run(project).parent.name


def test_changed_source_is_a_new_run_that_follows_the_old(project: Path, past: Path) -> None:
    run_import("keras-tuner", past)
    first = only_run(project).name
    write_trial(past, "1", score=0.75)
    done = run_import("keras-tuner", past)
    assert f"follows {first}" in done.stdout
    second = next(path.name for path in run_dirs(project) if path.name != first)
    write_trial(past, "2")

    done = run_import("keras-tuner", past)

    assert f"follows {second}" in done.stdout
    parents = {record_in(path).parent for path in run_dirs(project)}
    assert {None, first, second} == parents


def test_dry_run_writes_nothing(project: Path, past: Path) -> None:
    done = run_import("keras-tuner", past, "--dry-run")

    assert 0 == done.exit_code
    assert done.stdout.startswith("would import past as keras-tuner_past-")
    assert [] == [*(project / "ledger").iterdir()]


def test_search_that_was_recorded_while_it_ran_is_not_imported(project: Path, past: Path) -> None:
    run_id = add_run(project, "live")
    (past / "ledger.json").write_text(f'{{"run_id": "{run_id}"}}', encoding="utf-8")

    done = run_import("keras-tuner", past)

    assert (0, "") == (done.exit_code, done.stdout)
    assert f"was recorded as {run_id} while it ran" in done.stderr


def test_full_disk_leaves_nothing(
    project: Path, past: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is written last; until all is there, nothing is a run."""
    real = files.write_all
    n_left = [3]

    def failing(handle: int, data: bytes) -> None:
        n_left[0] -= 1
        if n_left[0] < 0:
            raise OSError(28, "No space left on device")
        real(handle, data)

    monkeypatch.setattr(files, "write_all", failing)

    done = run_import("keras-tuner", past)

    assert 2 == done.exit_code
    assert "No space left on device" in done.stderr
    assert [] == run_dirs(project)
    monkeypatch.undo()
    monkeypatch.chdir(project)
    assert 0 == run_import("keras-tuner", past).exit_code


def test_leftovers_of_an_import_that_was_killed_go(project: Path, past: Path) -> None:
    dead = project / "ledger" / ".import.999999999.tmp"
    living = project / "ledger" / f".import.{os.getppid()}.tmp"
    for folder in (dead, living):
        (folder / "run").mkdir(parents=True)

    run_import("keras-tuner", past)

    assert (False, True) == (dead.exists(), living.exists())
    assert past.exists()
    assert 1 == len([path for path in run_dirs(project) if (path / "run.json").exists()])


def test_imported_runs_pass_every_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = make_repo(tmp_path, {"train.py": "pass\n"})
    make_project(repo)
    for sweep in ("random", "random_exec2", "hyperband"):
        shutil.copytree(REAL / sweep, repo / "past" / sweep)
    monkeypatch.chdir(repo)
    assert 0 == run_import("keras-tuner", *sorted((repo / "past").iterdir())).exit_code

    done = CliRunner().invoke(main, ["check", "--all"])

    assert 0 == done.exit_code
    assert "3 runs judged: 0 to mend" in done.stderr


def test_large_table_is_thinned_as_that_of_any_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = make_repo(tmp_path, {"train.py": "pass\n"})
    make_project(repo, settings="max_table_mb = 0.2")
    lines = [f"0,{epoch},0.1,{epoch / 7}\n" for epoch in range(1, 20_000)]
    table = "".join(["trial_id,epoch,lr,val_acc\n", *lines])
    (repo / "long_master_log.csv").write_text(table, encoding="utf-8")
    monkeypatch.chdir(repo)

    assert 0 == run_import("kt-masterlog", "long_master_log.csv").exit_code

    record = record_in(only_run(repo))
    thinned = record["thinned"]["metrics.csv"]  # type: ignore[index,call-overload]  # JSON
    assert 19_999 == thinned["rows"]  # type: ignore[index,call-overload]  # JSON
    assert 19_999 == (repo / str(thinned["path"])).read_bytes().count(b"\n") - 1  # type: ignore[index,call-overload]
    assert (only_run(repo) / "metrics.csv").stat().st_size < 200_000
    assert 0 == CliRunner().invoke(main, ["check", "--all"]).exit_code
