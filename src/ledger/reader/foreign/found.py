"""Which file is meant by ``--csv``, and what the files beside it say of the sweep."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ledger.contract.direction import is_goal
from ledger.errors import LedgerError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json

_ENDING = "_master_log"
_STATUSES = {"running": "crashed", "completed": "finished", "failed": "failed"}


@value
class FoundTable:
    """A table and what is written down about it."""

    path: Path
    about: Mapping[str, Json]
    """The tool's own config; empty where there is none."""
    objective: tuple[str, str] | None
    """(metric, min or max)."""
    meta: frozenset[str]
    """Columns that the tool was told to add: neither params nor metrics."""
    is_of_tool: bool
    """Whether a manifest, a config or the name says that the tool wrote it."""
    started: str | None
    ended: str | None
    status: str
    """As of a record; ``crashed`` where the manifest says that it runs."""
    writer: tuple[str, int] | None = None
    """(hostname, pid) of the process that a manifest says is still writing."""


def find_table(given: Path, registry: Path | None = None) -> FoundTable:
    """Return the table that ``given`` is: a CSV file, a manifest, or a folder with one table.

    Args:
        given: the path.
        registry: a folder of manifests, which name their tables; those beside a table go first.

    Raises:
        LedgerError: nothing is there, or a folder holds no table or several.
    """
    if not given.exists():
        message = "no such file"
        raise LedgerError(
            message, hint="give a CSV file, a folder with one, or a manifest", path=given
        )
    manifest: Mapping[str, Json] = {}
    path = given
    if given.is_dir():
        path = _only_table(given)
    elif given.suffix == ".json":
        manifest = _object(given)
        path = _named_by(given, manifest)
    about = _config(path)
    manifest = manifest or _registered(path) or _named_in(registry, path)
    objective = about.get("objective_metric"), about.get("objective_direction")
    extra = about.get("extra_fields")
    status = manifest.get("status")
    writer = manifest.get("hostname"), manifest.get("pid")
    return FoundTable(
        path=path,
        about=about,
        objective=(str(objective[0]), str(objective[1])) if is_goal(objective[1]) else None,
        meta=frozenset(extra) if isinstance(extra, dict) else frozenset(),
        is_of_tool=bool(manifest or about) or path.stem.endswith(_ENDING),
        started=_text(manifest.get("started_at")),
        ended=_text(manifest.get("ended_at")),
        status=_STATUSES.get(status, "finished") if isinstance(status, str) else "finished",
        writer=(str(writer[0]), writer[1])
        if status == "running" and isinstance(writer[1], int)
        else None,
    )


def _only_table(folder: Path) -> Path:
    tables = sorted(folder.glob("*.csv"))
    own = [path for path in tables if path.stem.endswith(_ENDING)]
    found = own if len(own) == 1 else tables
    if len(found) != 1:
        message = f"holds {len(found)} CSV files"
        names = ", ".join(path.name for path in found[:5])
        raise LedgerError(
            message, hint=f"give one of them: {names}" if names else "give a CSV file", path=folder
        )
    return found[0]


def _named_by(manifest_path: Path, manifest: Mapping[str, Json]) -> Path:
    """Return the table of a manifest; a sweep that was moved is looked for beside it."""
    named = _text(manifest.get("csv_path")) or _text(manifest.get("master_csv_path"))
    if named is None:
        message = "names no csv_path"
        raise LedgerError(message, hint="give the CSV file itself", path=manifest_path)
    name = Path(named).name
    places = (Path(named), *(folder / name for folder in list(manifest_path.parents)[:3]))
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        message = f"names {named}, which is not there"
        raise LedgerError(message, hint="give the CSV file itself", path=manifest_path)
    return found


def _config(path: Path) -> Mapping[str, Json]:
    """Return the tool's config of the table ``path``: a file of its own, or part of the summary."""
    own = path.with_name(path.stem.removesuffix(_ENDING) + "_config.json")
    if own.is_file():
        return _object(own)
    summary = path.with_name("summary.json")
    config = _object(summary).get("config") if summary.is_file() else None
    return config if isinstance(config, dict) else {}


def _registered(path: Path) -> Mapping[str, Json]:
    """Return the manifest beside the table ``path`` that names it, if there is one."""
    for manifest_path in sorted(path.parent.glob("registry/*.json")):
        manifest = _object(manifest_path)
        if Path(_text(manifest.get("csv_path")) or "").name == path.name:
            return manifest
    return {}


def _named_in(registry: Path | None, table: Path) -> Mapping[str, Json]:
    """Return the latest manifest in ``registry`` whose table is ``table``; broken ones are none."""
    found: list[Mapping[str, Json]] = []
    for path in sorted(registry.glob("*.json")) if registry is not None else ():
        try:
            manifest = _object(path)
        except LedgerError:
            continue
        named = _text(manifest.get("csv_path"))
        if named and os.path.realpath(named) == os.path.realpath(table):
            found.append(manifest)
    return max(found, key=lambda each: _text(each.get("started_at")) or "", default={})


def _object(path: Path) -> Mapping[str, Json]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        message = f"cannot be read as JSON: {str(error)[:80]}"
        raise LedgerError(message, hint="give the CSV file itself", path=path) from error
    return found if isinstance(found, dict) else {}


def _text(item: Json) -> str | None:
    return item if isinstance(item, str) else None
