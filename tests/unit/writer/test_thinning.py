"""Tables too large for git: the whole one is an artifact, git gets a thinned one."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import ledger
from ledger.contract.columns import columns_of
from ledger.contract.metrics import decode_table, summarise
from ledger.policy.judge import judge_tree
from ledger.policy.ledgers import Ledger
from ledger.settings import Settings
from ledger.writer import table as table_module
from ledger.writer.seal import seal_abandoned
from make_repo import commit_files, git
from unit.writer.recording import (
    begin_training,
    end_of,
    ledger_command,
    make_project,
    only_run,
    read_record,
    train,
)


if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = {"ledger.toml": "max_table_mb = 0.01\n"}
N_ROWS = 1500
LOGS = f"""
import ledger
with ledger.start("long", objective=("loss", "min")) as run:
    for step in range({N_ROWS}):
        run.log(step=step, loss=1 / (step + 1), acc=(step * 7919 % 1000) / 1000)
"""
STAYS = f"""
import sys
import ledger
run = ledger.start("long")
run.wait_for_capture()
for step in range({N_ROWS}):
    run.log(step=step, loss=1 / (step + 1), acc=(step * 7919 % 1000) / 1000)
print("logged", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    project = make_project(tmp_path, SMALL)
    monkeypatch.chdir(project)
    return project


def log_long(n_rows: int = N_ROWS) -> dict[str, Any]:
    """Record a run of ``n_rows`` steps here, and return its whole table and its record."""
    with ledger.start("long") as run:
        for step in range(n_rows):
            run.log(step=step, loss=1 / (step + 1), acc=(step * 7919 % 1000) / 1000)
        whole = (run.dir / "metrics.csv").read_bytes()
    return {"whole": whole, "record": run.document, "dir": run.dir}


def whole_path(project: Path, run_dir: Path) -> Path:
    return project / "outputs" / run_dir.name / "metrics.csv"


def assert_thinned(project: Path, run_dir: Path, whole: bytes) -> None:
    """Check everything that holds of a run whose table was thinned."""
    record = read_record(run_dir)
    path = whole_path(project, run_dir)
    assert whole == path.read_bytes()
    shown = path.relative_to(project).as_posix()
    assert {
        "metrics.csv": {
            "path": shown,
            "sha256": hashlib.sha256(whole).hexdigest(),
            "rows": whole.count(b"\n") - 1,
            "bytes": len(whole),
        }
    } == record["thinned"]
    md5 = hashlib.md5(whole, usedforsecurity=False).hexdigest()
    assert {"path": shown, "hash": f"md5:{md5}", "bytes": len(whole)} == record["artifacts"][
        "metrics_full"
    ]
    kept = (run_dir / "metrics.csv").read_bytes()
    assert hashlib.sha256(kept).hexdigest() == record["files"]["metrics.csv"]["sha256"]
    assert kept.count(b"\n") - 1 == record["files"]["metrics.csv"]["rows"]
    assert len(kept) < 10_000 < len(whole)
    lines = iter(whole.splitlines())
    assert all(line in lines for line in kept.splitlines())
    columns = columns_of(record, ())
    summary = {k: s.to_json() for k, s in summarise([decode_table(whole)], columns).items()}
    assert summary == record["summary"]
    assert [] == findings(project)
    assert [] == [path.name for path in run_dir.iterdir() if path.name.endswith(".tmp")]


def findings(project: Path) -> list[str]:
    """Return what the checks say of the ledger on the disk, notes aside."""
    one = Ledger(folder="ledger", settings=Settings(), settings_path="ledger.toml")
    found = judge_tree(str(project), [one], None).findings
    return [f"{f.code} {f.message}" for f in found if f.code not in {"LED101", "LED102"}]


def test_git_gets_a_thinned_table_and_the_whole_one_is_an_artifact(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = log_long()
    assert_thinned(project, seen["dir"], seen["whole"])
    said = capsys.readouterr().err
    assert "git gets a thinned one, all 1500 rows are in outputs/" in said
    assert "warnings" not in seen["record"]


def test_git_sees_nothing_new_beside_the_ledger(project: Path) -> None:
    log_long()
    listed = git(project, "status", "--porcelain", "--untracked-files=all").splitlines()
    assert [] == [line for line in listed if "ledger/" not in line]


def test_a_table_below_the_limit_stays_as_it_is(project: Path) -> None:
    seen = log_long(50)
    assert seen["whole"] == (seen["dir"] / "metrics.csv").read_bytes()
    assert not {"thinned", "warnings"} & seen["record"].keys()
    assert not (project / "outputs").exists()


def test_a_changed_number_in_a_thinned_table_is_found(project: Path) -> None:
    run_dir = log_long()["dir"]
    path = run_dir / "metrics.csv"
    lines = path.read_bytes().splitlines(keepends=True)
    last = lines[-1].split(b",")
    path.write_bytes(b"".join([*lines[:-1], b",".join([*last[:2], b"0.5", *last[3:]])]))
    assert any("LED104" in line for line in findings(project))
    record = json.loads((run_dir / "run.json").read_text())
    data = path.read_bytes()
    sealed = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    record["files"]["metrics.csv"] |= sealed
    (run_dir / "run.json").write_text(json.dumps(record, indent=2))
    assert any("the rows say 0.5" in line for line in findings(project))


def test_the_projects_own_file_of_that_name_is_not_overwritten(project: Path) -> None:
    with ledger.start("long") as run:
        own = whole_path(project, run.dir)
        own.parent.mkdir(parents=True)
        own.write_text("mine\n")
        for step in range(N_ROWS):
            run.log(step=step, loss=1 / (step + 1))
    assert "mine\n" == own.read_text()
    entry = read_record(run.dir)["thinned"]["metrics.csv"]
    assert entry["path"].endswith("/metrics.2.csv")
    assert entry["bytes"] == (project / entry["path"]).stat().st_size
    assert "/metrics.2.csv" in (own.parent / ".gitignore").read_text().splitlines()


@pytest.mark.usefixtures("project")
def test_an_artifact_of_that_name_is_kept() -> None:
    with ledger.start("long") as run:
        run.artifact("metrics_full", "train.py")
        for step in range(N_ROWS):
            run.log(step=step, loss=1 / (step + 1))
    artifacts = read_record(run.dir)["artifacts"]
    assert "train.py" == artifacts["metrics_full"]["path"]
    assert artifacts["metrics_full_"]["path"].startswith("outputs/")


def test_without_links_the_table_is_copied(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))

    monkeypatch.setattr("ledger.writer.shelf.os.link", refuse)
    seen = log_long()
    assert_thinned(project, seen["dir"], seen["whole"])


def test_where_the_shelf_cannot_be_made_the_table_stays_whole_and_that_is_said(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "outputs").write_text("a file is in the way\n")
    seen = log_long()
    assert seen["whole"] == (seen["dir"] / "metrics.csv").read_bytes()
    (warning,) = seen["record"]["warnings"]
    assert "metrics.csv over 0.01 MB stays whole in git" in warning
    assert warning in capsys.readouterr().err
    assert "finished" == seen["record"]["status"]
    assert "thinned" not in seen["record"]
    assert N_ROWS == seen["record"]["summary"]["loss"]["n"]
    assert [] == findings(project)
    assert [] == [path for path in seen["dir"].iterdir() if path.name.endswith(".tmp")]


def test_a_table_of_nothing_but_extremes_stays_whole_and_that_is_said(project: Path) -> None:
    with ledger.start("wide") as run:
        for step in range(40):
            run.log({"step": step} | {f"m{n}": (n * 7919 + step * 31) % 97 for n in range(200)})
    record = read_record(run.dir)
    assert "nearly every row is an extreme" in record["warnings"][0]
    assert 40 == record["files"]["metrics.csv"]["rows"]
    assert [] == findings(project)


def test_tables_that_go_on_in_another_file_are_thinned_together(project: Path) -> None:
    with ledger.start("long") as run:
        for step in range(N_ROWS):
            run.log(step=step, loss=1 / (step + 1))
        run.log(step=N_ROWS, loss=0.5, acc=0.1)
        for step in range(N_ROWS, 2 * N_ROWS):  # the first overrides the row before
            run.log(step=step, loss=1 / (step + 1), acc=0.1, third=float(step))
    names = sorted(path.name for path in run.dir.iterdir() if path.suffix == ".csv")
    assert ["metrics.2.csv", "metrics.csv"] == names
    record = read_record(run.dir)
    assert {"metrics.csv", "metrics.2.csv"} == set(record["thinned"])
    assert {"metrics_full", "metrics.2_full"} == set(record["artifacts"])
    wholes = [
        decode_table((project / record["thinned"][name]["path"]).read_bytes())
        for name in ("metrics.csv", "metrics.2.csv")
    ]
    summary = summarise(wholes, columns_of(record, ()))
    assert {name: one.to_json() for name, one in summary.items()} == record["summary"]
    assert [] == findings(project)


def test_values_that_are_not_finite_are_summed_up_and_kept(project: Path) -> None:
    with ledger.start("long") as run:
        for step in range(N_ROWS):
            run.log(step=step, loss=float("nan") if step in {700, 701} else 1 / (step + 1))
    record = read_record(run.dir)
    assert (N_ROWS, 2) == tuple(record["summary"]["loss"][key] for key in ("n", "n_nonfinite"))
    steps = [row[0] for row in decode_table((run.dir / "metrics.csv").read_bytes()).rows]
    assert "700" in steps
    assert [] == findings(project)


def test_texts_are_kept_as_they_stand(project: Path) -> None:
    with ledger.start("long") as run:
        for step in range(N_ROWS):
            run.log(step=step, loss=1 / (step + 1), said=f'a "{step}", b\n')
    rows = decode_table((run.dir / "metrics.csv").read_bytes()).rows
    assert [f'a "{row[0]}", b\n' for row in rows] == [row[3] for row in rows]
    assert [] == findings(project)


@pytest.mark.parametrize(
    "moment", ["before the rename", "after the rename", "after it, without a second home"]
)
def test_a_crash_between_the_steps_loses_nothing(project: Path, moment: str) -> None:
    """The next seal finds the whole table in place, or on its shelf, and ends the work."""
    crash = (
        "import os, pathlib\n"
        "real = pathlib.Path.replace\n"
        "def replace(self, target):\n"
        "    is_table = target.name == 'metrics.csv'\n"
        f"    if {moment.startswith('after')} or not is_table:\n"
        "        real(self, target)\n"
        "    if is_table:\n"
        "        os.kill(os.getpid(), 9)\n"
        "pathlib.Path.replace = replace\n"
    )
    script = LOGS.replace("import ledger\n", "import ledger\n" + crash)
    done = train(project, script)
    assert -signal.SIGKILL == done.returncode, done.stderr
    run_dir = only_run(project)
    kept = (run_dir / "metrics.csv").read_bytes()
    assert moment.startswith("after") == (len(kept) < 10_000)
    whole = whole_path(project, run_dir).read_bytes()
    assert N_ROWS + 1 == whole.count(b"\n")
    assert "running" == read_record(run_dir)["status"]
    if moment.endswith("home"):
        shutil.rmtree(project / ".git/ledger/live")
    said = ledger_command(project, "seal", run_dir.name)
    assert 0 == said.returncode, said.stderr
    assert "crashed" == read_record(run_dir)["status"]
    assert_thinned(project, run_dir, whole)


def test_a_crash_before_anything_leaves_the_whole_table(project: Path) -> None:
    process = begin_training(project, STAYS)
    assert process.stdout is not None
    assert "logged\n" == process.stdout.readline()
    process.kill()
    end_of(process)
    run_dir = only_run(project)
    whole = (run_dir / "metrics.csv").read_bytes()
    record = seal_abandoned(run_dir)
    assert "crashed" == record.status
    assert_thinned(project, run_dir, whole)


def test_a_run_that_is_interrupted_and_goes_on_is_thinned_only_at_its_end(project: Path) -> None:
    script = LOGS.replace(
        "import ledger\n",
        "import ledger, os, signal\nsignal.signal(signal.SIGTERM, lambda *_: None)\n",
    ) + (
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    sizes = (run.dir / 'metrics.csv').stat().st_size\n"
        f"    run.log(step={N_ROWS}, loss=0.5, acc=0.5)\n"
        "    print(sizes, (run.dir / 'metrics.csv').stat().st_size)\n"
    )
    done = train(project, script)
    before, after = map(int, done.stdout.split())
    assert 10_000 < before < after
    run_dir = only_run(project)
    assert "interrupted" == read_record(run_dir)["status"]
    assert_thinned(project, run_dir, whole_path(project, run_dir).read_bytes())


def test_the_folder_of_a_run_that_is_away_is_not_thinned(project: Path) -> None:
    """What comes back with `stash pop` would not fit a record of a thinned table."""
    process = begin_training(project, STAYS)
    assert process.stdout is not None
    assert "logged\n" == process.stdout.readline()
    git(project, "stash", "-u", "-q")
    _, _, said = end_of(process)
    assert "stays whole in git: the run's folder is not in its ledger" in said
    back = ledger_command(project, "ls")
    assert 0 == back.returncode
    git(project, "stash", "drop", "-q")
    ledger_command(project, "ls")
    run_dir = only_run(project)
    assert N_ROWS + 1 == (run_dir / "metrics.csv").read_bytes().count(b"\n")
    assert [] == findings(project)


def test_the_second_home_brings_no_whole_table_back(project: Path) -> None:
    """A crash right after the seal leaves the second home; it must not undo the thinning."""
    script = "import os\nfrom ledger.writer import home\n"
    script += "home.Home.end = lambda self: os._exit(0)\n" + LOGS
    assert 0 == train(project, script).returncode
    run_dir = only_run(project)
    whole = whole_path(project, run_dir).read_bytes()
    assert (project / ".git/ledger/live" / run_dir.name).is_dir()
    ledger_command(project, "ls")
    assert not (project / ".git/ledger/live" / run_dir.name).exists()
    assert_thinned(project, run_dir, whole)


@pytest.mark.usefixtures("project")
def test_five_megabytes_are_told_once_at_that_moment(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_module, "WARN_BYTES", 5000)
    with ledger.start("long") as run:
        told = []
        for step in range(400):
            run.log(step=step, loss=1 / (step + 1))
            said = capsys.readouterr().err
            if "have passed" in said:
                told.append((run.dir / "metrics.csv").stat().st_size)
    assert 1 == len(told)
    assert 5000 <= told[0] <= 5100
    (warning, *_) = read_record(run.dir)["warnings"]
    assert "the tables have passed" in warning


@pytest.mark.usefixtures("project")
def test_rows_with_texts_count_for_the_five_megabytes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ledger.start("long") as run:
        for step in range(6):
            run.log(step=step, said="x" * 1_000_000)
    assert "the tables have passed 5 MB with 5 rows" in capsys.readouterr().err


def test_show_says_that_the_table_is_thinned(project: Path) -> None:
    run_dir = log_long()["dir"]
    kept = read_record(run_dir)["files"]["metrics.csv"]["rows"]
    said = ledger_command(project, "show", run_dir.name)
    shown = f"metrics.csv: {kept} of {N_ROWS} rows, all of them in outputs/{run_dir.name}"
    assert shown in " ".join(said.stdout.split())
    answer = json.loads(ledger_command(project, "show", run_dir.name, "--format", "json").stdout)
    assert read_record(run_dir)["thinned"] == answer["rows"][0]["thinned"]


def test_a_huge_table_is_never_held(project: Path) -> None:
    """Twelve times the memory of a small run's seal would be needed to hold it as cells."""
    script = (
        "import resource, sys\n"
        "import ledger\n"
        "n = int(sys.argv[1])\n"
        "with ledger.start('long') as run:\n"
        "    run.wait_for_capture()\n"
        "    for step in range(n):\n"
        "        run.log(step=step, loss=1 / (step + 1), acc=(step * 7919 % 1000) / 1000)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    small = int(train(project, script, "2000").stdout)
    large = int(train(project, script, "200000").stdout)
    sizes = [path.stat().st_size for path in (project / "outputs").rglob("metrics.csv")]
    assert max(sizes) > 8_000_000
    assert large < 2 * small


def test_tables_of_workers_and_of_the_console_are_thinned(project: Path) -> None:
    """Rows of two processes are never one row, and what is printed counts where nobody logs it."""
    script = (
        "import ledger\n"
        "with ledger.start('inner', objective=('loss', 'min')) as run:\n"
        f"    for step in range({N_ROWS}):\n"
        "        print(f'loss={1 / (step + 1):.3f} printed={step * 7919 % 1000}')\n"
        "        run.log(step=step, loss=1 / (step + 1))\n"
    )
    commit_files(project, {"train.py": script})
    done = ledger_command(project, "run", "--", sys.executable, "train.py")
    assert 0 == done.returncode, done.stderr
    run_dir = only_run(project)
    record = read_record(run_dir)
    assert {"metrics.csv", "metrics.console.csv"} == set(record["thinned"])
    assert ("finished", 1 / N_ROWS, 999.0) == (
        record["status"],
        record["summary"]["loss"]["min"],
        record["summary"]["printed"]["max"],
    )
    assert (N_ROWS, N_ROWS) == tuple(record["summary"][m]["n"] for m in ("loss", "printed"))
    assert [] == findings(project)
