"""Runs in a real MLflow server: everything is there, once."""

from __future__ import annotations

import json
import math
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest


mlflow = pytest.importorskip("mlflow")

from e2e.shell import Shell  # noqa: E402  # behind the skip
from ledger.capture.data import hash_artifact  # noqa: E402
from ledger.errors import LedgerError  # noqa: E402
from ledger.sync.mlflow import open_mlflow  # noqa: E402
from ledger.sync.plan import plan_run  # noqa: E402
from make_repo import make_repo  # noqa: E402
from unit.reader.builders import (  # noqa: E402
    COMMIT,
    FILLED_NOTE,
    FIRST,
    add_run,
    epochs,
    make_record,
    open_at,
)


if TYPE_CHECKING:
    from ledger.sync.outcome import Sent

pytestmark = [
    pytest.mark.filterwarnings("default"),  # MLflow's own
    pytest.mark.timeout(300),  # the first test waits for the server
]
START_MS = round(FIRST.timestamp() * 1000)


class There:
    """One experiment of the server, as its own client sees it."""

    def __init__(self, address: str, experiment: str) -> None:
        self.address = address
        self.experiment = experiment
        self.client = mlflow.MlflowClient(tracking_uri=address)

    def send(self, root: Path, run_id: str, *, models: bool = False, dry: bool = False) -> Sent:
        ledger = open_at(root)
        plan = plan_run(ledger, ledger.load(run_id))
        with open_mlflow(self.address, self.experiment) as target:
            return target.send(plan, with_models=models, is_dry=dry)

    def runs(self, condition: str = "") -> list[Any]:
        found = self.client.get_experiment_by_name(self.experiment)
        if found is None:
            return []
        return list(self.client.search_runs([found.experiment_id], condition))

    def run(self) -> Any:
        (found,) = self.runs("tags.`ledger.run_id` LIKE '%'")
        return found

    def history(self, key: str, run: Any = None) -> list[tuple[int, int, float]]:
        run_id = (run or self.run()).info.run_id
        points = self.client.get_metric_history(run_id, key)
        return sorted((each.step, each.timestamp, each.value) for each in points)

    def file(self, path: str, folder: Path) -> bytes:
        run_id = self.run().info.run_id
        folder.mkdir(exist_ok=True)
        return Path(self.client.download_artifacts(run_id, path, str(folder))).read_bytes()

    def files(self, below: str | None = None) -> list[str]:
        found = []
        for each in self.client.list_artifacts(self.run().info.run_id, below):
            found += self.files(each.path) if each.is_dir else [each.path]
        return sorted(found)


@pytest.fixture
def there(mlflow_server: str, request: pytest.FixtureRequest) -> There:
    return There(mlflow_server, f"digits {request.node.name}")


def test_a_run_is_there_with_everything(there: There, root: Path, tmp_path: Path) -> None:
    run_id = add_run(
        root,
        "full",
        epochs(loss=[0.5, 0.4, 0.45], val_acc=[0.8, 0.95, 0.9]),
        config={"opt": {"name": "sgd", "betas": [0.9, 1]}, "empty": ""},
        metrics={"test_acc": 0.91},
        stated=["test_acc"],
        note=FILLED_NOTE,
        tags=["baseline"],
    )

    sent = there.send(root, run_id)

    found = there.run()
    assert ("sent", found.info.run_id) == (sent.state, sent.there)
    assert sent.where.endswith(f"/runs/{found.info.run_id}")
    assert run_id == found.info.run_name
    told = {"opt.name": "sgd", "opt.betas": "[0.9, 1]", "lr": "0.01", "model": "mlp"}
    assert told | {"empty": ""} == found.data.params
    tags = found.data.tags
    assert (COMMIT, "main", "false") == tuple(
        tags[f"git.{key}"] for key in ("commit", "branch", "dirty")
    )
    assert COMMIT == tags["mlflow.source.git.commit"]
    assert "A smaller step converges later" in tags["mlflow.note.content"]
    assert "baseline" == tags["ledger.tags"]
    times = [START_MS + 2000 * (place + 1) for place in range(3)]
    assert [(0, times[0], 0.8), (1, times[1], 0.95), (2, times[2], 0.9)] == there.history("val_acc")
    metrics = found.data.metrics
    assert (0.95, 1.0) == (metrics["best/val_acc"], metrics["best/val_acc_step"])
    assert (0.4, 1.0) == (metrics["best/loss"], metrics["best/loss_step"])
    assert 0.91 == metrics["test_acc"]
    assert ["config.json", "environment.json", "metrics.csv", "run.json", "run.md"] == there.files()
    config = json.loads(there.file("config.json", tmp_path / "got"))
    assert {"name": "sgd", "betas": [0.9, 1]} == config["opt"]
    record = next(root.rglob("run.json")).read_bytes()
    assert record == there.file("run.json", tmp_path / "got")


