"""``ledger ci``: judge what a change brings, against the branch it goes to."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.ci.arrivals import arrivals
from ledger.ci.ask import AUTO, Wanted, provider_of, request_for
from ledger.ci.formats.github import to_github
from ledger.ci.formats.gitlab import to_gitlab
from ledger.ci.formats.json import to_json, verdict_word
from ledger.ci.formats.junit import to_junit
from ledger.ci.formats.sarif import to_sarif
from ledger.ci.formats.text import summary_line, to_text
from ledger.ci.github_files import append, outputs_text, summary_room
from ledger.ci.here import receiving_repository, repository_around
from ledger.ci.judge import cannot_judge, judge
from ledger.ci.markdown import COMMENT_BYTES, to_markdown
from ledger.ci.pre_receive import judge_updates, parse_updates
from ledger.ci.request import GITHUB, GITLAB, NO_PROVIDER, Request
from ledger.cli.exit_codes import FINDINGS, FINE, USAGE
from ledger.cli.output import write_file
from ledger.cli.render import put, tell
from ledger.errors import LedgerError
from ledger.policy.finding import printable


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.ci.arrival import Arrivals
    from ledger.ci.judged import Judged
    from ledger.storage.git import Repository

_FORMATS: Mapping[str, Callable[[Judged], str]] = {
    "text": to_text,
    "json": to_json,
    "github": to_github,
    "gitlab": to_gitlab,
    "sarif": to_sarif,
    "junit": to_junit,
}


@click.command()
@click.option("--base", metavar="REV", help="The branch or commit that the change goes to.")
@click.option("--head", metavar="REV", help="The last commit of the change; HEAD unless given.")
@click.option(
    "--format",
    "form",
    type=click.Choice([*_FORMATS]),
    default="text",
    show_default=True,
    help="How findings are written.",
)
@click.option(
    "--provider",
    type=click.Choice([AUTO, GITHUB, GITLAB, NO_PROVIDER]),
    default=AUTO,
    show_default=True,
    help="Whose variables say what is judged.",
)
@click.option("--label", "labels", metavar="L", multiple=True, help="A label of the change.")
@click.option(
    "--report",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the new runs and the findings as Markdown, at most 64 kB, into this file too.",
)
@click.option(
    "--pre-receive",
    "is_hook",
    is_flag=True,
    help="Judge a push on the server: what git gives its pre-receive hook is read from stdin.",
)
def command(  # noqa: PLR0913  # one for each option
    base: str | None,
    head: str | None,
    form: str,
    provider: str,
    labels: tuple[str, ...],
    *,
    report: Path | None,
    is_hook: bool,
) -> int:
    """Judge what a change brings: its new runs, and the code they are to cover.

    In a pull or merge request both sides are known; elsewhere give --base. Exits with 1 when
    something must be mended, and with 2 when it cannot be judged.
    """
    wanted = Wanted(base=base, head=head, labels=labels, provider=provider)
    if is_hook:
        if wanted != Wanted() or form != "text" or report is not None:
            message = "--pre-receive takes no other option"
            raise click.UsageError(message)
        return _receive(os.environ)
    judged, repository = _judged(os.environ, wanted)
    is_reported = form in {"json", "github"} or report is not None
    found = _arrivals(repository, judged) if is_reported and repository is not None else None
    text = to_json(judged, found) if form == "json" else _FORMATS[form](judged)
    _show(text, summary_line(judged))
    if report is not None:
        write_file(report, to_markdown(judged, found).encode("utf-8"))
    if form == "github":
        _tell_github(judged, found, report)
    return _exit_code(judged)


def _arrivals(repository: Repository, judged: Judged) -> Arrivals | None:
    """Return the new runs; None, with a word, where they cannot be looked for."""
    if judged.cannot_judge is not None:
        return None
    try:
        return arrivals(repository, judged.request.base, judged.request.head)
    except LedgerError as error:
        tell(f"ledger: no new runs are shown: {error}")
        return None


def _tell_github(judged: Judged, found: Arrivals | None, report: Path | None) -> None:
    """Leave the outputs of the step, and the report on the page of the workflow run."""
    summary, outputs = (os.environ.get(f"GITHUB_{name}") for name in ("STEP_SUMMARY", "OUTPUT"))
    if summary:
        room = summary_room(summary)
        if room >= COMMENT_BYTES:  # else other steps of this job have filled it
            append(summary, to_markdown(judged, found, max_bytes=room) + "\n")
    if outputs:
        values = {
            "verdict": verdict_word(judged),
            "n-findings": str(len(judged.verdict.findings)),
            "n-new-runs": str(0 if found is None else len(found.runs)),
            "report": "" if report is None else os.fspath(report),
        }
        append(outputs, outputs_text(values, f"ledger_{secrets.token_hex(16)}"))


def _receive(environ: Mapping[str, str]) -> int:
    repository = receiving_repository(os.getcwd(), environ)
    code = FINE
    for update, judged in judge_updates(repository, parse_updates(sys.stdin.buffer.read())):
        if judged is not None:
            _show(to_text(judged), f"{printable(update.ref)}: {summary_line(judged)}")
            code = max(code, _exit_code(judged))
    return code


def _show(text: str, summary: str) -> None:
    if text:
        put(text)
    tell(summary)


def _exit_code(judged: Judged) -> int:
    if judged.cannot_judge is not None:
        return USAGE
    return FINDINGS if judged.verdict.is_blocked else FINE


def _judged(environ: Mapping[str, str], wanted: Wanted) -> tuple[Judged, Repository | None]:
    """Return the verdict, and where it was given; None where that cannot be looked into."""
    repository = None
    try:
        repository = repository_around(os.getcwd(), environ)
        request = request_for(repository, environ, wanted)
    except LedgerError as error:
        request = Request(base=None, head="", provider=provider_of(environ, wanted))
        return cannot_judge(request, error), repository
    return judge(repository, request), repository
