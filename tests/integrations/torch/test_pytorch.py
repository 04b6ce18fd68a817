"""Plain PyTorch loops: alone, under the real torchrun, and in processes that a script spawns."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import ledger
from ledger.contract.metrics import decode_table
from make_repo import commit_files
from unit.writer.recording import ledger_command, only_run, read_record, read_rows, run_dirs


if TYPE_CHECKING:
    from pathlib import Path

REASON = "no CPU build of torch: `.ci/run` installs one where pip offers it"
torch = pytest.importorskip("torch", reason=REASON)
pytestmark = [pytest.mark.timeout(240), pytest.mark.filterwarnings("default")]

RANKS = """
import os, signal, sys, torch
import torch.distributed as dist
import ledger
from ledger.integrations.pytorch import start

EARLY = "late" not in sys.argv
if EARLY:
    run = start("ranks", config={"lr": 0.1}, tags=["ddp"])
dist.init_process_group("gloo")
if not EARLY:
    run = start("ranks", config={"lr": 0.1}, tags=["ddp"])
rank = dist.get_rank()
ledger.seed_everything(7 + rank)
weight = torch.nn.Parameter(torch.ones(()))
with run:
    for step in range(4):
        loss = (weight - rank) ** 2
        loss.backward()
        mean = loss.detach().clone()
        dist.all_reduce(mean)
        run.log(step=step, loss=loss)
        is_first = os.environ["TORCHELASTIC_RESTART_COUNT"] == "0"
        if is_first and step == 2 and "die%d" % rank in sys.argv:
            os.kill(os.getpid(), signal.SIGKILL)
    run.final(rank=rank)
dist.destroy_process_group()
"""


RESTARTING = ("--standalone", "--max-restarts", "1")


def torchrun(
    project: Path,
    script: str,
    *arguments: str,
    options: tuple[str, ...] = ("--standalone",),
    environ: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    commit_files(project, {"train.py": script})
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    return subprocess.run(
        [*launcher, *options, "train.py", *arguments],
        cwd=project,
        env={**os.environ, "OMP_NUM_THREADS": "1", **(environ or {})},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def rows_of(folder: Path, rank: int) -> list[dict[str, str]]:
    table = decode_table((folder / f"metrics.rank{rank}.csv").read_bytes())
    return [dict(zip(table.header, row, strict=True)) for row in table.rows]


def is_judged_sound(project: Path) -> bool:
    said = ledger_command(project, "check", "--all", "--format", "json").stdout
    return not any(code in said for code in ("LED104", "LED105", "LED111", "LED112"))


@pytest.mark.parametrize("when", ["early", "late"])
def test_rank_0_owns_the_run_and_each_other_rank_has_a_table(project: Path, when: str) -> None:
    done = torchrun(project, RANKS, when)
    assert done.returncode == 0, done.stderr

    folder = only_run(project)
    record = read_record(folder)
    assert (record["status"], record["name"], record["tags"]) == ("finished", "ranks", ["ddp"])
    assert record["config"]["resolved"] == {"lr": 0.1}
    assert [row["step"] for row in rows_of(folder, 1)] == ["0", "1", "2", "3"]
    assert len(read_rows(folder)) == 8
    assert set(record["files"]) == {"metrics.csv", "metrics.rank1.csv", "worker.rank1.json"}
    # what rank 0 set and stated is what counts
    assert (record["random"]["seed"], record["random"]["torch_seed"]) == (7, 7)
    assert record["metrics"]["rank"] == 0
    assert "warnings" not in record
    assert "incomplete" not in record
    assert is_judged_sound(project)
    answer = next(iter(ledger.query("best loss", path=project)))
    assert answer["value"] == 0.0  # of rank 1


def test_without_a_restart_a_killed_rank_ends_the_run_and_is_named(project: Path) -> None:
    done = torchrun(project, RANKS, "die1")
    assert done.returncode != 0

    record = read_record(only_run(project))
    assert record["status"] in {"interrupted", "failed"}
    assert any("rank1" in line and "killed" in line for line in record["warnings"])
    assert len(rows_of(only_run(project), 1)) == 3
    assert is_judged_sound(project)


def test_when_rank_0_is_killed_the_run_has_crashed(project: Path) -> None:
    assert torchrun(project, RANKS, "die0").returncode != 0

    ledger_command(project, "ls")
    folder = only_run(project)
    assert read_record(folder)["status"] == "crashed"
    assert len(read_rows(folder)) >= 6
    assert is_judged_sound(project)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_restart_goes_on_in_the_run_or_follows_it(project: Path, rank: int) -> None:
    # in the store of the first attempt the ranks of the second may find those that are gone
    own_store = {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}
    done = torchrun(project, RANKS, "late", f"die{rank}", options=RESTARTING, environ=own_store)
    assert done.returncode == 0, done.stderr

    ledger_command(project, "ls")
    records = sorted(
        (read_record(folder) for folder in run_dirs(project)),
        key=lambda record: str(record["timestamp"]["start"]),
    )
    last = records[-1]
    assert last["status"] == "finished"
    if len(records) == 1:
        # of either attempt each rank has a table of its own: nothing is written over
        assert len(last["sessions"]) == 2
        rows = {name: entry.get("rows") for name, entry in last["files"].items()}
        assert (rows["metrics.rank1.csv"], rows["metrics.rank1-2.csv"]) == (3, 4)
    else:  # a rank of the first attempt was still going: its run is not gone on with
        first, _ = records
        assert first["status"] in {"interrupted", "crashed", "failed"}
        assert last["parent"] == first["run_id"]
        assert last["files"]["metrics.rank1.csv"]["rows"] == 4
    assert not (project / ".git/ledger/torchrun").exists() or not any(
        (project / ".git/ledger/torchrun").iterdir()
    )
    assert is_judged_sound(project)


def test_a_restart_of_one_process_goes_on_in_its_run(project: Path) -> None:
    script = RANKS.replace('"die%d" % rank in sys.argv', "True").replace(
        "os.kill(os.getpid(), signal.SIGKILL)", "raise SystemExit(3)"
    )
    done = torchrun(project, script, options=(*RESTARTING, "--nproc-per-node", "1"))
    assert done.returncode == 0, done.stderr

    record = read_record(only_run(project))
    assert (record["status"], len(record["sessions"])) == ("finished", 2)
    assert len(read_rows(only_run(project))) == 7


SPAWNED = """
import os, sys, torch
import torch.distributed as dist
import torch.multiprocessing as mp
from ledger.integrations.pytorch import start

