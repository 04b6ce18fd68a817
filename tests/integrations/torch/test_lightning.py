"""Trainings of real Lightning with the logger: tiny models, on the processor."""

from __future__ import annotations

import argparse
import copy
import os
import pickle
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import ledger
from make_repo import commit_files
from unit.writer.recording import only_run, read_record, read_rows, run_dirs


if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REASON = "no CPU build of torch: `.ci/run` installs one where pip offers it"
torch = pytest.importorskip("torch", reason=REASON)
L = pytest.importorskip("lightning", reason=REASON)
# what Lightning and torch say of each other
pytestmark = [pytest.mark.timeout(240), pytest.mark.filterwarnings("default")]


class Line(L.LightningModule):  # type: ignore[misc,name-defined]  # no types without torch
    def __init__(self, lr: float = 0.1, **more: Any) -> None:  # noqa: ARG002  # saved
        super().__init__()
        self.save_hyperparameters()
        self.layer = torch.nn.Linear(2, 1)

    def loss(self, batch: Any) -> Any:
        return ((self.layer(batch[0]) - 1.0) ** 2).mean()

    def training_step(self, batch: Any, _: int) -> Any:
        loss = self.loss(batch)
        self.log("loss", loss, on_step=True)
        return loss

    def validation_step(self, batch: Any, _: int) -> None:
        self.log("val_loss", self.loss(batch))

    def test_step(self, batch: Any, _: int) -> None:  # noqa: PT019  # no test
        self.log("test_loss", self.loss(batch))

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def batches(n: int = 8) -> Any:
    data = torch.utils.data.TensorDataset(torch.ones(n, 2))
    return torch.utils.data.DataLoader(data, batch_size=4)


def trainer(logger: Any, *callbacks: Any, epochs: int = 2, **options: Any) -> Any:
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    known = {"max_epochs": epochs, "log_every_n_steps": 1, "logger": logger, **quiet}
    return L.Trainer(callbacks=[*callbacks], **{**known, **options})


def logger(*arguments: Any, **options: Any) -> Any:
    from ledger.integrations.lightning import LedgerLogger

    return LedgerLogger(*arguments, **options)


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Put the signal handlers back: Lightning ignores Ctrl-C once it has seen one."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def test_a_fit_and_its_test_are_one_run(project: Path) -> None:
    told = logger("line", hypothesis="it fits", tags=["small"])
    saves = L.pytorch.callbacks.ModelCheckpoint(monitor="val_loss", mode="min")
    ours = trainer(told, saves)
    model = Line(lr=0.1, net={"width": [3, 4]}, extra=argparse.Namespace(depth=2))
    ours.fit(model, batches(), batches(4))
    found = ours.test(model, batches(4), verbose=False)[0]
    run = only_run(project)
    assert read_record(run)["status"] == "running"
    told.experiment.finish()

    record, rows = read_record(run), read_rows(run)
    assert (record["status"], record["name"], record["tags"]) == ("finished", "line", ["small"])
    resolved = {"lr": 0.1, "net": {"width": [3, 4]}, "extra": {"depth": 2}}
    assert record["config"]["resolved"] == resolved
    assert record["objective"] == {"metric": "val_loss", "goal": "min"}
    assert [(row["epoch"], row["step"]) for row in rows if "loss" in row] == [
        ("0", "0"),
        ("0", "1"),
        ("1", "2"),
        ("1", "3"),
    ]
    # the check that Lightning makes before the first epoch is no result of it
    assert [row["epoch"] for row in rows if "val_loss" in row] == ["0", "1"]
    assert record["metrics"]["test_loss"] == found["test_loss"]
    assert record["stated"] == ["test_loss"]
    saved = record["artifacts"]["checkpoint"]
    assert saved["path"] == os.path.relpath(saves.best_model_path, project)
    assert saved["hash"]
    assert run.name in saved["path"]
    assert (told.name, told.version) == ("line", run.name)
    assert set(record["columns"]) == {"epoch", "step", "time", "loss", "val_loss"}


