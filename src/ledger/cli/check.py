"""``ledger check``: find runs that nobody could understand or reproduce."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from ledger.cli.exit_codes import FINDINGS, FINE
from ledger.cli.render import put, tell
from ledger.errors import LedgerError
from ledger.policy.finding import to_lines
from ledger.setup.look import judge_here


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--staged", is_flag=True, help="Judge what the next commit would hold.")
@click.option("--all", "is_all", is_flag=True, help="Judge every run on the disk (the default).")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How findings are written.",
)
def command(runs: tuple[str, ...], *, staged: bool, is_all: bool, form: str) -> int:
    """Find runs that nobody could understand or reproduce.

    RUN is the id of a run, its name, the beginning of one of them, @latest or @best:METRIC.

    Exits with 1 when something must be mended; warnings alone are fine.
    """
    if staged + is_all + bool(runs) > 1:
        message = "give one of --staged, --all and RUN"
        raise click.UsageError(message)
    verdict = judge_here(Path.cwd(), os.environ, [*map(_run_id, runs)], is_staged=staged)
    if form == "json":
        findings = [finding.to_json() for finding in verdict.findings]
        answer = {
            "answer_version": 1,
            "verb": "check",
            "verdict": verdict.word,
            "findings": findings,
        }
        put(json.dumps(answer, indent=2))
    else:
        for line in to_lines(verdict.findings):
            put(line)
    tell(verdict.to_text())
    return FINDINGS if verdict.is_blocked else FINE


def _run_id(reference: str) -> str:
    """Return the id of the run that ``reference`` names here.

    What names none here is left to the checks: they look into every ledger of the repository, and
    judge runs whose records nobody else can read.
    """
    from ledger.cli.asking import ledger_here  # the checks themselves need no reader
    from ledger.reader.reference import find_run

    try:
        return find_run(ledger_here(), reference).run_id
    except LedgerError:
        if reference.startswith("@"):
            raise
        return reference.rstrip("/").rpartition("/")[2]
