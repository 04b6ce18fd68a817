"""A file of this machine: the run it belongs to, what it holds, and where it lies."""

from __future__ import annotations

import hashlib
import json
import os
import re

from ledger.capture.data_tree import digest_of, measure
from ledger.capture.dvc_files import entry_in
from ledger.capture.regular_file import read_whole
from ledger.contract.layout import is_month
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.project import Project

LARGE_BYTES = 1 << 28
"""From this size on it is told that a file is read whole."""
_POINTER_BYTES = 1 << 16
_LFS = re.compile(
    r"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})"
)


@value
class Found:
    """What a path says of the run it came from."""

    path: str
    """Relative to the project when inside it, with ``/``; "" where it says nothing."""
    is_there: bool
    run_id: str | None = None
    """Of the run whose folder it lies in."""
    hashes: tuple[str, ...] = ()
    """``md5:…``, ``sha256:…``: of what it holds, or of what it points to."""
    warnings: tuple[str, ...] = ()


def find_path(text: str, project: Project, folder: str) -> Found | None:
    """Return what is known of the path ``text``; None where it can be no path.

    Args:
        text: as it was asked, relative to ``folder`` or to the project.
        project: whose runs.
        folder: the working folder, absolute.
    """
    if not text or "\0" in text or "\n" in text or len(text) > 1024:  # noqa: PLR2004  # no path
        return None
    root = os.fspath(project.root)
    places = (os.path.join(folder, text), os.path.join(root, text))
    there = next((path for path in places if os.path.exists(path)), None)
    path = os.path.normpath(there or places[0])
    shown = _relative(path, root)
    if there is None:
        return Found(path=_relative_text(text, shown), is_there=False)
    run_id = _run_of(path, root, project.settings.dir)
    if run_id is not None:
        return Found(path="", is_there=True, run_id=run_id)
    return _pointed_at(path, root) or _read(path, shown)


def bytes_to_read(text: str, project: Project, folder: str) -> int:
    """Return the size of the file ``text`` where it is so large that reading it takes a while."""
    for path in (os.path.join(folder, text), os.path.join(os.fspath(project.root), text)):
        try:
            size = os.stat(path).st_size
        except (OSError, ValueError):
            continue
        return size if size >= LARGE_BYTES else 0
    return 0


def _run_of(path: str, root: str, ledger_dir: str) -> str | None:
    """Return the id of the run in whose folder ``path`` lies, or which its pointer names."""
    parts = os.path.relpath(
        os.path.realpath(path), os.path.realpath(os.path.join(root, ledger_dir))
    )
    month, _, rest = parts.partition(os.sep)
    if is_month(month) and rest:
        return rest.split(os.sep)[0]
    if path.endswith(".json"):
        return _run_in_pointer(path)
    return None


def _run_in_pointer(path: str) -> str | None:
    """Return the run that a run pointer or a copy of a record names."""
    try:
        document = json.loads(read_whole(path, limit_bytes=_POINTER_BYTES))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or not {"run_dir", "timestamp"} & set(document):
        return None
    run_id = document.get("run_id")
    return run_id if isinstance(run_id, str) else None


def _pointed_at(path: str, root: str) -> Found | None:
    """Return what a pointer of DVC or of Git LFS stands for."""
    if path.endswith(".dvc") and os.path.isfile(path):
        try:
            entry = entry_in(path)
        except (OSError, ValueError) as error:
            return Found(path="", is_there=True, warnings=(f"not read: {error}",))
        shown = _relative(entry.path, root)
        return Found(path=shown, is_there=True, hashes=(entry.hash.lower(),))
    try:
        text = read_whole(path, limit_bytes=1024).decode("utf-8", "replace")
    except (OSError, ValueError):
        return None
    found = _LFS.match(text)
    shown = _relative(path, root)
    return found and Found(path=shown, is_there=True, hashes=(f"sha256:{found[1]}",))


def _read(path: str, shown: str) -> Found:
    warnings: list[str] = []
    try:
        hashes = [digest_of(measure(path, warnings)).hash]
        if os.path.isfile(path):
            with open(path, "rb") as stream:
                hashes.append("sha256:" + hashlib.file_digest(stream, "sha256").hexdigest())
    except (OSError, ValueError) as error:
        return Found(path=shown, is_there=True, warnings=(f"not hashed: {error}",))
    return Found(path=shown, is_there=True, hashes=tuple(hashes), warnings=tuple(warnings))


def _relative_text(text: str, shown: str) -> str:
    return text if os.path.isabs(shown) and not os.path.isabs(text) else shown


def _relative(path: str, root: str) -> str:
    real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    for inner, outer in ((path, root), (real, os.path.realpath(root))):
        relative = os.path.relpath(inner, outer)
        if relative != ".." and not relative.startswith("../"):
            return relative.replace(os.sep, "/")
    return path
