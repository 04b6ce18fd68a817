"""Jobs of real Hydra applications, each in a process of its own, and the runs they leave."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import ledger
from make_repo import commit_files
from unit.writer.recording import LIMIT_SECONDS, read_record, read_rows, run_dirs


REASON = "the group is not installed: uv run --group test --group loops pytest tests/integrations"
omegaconf = pytest.importorskip("omegaconf", reason=REASON)
pytest.importorskip("hydra", reason=REASON)
pytestmark = pytest.mark.timeout(240)

TRAIN = """
import hydra, ledger, os

@hydra.main(config_path="conf", config_name="config", version_base=None)
def train(cfg):
    for epoch in range(cfg.epochs):
        ledger.log(epoch=epoch, loss=cfg.lr / (epoch + 1))
    if cfg.lr > 5:
        raise ValueError("the loss explodes")
    return cfg.lr

if __name__ == "__main__":
    train()
"""
CONFIG = """
defaults:
  - model: small
  - _self_
lr: 0.1
epochs: 2
warmup: ${lr}
path: ???
nowhere: ${oc.env:LEDGER_TEST_IS_NOT_SET}
db: {password: hunter2secret}
hydra:
  callbacks:
    ledger:
      _target_: ledger.integrations.hydra.Callback
      objective: [loss, min]
      tags: [hydra]
