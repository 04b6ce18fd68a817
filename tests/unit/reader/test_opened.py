"""The Python door: one ledger, many questions, answers as values, frames, tables and pages."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pytest

import ledger
from make_repo import make_repo
from unit.reader.builders import add_run, epochs, make_project, small_ledger


if TYPE_CHECKING:
    from pathlib import Path


def test_runs_best_query_compare_metrics_and_sql(tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)
    opened = ledger.open(tmp_path)

    assert [row["run_id"] for row in opened.runs()] == [
        ids[name] for name in ("stopped", "diverged", "small_lr", "baseline")
    ]
    assert opened.best("val_acc")[0]["value"] == 0.931
    assert opened.best("loss", goal="max", limit=1)[0]["run_id"] == ids["diverged"]
    assert len(opened.query("best val_acc where lr < 0.1")) == 2
    assert {row["key"] for row in opened.compare("baseline", "small_lr")} >= {"lr", "val_acc"}
    rows = list(opened.metrics("baseline"))
    assert len(rows) == 8
    assert rows[0] | {"run_id": ""} == {
        "run_id": "",
        "trial_id": None,
        "attempt": None,
        "execution": None,
        "worker": None,
        "epoch": 0,
        "step": None,
        "time": 2.0,
        "metric": "loss",
        "value": 1.9,
        "epoch_base": None,
    }
    assert opened.sql("SELECT count(*) AS n FROM runs")[0] == {"n": 4}
    assert opened.record("@best:val_acc").run_id == ids["small_lr"]
    assert len(ledger.query("best val_acc", tmp_path)) == 3


def test_a_frame_keeps_types(tmp_path: Path) -> None:
    small_ledger(tmp_path)
    opened = ledger.open(tmp_path)

    ranked = opened.best("val_acc").to_pandas()
    listed = opened.runs().to_pandas()

    assert list(ranked["epoch"]) == [3, 2, 0]
    assert str(ranked["epoch"].dtype) == "Int64"
    assert math.isnan(ranked["last"].iloc[2])
    assert str(listed["started"].dtype) == "datetime64[us, UTC]"
    assert listed["started"].iloc[3] == datetime(2026, 2, 1, 16, 30, tzinfo=UTC)
    assert listed["best"].isna().sum() == 1
    assert len(opened.metrics("baseline").to_pandas()) == 8
    assert opened.sql("SELECT * FROM runs").to_pandas()["tags"].iloc[0] is not None


def test_an_arrow_table_keeps_types(tmp_path: Path) -> None:
    small_ledger(tmp_path)
    opened = ledger.open(tmp_path)

    ranked = opened.best("val_acc").to_arrow()

    assert ranked.schema.field("epoch").type == pa.int64()
    assert ranked.schema.field("value").type == pa.float64()
    assert opened.runs().to_arrow().schema.field("started").type == pa.timestamp("us", tz="UTC")
    assert opened.sql("SELECT tags FROM runs").to_arrow().schema.field("tags").type == pa.list_(
        pa.string()
    )
    assert opened.query("runs where status = crashed").to_arrow().num_rows == 0


def test_a_dict_is_what_the_command_prints(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    done = subprocess.run(
        [sys.executable, "-m", "ledger", "query", "best val_acc", "--format", "json"],
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )

    assert ledger.open(tmp_path).query("best val_acc").to_dict() == json.loads(done.stdout)


def test_a_notebook_shows_what_files_say_and_obeys_none_of_it(tmp_path: Path) -> None:
    make_project(tmp_path)
    add_run(tmp_path, "<script>alert(1)</script>", epochs(val_acc=[0.5]), run_id="one")

    shown = ledger.open(tmp_path).query("runs where val_acc > 0")
    page = ledger.open(tmp_path).sql("SELECT name FROM runs")._repr_html_()

    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "<table>" in shown._repr_html_()
    assert "one" in repr(shown)


def test_a_commit_is_asked_without_a_checkout(tmp_path: Path) -> None:
    root = make_repo(tmp_path)
    small_ledger(root)
    for arguments in (["add", "-A"], ["commit", "-qm", "runs"]):
        subprocess.run(["git", "-C", root, *arguments], check=True)
    add_run(root, "later", epochs(val_acc=[0.99]), run_id="later")

    assert ledger.open(root).best("val_acc")[0]["run_id"] == "later"
    assert ledger.open(root, at="HEAD").best("val_acc")[0]["value"] == 0.931
    assert len(ledger.open(root, all_refs=True).runs()) == 5


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_ledger(tmp_path)
    found = ledger.open(tmp_path).best("val_acc")
    for module, extra in (("pandas", "pandas"), ("pyarrow", "lake")):
        monkeypatch.setitem(sys.modules, module, None)
        convert = found.to_pandas if module == "pandas" else found.to_arrow
        with pytest.raises(ledger.LedgerError, match=rf"experiment-ledger\[{extra}\]"):
            convert()


def test_causes_and_sources_are_asked_too(tmp_path: Path) -> None:
    ids = small_ledger(tmp_path)
    opened = ledger.open(tmp_path)

    assert opened.whence("0.931")[0]["run_id"] == ids["small_lr"]
    assert opened.why("small_lr").to_dict()["rows"][0]["parent"] == ids["baseline"]


def test_a_closed_ledger_answers_no_more(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    with ledger.open(tmp_path) as opened:
        found = opened.best("val_acc")

    assert len(found) == 3
    with pytest.raises(ledger.LedgerError, match=r"closed .*ledger\.open"):
        opened.runs()


def test_closing_gives_git_back(tmp_path: Path) -> None:
    root = make_repo(tmp_path)
    small_ledger(root)
    for arguments in (["add", "-A"], ["commit", "-qm", "runs"]):
        subprocess.run(["git", "-C", root, *arguments], check=True)

    with ledger.open(root, at="HEAD") as opened:
        assert len(opened.best("val_acc")) == 3
        assert opened.record("baseline").name == "baseline"
        assert len(_children(root)) == 1

    assert _children(root) == []


def _children(root: Path) -> list[str]:
    """Return the git processes in ``root`` that this one has started and that still run."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "args=", "--ppid", str(os.getpid())],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return [line for line in listed.splitlines() if line.startswith(f"git -C {root}")]


def test_frames_of_nothing(tmp_path: Path) -> None:
    small_ledger(tmp_path)

    empty = ledger.open(tmp_path).query("runs where status = crashed")

    assert isinstance(empty.to_pandas(), pd.DataFrame)
    assert (len(empty), repr(empty)) == (0, "no rows")
