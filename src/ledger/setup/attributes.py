"""Attributes that make git store the files of a ledger as they are, proven by asking git."""

from __future__ import annotations

import os

from ledger.contract.layout import NOTE_NAME
from ledger.errors import LedgerError
from ledger.setup.change import Change
from ledger.setup.hooks.place import shown
from ledger.setup.ignore_rules import line_end
from ledger.setup.samples import sample_paths
from ledger.storage.git import join_z, split_z
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.project import Project
    from ledger.setup.change import Undo
    from ledger.storage.git import Repository

NAME = ".gitattributes"
ATTRIBUTES = (
    "** -text -filter -ident !diff !working-tree-encoding merge=binary",
    "**/run.md text eol=lf merge=text",
    "**/run.json linguist-generated",
    "**/metrics*.csv linguist-generated",
)
_WANTED = tuple(line.encode() for line in ATTRIBUTES)
_OFF = frozenset({"unspecified", "unset"})
_RIGHT = {
    "filter": _OFF,
    "ident": _OFF,
    "working-tree-encoding": _OFF,
    "text": frozenset({"unset"}),
    "merge": frozenset({"binary"}),
}
_RIGHT_OF_NOTES = {
    **_RIGHT,
    "text": frozenset({"set"}),
    "eol": frozenset({"lf"}),
    "merge": frozenset({"text"}),
}


@value
class Strange:
    """An attribute that would make git store, check out or merge something else than a file is."""

    path: str
    """Relative to the top; a sample."""
    attribute: str
    setting: str


def strange_attributes(repository: Repository, project: Project) -> list[Strange]:
    """Return what applies to files of the ledger and must not, by path."""
    asked = join_z(sample_paths(repository, project))
    said = repository.git("check-attr", "-z", "--stdin", *_RIGHT_OF_NOTES, stdin=asked)
    words = split_z(said)
    found = []
    for path, attribute, setting in zip(words[0::3], words[1::3], words[2::3], strict=True):
        right = _RIGHT_OF_NOTES if path.endswith(f"/{NOTE_NAME}") else _RIGHT
        if attribute in right and setting not in right[attribute]:
            found.append(Strange(path=path, attribute=attribute, setting=setting))
    return found


def has_own(project: Project) -> bool:
    """Whether the ledger's own attributes file is there with our lines in it.

    Git goes by the index where the file is missing on the disk, until the next commit takes it out.
    """
    try:
        lines = (project.ledger_dir / NAME).read_bytes().splitlines()
    except OSError:
        return False
    remaining = iter(lines)  # in this order, so that the last rule wins
    return all(any(line == one for line in remaining) for one in _WANTED)


def sources_of(repository: Repository, project: Project) -> list[str]:
    """Return the files that can overrule the ledger's own attributes, of those that are there."""
    candidates = [os.path.join(repository.common_dir, "info", "attributes")]
    for folder, _, names in os.walk(project.ledger_dir):
        if NAME in names and folder != str(project.ledger_dir):
            candidates.append(os.path.join(folder, NAME))
    return [path for path in candidates if os.path.exists(path)]


def ensure_attributes(repository: Repository, project: Project, undo: Undo) -> list[Change]:
    """Write the ledger's own attributes, and prove that they are what counts.

    Raises:
        LedgerError: another file overrules them; the error names it.
    """
    path = project.ledger_dir / NAME
    old = path.read_bytes() if path.exists() else b""
    if has_own(project) and not strange_attributes(repository, project):
        return []
    undo.make_folder(project.ledger_dir)
    end = line_end(old)
    gap = b"" if not old or old.endswith(b"\n") else end
    undo.write(path, old + gap + end.join([*_WANTED, b""]))
    for strange in strange_attributes(repository, project):
        refuse_strange(repository, project, strange)
    action = "updated" if old else "created"
    what = "git stores runs as they are"
    return [Change(path=shown(repository, path), action=action, what=what)]


def refuse_strange(repository: Repository, project: Project, strange: Strange) -> None:
    """Refuse an attribute that overrules the ledger's own.

    Raises:
        LedgerError: names the attribute, and the file it can come from.
    """
    sources = " or ".join(sources_of(repository, project)) or "the git configuration"
    message = f"the attribute {strange.attribute}={strange.setting} applies to {strange.path}"
    hint = f"take it out of {sources}, then `ledger init` again"
    raise LedgerError(message, hint=hint)
