"""Runs in offline files of Weights & Biases, read back from its own log."""

from __future__ import annotations

import math
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest


pytest.importorskip("wandb")

import ledger  # behind the skip
from ledger.capture.data import hash_artifact
from ledger.sync.plan import plan_run
from ledger.sync.sent_file import Remembered, SentFile, private_folder
from ledger.sync.wandb import open_wandb
from make_repo import git
from sync.wandb_log import Logged
from unit.reader.builders import COMMIT, FILLED_NOTE, FIRST, add_run, epochs, open_at


if TYPE_CHECKING:
    from ledger.sync.outcome import Sent

pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.timeout(300)]
START_S = FIRST.timestamp()


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WANDB_API_KEY", "WANDB_PROJECT", "WANDB_ENTITY", "WANDB_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WANDB_MODE", "offline")


def send(root: Path, run_id: str, *, models: bool = False, dry: bool = False) -> Sent:
    opened = open_at(root)
    plan = plan_run(opened, opened.load(run_id))
    with open_wandb("digits", private_folder(opened.project)) as target:
        return target.send(plan, with_models=models, is_dry=dry)


def logs(root: Path) -> dict[str, Logged]:
    found = (root / ".git" / "ledger" / "wandb").glob("offline-run-*/*.wandb")
    return {path.name[len("run-") : -len(".wandb")]: Logged(path) for path in found}


def only_log(root: Path) -> Logged:
    (found,) = logs(root).values()
    return found


def test_a_run_is_there_with_everything(root: Path) -> None:
    run_id = add_run(
        root,
        "full",
        epochs(loss=[0.5, 0.4, 0.45], val_acc=[0.8, 0.95, 0.9]),
        config={"opt": {"name": "sgd", "betas": [0.9, 1]}},
        metrics={"test_acc": 0.91},
        stated=["test_acc"],
        note=FILLED_NOTE,
        tags=["baseline", "l" * 70],
    )

    sent = send(root, run_id)

    log = only_log(root)
    assert ("sent", run_id, 6) == (sent.state, sent.there, sent.n_points)
    assert Path(sent.where).is_dir()
    run = log.run
    assert (run_id, run_id, "digits") == (run.run_id, run.display_name, run.project)
    assert "A smaller step converges later" in run.notes
    assert ["main", "baseline", "l" * 64] == list(run.tags)
    config = log.config
    assert {"name": "sgd", "betas": [0.9, 1]} == config["opt"]
    assert (COMMIT, "false", "3.11.7") == tuple(
        config[key] for key in ("git_commit", "git_dirty", "python_version")
    )
    assert run_id == config["ledger"]["ledger.run_id"]
    told = [(row["_step"], row["epoch"], row["val_acc"]) for row in log.history]
    assert [(0, 0, 0.8), (1, 1, 0.95), (2, 2, 0.9)] == told
    times = [row["_timestamp"] for row in log.history]
    assert [START_S + 2, START_S + 4, START_S + 6] == times
    assert {"*": "epoch"} == log.axes
    assert (0.95, 1, 0.91) == tuple(
        log.summary[key] for key in ("best/val_acc", "best/val_acc_step", "test_acc")
    )
    kept = Path(sent.where, "files", "ledger")
    assert (
        next((root / "ledger").rglob("run.json")).read_bytes() == (kept / "run.json").read_bytes()
    )
    assert {"ledger/run.json", "ledger/run.md", "ledger/config.json"} <= log.files
    assert 0 == log.exit_code


def test_nothing_of_the_machine_that_sends_is_captured(root: Path) -> None:
    send(root, add_run(root, "clean", epochs(loss=[0.5])))

    log = only_log(root)
    assert {"environment", "output", "output_raw", "stats", "alert"} & log.kinds == set()
    assert "" == log.run.git.commit
    assert socket.gethostname() not in str(log.run)
    assert [] == [name for name in log.files if not name.startswith("ledger/")]
    assert "" == git(root, "status", "--porcelain", "--", ".git", "wandb")


def test_a_second_sync_adds_nothing(root: Path) -> None:
    run_id = add_run(root, "again", epochs(loss=[0.5]))
    first = send(root, run_id)

    second = send(root, run_id)

    assert ("unchanged", 0, first.there) == (second.state, second.n_points, second.there)
    assert 1 == len(logs(root))


def test_a_dry_run_writes_nothing(root: Path) -> None:
    run_id = add_run(root, "dry", epochs(loss=[0.5]))

    sent = send(root, run_id, dry=True)

    assert ("would send", None, 1) == (sent.state, sent.there, sent.n_points)
    assert {} == logs(root)
    assert "would send" == send(root, run_id, dry=True).state


def test_a_changed_run_is_sent_whole_under_a_new_id(root: Path) -> None:
    """Appending to a run drops rows; an id that is used again replaces or mixes."""
    run_id = add_run(root, "grown", epochs(loss=[0.5]))
    send(root, run_id)
    note = next((root / "ledger").rglob("run.md"))
    note.write_text(note.read_text() + "\nlooked at again\n")

    sent = send(root, run_id)

    assert ("updated", f"{run_id}-r2") == (sent.state, sent.there)
    assert (f"sent whole as {run_id}-r2; {run_id} is an older state",) == sent.notes
    assert {run_id, f"{run_id}-r2"} == logs(root).keys()
    assert [0.5] == [row["loss"] for row in logs(root)[f"{run_id}-r2"].history]
    assert "unchanged" == send(root, run_id).state


