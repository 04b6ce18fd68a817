"""The defects of the published snippets, letter by letter; recording must have none of them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import ledger
from ledger.contract.note import parse_note
from make_repo import commit_files, git, make_repo, write_files
from unit.writer.recording import (
    begin_training,
    make_project,
    only_run,
    read_record,
    run_dirs,
    train,
)


if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = make_project(tmp_path)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LEDGER_QUIET", "1")
    return folder


@pytest.mark.parametrize("where", ["outside", "no commit", "no remote"])
def test_a_git_that_cannot_tell_never_loses_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    folder = tmp_path
    if where != "outside":
        folder = make_repo(tmp_path, None if where == "no commit" else {"train.py": ""})
    monkeypatch.chdir(folder)
    info = ledger.get_git_info()
    told = ledger.log_run("exp1", {"lr": 0.1}, {"acc": 0.5}, "outputs")
    assert (where == "no remote") == (info["commit"] is not None)
    assert info["remote"] is None
    # "no repository" and "dirty" are two things
    assert {"outside": None, "no commit": False, "no remote": False}[where] is info["dirty"]
    assert json.loads((folder / "outputs/run.json").read_bytes())["metrics"]["acc"] == 0.5
    assert isinstance(told, dict)


def test_b_an_untracked_source_that_runs_is_dirty(project: Path) -> None:
    write_files(project, {"helper.py": "H = 1\n"})
    train(project, "import helper, ledger\nledger.start('run').finish()\n")
    assert read_record(only_run(project))["git"]["dirty"] is True


def test_c_a_touched_file_is_not_dirty(project: Path) -> None:
    os.utime(project / "train.py", (1, 1))
    assert ledger.get_git_info()["dirty"] is False


def test_d_a_detached_head_is_no_branch_called_head(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BRANCH_NAME"):
        monkeypatch.delenv(name, raising=False)
    git(project, "checkout", "--quiet", "--detach")
    assert ledger.get_git_info()["branch"] is None


def test_e_a_token_in_the_remote_is_not_written(project: Path) -> None:
    git(project, "remote", "add", "origin", "https://me:s3cr3ttoken@host/x.git")
    assert "https://host/x.git" == ledger.get_git_info()["remote"]
    with ledger.start("run") as run:
        pass
    assert b"s3cr3ttoken" not in (run.dir / "run.json").read_bytes()


def test_f_git_is_asked_in_the_repository_of_the_script(project: Path, tmp_path: Path) -> None:
    other = make_repo(tmp_path, {"x.py": ""}, name="other")
    train(project, "import ledger\nledger.start('run').finish()\n", cwd=other)
    commit = read_record(only_run(project))["git"]["commit"]
    assert git(project, "rev-parse", "HEAD").strip() == commit


def test_g_the_commit_is_the_one_of_the_start(project: Path) -> None:
    before = git(project, "rev-parse", "HEAD").strip()
    with ledger.start("run"):
        commit_files(project, {"train.py": "edited while it trained\n"})
    section = read_record(only_run(project))["git"]
    assert (before, False) == (section["commit"], section["dirty"])


def test_h_start_and_end_are_written_with_their_zone(project: Path) -> None:
    with ledger.start("run"):
        pass
    times = read_record(only_run(project))["timestamp"]
    start, end = (datetime.fromisoformat(times[key]) for key in ("start", "end"))
    assert start.utcoffset() is not None
    assert start <= end


def test_i_a_killed_run_leaves_a_record(project: Path) -> None:
    script = (
        "import ledger, signal\n"
        "ledger.start('run').log(epoch=0, loss=1.0)\n"
        "print('ready', flush=True)\n"
        "signal.pause()\n"
    )
    process = begin_training(project, script)
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    process.kill()
    process.communicate()
    assert -signal.SIGKILL == process.returncode
    record = read_record(only_run(project))
    assert "running" == record["status"]
    assert {"epoch", "time", "loss"} == set(record["columns"])


def test_j_a_record_is_replaced_whole(project: Path) -> None:
    """A reader never sees a part, and no temporary file stays."""
    inode = set()
    with ledger.start("run") as run:
        for number in range(3):
            run.final({f"m{number}": number})
            inode.add((run.dir / "run.json").stat().st_ino)
            read_record(run.dir)
    assert {"run.json", "run.md"} == {path.name for path in run.dir.iterdir()}
    assert len(inode) > 1
    assert project.exists()


def test_k_two_runs_of_one_minute_do_not_collide(project: Path) -> None:
    for _ in range(2):
        with ledger.start("same"):
            pass
    names = [run.name for run in run_dirs(project)]
    assert 2 == len(set(names))
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d_\d{4}_same-[a-z2-7]{8}", name) for name in names)


@pytest.mark.parametrize(
    "config",
    [
        {"p": Path("a/b"), "s": {3, 1}, "n": np.float32(0.5), "nan": float("nan")},
        {1: "a", "b": None, None: 2},
        {"nested": [{"deep": {Path("x")}}], "t": (1, 2)},
    ],
)
def test_l_any_config_has_a_full_hash_whatever_the_order(config: dict[object, object]) -> None:
    found = ledger.hash_dict(config)
    assert re.fullmatch("sha256:[0-9a-f]{64}", found)
    assert found == ledger.hash_dict(dict(reversed(list(config.items()))))
    code = "import ledger; print(ledger.hash_dict({'s': {'a', 'b', 'c', 'd'}}))"
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert 1 == len(hashes)


def test_l_the_hash_of_a_run_is_the_hash_of_its_config(project: Path) -> None:
    config = {"lr": 0.1, "layers": (1, 2), "path": Path("a")}
    with ledger.start("run", config=config):
        pass
    section = read_record(only_run(project))["config"]
    assert ledger.hash_dict(config) == section["hash"] == ledger.hash_dict(section["resolved"])


def test_m_what_was_promised_is_there(project: Path) -> None:
    write_files(
        project,
        {
            "conf.yaml": "lr: 0.1\nseed: 3\n",
            "d.csv": "1\n",
            "out/predictions.csv": "1\n",
            "out/plots/a.svg": "x",
            "out/model.pt": "w",
            "out/train.log": "l",
        },
    )
    split = {"train": 0.8, "val": 0.1, "test": 0.1}
    ledger.seed_everything(3)
    with ledger.start("run", config="conf.yaml", data={"path": "d.csv", "split": split}) as run:
        run.artifact("predictions", "out/predictions.csv")
        run.artifact("plots", "out/plots")
    record = read_record(only_run(project))
    assert "conf.yaml" == record["config"]["path"]
    assert (split, "d.csv") == (record["data"]["split"], record["data"]["name"])
    assert record["data"]["hash"]
    assert 3 == record["random"]["python_seed"]
    assert {"python", "platform", "cuda", "gpu", "pytorch"} <= set(record["environment"])
    assert record["artifacts"]["predictions"]["hash"]
    assert record["artifacts"]["plots"]["hash"]
    assert record["metrics"]["training_time_hours"] > 0
    ledger.log_run("at_the_end", {}, {}, "out")
    artifacts = read_record(project / "out")["artifacts"]
    assert {"model", "logs", "predictions", "plots"} <= set(artifacts)


def test_n_without_a_data_path_there_is_no_data(project: Path) -> None:
    assert ledger.get_data_info(None)["hash"] is None
    assert ledger.get_data_info("nowhere")["hash"] is None
    with ledger.start("run", data=None):
        pass
    assert read_record(only_run(project))["data"] is None


def test_o_the_package_list_is_shared_and_is_no_dirt(project: Path) -> None:
    for _ in range(2):
        with ledger.start("run"):
            pass
    records = [read_record(run) for run in run_dirs(project)]
    (path,) = {record["environment"]["pip_freeze_path"] for record in records}
    data = (project / path).read_bytes()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert {digest} == {record["environment"]["pip_freeze_hash"] for record in records}
    assert [False, False] == [record["git"]["dirty"] for record in records]
    assert b"numpy==" in data
    assert {".git", ".gitignore", "ledger", "ledger.toml", "src", "train.py"} == {
        path.name for path in project.iterdir()
    }
    assert digest == ledger.get_env_info()["pip_freeze_hash"]


def test_p_seeds_are_those_that_were_really_set(tmp_path: Path) -> None:
    project = make_project(tmp_path)
    script = """