def test_an_open_run_stays_open(project: Path) -> None:
    with ledger.start("open", config={"lr": 0.1}) as run:
        told = logger(run)
        trainer(told, epochs=1).fit(Line(), batches())
        assert run.is_open
        assert (told.name, told.version) == ("open", run.id)
        told.experiment.final(acc=1.0)
    record = read_record(only_run(project))
    assert (record["status"], record["metrics"]["acc"]) == ("finished", 1.0)


def test_hyperparameters_that_come_too_late_are_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ledger.start("open", config={"lr": 0.1}) as run:
        trainer(logger(run), epochs=1).fit(Line(lr=0.1, depth=3), batches())
    assert "depth came after its start" in capsys.readouterr().err
    assert read_record(only_run(project))["config"]["resolved"] == {"lr": 0.1}


def test_configs_of_omegaconf_and_lightnings_own_seed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    omegaconf = pytest.importorskip("omegaconf")
    for name in ("PL_GLOBAL_SEED", "PL_SEED_WORKERS"):
        monkeypatch.setenv(name, "")  # Lightning sets them for good
    L.seed_everything(11, verbose=False)
    told = logger("omega")
    net = {"width": 3, "twice": "${net.width}"}
    told.log_hyperparams(omegaconf.OmegaConf.create({"net": net, "open": "???"}))
    told.log_metrics({"loss": 1.0, "epoch": float("nan")}, step=0)
    told.log_metrics({"loss": 0.5, "epoch": 0.5}, step=1)
    told.experiment.finish()

    record = read_record(only_run(project))
    resolved = {"net": {"width": 3, "twice": 3}, "open": "<MissingMandatoryValue>"}
    assert record["config"]["resolved"] == resolved
    assert record["random"]["seed"] == 11
    rows = read_rows(only_run(project))
    assert [(row["step"], row["metric.epoch"]) for row in rows] == [("0", "nan"), ("1", "0.5")]


def test_another_fit_counts_on_and_the_same_trainer_goes_on(project: Path) -> None:
    told = logger("twice")
    ours = trainer(told, epochs=1)
    ours.fit(Line(), batches())
    ours.fit_loop.max_epochs = 2
    ours.fit(ours.model, batches())
    trainer(told, epochs=1).fit(Line(), batches())
    told.experiment.finish()

    rows = [row for row in read_rows(only_run(project)) if "loss" in row]
    assert [row["step"] for row in rows] == ["0", "1", "2", "3", "4", "5"]
    assert [row["epoch"] for row in rows] == ["0", "0", "1", "1", "2", "2"]


def test_a_fit_from_a_checkpoint_counts_as_lightning_does(project: Path) -> None:
    told = logger("first")
    ours = trainer(told, epochs=1)
    ours.fit(Line(), batches())
    path = ours.checkpoint_callback.best_model_path
    told.experiment.finish()
    again = logger("again", parent=told.version)
    trainer(again, epochs=2).fit(Line(), batches(), ckpt_path=path)
    again.experiment.finish()

    first, second = (read_record(folder) for folder in run_dirs(project))
    first, second = (first, second) if first["name"] == "first" else (second, first)
    assert second["parent"] == first["run_id"]
    rows = read_rows(project / "ledger" / second["run_id"][:7] / second["run_id"])
    assert [row["step"] for row in rows] == ["2", "3"]


class Breaks(L.Callback):  # type: ignore[misc,name-defined]
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def on_train_epoch_end(self, *_: Any) -> None:
        raise self.error


@pytest.mark.parametrize("is_open", [False, True], ids=["named", "open"])
@pytest.mark.parametrize(
    ("error", "raised", "status"),
    [
        (ValueError("out of memory"), ValueError, "failed"),
        (KeyboardInterrupt(), SystemExit, "interrupted"),
    ],
    ids=["error", "ctrl-c"],
)
def test_what_stops_a_fit_is_in_the_record(
    project: Path, error: BaseException, raised: type[BaseException], status: str, is_open: bool
) -> None:
    def fit(told: Any) -> None:
        trainer(told, Breaks(error)).fit(Line(), batches())

    if is_open:
        run = ledger.start("breaks")
        with pytest.raises(raised), run:
            fit(logger(run))
    else:
        with pytest.raises(raised):
            fit(logger("breaks"))

    record = read_record(only_run(project))
    assert record["status"] == status
    assert (record["error"] or {}).get("message") == (
        "out of memory" if status == "failed" else None
    )
    assert len(read_rows(only_run(project))) == 2


