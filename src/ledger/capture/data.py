"""What a run's data is, for the ``data`` section of run.json. It never stops a training."""

from __future__ import annotations

import os
import re

from ledger.capture.data_check import Seen, look_at
from ledger.capture.data_tree import hash_artifact
from ledger.capture.dvc_files import entry_in, entry_of
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.capture.data_check import Source
    from ledger.capture.dvc_files import DvcEntry

__all__ = ["DataFacts", "describe_data", "hash_artifact", "public_address"]

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@value
class DataFacts:
    """One data set of a run."""

    name: str
    path: str
    """With ``/``; relative to the project when inside it, else absolute; "" when none was given.
    Bytes that are not UTF-8 are written ``\\udcXX``."""
    hash: str | None
    """``md5:<hex>``, for a folder ``md5:<hex>.dir``, as DVC 3 records it; None: see warnings."""
    split: Mapping[str, object] | None = None
    """As the caller gave it."""
    bytes: int | None = None
    """Size of the file, or of all files of the folder; None when unknown."""
    n_files: int | None = None
    """Files of a folder, 1 for a file; None when unknown."""
    source: Source = "computed"
    """See `ledger.capture.data_check.Source`."""
    manifest: str | None = None
    """Text of the data manifest, of folders with source "computed"; else None."""
    warnings: tuple[str, ...] = ()
    """One sentence for each thing a reader of the record should know."""

    def to_json(self) -> dict[str, object]:
        """Return the entry of run.json, keys in the order of the format."""
        return {
            "name": self.name,
            "path": self.path,
            "hash": self.hash,
            "split": None if self.split is None else dict(self.split),
            "bytes": self.bytes,
            "n_files": self.n_files,
            "source": self.source,
        }


def describe_data(
    path: str | os.PathLike[str] | None,
    *,
    project_root: str | os.PathLike[str],
    name: str | None = None,
    split: Mapping[str, object] | None = None,
) -> DataFacts:
    """Return the facts of the data at ``path``; whatever is wrong with it becomes a warning.

    Args:
        path: a file, a folder, or a ``.dvc`` file, which stands for its output; relative to the
            working folder, as for ``open``. None and addresses (``s3://…``) have no hash.
        project_root: folder that the recorded path is relative to.
        name: what to call it; by default the last part of the path.
        split: how it was split, recorded as it is.
    """
    given = "" if path is None else os.fsdecode(path)
    warnings: list[str] = []
    seen, shown = Seen(), given
    if not given:
        warnings.append("no data path was given")
    elif (address := public_address(given)) is not None:
        shown = address
        warnings.append(f"{shown} is not in this workspace; recorded without a hash")
    else:
        try:
            root = os.path.abspath(os.fsdecode(project_root))
            shown = _relative(os.path.abspath(given), root)
            target, entry = _resolve(os.path.abspath(given), warnings)
            shown = _relative(target, root)
            seen = look_at(target, entry, warnings)
        except (OSError, ValueError) as error:
            warnings.append(f"not hashed: {error}")
    return DataFacts(
        name=_utf8(name or os.path.basename(shown.rstrip("/")) or "data"),
        path=_utf8(shown),
        hash=seen.hash,
        split=None if split is None else dict(split),
        bytes=seen.bytes,
        n_files=seen.n_files,
        source=seen.source,
        manifest=seen.manifest,
        warnings=tuple(_utf8(warning) for warning in warnings),
    )


def public_address(text: str) -> str | None:
    """Return the address ``text`` without user, password, query and fragment, where secrets are.

    None where it is a path of this machine.
    """
    if not _URL.match(text):
        return None
    head, _, rest = text.partition("://")
    host, slash, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
    return f"{head}://{host.rpartition('@')[2]}{slash}{path}"


def _resolve(path: str, warnings: list[str]) -> tuple[str, DvcEntry | None]:
    """Return the data that the absolute ``path`` means, and what DVC recorded of it."""
    if path.endswith(".dvc") and os.path.isfile(path):
        entry = entry_in(path)
        return entry.path, entry
    return path, entry_of(path, warnings)


def _relative(path: str, root: str) -> str:
    """Return ``path`` relative to ``root`` when it is inside, also by way of a linked ``root``."""
    real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    for inner, outer in ((path, root), (real, os.path.realpath(root))):
        relative = os.path.relpath(inner, outer)
        if relative != ".." and not relative.startswith("../"):
            return relative
    return path


def _utf8(text: str) -> str:
    """Return ``text`` with the bytes of file names that are not UTF-8 written out."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
