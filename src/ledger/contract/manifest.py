"""Code manifests: which content each code path had, as git names content.

First line the object format (``sha1`` or ``sha256``), then ``<mode> <content id><tab><path>``
sorted by the bytes of the path. A path with a control character, a leading quote or a backslash is
a JSON string.
"""

from __future__ import annotations

import hashlib
import json
import re

from ledger.contract.notebook import code_of
from ledger.errors import MalformedError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Protocol

    class Listed(Protocol):
        """A path of a tree as git describes it."""

        @property
        def mode(self) -> str:
            """Git's file mode."""
            ...

        @property
        def oid(self) -> str | None:
            """Id of the content ``git add`` would store; None where nobody knows it."""
            ...

    class Source(Protocol):
        """A tree whose code has a manifest: a working tree, an index or a commit."""

        def select(
            self, is_wanted: Callable[[str, str], bool], among: Iterable[str] | None = None
        ) -> Mapping[str, Listed]:
            """Return the tracked paths, all or ``among`` some, whose (path, mode) ``is_wanted``."""
            ...

        def read(self, paths: Iterable[str]) -> dict[str, bytes]:
            """Return the bytes that git stores for those of ``paths`` that are regular files."""
            ...


_NOTEBOOK = ".ipynb"
_LINES = {
    "sha1": r"([0-7]{6}) ([0-9a-f]{40})\t(.+)",
    "sha256": r"([0-7]{6}) ([0-9a-f]{64})\t(.+)",
}


@value
class Entry:
    """One path: git's file mode (``100644``) and the id of its content."""

    mode: str
    oid: str


@value
class Manifest:
    """Entries by path, relative to the repository root, with ``/``."""

    object_format: str
    entries: Mapping[str, Entry]

    def encode(self) -> bytes:
        """Return the bytes of the manifest file."""
        lines = [self.object_format]
        for path in sorted(self.entries, key=_path_bytes):
            entry = self.entries[path]
            lines.append(f"{entry.mode} {entry.oid}\t{_quote(path)}")
        return ("\n".join(lines) + "\n").encode("utf-8")


def manifest_of(
    tree: Source,
    object_format: str,
    is_listed: Callable[[str, str], bool],
    among: Iterable[str] | None = None,
) -> Manifest:
    """Return the manifest of ``tree``; of equal code it is equal, whatever kind of tree holds it.

    Args:
        tree: a working tree, an index or a commit.
        object_format: ``sha1`` or ``sha256``.
        is_listed: which (path, mode) count; ``CodePaths.lists`` for a whole manifest.
        among: the paths to look at; None for all that the tree has.
    """
    entries = {
        path: Entry(mode=entry.mode, oid=entry.oid)
        for path, entry in tree.select(is_listed, among).items()
        if entry.oid is not None
    }
    notebooks = [path for path in entries if path.endswith(_NOTEBOOK)]
    for path, data in tree.read(notebooks).items() if notebooks else ():
        oid = content_id(code_of(path, data), object_format)
        entries[path] = Entry(mode=entries[path].mode, oid=oid)
    return Manifest(object_format=object_format, entries=entries)


def recorded_path(path: str) -> str:
    r"""Return ``path`` as a record holds it: bytes that are not UTF-8 are written ``\xNN``."""
    raw = path.encode("utf-8", "surrogateescape")
    return raw.decode("utf-8", "backslashreplace")


def paths_recorded_as(told: str) -> tuple[str, ...]:
    r"""Return the paths that a record may call ``told``: one, or two where it holds ``\xNN``."""
    first, *others = told.split("\\x")
    raw = first.encode("utf-8", "surrogateescape")
    try:
        for part in others:
            raw += bytes.fromhex(part[:2]) + part[2:].encode("utf-8", "surrogateescape")
    except ValueError:
        return (told,)
    return tuple(dict.fromkeys((told, raw.decode("utf-8", "surrogateescape"))))


def manifest_hash(encoded: bytes) -> str:
    """Return ``sha256:<64 hex>`` of an encoded manifest; its file is named by the hex part."""
    return "sha256:" + hashlib.sha256(encoded).hexdigest()


def content_id(data: bytes, object_format: str) -> str:
    """Return the id git gives the blob ``data`` in a repository of ``object_format``."""
    header = b"blob %d\0" % len(data)
    return hashlib.new(object_format, header + data, usedforsecurity=False).hexdigest()


def decode_manifest(data: bytes) -> Manifest:
    """Return the manifest that ``data`` holds.

    Raises:
        MalformedError: with the line, where a line is not of the format.
    """
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        message = "is not UTF-8"
        raise MalformedError(message) from error
    if lines[0] not in _LINES or lines[-1] != "":
        message = "is not a code manifest"
        raise MalformedError(message, line=1)
    entries: dict[str, Entry] = {}
    pattern = re.compile(_LINES[lines[0]])
    for number, line in enumerate(lines[1:-1], 2):
        found = pattern.fullmatch(line)
        if not found:
            message = "is not '<mode> <content id><tab><path>'"
            raise MalformedError(message, line=number)
        path = _unquote(found[3], number)
        if path in entries:
            message = f"holds {path!r} a second time"
            raise MalformedError(message, line=number)
        entries[path] = Entry(mode=found[1], oid=found[2])
    return Manifest(object_format=lines[0], entries=entries)


def _path_bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


def _quote(path: str) -> str:
    plain = path.isprintable() and not path.startswith('"') and "\\" not in path
    return path if plain else json.dumps(path)


def _unquote(path: str, line: int) -> str:
    if not path.startswith('"'):
        return path
    try:
        decoded = json.loads(path)
    except ValueError as error:
        message = "holds a quoted path that does not parse"
        raise MalformedError(message, line=line) from error
    return str(decoded)
