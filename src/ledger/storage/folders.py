"""The folders of a tree of git: what lies in each, as one listing of the whole tree tells it."""

from __future__ import annotations

import os


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    from ledger.storage.git import Repository

    Folders: TypeAlias = dict[str, dict[str, str]]
    """{folder: {name: "<mode> <kind> <id>"}}, as git lists them; "" is the top of the tree."""

SUBFOLDER = ""
"""Stands for what git lists of a folder in a folder."""
_SUBMODULE = "160000"
_KINDS = {"120000": "a symbolic link", _SUBMODULE: "a submodule"}
_ABSENT = "000000"


def list_folders(repository: Repository, tree: str) -> Folders:
    """Return what lies in every folder of the tree ``tree``: one git process.

    Raises:
        GitError: git does not have the tree.
    """
    found: Folders = {}
    entries, last = _folder(found, ""), ""
    for line in os.fsdecode(repository.git("ls-tree", "-r", "-z", tree)).split("\0")[:-1]:
        facts, _, path = line.partition("\t")
        folder, _, name = path.rpartition("/")
        if folder != last:  # git lists what lies in one folder together, but for subfolders
            entries, last = _folder(found, folder), folder
        entries[name] = facts
    return found


def changed_folders(
    repository: Repository, base: tuple[str, Folders], trees: Sequence[str]
) -> Iterator[tuple[str, Folders]]:
    """Yield (tree, folders of it that ``base`` does not hold alike) for each of ``trees``.

    One git process for all trees; an emptied folder is told as empty.

    Args:
        repository: holds the trees.
        base: a tree, and what ``list_folders`` says of it.
        trees: what is compared with it.

    Raises:
        GitError: git does not have one of the trees.
    """
    old, folders = base
    asked = "".join(f"{old} {tree}\n" for tree in trees).encode("ascii")
    how = ("--stdin", "--raw", "-r", "-z", "--no-renames", "--ignore-submodules=none")
    listed = os.fsdecode(repository.git("diff-tree", *how, stdin=asked)) if trees else ""
    words = iter(listed.split("\0"))
    tree = ""
    changed: Folders = {}
    for word in words:
        *heads, facts = word.split("\n")
        for head in heads:
            if tree:
                yield tree, changed
            tree, changed = head.split(" ")[1], {}
        if facts:
            _change(changed, folders, facts, next(words))
    if tree:
        yield tree, changed


def why_no_file(facts: str) -> str | None:
    """Return what an entry is that is no file, None for a file."""
    return "a folder" if facts == SUBFOLDER else _KINDS.get(facts[:6])


def oid_of(facts: str) -> str:
    """Return the id of an entry's content."""
    return facts.rpartition(" ")[2]


def _folder(found: Folders, folder: str) -> dict[str, str]:
    """Return what lies in ``folder``, which is told to the folders above it when it is new."""
    entries = found.get(folder)
    if entries is None:
        entries = found[folder] = {}
        if folder:
            above, _, name = folder.rpartition("/")
            _folder(found, above)[name] = SUBFOLDER
    return entries


def _change(changed: Folders, folders: Folders, facts: str, path: str) -> None:
    """Note in ``changed`` what git's raw form, ``:<modes> <ids> <letter>``, says of ``path``."""
    _, mode, _, oid, _ = facts.split(" ")
    folder, _, name = path.rpartition("/")
    if folder not in changed:
        changed[folder] = dict(folders.get(folder, {}))
    if mode == _ABSENT:
        changed[folder].pop(name, None)
    else:
        changed[folder][name] = f"{mode} {'commit' if mode == _SUBMODULE else 'blob'} {oid}"