def test_after_a_failure_the_logger_records_another_run(project: Path) -> None:
    told = logger("retried")
    with pytest.raises(ValueError, match="no"):
        trainer(told, Breaks(ValueError("no"))).fit(Line(), batches())
    failed = told.version
    trainer(told, epochs=1).fit(Line(), batches())
    told.experiment.finish()

    records = {record["run_id"]: record for record in map(read_record, run_dirs(project))}
    assert len(records) == 2
    second = records.pop(told.version)
    assert (second["status"], second["parent"]) == ("finished", failed)
    assert records[failed]["status"] == "failed"


def test_other_ranks_record_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lightning_utilities.core.rank_zero import rank_zero_only

    told = logger("ranks")
    monkeypatch.setattr(rank_zero_only, "rank", 1, raising=False)
    told.log_metrics({"loss": 1.0}, step=0)
    told.log_hyperparams({"a": 1})
    told.experiment.log(loss=1.0)
    told.finalize("success")
    assert run_dirs(project) == []


def test_a_copy_is_the_logger_itself_and_a_sent_one_keeps_the_id(project: Path) -> None:
    told = logger("copied")
    assert copy.deepcopy(told) is told
    sent = pickle.loads(pickle.dumps(told))  # noqa: S301  # our own
    assert (type(sent), sent.version) == (type(told), told.version)
    sent.log_metrics({"loss": 1.0}, step=0)
    sent.experiment.finish()
    assert only_run(project).name == told.version


def test_a_fast_run_of_one_batch_leaves_nothing(project: Path) -> None:
    trainer(logger("fast"), fast_dev_run=True).fit(Line(), batches())
    assert run_dirs(project) == []


def test_a_prediction_is_no_run(project: Path) -> None:
    class Predicts(Line):
        def predict_step(self, batch: Any, _: int) -> Any:
            return self.layer(batch[0])

    trainer(logger("predicts")).predict(Predicts(), batches())
    assert run_dirs(project) == []


def test_a_validation_alone_is_a_row(project: Path) -> None:
    told = logger("validates")
    found = trainer(told).validate(Line(), batches(), verbose=False)[0]
    told.experiment.finish()
    (row,) = read_rows(only_run(project))
    assert (row["step"], float(row["val_loss"])) == ("0", found["val_loss"])


def test_autolog_records_each_fit_until_it_is_taken_back(project: Path, tmp_path: Path) -> None:
    from ledger.integrations.lightning import autolog

    take_back = autolog(tags=["auto"])
    assert autolog() is not take_back
    try:
        ours = trainer(False, epochs=1, default_root_dir=tmp_path)
        ours.fit(Line(lr=0.5), batches(), batches(4))
        assert ours.loggers == []
        assert ours.checkpoint_callback.dirpath == str(tmp_path / "checkpoints")
        with pytest.raises(ValueError, match="stop"):
            trainer(False, Breaks(ValueError("stop"))).fit(Line(), batches())
        trainer(logger("own"), epochs=1).fit(Line(), batches())
    finally:
        take_back()
    trainer(False, epochs=1).fit(Line(), batches())
    ledger.current_run().finish()

    records = [read_record(folder) for folder in run_dirs(project)]
    assert sorted((each["name"], each["status"]) for each in records) == [
        ("Line", "failed"),
        ("Line", "finished"),
        ("own", "finished"),
    ]
    (first,) = [each for each in records if each["status"] == "finished" and each["tags"]]
    assert first["config"]["resolved"] == {"lr": 0.5}
    assert {"loss", "val_loss"} <= set(first["metrics"])


