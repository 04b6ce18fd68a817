"""``ledger sync mlflow|wandb RUN…``: send finished runs to another tracker."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import click

from ledger.cli import render
from ledger.cli.asking import format_option, ledger_here, put_answer
from ledger.cli.exit_codes import FINDINGS
from ledger.errors import LedgerError, MalformedError
from ledger.reader.answers import Answer
from ledger.sync.choice import choose, plans
from ledger.sync.outcome import sent_sheet
from ledger.sync.sent_file import one_at_a_time, private_folder


if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.sync.outcome import Sent, Target
    from ledger.sync.plan import Plan

    Send = Callable[[Plan], Sent]

_ONLY = {"tracking_uri": "mlflow", "experiment": "mlflow", "project": "wandb"}


@click.command("sync")
@click.argument("tracker", type=click.Choice(["mlflow", "wandb"]))
@click.argument("runs", metavar="RUN…", nargs=-1)
@click.option(
    "--all", "is_all", is_flag=True, help="All runs that have ended, less retracted ones."
)
@click.option("--since", metavar="TIME", help="With --all: those started since: yesterday, a date.")
@click.option("--with-artifacts", is_flag=True, help="Send the files that the runs made, too.")
@click.option("--dry-run", is_flag=True, help="Tell what would be sent; write nothing.")
@click.option("--tracking-uri", metavar="URI", help="MLflow's server; else MLFLOW_TRACKING_URI.")
@click.option("--experiment", metavar="NAME", help="Of MLflow; else the project's name.")
@click.option("--project", metavar="NAME", help="Of Weights & Biases; else the project's name.")
@format_option
def command(  # noqa: PLR0913  # one for each option
    *,
    tracker: str,
    runs: tuple[str, ...],
    is_all: bool,
    since: str | None,
    with_artifacts: bool,
    dry_run: bool,
    output_format: str,
    **names: str | None,
) -> None:
    """Send finished runs to MLflow or Weights & Biases.

    A run that is there already is found again, and nothing is added. Weights & Biases gets files
    for `wandb sync` where WANDB_MODE is offline. A tracker that cannot be reached: exit code 2.
    """
    for option, owner in _ONLY.items():
        if names[option] is not None and owner != tracker:
            message = f"--{option.replace('_', '-')} is no option of {tracker}"
            raise click.UsageError(message)
    if bool(runs) == is_all or (since is not None and not is_all):
        message = "name runs, or say --all, perhaps with --since"
        raise click.UsageError(message)
    ledger = ledger_here()
    choice = choose(ledger, runs, since=since, tool=tracker)
    for line in choice.told:
        render.tell(f"ledger: {line}")
    with contextlib.ExitStack() as stack:
        folder = private_folder(ledger.project)
        stack.enter_context(one_at_a_time(folder))
        project = choice.runs[0].record.document.get("project") or ledger.project.root.name
        target = stack.enter_context(_open(tracker, names, str(project), folder))
        sent, error = _send_all(
            ledger,
            choice.runs,
            lambda plan: target.send(plan, with_models=with_artifacts, is_dry=dry_run),
        )
    answer = Answer(verb="sync", question=tracker, rows=tuple(sent))
    sheet = sent_sheet(sent)
    put_answer(answer, output_format, sheets=[sheet] if sent else [], flat=lambda: sheet)
    if error is not None:
        raise error
    if choice.is_broken:
        click.get_current_context().exit(FINDINGS)


def _open(
    tracker: str, names: dict[str, str | None], project: str, folder: str | None
) -> AbstractContextManager[Target]:
    if tracker == "mlflow":
        from ledger.sync.mlflow import experiment_of, open_mlflow

        return open_mlflow(names["tracking_uri"], experiment_of(names["experiment"], project))
    from ledger.sync.wandb import open_wandb

    return open_wandb(names["project"] or os.environ.get("WANDB_PROJECT") or project, folder)


def _send_all(
    ledger: Ledger, runs: Sequence[StoredRun], send: Send
) -> tuple[list[Sent], LedgerError | None]:
    """Send ``runs`` one by one; return what was sent, and what stopped or spoiled it.

    A run that cannot be read stops nothing; a tracker that fails stops all.
    """
    sent: list[Sent] = []
    spoiled: LedgerError | None = None
    for plan in plans(ledger, runs):
        if isinstance(plan, MalformedError):
            if spoiled is not None:
                render.tell(f"ledger: {spoiled}")
            spoiled = plan
            continue
        try:
            sent.append(send(plan))
        except LedgerError as error:
            return sent, error
        for note in sent[-1].notes:
            render.tell(f"ledger: {plan.run_id}: {note}")
    return sent, spoiled
