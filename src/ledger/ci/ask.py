"""What is to be judged: what a provider says, unless the command line says it."""

from __future__ import annotations

import os

from ledger.ci.here import refuse_shallow
from ledger.ci.object_id import is_null
from ledger.ci.providers.github import github_request
from ledger.ci.providers.gitlab import gitlab_request
from ledger.ci.request import GITHUB, GITLAB, NO_PROVIDER, QUEUE, Request
from ledger.errors import LedgerError
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.storage.git import Repository

AUTO = "auto"
_READERS = {GITHUB: github_request, GITLAB: gitlab_request}


@value
class Wanted:
    """What the command line says."""

    base: str | None = None
    head: str | None = None
    labels: tuple[str, ...] = ()
    provider: str = AUTO


def provider_of(environ: Mapping[str, str], wanted: Wanted) -> str:
    """Return the provider that is named, or the one that ``environ`` is from."""
    if wanted.provider != AUTO:
        return wanted.provider
    if environ.get("GITHUB_ACTIONS") == "true":
        return GITHUB
    return GITLAB if environ.get("GITLAB_CI") == "true" else NO_PROVIDER


def request_for(repository: Repository, environ: Mapping[str, str], wanted: Wanted) -> Request:
    """Return what is to be judged.

    Without a provider and ``--base``, the base is git config ``ledger.base``, else @{upstream},
    else origin/HEAD.

    Raises:
        LedgerError: a part of the history is not here, nobody says what to judge, or a name is no
            commit here.
    """
    refuse_shallow(repository)
    request = _of_provider(environ, wanted)
    fields: dict[str, object] = as_dict(request)
    if wanted.head is not None or not request.head:
        fields["head"] = _commit(repository, wanted.head or "HEAD")
    if wanted.base is not None:
        fields["base"] = _commit(repository, wanted.base)
        fields["is_integrity_only"] = request.event == QUEUE
    elif request.provider == NO_PROVIDER:
        fields["base"] = _default_base(repository)
    fields["labels"] = request.labels | {*wanted.labels}
    request = Request(**fields)  # type: ignore[arg-type]  # its own fields
    if request.event == "push" and request.base and not _is_below(repository, request):
        # a forced push: what it replaced may be anywhere, or nowhere
        return Request(**(fields | {"base": None}))  # type: ignore[arg-type]  # its own fields
    return request


def _of_provider(environ: Mapping[str, str], wanted: Wanted) -> Request:
    provider = provider_of(environ, wanted)
    plain = Request(base=None, head="", provider=provider)
    if provider == NO_PROVIDER:
        return plain
    try:
        return _READERS[provider](environ)
    except LedgerError:
        if wanted.base is None:
            raise
        return plain


def _default_base(repository: Repository) -> str:
    asked = repository.ask("config", "--get", "ledger.base")
    named = os.fsdecode(asked.stdout).strip()
    if named:
        return _commit(repository, named)
    for name in ("@{upstream}", "refs/remotes/origin/HEAD"):
        found = _lookup(repository, name)
        if found is not None:
            return found
    message = "nothing says what the change is to be compared with"
    raise LedgerError(message, hint="name it: --base BRANCH, or git config ledger.base BRANCH")


def _commit(repository: Repository, name: str) -> str:
    found = _lookup(repository, name)
    if found is None or is_null(found):
        message = f"{name!r} is no commit here"
        raise LedgerError(message, hint="fetch it: the whole history, and that branch")
    return found


def _lookup(repository: Repository, name: str) -> str | None:
    how = ("rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
    said = repository.ask(*how)
    return None if said.code else said.stdout.decode("ascii").strip()


def _is_below(repository: Repository, request: Request) -> bool:
    said = repository.ask("merge-base", "--is-ancestor", str(request.base), request.head)
    return said.code == 0