SCRIPT = """
import sys, time, signal, os
import lightning as L, torch
from ledger.integrations.lightning import LedgerLogger
import ledger

class Line(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.save_hyperparameters({"lr": 0.1})
        self.layer = torch.nn.Linear(2, 1)
    def training_step(self, batch, i):
        loss = ((self.layer(batch[0]) - 1.0) ** 2).mean()
        self.log("loss", loss)
        if i == 3 and "signal" in sys.argv:
            os.kill(os.getpid(), signal.SIGTERM)
        return loss
    def on_exception(self, error):
        print("told", type(error).__name__)
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)

class Saver(L.Callback):
    def on_exception(self, trainer, module, error):
        print("told", type(error).__name__, flush=True)

if __name__ == "__main__":
    data = torch.utils.data.TensorDataset(torch.ones(32, 2))
    data = torch.utils.data.DataLoader(data, batch_size=4)
    strategy = next((each[9:] for each in sys.argv if each.startswith("strategy=")), "auto")
    devices = 1 if strategy == "auto" else 2
    run = "script" if "named" in sys.argv else ledger.start("script", config={"lr": 0.1})
    logger = LedgerLogger(run)
    trainer = L.Trainer(max_epochs=1, log_every_n_steps=1, logger=logger, callbacks=[Saver()],
                        enable_progress_bar=False, enable_model_summary=False,
                        enable_checkpointing=False, accelerator="cpu", strategy=strategy,
                        devices=devices)
    trainer.fit(Line(), data)
    if "late" in sys.argv:
        os.kill(os.getpid(), signal.SIGTERM)
"""


SAYS_ITS_BASE = """
    print(LedgerLogger.__mro__[2].__module__.partition(".")[0])
"""


def script(project: Path, *arguments: str, text: str = SCRIPT) -> subprocess.CompletedProcess[str]:
    commit_files(project, {"train.py": text})
    return subprocess.run(
        [sys.executable, "train.py", *arguments],
        cwd=project,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@pytest.mark.parametrize(
    ("package", "how"),
    [("lightning", "named"), ("lightning", "open"), ("pytorch_lightning", "named")],
)
def test_a_plain_script_ends_its_run(project: Path, package: str, how: str) -> None:
    pytest.importorskip(package)
    text = SCRIPT.replace("import lightning as L", f"import {package} as L")
    done = script(project, how, text=text + SAYS_ITS_BASE)
    assert (done.returncode, done.stdout) == (0, f"{package}\n"), done.stderr
    record = read_record(only_run(project))
    assert (record["status"], record["config"]["resolved"]) == ("finished", {"lr": 0.1})


@pytest.mark.parametrize("how", ["named", "open"])
def test_sigterm_lets_lightning_stop_in_its_time(project: Path, how: str) -> None:
    done = script(project, how, "signal")
    assert "told SIGTERMException" in done.stdout, done.stderr
    record = read_record(only_run(project))
    assert record["status"] == "interrupted"
    assert len(read_rows(only_run(project))) == 4


def test_sigterm_after_the_training_interrupts_the_run(project: Path) -> None:
    assert script(project, "named", "late").returncode == -signal.SIGTERM
    assert read_record(only_run(project))["status"] == "interrupted"


@pytest.mark.parametrize("strategy", ["ddp", "ddp_spawn", "ddp_fork"])
def test_ranks_of_lightning_are_one_run(project: Path, strategy: str) -> None:
    done = script(project, "named", f"strategy={strategy}")
    assert done.returncode == 0, done.stderr
    record = read_record(only_run(project))
    assert (record["status"], record["config"]["resolved"]) == ("finished", {"lr": 0.1})
    assert len(read_rows(only_run(project))) == 4


def test_an_open_run_is_joined_by_a_process_that_lightning_spawns(project: Path) -> None:
    done = script(project, "open", "strategy=ddp_spawn")
    assert done.returncode == 0, done.stderr
    folder = only_run(project)
    assert read_record(folder)["status"] == "finished"
    assert (folder / "metrics.trainer.csv").exists()
    assert len(read_rows(folder)) == 4
