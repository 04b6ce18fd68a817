"""``ledger run``: record any command as a run."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import click

from ledger.errors import LedgerError
from ledger.writer.command.record import Command
from ledger.writer.command.repeat import plan_repeats, record_all
from ledger.writer.command.signal_relay import SignalRelay
from ledger.writer.first_record import check_objective


if TYPE_CHECKING:
    from ledger.writer.command.child_process import Ended


@click.command(
    "run", context_settings={"allow_interspersed_args": False, "ignore_unknown_options": False}
)
@click.option("--name", help="What the run is called.  [default: the script's name]")
@click.option("--data", multiple=True, metavar="PATH", help="Data it uses; may be given again.")
@click.option("-m", "--hypothesis", metavar="TEXT", help="What you expect, and why.")
@click.option("--tag", multiple=True, help="A word to find it by; may be given again.")
@click.option("--parent", metavar="RUN", help="The run this one follows; @latest works too.")
@click.option("--config", metavar="FILE", help="Its config: JSON, TOML or YAML.")
@click.option("--objective", metavar="METRIC:GOAL", help="What it improves: val_acc:max.")
@click.option(
    "--metric-pattern",
    multiple=True,
    metavar="RE",
    help="Finds numbers in what it prints, in place of the built-in rule: named groups, or the"
    " groups name and value; may be given again.",
)
@click.option("--repeat", type=click.IntRange(min=1), metavar="N", help="Run it N times.")
@click.option("--seeds", metavar="1,2,3", help="The seeds of the repeats.  [default: 0, 1, …]")
@click.option("--seed-arg", metavar="ARG", help="How it is told its seed: --seed, or seed=.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def command(  # noqa: PLR0913  # one argument for each option
    command: tuple[str, ...],
    *,
    name: str | None,
    data: tuple[str, ...],
    hypothesis: str | None,
    tag: tuple[str, ...],
    parent: str | None,
    config: str | None,
    objective: str | None,
    metric_pattern: tuple[str, ...],
    repeat: int | None,
    seeds: str | None,
    seed_arg: str | None,
) -> int:
    """Run COMMAND, in any language, as a recorded run; what it prints is passed on.

    Lines such as `epoch=3 loss=0.41` become rows. A Python program may use `ledger.start` and
    `ledger.log`: it joins this run. The exit code is the command's; 128 + the signal that ended
    it. `{seed}` in COMMAND stands for the seed of a repeat.
    """
    wanted = Command(
        argv=command,
        name=name,
        data=data,
        hypothesis=hypothesis,
        tags=tag,
        parent=_run_id(parent),
        config=config,
        objective=_objective(objective),
        patterns=metric_pattern,
    )
    if not hasattr(signal, "pthread_sigmask"):
        message = "ledger run is not for this system"
        raise LedgerError(message, hint="start the run in the program: ledger.start(...)")
    commands = plan_repeats(wanted, repeat, _seeds(seeds), seed_arg)
    relay = SignalRelay()
    relay.start()  # until the process ends: nothing comes between the seal and the exit code
    ended = record_all(commands, relay)
    _end_as_told(ended)
    return ended.code


def _run_id(parent: str | None) -> str | None:
    if parent is None:
        return None
    from ledger.cli.asking import ledger_here  # only here a run pays for reading the others
    from ledger.reader.reference import find_run

    return find_run(ledger_here(), parent).run_id


def _objective(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    metric, _, goal = text.rpartition(":")
    try:
        check_objective((metric, goal))
    except LedgerError as error:
        message = f"{text!r} is not METRIC:max or METRIC:min"
        raise click.BadParameter(message, param_hint="--objective") from error
    if not metric:
        message = f"{text!r} names no metric"
        raise click.BadParameter(message, param_hint="--objective")
    return metric, goal


def _seeds(text: str | None) -> list[int]:
    try:
        return [int(word) for word in text.split(",")] if text is not None else []
    except ValueError as error:
        message = f"{text!r} is not a list of whole numbers like 1,2,3"
        raise click.BadParameter(message, param_hint="--seeds") from error


def _end_as_told(ended: Ended) -> None:
    """End by Ctrl-C ourselves when a person ended the command so: a loop around us stops, too."""
    if ended.signal == "SIGINT" and os.isatty(0):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        signal.raise_signal(signal.SIGINT)
