"""A run while it lives, in this process."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import ledger
from unit.writer.recording import only_run, read_record, read_rows, read_tables, run_dirs


if TYPE_CHECKING:
    from collections.abc import Iterator

RUNTIME = "out of memory"


def test_a_run_is_there_from_its_first_moment(project: Path) -> None:
    with ledger.start("first") as run:
        record = read_record(only_run(project))
        assert "running" == record["status"]
        assert {"run.json", "run.md"} <= {path.name for path in run.dir.iterdir()}
        assert run.id == record["run_id"] == run.dir.name


def test_a_with_block_that_ends_is_finished(project: Path) -> None:
    with ledger.start("first") as run:
        run.log(epoch=0, loss=0.5)
    record = read_record(only_run(project))
    assert "finished" == record["status"]
    assert record["timestamp"]["end"] == record["sessions"][-1]["end"]
    assert record["error"] is None
    assert 0.5 == record["metrics"]["loss"]
    assert 0 <= record["metrics"]["training_time_hours"] < 1


def test_an_exception_makes_it_failed_and_goes_on_its_way(project: Path) -> None:
    error = RuntimeError(RUNTIME)
    with pytest.raises(RuntimeError) as caught, ledger.start("first"):
        raise error
    record = read_record(only_run(project))
    assert error is caught.value
    assert "failed" == record["status"]
    assert ("RuntimeError", RUNTIME) == (record["error"]["type"], record["error"]["message"])
    assert "raise error" in "\n".join(record["error"]["traceback_tail"])


def test_ctrl_c_makes_it_interrupted(project: Path) -> None:
    with pytest.raises(KeyboardInterrupt), ledger.start("first"):
        raise KeyboardInterrupt
    record = read_record(only_run(project))
    assert "interrupted" == record["status"]
    assert record["error"] is None


@pytest.mark.parametrize(("code", "status"), [(None, "finished"), (0, "finished"), (3, "failed")])
def test_an_exit_is_judged_by_its_code(project: Path, code: int | None, status: str) -> None:
    with pytest.raises(SystemExit), ledger.start("first"):
        raise SystemExit(code)
    assert status == read_record(only_run(project))["status"]


def test_an_error_that_cannot_be_shown_is_recorded_by_its_type(project: Path) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError

    with pytest.raises(Mute), ledger.start("first"):
        raise Mute
    record = read_record(only_run(project))
    assert ("failed", "Mute") == (record["status"], record["error"]["type"])


def test_credentials_in_an_error_are_redacted(project: Path) -> None:
    message = "cannot reach https://me:hunter2secret@host/x"
    with pytest.raises(RuntimeError), ledger.start("first"):
        raise RuntimeError(message)
    assert "hunter2secret" not in (only_run(project) / "run.json").read_text()
    assert "hunter2secret" not in (only_run(project) / "run.md").read_text()


def test_finish_counts_once(project: Path) -> None:
    run = ledger.start("first")
    run.finish()
    before = (only_run(project) / "run.json").read_bytes()
    run.finish("failed")
    assert before == (only_run(project) / "run.json").read_bytes()


def test_what_comes_after_the_end_is_said_and_not_recorded(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = ledger.start("first")
    run.log(epoch=0, loss=1.0)
    run.finish()
    before = {path.name: path.read_bytes() for path in run.dir.iterdir()}
    run.log(epoch=1, loss=0.5)
    run.log(epoch=2, loss=0.5)
    run.final(test_acc=0.9)
    run.artifact("model", "train.py")
    assert before == {path.name: path.read_bytes() for path in run.dir.iterdir()}
    assert 1 == capsys.readouterr().err.count("rows logged now are not recorded")
    assert project.exists()


def test_log_takes_a_mapping_and_keywords(project: Path) -> None:
    with ledger.start("first") as run:
        run.log({"val/acc": 0.5, "epoch": 0}, loss=1.0)
        run.log({"epoch": 1, "val/acc": 0.75, "loss": 0.5})
    assert [
        {"epoch": "0", "val/acc": "0.5", "loss": "1.0"},
        {"epoch": "1", "val/acc": "0.75", "loss": "0.5"},
    ] == read_rows(only_run(project))


def test_log_goes_to_the_run_started_last(project: Path) -> None:
    with ledger.start("outer") as outer:
        with ledger.start("inner") as inner:
            ledger.log(epoch=0, loss=1.0)
        ledger.log(epoch=0, loss=2.0)
    assert [{"epoch": "0", "loss": "1.0"}] == read_rows(inner.dir)
    assert [{"epoch": "0", "loss": "2.0"}] == read_rows(outer.dir)
    assert 2 == len(run_dirs(project))


def test_log_without_a_run_says_what_to_do(project: Path) -> None:
    with pytest.raises(ledger.LedgerError, match=r"ledger\.start"):
        ledger.log(loss=1.0)
    assert [] == run_dirs(project)


def test_the_summary_is_of_finite_values_and_last_is_of_all(project: Path) -> None:
    with ledger.start("first") as run:
        for epoch, loss in enumerate([2.0, 1.0, 3.0, float("nan")]):
            run.log(epoch=epoch, loss=loss)
    record = read_record(only_run(project))
    assert {
        "last": "nan",
        "min": 1.0,
        "min_at": 1,
        "max": 3.0,
        "max_at": 2,
        "n": 4,
        "n_nonfinite": 1,
    } == record["summary"]["loss"]
    assert "nan" == record["metrics"]["loss"]


def test_files_are_those_of_the_folder(project: Path) -> None:
    with ledger.start("first") as run:
        run.log(epoch=0, loss=1.0)
    data = (only_run(project) / "metrics.csv").read_bytes()
    entry = {"sha256": hashlib.sha256(data).hexdigest(), "rows": 1, "bytes": len(data)}
    assert {"metrics.csv": entry} == read_record(only_run(project))["files"]


def test_a_run_without_rows_has_no_table(project: Path) -> None:
    with ledger.start("first"):
        pass
    assert {"run.json", "run.md"} == {path.name for path in only_run(project).iterdir()}
    assert {} == read_record(only_run(project))["files"]


def test_stated_metrics_stand_over_the_last_row(project: Path) -> None:
    with ledger.start("first") as run:
        run.log(epoch=0, val_acc=0.5)
        run.final({"val_acc": np.float32(0.75)}, test_acc=np.float64(0.5), n=np.int64(3))
        run.final(test_loss=float("nan"))
    record = read_record(only_run(project))
    assert ["n", "test_acc", "test_loss", "val_acc"] == record["stated"]
    assert {"val_acc": 0.75, "test_acc": 0.5, "n": 3, "test_loss": "nan"} == {
        name: record["metrics"][name] for name in record["stated"]
    }
    assert 0.5 == record["summary"]["val_acc"]["last"]


def test_a_final_that_is_no_number_is_said_and_left_out(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ledger.start("first") as run:
        run.final(matrix=np.zeros(3), huge=10**5000, acc=0.5)
    assert ["acc"] == read_record(only_run(project))["stated"]
    assert "matrix" in capsys.readouterr().err


def test_an_artifact_is_its_path_hash_and_bytes(project: Path) -> None:
    (project / "outputs").mkdir()
    (project / "outputs" / "model.pt").write_bytes(b"weights")
    with ledger.start("first") as run:
        run.artifact("model", Path("outputs/model.pt"))
    assert {
        "path": "outputs/model.pt",
        "hash": f"md5:{hashlib.md5(b'weights', usedforsecurity=False).hexdigest()}",
        "bytes": 7,
    } == read_record(only_run(project))["artifacts"]["model"]


def test_an_artifact_may_be_a_folder(project: Path) -> None:
    (project / "plots").mkdir()
    (project / "plots" / "a.svg").write_bytes(b"aa")
    (project / "plots" / "b.svg").write_bytes(b"bbb")
    with ledger.start("first") as run:
        run.artifact("plots", "plots")
    entry = read_record(only_run(project))["artifacts"]["plots"]
    assert ("plots", 5) == (entry["path"], entry["bytes"])
    assert entry["hash"].endswith(".dir")


def test_an_artifact_outside_the_project_keeps_its_absolute_path(
    project: Path, tmp_path: Path
) -> None:
    (tmp_path / "model.pt").write_bytes(b"weights")
    with ledger.start("first") as run:
        run.artifact("model", tmp_path / "model.pt")
    entry = read_record(only_run(project))["artifacts"]["model"]
    assert (tmp_path / "model.pt").as_posix() == entry["path"]


def test_a_missing_artifact_is_recorded_without_a_hash_and_said(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ledger.start("first") as run:
        run.artifact("model", "nowhere.pt")
    entry = read_record(only_run(project))["artifacts"]["model"]
    assert {"path": "nowhere.pt", "hash": None, "bytes": None} == entry
    assert "nowhere.pt" in capsys.readouterr().err


def test_a_run_may_start_and_end_in_a_thread(project: Path) -> None:
    def work() -> None:
        with ledger.start("threaded") as run:
            run.log(epoch=0, loss=1.0)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert "finished" == read_record(only_run(project))["status"]


def test_a_generator_that_is_closed_ends_its_run(project: Path) -> None:
    def epochs() -> Iterator[int]:
        with ledger.start("lazy") as run:
            for epoch in range(10):
                run.log(epoch=epoch, loss=1.0)
                yield epoch

    lazy = epochs()
    next(lazy)
    lazy.close()
    record = read_record(only_run(project))
    assert 1 == record["files"]["metrics.csv"]["rows"]
    assert "interrupted" == record["status"]


def test_a_cancelled_task_is_interrupted(project: Path) -> None:
    async def work() -> None:
        with ledger.start("async") as run:
            run.log(epoch=0, loss=1.0)
            await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    assert "interrupted" == read_record(only_run(project))["status"]


def test_rows_of_several_threads_are_all_there(project: Path) -> None:
    with ledger.start("threads") as run:

        def log(thread: int) -> None:
            for step in range(100):
                run.log(step=step, **{f"loss_{thread}": float(step)})

        threads = [threading.Thread(target=log, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert 400 == sum(len(table.rows) for table in read_tables(only_run(project)))


def test_seeds_set_while_the_run_is_open_are_recorded(project: Path) -> None:
    with ledger.start("seeded", seed=np.int64(7)):  # type: ignore[arg-type]  # what a config of numpy holds
        ledger.seed_everything(42)
    random = read_record(only_run(project))["random"]
    assert (42, 42) == (random["python_seed"], random["numpy_seed"])
    assert 42 == random["seed"]


def test_a_name_that_utf_8_cannot_hold_never_stops_a_run(project: Path) -> None:
    with ledger.start("lone \ud800", tags=["\udcff"]) as run:
        run.log({"loss\ud800": 1.0})
        run.final({"acc\ud800": 1.0})
        run.artifact("model\ud800", os.fsdecode(b"model\xff.pt"))
    record = read_record(only_run(project))
    assert "finished" == record["status"]
    assert {"loss?", "acc?", "training_time_hours"} == set(record["metrics"])


def test_the_goodbye_names_the_best_and_where_the_note_waits(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEDGER_QUIET")
    with ledger.start("first", objective=("val_acc", "max")) as run:
        for epoch, acc in enumerate([0.5, 0.75, 0.625]):
            run.log(epoch=epoch, val_acc=acc)
    said = capsys.readouterr()
    assert "" == said.out
    assert 1 == said.err.count("\n")
    assert all(
        word in said.err for word in ("finished", "val_acc 0.75", "1", f"ledger note {run.id}")
    )
    assert project.exists()


def test_quiet_is_quiet(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ledger.start("first", objective=("val_acc", "max")) as run:
        run.log(epoch=0, val_acc=0.5)
    assert ("", "") == capsys.readouterr()
    assert project.exists()


def test_an_artifact_that_is_no_path_is_said_and_left_out(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ledger.start("run") as run:
        run.artifact("checkpoint", None)  # type: ignore[arg-type]  # what a best_path often is
    assert {} == read_record(only_run(project))["artifacts"]
    assert "None is no path" in capsys.readouterr().err


def test_goals_are_stated_for_columns_that_are_there_and_for_those_to_come(project: Path) -> None:
    with ledger.start("aimed") as run:
        run.log(auc=0.5)
        run.set_goals({"auc": "max", "loss": "min", "epoch": "min"})
        assert read_record(run.dir)["columns"]["auc"] == {"role": "metric", "goal": "max"}
        run.log(auc=0.75, loss=0.5, epoch=1)
    columns = read_record(only_run(project))["columns"]
    goals = {name: each["goal"] for name, each in columns.items() if "goal" in each}
    assert goals == {"auc": "max", "loss": "min"}


def test_what_is_known_at_the_end_alone_is_stated_before_the_seal(project: Path) -> None:
    def fails() -> None:
        message = "gone"
        raise KeyError(message)

    with ledger.start("late") as run:
        run.before_seal(lambda: run.final(best_iteration=3))
        run.before_seal(fails)
        run.before_seal(lambda: run.final(best_score=0.5))
    record = read_record(only_run(project))
    assert {"best_iteration", "best_score"} <= set(record["stated"])
    assert "a last step was not recorded: KeyError: 'gone'" in record["incomplete"]
    assert record["status"] == "finished"
