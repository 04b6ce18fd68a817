"""Whether a hash that DVC recorded may be called the hash of the data in the workspace.

Small data is read each time and compared with the record. Large data must at least have the
recorded size. What differs is hashed anew, with a warning.
"""

from __future__ import annotations

import os

from ledger.capture.data_tree import digest_of, encode_data_manifest, measure
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from ledger.capture.data_tree import Content
    from ledger.capture.dvc_files import DvcEntry

    Source: TypeAlias = Literal["dvc", "verified", "computed"]
    """"dvc": recorded, and no more than the size was checked. "verified": recorded, and equal to
    the bytes in the workspace. "computed": from those bytes alone."""

VERIFY_LIMIT_BYTES = 64 * 1024 * 1024
"""Up to this size a recorded hash is verified by reading the data, about 0.15 s. Above it the
record is believed when the size agrees: an edit that keeps the size of large data goes unseen,
and ``source`` says "dvc" rather than "verified"."""


@value
class Seen:
    """What is known of some data; without arguments, nothing."""

    hash: str | None = None
    """``md5:<hex>``, for a folder ``md5:<hex>.dir``."""
    bytes: int | None = None
    n_files: int | None = None
    """Files of a folder, 1 for a file."""
    source: Source = "computed"
    manifest: str | None = None
    """Text of the data manifest of a folder, when the hash was computed."""


def look_at(path: str, entry: DvcEntry | None, warnings: list[str]) -> Seen:
    """Return what the absolute ``path`` holds, given what DVC recorded of it, if anything.

    Raises:
        OSError: it cannot be read and there is no record that could stand for it.
        ValueError: it is a pipe, socket or device, or changed while it was read.
    """
    if entry and not entry.is_raw:
        warnings.append(f"{entry.where} is of DVC 2, whose hashes differ; not compared")
        entry = None
    if entry is None:
        return _computed(measure(path, warnings))
    if not os.path.exists(path):
        warnings.append(f"{path} is not in the workspace; hash as recorded in {entry.where}")
        return _recorded(entry, "dvc")
    content = measure(path, warnings)
    if content.bytes > VERIFY_LIMIT_BYTES and _has_recorded_size(content, entry):
        return _recorded(entry, "dvc", content)
    seen = _computed(content)
    if seen.hash == entry.hash:
        return _recorded(entry, "verified", content)
    warnings.append(f"{path} is not the data that {entry.where} records ({entry.hash})")
    return seen


def _has_recorded_size(content: Content, entry: DvcEntry) -> bool:
    """Return whether nothing that was recorded speaks against the workspace."""
    if content.is_folder != entry.is_folder or content.bytes != entry.bytes:
        return False
    return entry.n_files in (None, content.n_files) or not entry.is_folder


def _computed(content: Content) -> Seen:
    digest = digest_of(content)
    return Seen(
        hash=digest.hash,
        bytes=digest.bytes,
        n_files=content.n_files,
        source="computed",
        manifest=None if digest.files is None else encode_data_manifest(digest.files),
    )


def _recorded(entry: DvcEntry, source: Source, content: Content | None = None) -> Seen:
    return Seen(
        hash=entry.hash,
        bytes=content.bytes if content else entry.bytes,
        n_files=content.n_files if content else (entry.n_files if entry.is_folder else 1),
        source=source,
    )