def train(rank, address):
    dist.init_process_group("gloo", init_method=address, rank=rank, world_size=2)
    for name in ("first", "second"):
        with start(name) as run:
            for epoch in range(2):
                run.log(epoch=epoch, loss=torch.tensor(float(rank)))
    dist.destroy_process_group()

if __name__ == "__main__":
    mp.spawn(train, args=(sys.argv[1],), nprocs=2)
"""


def test_spawned_processes_meet_in_their_group_for_each_run(project: Path, tmp_path: Path) -> None:
    commit_files(project, {"train.py": SPAWNED})
    subprocess.run(
        [sys.executable, "train.py", f"file://{tmp_path}/meeting"],
        cwd=project,
        check=True,
        timeout=200,
    )
    records = [read_record(folder) for folder in run_dirs(project)]
    assert sorted(record["name"] for record in records) == ["first", "second"]
    for record in records:
        assert record["status"] == "finished"
        assert record["files"]["metrics.rank1.csv"]["rows"] == 2


def test_a_rank_that_does_not_see_the_disk_trains_on(project: Path) -> None:
    script = RANKS.replace(
        "EARLY = ",
        """
if os.environ["RANK"] == "1":  # as on a node that has its own clone
    import subprocess
    subprocess.run(["git", "clone", "-q", ".", "../node"], check=True)
    os.chdir("../node")
    sys.modules["__main__"].__file__ = os.path.abspath("train.py")
EARLY = """,
    )
    done = torchrun(project, script)
    assert done.returncode == 0, done.stderr

    record = read_record(only_run(project))
    assert (record["status"], set(record["files"])) == ("finished", {"metrics.csv"})
    assert done.stderr.count("rank1 trains on, and what it logs is not recorded") == 1
    assert run_dirs(project.parent / "node") == []


def test_a_start_on_rank_0_alone_holds_up_nobody(project: Path) -> None:
    script = """
import torch.distributed as dist
from ledger.integrations import pytorch

pytorch.SECONDS_FOR_LATE_RANKS = 0.1
dist.init_process_group("gloo")
if dist.get_rank() == 0:
    with pytorch.start("lonely") as run:
        run.log(loss=1.0)
