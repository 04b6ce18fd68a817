"""Hashes of files and folders with the standard library, equal to what ``dvc add`` records.

A file's is the md5 of its bytes. A folder's is the md5 of the JSON list of its files, sorted by
their relative paths, with ``.dir`` at the end (DVC 3).
"""

from __future__ import annotations

import json
import os
import re

from ledger.capture.dvc_files import workspace_root
from ledger.capture.dvc_ignore import IGNORE_FILE, enter, rules_above
from ledger.capture.regular_file import md5_of, text_md5
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ledger.capture.dvc_ignore import Rules

_NAMES_SHOWN = 3


@value
class Content:
    """A file or folder as found, not yet read."""

    path: str
    """Absolute path."""
    files: Mapping[str, int] | None
    """Size in bytes of each file of a folder by relative path, with ``/``; None for a file."""
    bytes: int
    """Size of the file, or of all files of the folder together."""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder."""
        return self.files is not None

    @property
    def n_files(self) -> int:
        """Number of files; a file is 1."""
        return 1 if self.files is None else len(self.files)


@value
class HashedFile:
    """One file of a folder."""

    relpath: str
    """Path in the folder, with ``/``."""
    md5: str
    bytes: int


@value
class Digest:
    """A file or folder as read."""

    hash: str
    """``md5:<hex>``, for a folder ``md5:<hex>.dir``."""
    bytes: int
    """Bytes that went into the hash."""
    files: tuple[HashedFile, ...] | None
    """The files of a folder, sorted by ``relpath``; None for a file."""


def measure(path: str, warnings: list[str]) -> Content:
    """Return what the absolute ``path`` holds, without reading the files.

    Links to files are followed. Empty folders do not count, nor does what ``.dvcignore`` files
    exclude. Folders that DVC leaves out (links to folders, folders with their own ``.dvc``), and
    what would make DVC refuse the folder, get a line in ``warnings``.

    Raises:
        OSError: something in it cannot be looked at, a link without a target included.
        ValueError: the path is not one.
    """
    if not os.path.isdir(path):
        return Content(path=path, files=None, bytes=os.stat(path).st_size)
    skipped: list[str] = []
    rules = rules_above(path, workspace_root(path), warnings)
    files = dict(_files_below(path, rules, warnings, skipped))
    _warn_about(path, files, skipped, warnings)
    return Content(path=path, files=files, bytes=sum(files.values()))


def digest_of(content: Content) -> Digest:
    """Return the hash of ``content``, reading every byte of it.

    Raises:
        OSError: a file cannot be read, or is gone.
        ValueError: a file is a pipe, socket or device, or changed while it was read.
    """
    if content.files is None:
        md5, n_bytes = md5_of(content.path)
        return Digest(hash=f"md5:{md5}", bytes=n_bytes, files=None)
    files = tuple(_hashed(content.path, relpath) for relpath in sorted(content.files))
    listing = [{"md5": file.md5, "relpath": file.relpath} for file in files]
    # The exact text matters: DVC's separators, ASCII only, keys sorted.
    md5 = text_md5(json.dumps(listing, sort_keys=True))
    return Digest(hash=f"md5:{md5}.dir", bytes=sum(file.bytes for file in files), files=files)


def encode_data_manifest(files: tuple[HashedFile, ...]) -> str:
    """Return the data manifest: a line ``<md5 hex>  <bytes>  <relpath>`` per file, sorted.

    A name that would break the line, or is not UTF-8, stands as a JSON string; so does one that
    begins with a double quote. No files make an empty text.
    """
    return "".join(f"{file.md5}  {file.bytes}  {_one_line(file.relpath)}\n" for file in files)


def hash_artifact(path: str | os.PathLike[str]) -> tuple[str | None, int | None]:
    """Return the hash of a file or folder that a run made, as `Digest` has it, and its bytes.

    Both are None when it is not there, cannot be read, or changes meanwhile.
    """
    try:
        digest = digest_of(measure(os.path.abspath(path), []))
    except (OSError, ValueError):
        return None, None
    return digest.hash, digest.bytes


def _files_below(
    top: str, rules: Rules, warnings: list[str], skipped: list[str]
) -> Iterator[tuple[str, int]]:
    """Yield relative path and size of each file that counts."""
    folders = [("", rules)]
    while folders:
        prefix, outer = folders.pop()
        folder = f"{top}/{prefix}".rstrip("/")
        inner = enter(outer, folder, warnings)
        if inner is None:
            continue
        with os.scandir(folder) as entries:
            for entry in entries:
                is_folder = entry.is_dir()
                if inner.is_ignored(f"{folder}/{entry.name}", is_folder=is_folder):
                    continue
                if not is_folder:
                    yield f"{prefix}{entry.name}", entry.stat().st_size
                elif entry.is_symlink() or os.path.lexists(f"{entry.path}/.dvc"):
                    skipped.append(f"{prefix}{entry.name}")
                else:
                    folders.append((f"{prefix}{entry.name}/", inner))


def _warn_about(
    path: str, files: Mapping[str, int], skipped: list[str], warnings: list[str]
) -> None:
    if skipped:
        warnings.append(
            f"{path}: links to folders and nested DVC projects are left out, as DVC does:"
            f" {_some(skipped)}"
        )
    rule_files = [name for name in files if name.rpartition("/")[2] == IGNORE_FILE]
    if rule_files:
        warnings.append(f"{path}: `dvc add` refuses data with a {IGNORE_FILE}: {_some(rule_files)}")
    foreign = [name for name in files if not _is_utf8(name)]
    if foreign:
        warnings.append(f"{path}: `dvc add` refuses names that are not UTF-8: {_some(foreign)}")
    if not files:
        warnings.append(f"{path}: no files to hash")


def _hashed(folder: str, relpath: str) -> HashedFile:
    md5, n_bytes = md5_of(f"{folder}/{relpath}")
    return HashedFile(relpath=relpath, md5=md5, bytes=n_bytes)


def _some(names: list[str]) -> str:
    shown = ", ".join(sorted(names)[:_NAMES_SHOWN])
    more = len(names) - _NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _one_line(name: str) -> str:
    return name if name.isprintable() and not name.startswith('"') else json.dumps(name)


def _is_utf8(name: str) -> bool:
    # Python reads a foreign byte of a name as a lone surrogate.
    return re.search("[\udc80-\udcff]", name) is None
