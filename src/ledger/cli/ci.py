"""``ledger ci``: judge what a change brings, against the branch it goes to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.ci.ask import AUTO, Wanted, provider_of, request_for
from ledger.ci.formats.github import to_github
from ledger.ci.formats.gitlab import to_gitlab
from ledger.ci.formats.json import to_json
from ledger.ci.formats.junit import to_junit
from ledger.ci.formats.sarif import to_sarif
from ledger.ci.formats.text import summary_line, to_text
from ledger.ci.judge import cannot_judge, judge
from ledger.ci.request import GITHUB, GITLAB, NO_PROVIDER, Request
from ledger.cli.exit_codes import FINDINGS, FINE, USAGE
from ledger.cli.render import put, tell
from ledger.errors import LedgerError
from ledger.storage.bare import find_bare, find_objects
from ledger.storage.git import clean_environment, find_repository


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
def command(
    base: str | None, head: str | None, form: str, provider: str, labels: tuple[str, ...]
) -> int:
    """Judge what a change brings: its new runs, and the code they are to cover.

    In a pull or merge request both sides are known; elsewhere give --base. Exits with 1 when
    something must be mended, and with 2 when it cannot be judged.
    """
    wanted = Wanted(base=base, head=head, labels=labels, provider=provider)
    judged = _judged(_repository(Path.cwd(), os.environ), os.environ, wanted)
    text = _FORMATS[form](judged)
    if text:
        put(text)
    tell(summary_line(judged))
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


def _repository(folder: Path, environ: Mapping[str, str]) -> Repository:
    env = clean_environment(environ)
    here = os.fspath(folder)
    return find_repository(here, env) if find_bare(here) is None else find_objects(here, env)