dist.barrier()
dist.destroy_process_group()
"""
    done = torchrun(project, script)
    assert done.returncode == 0, done.stderr
    assert "not every rank has called start" in done.stderr
    assert read_record(only_run(project))["status"] == "finished"


def test_ranks_under_ledger_run_are_parts_of_its_run(project: Path) -> None:
    commit_files(project, {"train.py": RANKS})
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    done = ledger_command(project, "run", "--", *launcher, "--standalone", "train.py")
    assert done.returncode == 0, done.stderr

    record = read_record(only_run(project))
    assert record["config"]["resolved"] == {"lr": 0.1}
    tables = {name: entry["rows"] for name, entry in record["files"].items() if "rows" in entry}
    assert (tables["metrics.csv"], tables["metrics.rank1.csv"]) == (4, 4)
    assert record["random"]["torch_seed"] == 7


@pytest.mark.usefixtures("project")
def test_scalar_tensors_are_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    from ledger.integrations.pytorch import start

    weight = torch.nn.Parameter(torch.tensor(0.5))
    with start("tensors") as run:
        for step in range(3):
            run.log(
                step=torch.tensor(step),
                loss=weight * 2,
                half=torch.tensor(0.25, dtype=torch.bfloat16),
                one=torch.tensor([3]),
                right=torch.tensor(True),
                double=torch.tensor(1 / 3, dtype=torch.float64),
                nothing=torch.tensor(float("nan")),
                many=torch.ones(2),
                abstract=torch.ones((), device="meta"),
                complex=torch.tensor(1j),
            )
        run.final(test=torch.tensor(0.75), wide=torch.ones(3))

    row = read_rows(run.dir)[2]
    assert row == {
        "step": "2",
        "loss": "1.0",
        "half": "0.25",
        "one": "3",
        "right": "true",
        "double": repr(1 / 3),
        "nothing": "nan",
    }
    assert read_record(run.dir)["metrics"]["test"] == 0.75
    said = capsys.readouterr().err
    for name in ("many", "abstract", "complex", "wide"):
        assert said.count(f"{name}: ") == 1


@pytest.mark.usefixtures("project")
def test_seeds_reach_torch_and_the_record() -> None:
    from ledger.integrations.pytorch import start

    ledger.seed_everything(5)
    first = torch.rand(3)
    ledger.seed_everything(5)
    assert torch.equal(first, torch.rand(3))
    with start("seeded") as run:
        pass
    assert read_record(run.dir)["random"]["torch_seed"] == 5


def alone(project: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    script = """
from ledger.integrations.pytorch import start
with start("alone") as run:
    run.log(loss=1.0)
    run.final(acc=1.0)
    run.artifact("model", "model.pt")
import sys
print("torch" in sys.modules)
"""
    commit_files(project, {"train.py": script})
    return subprocess.run(
        [sys.executable, "train.py"],
        cwd=project,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_process_that_is_alone_never_loads_torch(project: Path) -> None:
    done = alone(project, {"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0"})
    assert (done.returncode, done.stdout) == (0, "False\n"), done.stderr
    assert len(read_rows(only_run(project))) == 1


@pytest.mark.parametrize(("rank", "n_runs"), [("0", 1), ("1", 0)])
def test_ranks_that_cannot_meet_are_told_and_rank_0_records(
    project: Path, rank: str, n_runs: int
) -> None:
    done = alone(project, {"RANK": rank, "WORLD_SIZE": "2"})
    assert done.returncode == 0, done.stderr
    assert f"rank {rank}: only rank 0 is recorded" in done.stderr
    assert len(run_dirs(project)) == n_runs


def test_its_autolog_says_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ledger.integrations import pytorch

    monkeypatch.delenv("LEDGER_QUIET", raising=False)
    take_back: Any = pytorch.autolog()
    take_back()
    assert "ledger.integrations.pytorch.start" in capsys.readouterr().err


def test_sigterm_to_the_launcher_leaves_an_interrupted_run(project: Path) -> None:
    script = RANKS.replace(
        "        run.log(step=step, loss=loss)\n",
        "        run.log(step=step, loss=loss)\n        print('at', step, flush=True)\n",
    ).replace("range(4)", "range(10**6)")
    commit_files(project, {"train.py": script})
    launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    with subprocess.Popen(
        [*launcher, "--standalone", "train.py"],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("at")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)

    record = read_record(only_run(project))
    assert record["status"] == "interrupted"
    assert is_judged_sound(project)
