"""What ``ledger.start`` takes, and what it refuses before anything runs."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import re
import subprocess
import sys
import types
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest

import ledger
from ledger.contract.note import note_hash, parse_note
from make_repo import git, make_repo
from unit.writer.recording import only_run, read_record, run_dirs


@dataclasses.dataclass
class Optimizer:
    lr: float = 0.1
    betas: tuple[float, float] = (0.9, 0.999)


def record_of(project: Path, **arguments: Any) -> dict[str, Any]:
    """Record a run that does nothing; return its record."""
    with ledger.start("run", **arguments) as run:
        pass
    assert project.exists()
    return read_record(run.dir)


@pytest.mark.parametrize(
    ("config", "resolved"),
    [
        (None, {}),
        ({"lr": 0.1, "net": {"width": 3}}, {"lr": 0.1, "net": {"width": 3}}),
        (Optimizer(), {"lr": 0.1, "betas": [0.9, 0.999]}),
        (argparse.Namespace(lr=0.1, layers=[1, 2]), {"lr": 0.1, "layers": [1, 2]}),
        (types.SimpleNamespace(lr=0.1), {"lr": 0.1}),
        ({"opt": Optimizer(lr=0.2)}, {"opt": {"lr": 0.2, "betas": [0.9, 0.999]}}),
        ({"path": PurePosixPath("a/b"), "ids": {3, 1, 2}}, {"path": "a/b", "ids": [1, 2, 3]}),
        (
            {"lr": np.float32(0.5), "n": np.int64(3), "w": np.arange(2)},
            {"lr": 0.5, "n": 3, "w": [0, 1]},
        ),
        ({"nan": float("nan"), "inf": float("-inf")}, {"nan": "nan", "inf": "-inf"}),
        ({1: "a", None: "b"}, {"1": "a", "null": "b"}),
        ({"model": Optimizer}, {"model": f"{__name__}.Optimizer"}),
    ],
)
def test_a_config_of_any_kind_is_stored_as_json(
    project: Path, config: object, resolved: dict[str, object]
) -> None:
    section = record_of(project, config=config)["config"]
    assert resolved == section["resolved"]
    assert section["path"] is None
    assert re.fullmatch("sha256:[0-9a-f]{64}", section["hash"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("c.json", '{"lr": 0.5, "net": {"width": 3}}'),
        ("c.toml", "lr = 0.5\n[net]\nwidth = 3\n"),
        ("c.yaml", "lr: 0.5\nnet:\n  width: 3\n"),
        ("c.yml", "lr: 0.5\nnet: {width: 3}\n"),
    ],
)
@pytest.mark.parametrize("kind", [str, Path])
def test_a_config_file_is_read_and_named(project: Path, name: str, text: str, kind: type) -> None:
    (project / name).write_text(text)
    section = record_of(project, config=kind(name))["config"]
    assert (name, {"lr": 0.5, "net": {"width": 3}}) == (section["path"], section["resolved"])


@pytest.mark.parametrize(
    ("name", "text"),
    [("c.json", "{"), ("c.toml", "= 3"), ("c.yaml", "a: [1"), ("c.json", "[1]"), ("c.yaml", "")],
)
def test_a_config_file_that_is_no_mapping_is_refused_by_name(
    project: Path, name: str, text: str
) -> None:
    (project / name).write_text(text)
    with pytest.raises(ledger.LedgerError, match=re.escape(name)):
        ledger.start("run", config=name)
    assert [] == run_dirs(project)


def test_a_config_file_that_is_missing_is_refused(project: Path) -> None:
    with pytest.raises(ledger.LedgerError, match="missing"):
        ledger.start("run", config="missing.yaml")
    assert [] == run_dirs(project)


def test_a_config_that_is_no_mapping_is_refused(project: Path) -> None:
    with pytest.raises(ledger.LedgerError, match="mapping"):
        ledger.start("run", config=3)
    assert [] == run_dirs(project)


def test_a_large_config_has_a_file_of_its_own(project: Path) -> None:
    config = {"lr": 0.5, "vocabulary": [f"word {n}" for n in range(10_000)]}
    record = record_of(project, config=config)
    stored = json.loads((only_run(project) / "config_resolved.yaml").read_text())
    assert config == stored
    assert {"lr": 0.5} == record["config"]["resolved"]
    assert (
        record_of(project, config=dict(reversed(config.items())))["config"]["hash"]
        == (record["config"]["hash"])
    )
    assert "config_resolved.yaml" in record["files"]


def test_repeats_over_seeds_are_one_variant(project: Path) -> None:
    one, two = (record_of(project, config={"lr": 1, "seed": seed})["config"] for seed in (1, 2))
    assert one["hash"] != two["hash"]
    assert one["variant"] == two["variant"]


def test_credentials_are_redacted_everywhere(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.orig_argv", ["python", "train.py", "--api-key", "verysecret1"])
    config = {"db": "postgres://me:verysecret2@host/x", "auth": {"api_token": "verysecret3"}}
    record_of(project, config=config)
    whole = b"".join(path.read_bytes() for path in only_run(project).iterdir())
    assert b"verysecret" not in whole
    assert b"<redacted>" in whole


def test_the_seed_is_the_argument_else_what_the_config_states(project: Path) -> None:
    assert 7 == record_of(project, seed=7, config={"seed": 3})["random"]["seed"]
    assert 3 == record_of(project, config={"seed": 3})["random"]["seed"]
    assert 3 == record_of(project, config={"random_seed": np.int64(3)})["random"]["seed"]


def test_one_tag_may_be_a_text(project: Path) -> None:
    assert ["baseline"] == record_of(project, tags="baseline")["tags"]
    assert ["a", "b"] == record_of(project, tags=("a", "b"))["tags"]


def test_a_data_path_is_hashed(project: Path) -> None:
    (project / "data.csv").write_bytes(b"1,2\n")
    data = record_of(project, data="data.csv")["data"]
    digest = hashlib.md5(b"1,2\n", usedforsecurity=False).hexdigest()
    assert ("data.csv", f"md5:{digest}", 4) == (data["path"], data["hash"], data["bytes"])


def test_data_may_be_named_split_and_several(project: Path) -> None:
    (project / "a.csv").write_bytes(b"a\n")
    (project / "b.csv").write_bytes(b"b\n")
    split = {"train": 0.8, "val": 0.2}
    first = {"path": Path("a.csv"), "name": "digits", "split": split}
    record = record_of(project, data=[first, "b.csv"])
    assert ("digits", split) == (record["data"]["name"], record["data"]["split"])
    assert ["b.csv"] == [entry["path"] for entry in record["extra_data"]]
    assert record["extra_data"][0]["hash"]


def test_data_that_is_missing_is_null_with_a_warning(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = record_of(project, data="nowhere")
    assert record["data"]["hash"] is None
    assert any("nowhere" in warning for warning in record["warnings"])
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("data", [3, {"name": "no path"}, ["a", 3]])
def test_data_that_cannot_be_understood_is_refused(project: Path, data: object) -> None:
    with pytest.raises(ledger.LedgerError, match="path"):
        ledger.start("run", data=data)
    assert [] == run_dirs(project)


@pytest.mark.parametrize(
    "objective", ["val_acc", ("val_acc",), ("val_acc", "up"), (3, "max"), ("acc", ["max"]), {}]
)
def test_an_objective_that_is_none_is_refused_with_an_example(
    project: Path, objective: object
) -> None:
    with pytest.raises(ledger.LedgerError, match="val_acc"):
        ledger.start("run", objective=objective)  # type: ignore[arg-type]  # what is refused
    assert [] == run_dirs(project)


def test_an_id_of_ones_own_is_kept_verbatim(project: Path) -> None:
    assert "Exp.1_b-2" == record_of(project, run_id="Exp.1_b-2")["run_id"]


@pytest.mark.parametrize("taken", ["exp1", "EXP1"])
def test_a_taken_id_is_refused(project: Path, taken: str) -> None:
    record_of(project, run_id="exp1")
    before = (only_run(project) / "run.json").read_bytes()
    with pytest.raises(ledger.LedgerError, match="taken"):
        ledger.start("run", run_id=taken)
    assert before == (only_run(project) / "run.json").read_bytes()


@pytest.mark.parametrize(
    "run_id", ["", "a/b", "..", ".hidden", "a..b", "con", "dot.", "x" * 129, "é"]
)
def test_an_illegal_id_is_refused_with_the_reason(project: Path, run_id: str) -> None:
    with pytest.raises(ledger.LedgerError, match="cannot be a run id"):
        ledger.start("run", run_id=run_id)
    assert [] == run_dirs(project)


def test_an_id_is_free_again_when_the_start_was_refused(project: Path) -> None:
    with pytest.raises(ledger.LedgerError):
        ledger.start("run", run_id="exp1", objective=("acc", "up"))
    assert "exp1" == record_of(project, run_id="exp1")["run_id"]


def test_runs_of_one_minute_have_ids_of_their_own(project: Path) -> None:
    runs = [ledger.start("same") for _ in range(5)]
    assert 5 == len({run.id for run in runs}) == len(run_dirs(project))
    for run in runs:
        run.finish()


def test_without_a_ledger_start_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(make_repo(tmp_path, {"train.py": ""}))
    with pytest.raises(ledger.LedgerError, match="ledger init"):
        ledger.start("run")


@pytest.mark.parametrize("what", ["file", "link"])
def test_a_month_that_is_no_folder_is_one_clear_error(project: Path, what: str) -> None:
    from datetime import UTC, datetime

    month = project / "ledger" / f"{datetime.now(tz=UTC):%Y-%m}"
    month.parent.mkdir()
    month.symlink_to("nowhere") if what == "link" else month.write_text("")
    with pytest.raises(ledger.LedgerError, match="cannot be written"):
        ledger.start("run")


def test_the_ledger_as_a_file_is_one_clear_error(project: Path) -> None:
    (project / "ledger").write_text("")
    for own in (None, "exp1"):
        with pytest.raises(ledger.LedgerError, match="cannot be written"):
            ledger.start("run", run_id=own)


def test_a_parent_is_told_in_the_note_by_what_changed(project: Path) -> None:
    parent = record_of(project, config={"lr": 0.1, "width": 3})["run_id"]
    record = record_of(project, config={"lr": 0.2, "width": 3}, parent=parent)
    note = parse_note(
        (project / "ledger" / record["run_id"][:7] / record["run_id"] / "run.md").read_bytes()
    )
    assert parent == record["parent"]
    assert f"[auto] against {parent}: lr 0.1 → 0.2" == note.sections["Change"].text
    assert not note.sections["Change"].is_filled


def test_an_unknown_parent_is_recorded_and_said(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nobody" == record_of(project, parent="nobody")["parent"]
    assert "nobody" in capsys.readouterr().err


def test_the_hypothesis_is_the_first_section_of_the_note(project: Path) -> None:
    with ledger.start("run", hypothesis="a wider net\nlearns faster") as run:
        section = parse_note((run.dir / "run.md").read_bytes()).sections["Hypothesis"]
        assert "a wider net\nlearns faster" == section.text
        assert section.is_filled
    assert section.text == parse_note((run.dir / "run.md").read_bytes()).sections["Hypothesis"].text
    assert project.exists()


def test_the_record_knows_the_note_by_its_bytes(project: Path) -> None:
    with ledger.start("run", config={"lr": 1}) as run:
        for when in ("start", "end"):
            if when == "end":
                run.log(epoch=0, loss=1.0)
                run.finish()
            data = (run.dir / "run.md").read_bytes()
            assert note_hash(data) == read_record(run.dir)["note"]["template"], when
    assert b"[auto] loss last 1" in data
    assert project.exists()


def test_a_note_that_was_edited_meanwhile_is_left_as_it_is(project: Path) -> None:
    with ledger.start("run") as run:
        template = read_record(run.dir)["note"]["template"]
        (run.dir / "run.md").write_bytes(b"# mine\r\n")
    assert b"# mine\r\n" == (run.dir / "run.md").read_bytes()
    assert template == read_record(run.dir)["note"]["template"]
    assert project.exists()


def test_a_note_that_was_deleted_is_not_made_again(project: Path) -> None:
    with ledger.start("run") as run:
        (run.dir / "run.md").unlink()
    assert not (run.dir / "run.md").exists()
    assert "finished" == read_record(only_run(project))["status"]


def test_a_failed_run_tells_its_error_in_the_note(project: Path) -> None:
    with pytest.raises(ZeroDivisionError), ledger.start("run"):
        print(1 / 0)
    note = parse_note((only_run(project) / "run.md").read_bytes())
    assert "[auto] failed before its end: no result" == note.sections["Result"].text
    assert "[auto] ZeroDivisionError: division by zero" == note.sections["Risk/Anomaly"].text
    assert not note.is_complete


def test_the_result_is_told_against_the_parents(project: Path) -> None:
    with ledger.start("first", objective=("acc", "max")) as parent:
        parent.log(epoch=0, acc=0.5)
    with ledger.start("second", objective=("acc", "max"), parent=parent.id) as run:
        run.log(epoch=0, acc=0.75)
        run.log(epoch=1, acc=0.25)
    text = parse_note((run.dir / "run.md").read_bytes()).sections["Result"].text
    assert text.startswith("[auto] acc best 0.75 at 0, last 0.25")
    assert f"{parent.id} had 0.5 (+0.25, +50.00 %)" in text
    assert project.exists()


def test_times_carry_their_offset(project: Path) -> None:
    record = record_of(project)
    stamps = [
        *record["timestamp"].values(),
        *(record["sessions"][0][k] for k in ("start", "end", "heartbeat")),
    ]
    assert all(stamp.endswith("+00:00") for stamp in stamps)


def test_git_is_asked_where_the_project_is(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_repo(tmp_path, {"x": ""}, name="other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    commit = record_of(project)["git"]["commit"]
    monkeypatch.delenv("GIT_DIR")
    assert git(project, "rev-parse", "HEAD").strip() == commit


def test_a_metric_named_like_a_config_key_gets_a_name_of_its_own(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A schedule is logged as lr by many; ``where lr < 0.1`` must go on asking the config."""
    with ledger.start("run", config={"lr": 0.1}) as run:
        run.log(epoch=0, lr=0.05)
    column = read_record(only_run(project))["columns"]["metric.lr"]
    assert {"role": "metric", "original": "lr"} == column
    assert 1 == capsys.readouterr().err.count("lr is logged as metric.lr")


def test_the_objective_is_a_metric_though_its_first_value_is_text(project: Path) -> None:
    with ledger.start("run", objective=("acc", "max")) as run:
        run.log(epoch=0, acc="n/a")
        run.log(epoch=1, acc=0.9)
    assert 0.9 == read_record(only_run(project))["summary"]["acc"]["max"]


def test_a_program_from_standard_input_is_in_no_commit(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-"],
        input="import ledger\nwith ledger.start('run') as run: run.log(epoch=0, loss=1.0)\n",
        cwd=project,
        text=True,
        capture_output=True,
        check=False,
    )
    git_section = read_record(only_run(project))["git"]
    assert 0 == done.returncode, done.stderr
    assert (None, True) == (git_section["dirty"], "standard input" in git_section["dirty_reason"])


def test_a_credential_in_the_hypothesis_is_redacted(project: Path) -> None:
    with ledger.start("run", hypothesis="works with token=abc123secret"):
        pass
    assert b"abc123secret" not in (only_run(project) / "run.md").read_bytes()