def test_a_second_sync_adds_nothing(there: There, root: Path) -> None:
    run_id = add_run(root, "again", epochs(loss=[0.5, math.nan, math.inf]))
    there.send(root, run_id)
    before = there.run()

    sent = there.send(root, run_id)

    after = there.run()
    assert ("unchanged", 0, before.info.run_id) == (sent.state, sent.n_points, sent.there)
    assert before.data.tags == after.data.tags
    assert before.data.metrics.keys() == after.data.metrics.keys()
    assert 2 == len(there.history("loss"))


def test_a_dry_run_writes_nothing(there: There, root: Path) -> None:
    run_id = add_run(root, "dry", epochs(loss=[0.5, 0.4]))

    sent = there.send(root, run_id, dry=True)

    assert ("would send", None, 2) == (sent.state, sent.there, sent.n_points)
    assert there.client.get_experiment_by_name(there.experiment) is None


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("finished", "FINISHED"),
        ("failed", "FAILED"),
        ("crashed", "FAILED"),
        ("interrupted", "KILLED"),
    ],
)
def test_status_and_times_are_those_of_the_run(
    there: There, root: Path, status: str, shown: str
) -> None:
    there.send(root, add_run(root, "ended", status=status))

    info = there.run().info
    assert (shown, START_MS, START_MS + 95_000) == (info.status, info.start_time, info.end_time)
    assert status == there.run().data.tags["ledger.status"]


def test_infinity_is_skipped_and_told_and_nan_is_kept(there: There, root: Path) -> None:
    there.send(root, add_run(root, "odd", epochs(loss=[0.5, math.inf, math.nan, -math.inf])))

    found = there.run()
    values = [number for _, _, number in there.history("loss")]
    assert [0, 2] == [step for step, _, _ in there.history("loss")]
    assert 0.5 == values[0]
    assert math.isnan(values[1])
    assert "inf@1, -inf@3" == found.data.tags["ledger.nonfinite.loss"]
    assert 0.5 == found.data.metrics["best/loss"]


def test_forbidden_names_are_replaced_without_collision(there: There, root: Path) -> None:
    rows = epochs(**{"acc@5": [0.5], "acc_5": [0.6]})

    sent = there.send(root, add_run(root, "names", rows, config={"a[0]": 1, "x" * 300: 2}))

    data = there.run().data
    (called,) = [key for key in data.metrics if key.startswith("acc_5_")]
    assert (0.6, 0.5) == (data.metrics["acc_5"], data.metrics[called])
    assert "acc@5" == data.tags[f"ledger.renamed.{called}"]
    assert "1" == data.params["a_0_"]
    assert "the param a[0] is called a_0_ there" in sent.notes


def test_long_values_are_cut_and_told(there: There, root: Path, tmp_path: Path) -> None:
    long = "v" * 7000
    note = {"Result": ["n" * 9000]}

    sent = there.send(root, add_run(root, "long", config={"long": long}, note=note))

    data = there.run().data
    assert data.params["long"].endswith("… (7000 characters)")
    assert "long" == data.tags["ledger.cut_params"]
    assert 8000 == len(data.tags["mlflow.note.content"])
    assert "the param long is cut there; the files have it whole" in sent.notes
    assert "the tag mlflow.note.content is cut there; the files have it whole" in sent.notes
    assert long == json.loads(there.file("config.json", tmp_path / "got"))["long"]
    assert "n" * 9000 in there.file("run.md", tmp_path / "got").decode()


def test_hundreds_of_params_and_thousands_of_points_are_sent_in_parts(
    there: There, root: Path
) -> None:
    config = {f"k{n}": "é" * 2000 for n in range(230)}
    rows = epochs(loss=[1 / (n + 1) for n in range(2500)])

    there.send(root, add_run(root, "many", rows, config=config))

    assert 232 == len(there.run().data.params)
    assert 2500 == len(there.history("loss"))


def test_steps_that_fall_or_come_twice_are_all_there(there: There, root: Path) -> None:
    table = [{"epoch": e, "step": s, "loss": 1.0 + e + s} for e in (0, 1) for s in (0, 1)]
    for place, row in enumerate(table):
        row["time"] = float(place)

    there.send(root, add_run(root, "falling", table))

    told = [(0, 1.0), (0, 2.0), (1, 2.0), (1, 3.0)]
    assert told == sorted((step, number) for step, _, number in there.history("loss"))
    assert {0.0, 1.0} == {number for _, _, number in there.history("epoch")}


