"""``ledger run --repeat``: one command over several seeds."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from e2e.run_command import begin, end_of, problems, run, until_ready
from unit.writer.recording import make_project, read_record, run_dirs


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return make_project(tmp_path)


def records(project: Path) -> list[dict[str, Any]]:
    """Return the records of all runs by their start."""
    found = [read_record(run_dir) for run_dir in run_dirs(project)]
    return sorted(found, key=lambda record: record["timestamp"]["start"])


def test_repeats_are_runs_of_one_variant_with_a_seed_each(project: Path) -> None:
    options = ("--repeat", "3", "--seed-arg", "--seed", "--tag", "mine")
    done = run(project, *options, "--", "sh", "-c", "echo loss: 0.$2", "sh")

    made = records(project)
    assert (0, ["loss: 0.0", "loss: 0.1", "loss: 0.2"]) == (
        done.returncode,
        done.stdout.splitlines(),
    )
    assert [["--seed", "0"], ["--seed", "1"], ["--seed", "2"]] == [
        record["command"]["argv"][-2:] for record in made
    ]
    assert [0, 1, 2] == [record["random"]["seed"] for record in made]
    assert [0, 1, 2] == [record["config"]["resolved"]["seed"] for record in made]
    assert 1 == len({record["config"]["variant"] for record in made})
    assert 3 == len({record["config"]["hash"] for record in made})
    (group,) = {tuple(record["tags"]) for record in made}
    assert ("mine", True) == (group[0], group[1].startswith("repeat-"))
    assert [] == problems(project)


def test_the_seed_may_stand_in_the_command(project: Path) -> None:
    done = run(project, "--seeds", "7,42", "--", "sh", "-c", "echo {seed} loss: 0.5")
    assert ["7 loss: 0.5", "42 loss: 0.5"] == done.stdout.splitlines()
    assert [7, 42] == [record["random"]["seed"] for record in records(project)]


def test_an_argument_that_ends_with_an_equals_sign_takes_the_seed_in_its_word(
    project: Path,
) -> None:
    done = run(project, "--repeat", "1", "--seed-arg", "seed=", "--", "echo")
    assert "seed=0\n" == done.stdout


def test_a_repeat_that_fails_does_not_stop_the_next(project: Path) -> None:
    done = run(project, "--repeat", "3", "--", "sh", "-c", "test {seed} != 1 || exit 5")
    assert 5 == done.returncode
    assert ["finished", "failed", "finished"] == [record["status"] for record in records(project)]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_stops_the_repeats(project: Path, name: str) -> None:
    number = getattr(signal, name)
    lines = "echo ready; exec sleep 60"
    process = begin(project, "--repeat", "3", "--", "sh", "-c", lines, "{seed}")
    until_ready(process)
    process.send_signal(number)
    assert 128 + number == end_of(process)[0]
    assert ["interrupted"] == [record["status"] for record in records(project)]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--repeat", "2"), "is not told its seed"),
        (("--seeds", "1,x", "--seed-arg", "s"), "not a list of whole numbers"),
        (("--seed-arg", "--seed"), "neither --repeat nor --seeds"),
        (("--repeat", "2", "--seeds", "1,2,3", "--seed-arg", "s"), "do not agree"),
        (("--repeat", "0", "--seed-arg", "s"), "0"),
    ],
)
def test_repeats_that_make_no_sense_are_bad_usage(
    project: Path, options: tuple[str, ...], said: str
) -> None:
    done = run(project, *options, "--", "echo", "ran")
    assert (2, "") == (done.returncode, done.stdout)
    assert said in done.stderr
    assert [] == run_dirs(project)