"""


@pytest.fixture
def app(project: Path) -> Path:
    files = {
        "train.py": TRAIN,
        "conf/config.yaml": CONFIG,
        "conf/model/small.yaml": "width: 8\n",
        ".gitignore": "__pycache__/\noutputs/\nmultirun/\n",
    }
    commit_files(project, files)
    return project


def run(app: Path, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(app / "train.py"), *words],
        cwd=cwd or app,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )


def records(app: Path) -> list[dict[str, Any]]:
    found = [read_record(run_dir) for run_dir in run_dirs(app)]
    return sorted(found, key=lambda record: record["timestamp"]["start"])


@pytest.mark.parametrize("chdir", ["false", "true"])
def test_a_job_is_a_run_with_the_composed_config(app: Path, chdir: str) -> None:
    done = run(app, "lr=0.5", "+db.user=me", f"hydra.job.chdir={chdir}")

    assert done.returncode == 0, done.stderr
    (record,) = records(app)
    assert record["config"]["resolved"] == {
        "model": {"width": 8},
        "lr": 0.5,
        "epochs": 2,
        "warmup": 0.5,
        "path": "???",
        "nowhere": "${oc.env:LEDGER_TEST_IS_NOT_SET}",
        "db": {"password": "<redacted>", "user": "me"},
    }
    assert record["config"]["path"] == "conf/config.yaml"
    assert record["tags"] == ["hydra", "lr=0.5", "+db.user=me"]
    assert (record["status"], record["name"]) == ("finished", "train lr=0.5 +db.user=me")
    assert record["objective"] == {"metric": "loss", "goal": "min"}
    assert (record["metrics"]["returned"], record["stated"]) == (0.5, ["returned"])
    assert (record["git"]["dirty"], record["command"]["cwd"]) == (False, ".")
    assert record["artifacts"]["output"]["path"].startswith("outputs/")
    assert [row["loss"] for row in read_rows(run_dirs(app)[0])] == ["0.5", "0.25"]


def test_jobs_of_a_multirun_are_runs_that_share_a_tag(app: Path) -> None:
    done = run(app, "-m", "lr=0.1,9,0.2", "hydra.sweep.dir=multirun/night")

    assert done.returncode != 0, "Hydra tells of a job that failed"
    made = records(app)
    assert [record["status"] for record in made] == ["finished", "failed", "finished"]
    assert [record["config"]["resolved"]["lr"] for record in made] == [0.1, 9, 0.2]
    assert [record["tags"] for record in made] == [
        ["hydra", f"lr={lr}", "multirun:night"] for lr in ("0.1", "9", "0.2")
    ]
    assert made[1]["error"]["message"] == "the loss explodes"
    assert [record["metrics"]["loss"] for record in made] == [0.05, 4.5, 0.1]
    assert {record["parent"] for record in made} == {None}
    answer = ledger.open(app).query("best loss tag multirun:night")
    assert [row["value"] for row in answer] == [0.05, 0.1, 4.5]


def test_a_credential_among_the_overrides_is_recorded_nowhere(app: Path) -> None:
    assert run(app, "db.password=a1B2c3D4e5").returncode == 0

    (run_dir,) = run_dirs(app)
    for path in run_dir.iterdir():
        assert "a1B2" not in path.read_text(encoding="utf-8")
    assert "a1B2" not in run_dir.name


def test_a_file_of_the_config_that_nobody_committed_makes_the_run_dirty(app: Path) -> None:
    (app / "conf" / "model" / "large.yaml").write_text("width: 99\n", encoding="utf-8")
    (app / "conf" / "model" / "unused.yaml").write_text("width: 1\n", encoding="utf-8")

    assert run(app, "model=large").returncode == 0

    (record,) = records(app)
    assert record["git"]["dirty_paths"] == [
        {"path": "conf/model/large.yaml", "status": "?", "loaded": True}
    ]


def test_one_line_on_the_command_line_is_enough(app: Path) -> None:
    plain, _, _ = CONFIG.partition("hydra:")
    commit_files(app, {"conf/config.yaml": plain})

    target = "+hydra.callbacks.ledger._target_=ledger.integrations.hydra.Callback"
    assert run(app, target).returncode == 0

    (record,) = records(app)
    assert (record["status"], record["name"], record["tags"]) == ("finished", "train", [])


def test_without_a_ledger_or_with_a_wrong_option_the_job_goes_on(app: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("conf/config.yaml", "conf/model/small.yaml"):
        (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
        (elsewhere / name).write_bytes((app / name).read_bytes())
    loop = TRAIN.replace("ledger.log(epoch=epoch, loss=cfg.lr / (epoch + 1))", "print('trained')")
    (elsewhere / "train.py").write_text(loop, encoding="utf-8")

    done = run(elsewhere)
    assert (done.returncode, done.stdout.count("trained")) == (0, 2)
    assert done.stderr.count("ledger: this job is not recorded: ") == 1

    commit_files(app, {"train.py": loop})
    done = run(app, "+hydra.callbacks.ledger.objektive=loss")
    assert (done.returncode, done.stdout.count("trained")) == (0, 2)
    assert "this job is not recorded: " in done.stderr
    assert run_dirs(app) == []


def test_a_launcher_may_take_the_callback_into_another_process() -> None:
    from ledger.integrations.hydra import Callback

    taken = pickle.loads(pickle.dumps(Callback(name="n", tags=["a"])))  # noqa: S301  # our own
    assert vars(taken) == vars(Callback(name="n", tags=["a"]))


@pytest.mark.usefixtures("project")
def test_a_config_of_omegaconf_is_recorded_resolved() -> None:
    written = {"a": "${b.c}", "b": {"c": [1, "${s}", "???"], "d": "???"}, "e": "${no.where}"}
    config = omegaconf.OmegaConf.create({**written, "s": 3, 5: None})
    with ledger.start("whole", config=config) as whole:
        pass
    with ledger.start("part", config={"inner": config.b, "lists": (config.b.c,)}) as part:
        pass

    given = [1, 3, "???"]
    assert read_record(whole.dir)["config"]["resolved"] == {
        "a": given,
        "b": {"c": given, "d": "???"},
        "e": "${no.where}",
        "s": 3,
        "5": None,
    }
    assert read_record(part.dir)["config"]["resolved"] == {
        "inner": {"c": given, "d": "???"},
        "lists": [given],
    }


@pytest.mark.usefixtures("project")
def test_a_config_that_leads_to_itself_ends_somewhere() -> None:
    config = omegaconf.OmegaConf.create({"a": {"b": "${a}"}, "lr": 0.1})
    with ledger.start("circle", config=config) as run:
        run.log(loss=1.0)

    assert read_record(run.dir)["config"]["resolved"]["lr"] == 0.1