def test_a_changed_run_sends_only_what_is_new(there: There, root: Path, tmp_path: Path) -> None:
    run_id = add_run(root, "grown", epochs(loss=[0.5, 0.4]))
    first = there.send(root, run_id)
    folder = next(root.rglob("run.json")).parent
    note = folder / "run.md"
    note.write_text(note.read_text() + "\nlooked at again\n")
    with (folder / "metrics.csv").open("a") as table:
        table.write("2,6.0,0.45\n")

    sent = there.send(root, run_id)

    assert ("updated", 1, first.there) == (sent.state, sent.n_points, sent.there)
    assert [0.5, 0.4, 0.45] == [number for _, _, number in there.history("loss")]
    assert "looked at again" in there.run().data.tags["mlflow.note.content"]
    assert b"looked at again" in there.file("run.md", tmp_path / "got")
    assert "unchanged" == there.send(root, run_id).state


def test_numbers_and_params_that_cannot_be_taken_back_are_told(there: There, root: Path) -> None:
    run_id = add_run(root, "mended", epochs(loss=[0.5, 0.4]))
    there.send(root, run_id)
    record = next(root.rglob("run.json"))
    record.write_text(record.read_text().replace('"lr": 0.01', '"lr": 0.02'))
    (record.parent / "metrics.csv").write_text("epoch,time,loss\n0,2.0,0.7\n1,4.0,0.4\n")

    sent = there.send(root, run_id)

    assert f"{run_id}: the param lr is another one there, and stays" in sent.notes
    assert any("1 numbers there are not in the record" in note for note in sent.notes)
    assert "0.01" == there.run().data.params["lr"]


def test_a_run_that_was_half_sent_is_completed(there: There, root: Path) -> None:
    """As after a server that went away: the run is there, without its mark."""
    run_id = add_run(root, "half", epochs(loss=[0.5, 0.4, 0.3]))
    experiment = there.client.create_experiment(there.experiment)
    made = there.client.create_run(experiment, START_MS, {"ledger.run_id": run_id}, run_id)
    there.client.log_metric(made.info.run_id, "loss", 0.5, START_MS + 2000, 0)
    there.client.log_param(made.info.run_id, "lr", "0.01")

    sent = there.send(root, run_id)

    assert ("updated", made.info.run_id) == (sent.state, sent.there)
    assert [0.5, 0.4, 0.3] == [number for _, _, number in there.history("loss")]
    assert "FINISHED" == there.run().info.status
    assert "unchanged" == there.send(root, run_id).state


def test_what_the_run_made_is_sent_when_asked_and_once(
    there: There, root: Path, tmp_path: Path
) -> None:
    model = root / "outputs" / "model.bin"
    plots = root / "outputs" / "plots"
    (plots / "late").mkdir(parents=True)
    model.write_bytes(b"weights")
    (plots / "late" / "loss.svg").write_text("<svg/>")
    artifacts = {
        "model": {"path": "outputs/model.bin", "hash": hash_artifact(model)[0], "bytes": 7},
        "plots": {"path": "outputs/plots", "hash": hash_artifact(plots)[0], "bytes": 6},
        "gone": {"path": "outputs/gone.bin", "hash": "md5:" + "0" * 32, "bytes": 1},
        "output": {"path": "outputs", "hash": None, "bytes": None},  # a place, and no news
    }
    run_id = add_run(root, "made", artifacts=artifacts)
    there.send(root, run_id)
    assert [] == [path for path in there.files() if path.startswith("artifacts/")]

    sent = there.send(root, run_id, models=True)

    told = "artifact gone is missing here (`dvc pull` brings what DVC tracks): not sent"
    assert ("updated", (told,)) == (sent.state, sent.notes)
    made = ["artifacts/model/model.bin", "artifacts/plots/late/loss.svg"]
    assert made == [path for path in there.files() if path.startswith("artifacts/")]
    assert b"weights" == there.file(made[0], tmp_path / "got")
    assert "unchanged" == there.send(root, run_id, models=True).state
    assert "unchanged" == there.send(root, run_id).state


TRIALS = b"""\
trial_id,attempt,execution,status,score,best_epoch,started,ended,message,lr
it's,1,,finished,0.9,1,2026-02-01T16:30:01+00:00,2026-02-01T16:30:09+00:00,,0.1
01,1,,failed,,,2026-02-01T16:30:10+00:00,2026-02-01T16:30:12+00:00,out of memory,0.2
"""


