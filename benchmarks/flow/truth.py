"""What really happened: the harness's own knowledge of every run, gathered beside the product."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from project import NOTEBOOK, SAYS_NOTHING, code_cells, is_code, loaded_by


if TYPE_CHECKING:
    from place import Place
    from training import Recorded, Training


RECORD, NOTE = "run.json", "run.md"
Content = str | None
"""Git's id of a file, of its code cells for a notebook; None where it is absent."""


class Truth:
    """One run: the code it saw, the rows it logged, the files its writer left.

    Attributes:
        label: how steps call it.
        head: the commit it began from.
        dirty: {path: content} of the code that no commit held when it began.
        kept: bytes by name once the writer has sealed the run; None before.
        shared: bytes by path of what its record names beside its folder; None where they are gone.
    """

    def __init__(
        self,
        label: str,
        place: Place,
        script: str,
        training: Training | Recorded,
        dirty: dict[str, Content] | None = None,
    ) -> None:
        """``dirty`` is looked up where it is not given: right after the start of the training."""
        self.label = label
        self.place = place
        self.script = script
        self.training = training
        self.run_id = training.run_id
        self.folder = training.run_dir.relative_to(place.top).as_posix()
        self.head = place.said("rev-parse", "HEAD")
        self.dirty = code_in_use(place, script) if dirty is None else dirty
        self.loaded = loaded_by(place.top, script)
        self.kept: dict[str, bytes] | None = None
        self.shared: dict[str, bytes | None] = {}

    @property
    def run_dir(self) -> Path:
        """Where the run lies in the working tree it was started in."""
        return self.place.top / self.folder

    def look(self, run_dir: Path, ledger_dir: Path) -> bool:
        """Keep what the writer has sealed, the first time that it has; return whether it has."""
        if self.kept is None and (run_dir / RECORD).is_file():
            record = json.loads((run_dir / RECORD).read_bytes())
            if "files" in record:
                names = [RECORD, *(name for name in record["files"] if name != NOTE)]
                self.kept = {name: (run_dir / name).read_bytes() for name in names}
                places = (ledger_dir, self.place.private_dir / "shared")
                self.shared = {name: first_of(places, name) for name in shared_names(record)}
        return self.kept is not None

    @property
    def is_unknown(self) -> bool:
        """Whether the process was killed so early that nobody can tell which code it used."""
        if self.kept is None or self.training.is_settled or not self.training.was_killed:
            return False
        return json.loads(self.kept[RECORD])["git"]["dirty"] is None

    @property
    def rows_kept(self) -> int:
        """Whole rows in the tables that were sealed."""
        tables = [data for name, data in (self.kept or {}).items() if name.endswith(".csv")]
        return sum(data.count(b"\n") - 1 for data in tables)


def shared_names(record: dict) -> list[str]:
    """Return the manifest and the package list that a record names, relative to the ledger."""
    code = (record["git"] or {}).get("code")
    packages = (record["environment"] or {}).get("pip_freeze_hash")
    named = (("code", code, "manifest"), ("environments", packages, "txt"))
    return [f"{place}/{one.partition(':')[2]}.{kind}" for place, one, kind in named if one]


def first_of(places: Iterable[Path], name: str) -> bytes | None:
    """Return the bytes of the first file ``name`` in one of ``places``; None where there is none.

    What is shared waits in the git directory while git has taken it away.
    """
    return next(((one / name).read_bytes() for one in places if (one / name).is_file()), None)


def code_in_use(place: Place, script: str) -> dict[str, Content]:
    """Return the content of the code that a run of ``script`` uses now and HEAD does not hold."""
    changed = place.said("diff", "--name-only", "--no-renames", "-z", "HEAD").split("\0")
    dirty = {path: on_disk(place.top, path) for path in changed if path and is_code(path)}
    listed = place.said("ls-files", "-z", "--others", "--exclude-standard").split("\0")
    loaded = loaded_by(place.top, script)
    for path in filter(is_code, listed):
        # nobody can tell what a kernel has loaded, or a command
        if path in loaded or script in {NOTEBOOK, SAYS_NOTHING}:
            dirty[path] = on_disk(place.top, path)
    known = in_tree(place, "HEAD", dirty)
    return {path: content for path, content in dirty.items() if content != known[path]}


def on_disk(top: Path, path: str) -> Content:
    """Return the content of a file of the working tree."""
    try:
        data = (top / path).read_bytes()
    except OSError:
        return None
    return content_of(path, data)


def in_tree(place: Place, tree: str, paths: dict[str, Content]) -> dict[str, Content]:
    """Return the content of each of ``paths`` in the revision ``tree``."""
    found: dict[str, Content] = dict.fromkeys(paths)
    listed = place.said("ls-tree", "-r", "-z", tree, "--", *paths) if paths else ""
    for entry in filter(None, listed.split("\0")):
        facts, _, path = entry.partition("\t")
        oid = facts.split()[2]
        if path.endswith(".ipynb"):
            oid = content_of(path, place.git("cat-file", "blob", oid).stdout)
        found[path] = oid
    return found


def content_of(path: str, data: bytes) -> str:
    """Return git's id of ``data``; for a notebook an id of its code cells."""
    if path.endswith(".ipynb"):
        data = json.dumps(code_cells(data)).encode()
    return blob_id(data)


def blob_id(data: bytes) -> str:
    """Return the id that git gives to ``data``."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
