"""``ledger demo`` as a user starts it: the command, its folder, and what it leaves there."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


pytestmark = pytest.mark.slow
LEDGER = [sys.executable, "-P", "-m", "ledger"]


def _run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*LEDGER, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("demo") / "shown"
    return folder, _run("demo", "--dir", str(folder), cwd=folder.parent)


def test_demo_succeeds_and_names_its_folder(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, done = demo
    assert (0, True) == (done.returncode, str(folder) in done.stderr), done.stderr


def test_demo_shows_the_hook_refusing_one_run_with_an_unfilled_note(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, done = demo
    refused = {line.split()[1] for line in done.stderr.splitlines() if line.startswith("LED102")}
    assert {"baseline"} == {path.split("_")[2].split("-")[0] for path in refused}


def test_demo_records_a_dozen_runs_with_one_diverged_and_one_overfitted(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = demo
    records = [json.loads(path.read_text()) for path in sorted(folder.glob("ledger/*/*/run.json"))]
    summaries = {record["name"]: record["summary"] for record in records}
    overfitted = summaries["overfits"]
    assert {"finished"} == {record["status"] for record in records}
    assert 12 == len(records)
    assert summaries["diverges"]["loss"]["n_nonfinite"] > 0
    assert overfitted["train_acc"]["max"] == 1.0
    assert overfitted["val_loss"]["last"] > overfitted["val_loss"]["min"]


def test_demo_commits_code_and_runs_under_its_own_identity(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = demo
    log = subprocess.run(
        ["git", "log", "--format=%an"], cwd=folder, capture_output=True, text=True, check=True
    )
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert (["Ledger Demo", "Ledger Demo"], "") == (log.stdout.splitlines(), status.stdout)


def test_best_of_the_demo_is_the_greatest_value_of_all_tables(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = demo
    greatest = 0.0
    for table in folder.glob("ledger/*/*/metrics.csv"):
        header, *rows = table.read_text().splitlines()
        at = header.split(",").index("val_acc")
        greatest = max([greatest, *(float(row.split(",")[at]) for row in rows if "nan" not in row)])
    answer = json.loads(_run("query", "best val_acc", "--format", "json", cwd=folder).stdout)
    assert greatest == answer["rows"][0]["value"]


def test_demo_left_nothing_for_the_checks_to_find(
    demo: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    folder, _ = demo
    done = _run("check", "--all", cwd=folder)
    assert (0, "") == (done.returncode, done.stdout)


def test_demo_refuses_a_folder_in_use_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    done = _run("demo", "--dir", str(tmp_path), cwd=tmp_path)
    assert (2, 1, ["mine.txt"]) == (
        done.returncode,
        len(done.stderr.splitlines()),
        [path.name for path in tmp_path.iterdir()],
    )


def test_demo_without_scikit_learn_says_how_to_install_it_in_one_line(tmp_path: Path) -> None:
    code = (
        "import sys, importlib.util as u; f = u.find_spec;"
        "u.find_spec = lambda n, *a: None if n == 'sklearn' else f(n, *a);"
        "sys.argv = ['ledger', 'demo']; from ledger.cli.main import run; run()"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (2, []) == (done.returncode, list(tmp_path.iterdir()))
    assert ["experiment-ledger[demo]" in line for line in done.stderr.splitlines()] == [True]