def test_a_sweep_is_a_parent_with_a_run_for_each_trial(there: There, root: Path) -> None:
    rows = [
        {"trial_id": trial, "attempt": 1, "epoch": epoch, "time": 2.0 + epoch, "val_acc": number}
        for trial, epoch, number in [("it's", 0, 0.8), ("it's", 1, 0.9), ("01", 0, 0.1)]
    ]
    run_id = add_run(root, "sweep", rows, files={"trials.csv": TRIALS})

    sent = there.send(root, run_id)

    parent = there.run()
    children = {
        run.data.tags["ledger.trial_id"]: run
        for run in there.runs(f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
    }
    assert (2, {"it's", "01"}) == (sent.n_trials, children.keys())
    good, bad = children["it's"], children["01"]
    assert {"lr": "0.1"} == good.data.params
    assert [0.8, 0.9] == [number for _, _, number in there.history("val_acc", good)]
    assert 0.9 == good.data.metrics["score"]
    assert f"{run_id}#it's" == good.info.run_name
    assert ("FINISHED", "FAILED") == (good.info.status, bad.info.status)
    assert START_MS + 1000 == good.info.start_time
    assert "out of memory" == bad.data.tags["ledger.message"]
    assert 0.9 == parent.data.metrics["best/val_acc"]
    assert "unchanged" == there.send(root, run_id).state
    assert 3 == len(there.runs())


def test_a_trial_that_came_later_is_added(there: There, root: Path) -> None:
    head, first, second = TRIALS.splitlines(keepends=True)
    run_id = add_run(root, "later", files={"trials.csv": head + first})
    there.send(root, run_id)
    next(root.rglob("trials.csv")).write_bytes(head + first + second)

    sent = there.send(root, run_id)

    assert "updated" == sent.state
    assert 3 == len(there.runs())


def test_a_run_deleted_there_is_sent_anew(there: There, root: Path) -> None:
    run_id = add_run(root, "deleted", epochs(loss=[0.5]))
    first = there.send(root, run_id)
    there.client.delete_run(first.there)

    sent = there.send(root, run_id)

    assert "sent" == sent.state
    assert first.there != sent.there


def test_a_deleted_experiment_is_told(there: There, root: Path) -> None:
    run_id = add_run(root, "lost", epochs(loss=[0.5]))
    there.send(root, run_id)
    number = there.client.get_experiment_by_name(there.experiment).experiment_id
    there.client.delete_experiment(number)

    with pytest.raises(LedgerError, match=f"is deleted there.*restore --experiment-id {number}"):
        there.send(root, run_id)


def test_a_record_with_nothing_but_the_minimum_is_sent(there: There, root: Path) -> None:
    record = make_record("bare", started=FIRST - timedelta(days=3))
    kept = ("run_id", "timestamp", "git", "config", "data", "environment", "random", "metrics")
    minimum = {key: record[key] for key in kept} | {"artifacts": {}, "data": None}
    minimum |= {"git": {}, "config": {}, "metrics": {"test_acc": 0.5}, "environment": {}}
    folder = root / "ledger" / "2026-01" / str(record["run_id"])
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(minimum))

    there.send(root, str(record["run_id"]))

    assert 0.5 == there.run().data.metrics["test_acc"]
    assert "unknown" == there.run().data.tags["git.dirty"]


GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "mlflow-wandb.md"
_BLOCK = re.compile(r"^<!-- trackers -->\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TRAIN = """
import ledger
run = ledger.start("first", config={"lr": 0.1})
for epoch in range(3):
    run.log(epoch=epoch, loss=1 / (epoch + 1))
run.finish()
"""


@pytest.mark.timeout(600)
def test_every_line_of_the_guide_works(
    mlflow_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("wandb")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "guide")
    monkeypatch.setenv("WANDB_MODE", "offline")
    project = make_repo(tmp_path, {"train.py": TRAIN, ".gitignore": "outputs/\n"})
    shell = Shell(project, tmp_path / "private")
    shell.run("ledger init && git add --all && git commit -m 'a ledger' && python train.py")
    blocks = _BLOCK.findall(GUIDE.read_text(encoding="utf-8"))

    for kind, text in blocks:
        if kind == "python":
            (project / "end.py").write_text(text)
        shell.run("python end.py" if kind == "python" else text)

    assert ["sh", "sh", "python"] == [kind for kind, _ in blocks]
    client = mlflow.MlflowClient(mlflow_server)
    number = client.get_experiment_by_name("guide").experiment_id
    names = {run.info.run_name for run in client.search_runs([number])}
    assert 2 == len(names)
    assert "baseline" in names
    logs = [
        path.name for path in (project / ".git" / "ledger" / "wandb").glob("offline-run-*/*.wandb")
    ]
    assert 3 == len(logs)
    assert "?? wandb" not in shell.run("git status --porcelain").stdout
