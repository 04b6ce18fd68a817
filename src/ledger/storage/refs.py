"""Branches, remote-tracking branches and tags: their names, and the commits they stand at."""

from __future__ import annotations

import os

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.storage.git import Repository

HEAD = "HEAD"
_KINDS = ("refs/heads/", "refs/remotes/", "refs/tags/")
_FORMAT = "%(HEAD)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)%00%(refname)"


@value
class Ref:
    """A name that stands at a commit."""

    name: str
    """In full: ``refs/heads/main``."""
    commit: str
    is_current: bool
    """Whether it is the branch that is checked out, or that a bare repository starts from."""

    @property
    def short(self) -> str:
        """The name as people write it: ``main``, ``origin/main``, ``v1``."""
        kind = next((kind for kind in _KINDS if self.name.startswith(kind)), "")
        return self.name.removeprefix(kind)


def list_refs(repository: Repository) -> list[Ref]:
    """Return the branches, then the remote-tracking branches, then the tags, each sorted by name.

    Tags of other things than commits are left out; so are all other refs, our snapshots among them.
    """
    listed = repository.git("for-each-ref", f"--format={_FORMAT}", *(k[:-1] for k in _KINDS))
    found = []
    # a name may hold other characters that splitlines() breaks at
    for line in os.fsdecode(listed).split("\n")[:-1]:
        head, kind, oid, peeled_kind, peeled, name = line.split("\0")
        commit = oid if kind == "commit" else peeled if peeled_kind == "commit" else None
        if commit is not None:
            found.append(Ref(name=name, commit=commit, is_current=head == "*"))
    return sorted(found, key=lambda ref: ref.name)


def find_ref(refs: list[Ref], wanted: str) -> Ref | None:
    """Return the one of ``refs`` that is called ``wanted``: a branch before one of a remote or tag.

    A name may be short (``main``, ``origin/main``) or full.
    """
    for name in (*(f"{kind}{wanted}" for kind in _KINDS), wanted):
        for ref in refs:
            if ref.name == name:
                return ref
    return None
