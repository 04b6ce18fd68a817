"""``ledger ci``: judge what a change brings, against the branch it goes to."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from ledger.ci.ask import AUTO, Wanted, provider_of, request_for
from ledger.ci.formats.github import to_github
from ledger.ci.formats.gitlab import to_gitlab
from ledger.ci.formats.json import to_json
from ledger.ci.formats.junit import to_junit
from ledger.ci.formats.sarif import to_sarif
from ledger.ci.formats.text import summary_line, to_text
from ledger.ci.here import repository_around
from ledger.ci.judge import cannot_judge, judge
from ledger.ci.pre_receive import judge_updates, parse_updates
from ledger.ci.request import GITHUB, GITLAB, NO_PROVIDER, Request
from ledger.cli.exit_codes import FINDINGS, FINE, USAGE
from ledger.cli.render import put, tell
from ledger.errors import LedgerError
from ledger.policy.finding import printable
from ledger.storage.bare import find_receiving


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
    is_hook: bool,
) -> int:
    """Judge what a change brings: its new runs, and the code they are to cover.

    In a pull or merge request both sides are known; elsewhere give --base. Exits with 1 when
    something must be mended, and with 2 when it cannot be judged.
    """
    wanted = Wanted(base=base, head=head, labels=labels, provider=provider)
    if is_hook:
        if wanted != Wanted() or form != "text":
            message = "--pre-receive takes no other option"
            raise click.UsageError(message)
        return _receive(os.environ)
    judged = _judged(repository_around(os.getcwd(), os.environ), os.environ, wanted)
    _show(_FORMATS[form](judged), summary_line(judged))
    return _exit_code(judged)


def _receive(environ: Mapping[str, str]) -> int:
    repository = find_receiving(os.getcwd(), environ)
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


def _judged(repository: Repository, environ: Mapping[str, str], wanted: Wanted) -> Judged:
    try:
        request = request_for(repository, environ, wanted)
    except LedgerError as error:
        provider = provider_of(environ, wanted)
        return cannot_judge(Request(base=None, head="", provider=provider), error)
    return judge(repository, request)