import ledger
print(ledger.get_random_seeds({"seed": 5}))
ledger.seed_everything(7)
print(ledger.get_random_seeds({}))
"""
    first, second = train(project, script).stdout.splitlines()
    none = {"torch_seed": None, "numpy_seed": None}
    assert {"seed": 5, "python_seed": None, **none} == eval(first)  # noqa: S307  # our own output
    assert {"seed": 7, "python_seed": 7, **none} == eval(second)  # noqa: S307


def test_q_artifacts_are_relative_hashed_and_looked_at(project: Path) -> None:
    write_files(project, {"out/model.pt": "w"})
    with ledger.start("run") as run:
        run.artifact("model", project / "out" / "model.pt")
        run.artifact("gone", "out/gone.pt")
    artifacts = read_record(only_run(project))["artifacts"]
    md5 = hashlib.md5(b"w", usedforsecurity=False).hexdigest()
    assert {"path": "out/model.pt", "hash": f"md5:{md5}", "bytes": 1} == artifacts["model"]
    assert {"path": "out/gone.pt", "hash": None, "bytes": None} == artifacts["gone"]


@pytest.mark.parametrize("last", ["## Risk/Anomaly", "### risk/anomalies", "Risk/Anomalies"])
def test_w_the_spellings_of_the_published_note_are_read(last: str) -> None:
    text = f"# Run: x\n\n## Hypothesis\nh\n## Change\nc\n## Result\nr\nNext\nn\n{last}\nnone\n"
    note = parse_note(text.encode())
    assert note.is_complete
    assert "none" == note.sections["Risk/Anomaly"].text


def test_the_note_is_the_one_that_was_promised(project: Path) -> None:
    """Items 40 to 47: title, five headings in order, bracketed prompts."""
    with ledger.start("run") as run:
        text = (run.dir / "run.md").read_text()
    lines = text.splitlines()
    assert f"# Run: {run.id}" == lines[0]
    assert ["Hypothesis", "Change", "Result", "Next", "Risk/Anomaly"] == [
        line.removeprefix("## ") for line in lines if line.startswith("## ")
    ]
    assert all(line.startswith("[") for line in lines if line and not line.startswith("#"))
    assert project.exists()
