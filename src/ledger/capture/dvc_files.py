"""What DVC has recorded about a path: hashes in ``.dvc`` files and in ``dvc.lock``.

Read from the files, without importing dvc (0.7 s) and without its locks, which a stage holds.
"""

from __future__ import annotations

import os
import re

from ledger.capture.dvc_yaml import MAX_BYTES, read_dvc_yaml
from ledger.capture.regular_file import read_whole
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.capture.dvc_yaml import Node

_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")


@value
class DvcEntry:
    """One recorded hash."""

    path: str
    """Absolute path of the data."""
    where: str
    """Absolute path of the file that records it."""
    hash: str
    """``md5:<hex>``, with ``.dir`` at the end for a folder."""
    bytes: int | None
    """Size, of a folder that of all its files; None when not recorded."""
    n_files: int | None
    """Files of a folder; None for a file, and when not recorded."""
    is_raw: bool
    """Whether it is the md5 of the raw bytes, as DVC 3 writes it. DVC 2 turned CRLF into LF
    before hashing and wrote no ``hash: md5``."""

    @property
    def is_folder(self) -> bool:
        """Whether the record is of a folder."""
        return self.hash.endswith(".dir")


def workspace_root(path: str) -> str:
    """Return the folder whose ``.dvcignore`` and ``dvc.lock`` files are the first that count.

    It is the nearest folder above ``path`` (absolute) with a ``.dvc`` folder, as for DVC; without
    one, the nearest with a ``.git`` folder or file; without either, the folder of ``path``.
    """
    above = list(_folders_above(path))
    with_dvc = (folder for folder in above if os.path.isdir(f"{folder}/.dvc"))
    with_git = (folder for folder in above if os.path.exists(f"{folder}/.git"))
    return next(with_dvc, None) or next(with_git, None) or os.path.dirname(path)


def entry_of(path: str, warnings: list[str]) -> DvcEntry | None:
    """Return what is recorded for exactly the absolute ``path``, or None.

    ``<path>.dvc`` is asked first, then every ``dvc.lock`` from the folder of ``path`` up to
    `workspace_root`; there an output goes before a dependency, which may be of an older run.
    A path inside a tracked folder has no record of its own. Unreadable files are passed over with
    a line in ``warnings``.
    """
    root = workspace_root(path)
    for entries in _sources(path, root):
        try:
            found = next((entry for entry in entries if entry.path == path), None)
        except (OSError, ValueError) as error:
            warnings.append(f"ignored: {error}")
            continue
        if found:
            return found
    return None


def entry_in(dvc_file: str) -> DvcEntry:
    """Return the record of the output of one ``.dvc`` file, given by its absolute path.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no output with an md5.
    """
    found = next(_in_dvc_file(dvc_file), None)
    if found is None:
        message = f"{dvc_file} records no md5 of an output in this workspace"
        raise ValueError(message)
    return found


def _sources(path: str, root: str) -> Iterator[Iterator[DvcEntry]]:
    if os.path.isfile(f"{path}.dvc"):
        yield _in_dvc_file(f"{path}.dvc")
    for folder in _folders_above(path):
        if os.path.isfile(f"{folder}/dvc.lock"):
            yield _in_lock(folder)
        if folder == root:
            return


def _folders_above(path: str) -> Iterator[str]:
    folder = os.path.dirname(path)
    while folder != path:
        yield folder
        path, folder = folder, os.path.dirname(folder)


def _in_dvc_file(dvc_file: str) -> Iterator[DvcEntry]:
    content = _dict(read_dvc_yaml(dvc_file))
    folder = os.path.join(os.path.dirname(dvc_file), _text(content.get("wdir")))
    yield from _entries(content.get("outs"), folder, dvc_file)


def _in_lock(folder: str) -> Iterator[DvcEntry]:
    lock = f"{folder}/dvc.lock"
    stages = _dict(_dict(read_dvc_yaml(lock)).get("stages"))
    wdirs = _wdirs(folder)
    for key in ("outs", "deps"):
        for name, stage in stages.items():
            # `train@item` is one item of the templated stage `train`.
            wdir = wdirs.get(name.partition("@")[0], "")
            if "${" not in wdir:
                yield from _entries(_dict(stage).get(key), os.path.join(folder, wdir), lock)


def _wdirs(folder: str) -> dict[str, str]:
    """Return the working folder of each stage: the paths in the lock are relative to it."""
    pipeline = f"{folder}/dvc.yaml"
    # Nearly no pipeline has one. Those without may use YAML aliases, which we do not read.
    if not os.path.isfile(pipeline) or b"wdir" not in read_whole(pipeline, limit_bytes=MAX_BYTES):
        return {}
    stages = _dict(_dict(read_dvc_yaml(pipeline)).get("stages"))
    bodies = {name: _dict(stage) for name, stage in stages.items()}
    return {
        name: _text(body.get("wdir")) or _text(_dict(body.get("do")).get("wdir"))
        for name, body in bodies.items()
    }


def _entries(nodes: Node | None, folder: str, where: str) -> Iterator[DvcEntry]:
    for node in nodes if isinstance(nodes, list) else ():
        fields = _dict(node)
        path, md5 = _text(fields.get("path")), _text(fields.get("md5"))
        if path and "://" not in path and _MD5.fullmatch(md5):
            yield DvcEntry(
                path=os.path.normpath(os.path.join(folder, path)),
                where=where,
                hash=f"md5:{md5}",
                bytes=_count(fields.get("size")),
                n_files=_count(fields.get("nfiles")),
                is_raw=fields.get("hash") == "md5",
            )


def _dict(node: Node | None) -> dict[str, Node]:
    return node if isinstance(node, dict) else {}


def _text(node: Node | None) -> str:
    return node if isinstance(node, str) else ""


def _count(node: Node | None) -> int | None:
    text = _text(node)
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None
