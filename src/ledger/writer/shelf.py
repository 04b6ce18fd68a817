"""Where whole tables go when git keeps thinned ones: beside a run's outputs, out of git's sight."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ledger.capture.pipeline import pipeline_outs
from ledger.errors import LedgerError
from ledger.project import find_project
from ledger.storage.files import flush_folder, iter_lines, replace_file, write_new
from ledger.storage.git import clean_environment, find_repository
from ledger.storage.tree import IndexTree
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.contract.json_text import Json
    from ledger.project import Project

_FOLDER = "outputs"
BYTES_PER_MB = 1_000_000


@value
class Shelf:
    """A project's place for whole tables."""

    project_root: Path
    """Absolute."""
    ledger_dir: Path
    max_table_bytes: float
    """Tables above are thinned."""

    def is_ledger_of(self, run_dir: Path) -> bool:
        """Whether ``run_dir`` is the folder of a run in the project's ledger."""
        above = os.path.realpath(run_dir.parent.parent)
        return above == os.path.realpath(self.ledger_dir)


@value
class WholeTable:
    """A whole table on its shelf."""

    path: Path
    shown: str
    """Relative to the project."""
    sha256: str
    md5: str
    rows: int
    bytes: int

    def thinned_entry(self) -> dict[str, Json]:
        """Return the entry of ``thinned`` in the record."""
        return {
            "path": self.shown,
            "sha256": self.sha256,
            "rows": self.rows,
            "bytes": self.bytes,
        }

    def artifact_entry(self) -> dict[str, Json]:
        """Return the entry of ``artifacts`` in the record."""
        return {"path": self.shown, "hash": f"md5:{self.md5}", "bytes": self.bytes}


def shelf_of(run_dir: Path) -> Shelf | None:
    """Return the shelf of the project whose ledger holds ``run_dir``; None where there is none."""
    try:
        return make_shelf(find_project([run_dir]))
    except LedgerError:
        return None


def make_shelf(project: Project) -> Shelf:
    """Return the shelf of ``project``, as its settings want it."""
    return Shelf(
        project_root=project.root,
        ledger_dir=project.ledger_dir,
        max_table_bytes=project.settings.max_table_mb * BYTES_PER_MB,
    )


def shelve(table: Path, shelf: Shelf, run_id: str) -> WholeTable:
    """Give the file ``table`` a second name on the shelf, or a copy where links are impossible.

    What stands there is never overwritten. The table itself stays where it is.

    Raises:
        OSError: disk full, folder read-only.
        LedgerError: git could not say what it ignores.
    """
    is_tracked = dvc_root(shelf.project_root) is not None
    folder = _folder(shelf, run_id, table.name, is_tracked=is_tracked)
    folder.mkdir(parents=True, exist_ok=True)
    facts = digests(table)
    for path in _names(folder / table.name):
        _hide(path, is_tracked=is_tracked)
        if _put(table, path) or digests(path) == facts:
            break
    flush_folder(str(folder))
    sha256, md5, rows, size = facts
    return WholeTable(
        path=path,
        shown=path.relative_to(shelf.project_root).as_posix(),
        sha256=sha256,
        md5=md5,
        rows=rows,
        bytes=size,
    )


def bring_back(whole: Path, table: Path) -> None:
    """Let the file ``table`` be a copy of the whole one on the shelf, which stays as it is.

    Raises:
        OSError: disk full, folder read-only.
    """
    temporary = table.with_name(f".{table.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    write_new(str(temporary), iter_lines(str(whole)))
    temporary.replace(table)


def digests(table: Path) -> tuple[str, str, int, int]:
    """Return SHA-256, MD5 (DVC's), rows below the header, and bytes of the file ``table``.

    Raises:
        OSError: the file cannot be read.
    """
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    n_lines = size = 0
    for data in iter_lines(str(table)):
        sha256.update(data)
        md5.update(data)
        n_lines += data.count(b"\n")
        size += len(data)
    return sha256.hexdigest(), md5.hexdigest(), max(0, n_lines - 1), size


def dvc_root(folder: Path) -> Path | None:
    """Return the root of the DVC repository that ``folder`` lies in, None where there is none."""
    above = (folder, *folder.parents)
    return next((each for each in above if (each / ".dvc").is_dir()), None)


def _folder(shelf: Shelf, run_id: str, name: str, *, is_tracked: bool) -> Path:
    """Return the folder for the run's tables.

    DVC refuses a ``.dvc`` file that git ignores, and removes what lies in an output of a stage.
    """
    places = [
        shelf.project_root / place / run_id
        for place in (_FOLDER, f"{shelf.ledger_dir.name}-tables")
    ]
    if not is_tracked:
        return places[0]
    try:
        root = str(shelf.project_root)
        repository = find_repository(root, clean_environment(os.environ))
    except LedgerError:
        return places[0]
    top = Path(os.path.realpath(repository.top))
    outs = pipeline_outs(IndexTree(repository))
    for place in places:
        path = Path(os.path.realpath(place.parent), run_id, f"{name}.dvc")
        shown = path.relative_to(top)
        is_out = any(parent.as_posix() in outs for parent in shown.parents)
        is_ignored = repository.ask("check-ignore", "-q", shown.as_posix()).code == 0
        if not is_out and not is_ignored:
            return place
    return places[0]


def _names(path: Path) -> Iterator[Path]:
    """Yield ``path``, then the same with a number, until one is free or the same."""
    yield path
    number = 2
    while True:
        yield path.with_name(f"{path.stem}.{number}{path.suffix}")
        number += 1


def _hide(path: Path, *, is_tracked: bool) -> None:
    """Let git ignore ``path``, and what says so where nobody is to commit it."""
    ignore = path.with_name(".gitignore")
    wanted = [f"/{path.name}"] + ([] if is_tracked else ["/.gitignore"])
    known = ignore.read_text(encoding="utf-8").splitlines() if ignore.exists() else []
    missing = [line for line in wanted if line not in known]
    if missing:
        replace_file(str(ignore), "".join(f"{line}\n" for line in [*known, *missing]).encode())


def _put(table: Path, path: Path) -> bool:
    """Link or copy ``table`` to ``path``; False where something is there."""
    try:
        os.link(table, path)
    except FileExistsError:
        return False
    except OSError:  # another file system, or one without links
        return _copy(table, path)
    return True


def _copy(table: Path, path: Path) -> bool:
    if path.exists():
        return False
    bring_back(table, path)
    return True