def test_an_id_whose_sending_broke_off_is_not_used_again(root: Path) -> None:
    run_id = add_run(root, "broken", epochs(loss=[0.5]))
    begun = Remembered(id=run_id, digest=None, where="")
    folder = private_folder(open_at(root).project)
    SentFile(folder, "wandb:/digits:offline").put(run_id, begun)

    sent = send(root, run_id)

    assert ("updated", f"{run_id}-r2") == (sent.state, sent.there)


def test_files_that_cannot_be_written_are_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """wandb itself would write them into the system's folder for temporary files."""
    run_id = add_run(root, "full", epochs(loss=[0.5]))
    monkeypatch.setenv("WANDB_DIR", str(root / "ledger.toml"))  # a file, where a folder must be

    with pytest.raises(ledger.LedgerError, match="cannot be written"):
        send(root, run_id)

    monkeypatch.delenv("WANDB_DIR")
    assert run_id == send(root, run_id).there


def test_nan_and_infinity_are_kept(root: Path) -> None:
    send(root, add_run(root, "odd", epochs(loss=[0.5, math.nan, math.inf, -math.inf])))

    values = [row["loss"] for row in only_log(root).history]
    assert "[0.5, nan, inf, -inf]" == str(values)


def test_steps_that_fall_are_all_there_over_their_own_axis(root: Path) -> None:
    """A row with a smaller step than the last is dropped there without a word."""
    table = [{"epoch": e, "step": s, "loss": 1.0 + e + s} for e in (0, 1) for s in (0, 1)]

    send(root, add_run(root, "falling", table))

    log = only_log(root)
    told = [(row["_step"], row["epoch"], row["step"], row["loss"]) for row in log.history]
    assert [(0, 0, 0, 1.0), (1, 0, 1, 2.0), (2, 1, 0, 2.0), (3, 1, 1, 3.0)] == told
    assert {"*": "step"} == log.axes


@pytest.mark.parametrize(("status", "code"), [("failed", 1), ("crashed", 1), ("interrupted", 130)])
def test_the_end_of_the_run_is_told(root: Path, status: str, code: int) -> None:
    send(root, add_run(root, "ended", status=status))

    log = only_log(root)
    assert (code, status) == (log.exit_code, log.config["ledger"]["ledger.status"])


def test_what_the_run_made_is_sent_when_asked(root: Path) -> None:
    model = root / "outputs" / "model.bin"
    model.parent.mkdir()
    model.write_bytes(b"weights")
    artifacts = {
        "model": {"path": "outputs/model.bin", "hash": hash_artifact(model)[0], "bytes": 7},
        "gone": {"path": "outputs/gone.bin", "hash": "md5:" + "0" * 32, "bytes": 1},
        "output": {"path": "outputs", "hash": None, "bytes": None},  # a place, and no news
    }
    run_id = add_run(root, "made", artifacts=artifacts)

    sent = send(root, run_id, models=True)

    (note,) = sent.notes
    assert "artifact gone is missing here" in note
    assert "ledger/artifacts/model/model.bin" in only_log(root).files
    kept = Path(sent.where, "files", "ledger", "artifacts", "model", "model.bin")
    assert b"weights" == kept.read_bytes()
    assert "unchanged" == send(root, run_id).state, "what was sent with more than is asked"


TRIALS = b"""\
trial_id,attempt,execution,status,score,best_epoch,started,ended,message,lr
a/b,1,,finished,0.9,1,2026-02-01T16:30:01+00:00,2026-02-01T16:30:09+00:00,,0.1
01,1,,failed,,,2026-02-01T16:30:10+00:00,2026-02-01T16:30:12+00:00,out of memory,0.2
"""


def test_a_sweep_is_a_group_with_a_run_for_each_trial(root: Path) -> None:
    rows = [
        {"trial_id": "a/b", "attempt": 1, "epoch": epoch, "val_acc": number}
        for epoch, number in enumerate([0.8, 0.9])
    ]
    run_id = add_run(root, "sweep", rows, files={"trials.csv": TRIALS})

    sent = send(root, run_id)

    found = {log.run.display_name: log for log in logs(root).values()}
    assert {run_id, f"{run_id}#a/b", f"{run_id}#01"} == found.keys()
    assert {run_id} == {log.run.run_group for log in found.values()}
    good, bad = found[f"{run_id}#a/b"], found[f"{run_id}#01"]
    assert ("sweep", "trial") == (found[run_id].run.job_type, good.run.job_type)
    assert 0.1 == good.config["lr"]
    assert [0.8, 0.9] == [row["val_acc"] for row in good.history]
    assert 0.9 == good.summary["score"]
    assert (0, 1) == (good.exit_code, bad.exit_code)
    assert 2 == sent.n_trials
    assert "unchanged" == send(root, run_id).state


def test_a_config_that_uses_our_words_keeps_its_own(root: Path) -> None:
    config = {"ledger": "mine", "git_commit": "mine too", "a.b": {"c": 1}}

    send(root, add_run(root, "words", config=config))

    told = only_log(root).config
    assert ("mine", "mine too") == (told["ledger"], told["git_commit"])
    assert {"c": 1} == told["a.b"]
    assert COMMIT == told["ledger_"]["git.commit"]
