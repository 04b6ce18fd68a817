"""Contents of a tree, each read once and many at a time: one git process answers for all runs."""

from __future__ import annotations

import hashlib
import json
import os

from ledger.errors import LedgerError
from ledger.settings import Settings, parse_settings
from ledger.storage.files import replace_file
from ledger.value import as_dict


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from ledger.storage.tree import Tree, TreeEntry


class Blobs:
    """The files of one tree; what was asked for stays in memory until it is dropped."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._held: dict[str, bytes | None] = {}

    def entries(self) -> Mapping[str, TreeEntry]:
        """Return every file of the tree."""
        return self.tree.entries()

    def load(self, paths: Iterable[str]) -> None:
        """Read those of ``paths`` that are not held yet, in one go."""
        wanted = [path for path in paths if path not in self._held]
        if wanted:
            self._held |= dict.fromkeys(wanted)
            self._held |= self.tree.read(wanted)

    def get(self, path: str) -> bytes | None:
        """Return the bytes of ``path``; None where the tree has no regular file there."""
        self.load((path,))
        return self._held[path]

    def why_unread(self, path: str) -> str | None:
        """Return why ``path``, a regular file of the tree, has no bytes; None where it is gone."""
        return self.tree.why_unread(path)

    def drop(self, paths: Iterable[str]) -> None:
        """Forget the bytes of ``paths``."""
        for path in paths:
            self._held.pop(path, None)


class SettingsReader:
    """Settings by file; parsing TOML costs as much as the interpreter, so git's id is the key.

    The name belongs to the key: the same bytes say something else in another kind of file.

    What is kept below ``<git dir>/ledger/settings`` can be removed at any time.
    """

    def __init__(self, blobs: Blobs, private_dir: str) -> None:
        self.blobs = blobs
        defaults = repr(Settings()).encode()
        self.folder = os.path.join(
            private_dir, "settings", hashlib.sha256(defaults).hexdigest()[:12]
        )
        self._known: dict[str, Settings | None] = {}

    def unknown(self, paths: Iterable[str]) -> list[str]:
        """Return those of ``paths`` whose bytes are needed to say what their settings are."""
        entries = self.blobs.entries()
        wanted = []
        for path in paths:
            oid = entries[path].oid
            held = _load(os.path.join(self.folder, _key(oid, path))) if oid else None
            if held is None:
                wanted.append(path)
            else:
                self._known[path] = held[0]
        return wanted

    def read(self, path: str) -> Settings | None:
        """Return the settings in the file ``path`` of the tree, None where it has none.

        Raises:
            LedgerError: the file is no regular file, not TOML, or holds what is no setting.
        """
        if path not in self._known:
            data = self.blobs.get(path)
            if data is None:
                message = "is no regular file, or its content is not in this clone"
                hint = "make the settings a plain file, or fetch what is missing"
                raise LedgerError(message, hint=hint, path=path)
            self._known[path] = parse_settings(data, path)
            oid = self.blobs.entries()[path].oid
            if oid:
                _save(self.folder, _key(oid, path), self._known[path])
        return self._known[path]


def _key(oid: str, path: str) -> str:
    return f"{oid}-{path.rpartition('/')[2]}"


def _load(path: str) -> tuple[Settings | None] | None:
    """Return (what is kept,), or None where nothing usable is."""
    try:
        with open(path, "rb") as file:
            kept = json.loads(file.read())
        return (None if kept is None else Settings(**_fields(kept)),)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _fields(kept: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(item) if isinstance(item, list) else item for key, item in kept.items()}


def _save(folder: str, key: str, settings: Settings | None) -> None:
    kept = None if settings is None else as_dict(settings)
    try:
        os.makedirs(folder, exist_ok=True)
        replace_file(os.path.join(folder, key), json.dumps(kept).encode(), is_durable=False)
    except (OSError, TypeError):
        return  # a read-only git directory costs time, nothing else
