"""Which commit is meant by what somebody wrote; an unknown one is told with what comes near."""

from __future__ import annotations

from ledger.errors import GitError, LedgerError
from ledger.reader.names import nearest
from ledger.reader.text import printable
from ledger.storage.bare import is_partial, is_shallow
from ledger.storage.refs import HEAD, Ref, find_ref, list_refs
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.storage.git import Repository
    from ledger.storage.objects import ObjectReader


@value
class Revision:
    """A commit that is asked, and how people name it."""

    commit: str
    label: str
    folder: str | None = None
    """The project's folder where it was named too, as in ``main:models/digits``; "" is the top."""


def revision_at(objects: ObjectReader, text: str) -> Revision:
    """Return the commit that ``text`` names, as git reads it: ``main~3``, ``v1``, a hash.

    A folder may follow, after a colon, as git writes it.

    Raises:
        LedgerError: no commit is called so.
    """
    whole = _ask(objects, text)
    if whole is not None and whole[1] == "tree":
        for head, folder in _splits(text):
            commit = _commit(objects, head)
            if commit is not None:
                return Revision(commit=commit, label=head, folder=folder.strip("/"))
    commit = _commit(objects, text)
    if commit is None:
        raise _unknown(objects.repository, text, whole)
    return Revision(commit=commit, label=text)


def revisions_of(repository: Repository, names: Sequence[str]) -> list[Revision]:
    """Return the commits of the branches ``names``: the one that is checked out, then by name.

    Raises:
        LedgerError: no branch is called so.
    """
    refs = list_refs(repository)
    found: list[Ref] = []
    for name in dict.fromkeys(names):
        ref = find_ref(refs, name)
        if ref is None:
            message = f"no branch is called {name!r}{_here(repository)}"
            raise LedgerError(message, hint=_near(name, refs) or _lacking(repository))
        found.append(ref)
    return _ordered(found)


def every_revision(objects: ObjectReader) -> list[Revision]:
    """Return what is checked out, every branch, remote-tracking branch and tag, in this order."""
    refs = list_refs(objects.repository)
    if not any(ref.is_current for ref in refs):
        detached = _commit(objects, HEAD)
        if detached is not None:
            refs.append(Ref(name=HEAD, commit=detached, is_current=True))
    return _ordered(refs)


def _ordered(refs: list[Ref]) -> list[Revision]:
    ordered = sorted(refs, key=lambda ref: (not ref.is_current, ref.name))
    return [Revision(commit=ref.commit, label=ref.short) for ref in ordered]


def _commit(objects: ObjectReader, name: str) -> str | None:
    """Return the commit that ``name`` is, or that the tag ``name`` stands at."""
    found = _ask(objects, name)
    if found is not None and found[1] == "tag":
        found = _ask(objects, f"{name}^{{commit}}")
    return found[0] if found is not None and found[1] == "commit" else None


def _ask(objects: ObjectReader, name: str) -> tuple[str, str] | None:
    try:
        found = objects.ask(name)
    except GitError:
        return None  # a partial clone ends at what it lacks
    return None if found is None else (found.oid, found.kind)


def _splits(text: str) -> Iterator[tuple[str, str]]:
    """Yield (before, after) of each colon of ``text``: a name of a commit may hold some itself."""
    parts = text.split(":")
    for place in range(1, len(parts)):
        yield ":".join(parts[:place]), ":".join(parts[place:])


def _unknown(repository: Repository, text: str, found: tuple[str, str] | None) -> LedgerError:
    if found is not None:
        message = f"{text!r} is a {found[1]}, not a commit"
        return LedgerError(message, hint="name a commit, a branch or a tag")
    refs = list_refs(repository)
    message = f"no commit is called {text!r}{_here(repository)}"
    return LedgerError(message, hint=_near(text, refs) or _lacking(repository))


def _near(name: str, refs: Sequence[Ref]) -> str | None:
    near = [printable(each) for each in nearest(name, [ref.short for ref in refs])]
    return f"did you mean {' or '.join(near)}?" if near else None


def _here(repository: Repository) -> str:
    """Return which part of the history this clone has, where that is not all."""
    if is_shallow(repository):
        return " in this shallow clone"
    return " in this partial clone" if is_partial(repository) else ""


def _lacking(repository: Repository) -> str:
    if is_shallow(repository):
        return "get the whole history with `git fetch --unshallow`"
    return "see `git branch --all`, or get what others have with `git fetch --all`"
