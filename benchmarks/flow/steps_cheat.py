"""What people do to records that they should not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from step import NotPossibleError, verb
from truth import RECORD


if TYPE_CHECKING:
    from world import World

TABLE, CONSOLE = "metrics.csv", "metrics.console.csv"


@verb
def forge(world: World, kind: str, label: str) -> None:
    """Change what the writer of a sealed run has written, in one of the ways of FORGERIES."""
    truth = world.run(label)
    if truth.kept is None or "files" not in json.loads((truth.run_dir / RECORD).read_bytes()):
        raise NotPossibleError
    FORGERIES[kind](truth.run_dir)


@verb
def drop(world: World, label: str) -> None:
    """Remove a run from the ledger."""
    if world.here.git("rm", "-rqf", "--", world.run(label).folder).returncode:
        raise NotPossibleError


@verb
def move(world: World, label: str) -> None:
    """Move a run to another month."""
    truth = world.run(label)
    (world.here.top / "ledger/2020-01").mkdir(exist_ok=True)
    if world.here.git("mv", truth.folder, f"ledger/2020-01/{truth.run_id}").returncode:
        raise NotPossibleError


@verb
def drop_shared(world: World, label: str) -> None:
    """Remove the code manifest that a committed run names."""
    truth = world.run(label)
    for name in truth.shared:
        if name.startswith("code/") and not world.here.git("rm", "-q", f"ledger/{name}").returncode:
            return
    raise NotPossibleError


@verb
def ignore_tables(world: World) -> None:
    """Let git ignore every table, as a common ignore file does."""
    path = world.here.top / ".gitignore"
    path.write_text(path.read_text(encoding="utf-8") + "*.csv\n", encoding="utf-8")


def _table_of(run_dir: Path) -> str:
    """Return the name of the table of a run: its own, or of what it printed."""
    return CONSOLE if (run_dir / CONSOLE).is_file() else TABLE


def _record(change: Callable[[dict], None]) -> Callable[[Path], None]:
    def forgery(run_dir: Path) -> None:
        record = json.loads((run_dir / RECORD).read_bytes())
        change(record)
        text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
        (run_dir / RECORD).write_text(text, encoding="utf-8")

    return forgery


def _table(change: Callable[[list[str]], list[str]]) -> Callable[[Path], None]:
    def forgery(run_dir: Path) -> None:
        path = run_dir / _table_of(run_dir)
        if not path.is_file():
            raise NotPossibleError
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        changed = change(lines)
        if changed == lines:
            raise NotPossibleError
        path.write_text("".join(changed), encoding="utf-8")

    return forgery


def _better(line: str) -> str:
    return re.sub(r"(?<=\.)\d(?=[^.]*\n)", lambda digit: str((int(digit[0]) + 1) % 10), line)


def _summary(record: dict) -> None:
    if not record.get("summary"):
        raise NotPossibleError
    record["summary"]["loss"]["min"] = 0.001


def _metric(record: dict) -> None:
    if "loss" not in record["metrics"]:
        raise NotPossibleError
    record["metrics"]["loss"] = 0.001


def _config(record: dict) -> None:
    if "lr" not in record["config"]["resolved"]:
        raise NotPossibleError
    record["config"]["resolved"]["lr"] = 99


def _flag(record: dict) -> None:
    if record["git"]["dirty"] is not True:
        raise NotPossibleError
    record["git"]["dirty"] = False


def _clean(record: dict) -> None:
    _flag(record)
    record["git"]["dirty_paths"] = []


def _paths(record: dict) -> None:
    if not record["git"].get("dirty_paths"):
        raise NotPossibleError
    record["git"]["dirty_paths"] = []


def _fewer_paths(record: dict) -> None:
    if len(record["git"].get("dirty_paths") or ()) < 2:
        raise NotPossibleError
    record["git"]["dirty_paths"].pop()


def _rows(record: dict) -> None:
    for name in (TABLE, CONSOLE):
        if name in record["files"]:
            record["files"][name]["rows"] += 5
            return
    raise NotPossibleError


def _manifest(run_dir: Path) -> None:
    """Put other ids into the manifest that the record names."""
    code = json.loads((run_dir / RECORD).read_bytes())["git"]["code"] or ":"
    path = run_dir.parents[1] / "code" / f"{code.partition(':')[2]}.manifest"
    if not path.is_file():
        raise NotPossibleError
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"[0-9a-f](?=\t)", "0", text), encoding="utf-8")


def _sealed_again(run_dir: Path) -> None:
    """Change a row, and the hash of the table with it; the summary is forgotten."""
    import hashlib

    _table(lambda lines: [*lines[:-1], _better(lines[-1])])(run_dir)
    name = _table_of(run_dir)
    data = (run_dir / name).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    _record(lambda record: record["files"][name].update(sha256=digest, bytes=len(data)))(run_dir)


def _link(run_dir: Path) -> None:
    table, other = (
        run_dir / _table_of(run_dir),
        run_dir.parents[2] / "outputs" / f"{run_dir.name}.csv",
    )
    if not table.is_file():
        raise NotPossibleError
    other.parent.mkdir(exist_ok=True)
    table.rename(other)
    table.symlink_to(other)


def _executable(run_dir: Path) -> None:
    (run_dir / RECORD).chmod(0o755)


FORGERIES: dict[str, Callable[[Path], None]] = {
    "value": _table(lambda lines: [*lines[:-1], _better(lines[-1])]),
    "row_added": _table(lambda lines: [*lines, lines[-1]] if len(lines) > 1 else lines),
    "row_removed": _table(lambda lines: lines[:-1] if len(lines) > 1 else lines),
    "value_and_hash": _sealed_again,
    "summary": _record(_summary),
    "metric": _record(_metric),
    "config": _record(_config),
    "rows": _record(_rows),
    "flag": _record(_flag),
    "clean": _record(_clean),
    "paths": _record(_paths),
    "fewer_paths": _record(_fewer_paths),
    "manifest": _manifest,
    "link": _link,
    "executable": _executable,
}
