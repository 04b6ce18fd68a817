"""A push as the server sees it: every ref that it would move, before anything of it is there.

The one gate that nobody passes by ``commit --no-verify``.
"""

from __future__ import annotations

import os

from ledger.ci.judge import judge
from ledger.ci.object_id import is_null, object_id
from ledger.ci.request import Request
from ledger.errors import LedgerError
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.ci.judged import Judged
    from ledger.storage.git import Repository

_WORDS = 3
_EVENT = "pre-receive"


@value
class Update:
    """One ref that a push moves."""

    old: str
    """Id of what it is; all zeros where it is new."""
    new: str
    """Id of what it becomes; all zeros where it goes."""
    ref: str
    """Its full name, which may hold bytes that are no UTF-8."""


def parse_updates(data: bytes) -> list[Update]:
    """Return the refs of a push from ``data``, what git gives the hook: ``old new ref`` per line.

    Raises:
        LedgerError: it is something else.
    """
    found = []
    for line in os.fsdecode(data).split("\n"):
        words = line.split(" ", _WORDS - 1)
        if len(words) == _WORDS:
            old, new = (object_id(word, "a line of the push") for word in words[:2])
            found.append(Update(old=old, new=new, ref=words[2]))
        elif line:
            message = "a line of the push is not `old new ref`"
            raise LedgerError(message, hint="call this as git's pre-receive hook")
    return found


def judge_updates(
    repository: Repository, updates: Sequence[Update]
) -> Iterator[tuple[Update, Judged | None]]:
    """Yield each of ``updates`` with what came of it; None where it brings nothing to judge.

    The branch that HEAD names is judged in full against what it was. Every other ref is judged for
    integrity against that branch, if it brings a commit that no ref had: work in progress need not
    be covered yet, and a tag says nothing new. A ref that goes is git's own business
    (``receive.denyDeletes``).
    """
    main = os.fsdecode(repository.ask("symbolic-ref", "--quiet", "HEAD").stdout).strip()
    tip = _commit(repository, main) if main else None
    for update in updates:
        head = None if is_null(update.new) else _commit(repository, update.new)
        if head is None:
            yield update, None
        elif update.ref == main:
            yield update, _judge_against(repository, update.old, Request(base=None, head=head))
        else:
            is_new = _brings_commits(repository, head)
            yield update, _judge_other(repository, tip, update.old, head) if is_new else None


def _judge_other(repository: Repository, tip: str | None, old: str, head: str) -> Judged:
    request = Request(base=tip, head=head, event=_EVENT, is_integrity_only=True)
    if tip is None or repository.ask("merge-base", tip, head).code == 1:
        # a branch without common history, such as one of web pages, is judged by itself
        return _judge_against(repository, old, request)
    return judge(repository, request, needs_ledger=False)


def _judge_against(repository: Repository, old: str, request: Request) -> Judged:
    """Judge the head of ``request`` against what it takes the place of, ``old``, if anything."""
    base = None if is_null(old) else old
    fields: dict[str, object] = as_dict(request) | {"base": base, "event": _EVENT}
    is_forced = base is not None and not _is_ancestor(repository, base, request.head)
    asked = Request(**fields)  # type: ignore[arg-type]  # its own fields
    # a server keeps repositories without a ledger too
    return judge(repository, asked, is_replacing=is_forced, needs_ledger=False)


def _brings_commits(repository: Repository, head: str) -> bool:
    return bool(repository.git("rev-list", "--max-count=1", head, "--not", "--all"))


def _is_ancestor(repository: Repository, old: str, new: str) -> bool:
    return repository.ask("merge-base", "--is-ancestor", old, new).code == 0


def _commit(repository: Repository, name: str) -> str | None:
    """Return the commit that ``name`` leads to; None where it is none, as of a tag of a file."""
    how = ("rev-parse", "--quiet", "--verify", "--end-of-options", f"{name}^{{commit}}")
    said = repository.ask(*how)
    return None if said.code else said.stdout.decode("ascii").strip()
