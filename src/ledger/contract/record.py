"""run.json as a value: a strict reader, the writer's bytes, and typed access to what it says."""

from __future__ import annotations

from ledger.contract.acceptance import acceptance
from ledger.contract.json_text import (
    as_list,
    as_object,
    as_text,
    decode_number,
    dump_json,
    parse_json,
)
from ledger.contract.record_shape import KEY_ORDER, RECORD, SCHEMA_VERSION
from ledger.errors import MalformedError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json


@value
class DirtyPath:
    """A code path that differed from the commit when the run started."""

    path: str
    """Relative to the repository root, with ``/``."""
    status: str
    loaded: bool


@value
class RunRecord:
    """A checked run.json; ``document`` is the whole of it, unknown keys included."""

    document: Mapping[str, Json]

    def __getitem__(self, key: str) -> Json:
        """Return a section as the file holds it."""
        return self.document[key]

    @property
    def run_id(self) -> str:
        """The id, also the name of the run's folder."""
        return as_text(self.document["run_id"]) or ""

    @property
    def name(self) -> str:
        """The name the run was started under; the id where there is none."""
        return as_text(self.document.get("name")) or self.run_id

    @property
    def status(self) -> str:
        """One of STATUSES; a record without one was written at its end, hence finished."""
        return as_text(self.document.get("status")) or "finished"

    @property
    def started(self) -> str:
        """Start of the run, ISO 8601."""
        return as_text(as_object(self.document["timestamp"])["start"]) or ""

    @property
    def ended(self) -> str | None:
        """End of the run, ISO 8601, None while it is unknown."""
        return as_text(as_object(self.document["timestamp"]).get("end"))

    @property
    def git(self) -> Mapping[str, Json]:
        """The git section."""
        return as_object(self.document["git"])

    @property
    def is_dirty(self) -> bool | None:
        """Whether code differed from the commit; None when that could not be told."""
        dirty = self.git.get("dirty")
        return dirty if isinstance(dirty, bool) else None

    @property
    def dirty_paths(self) -> tuple[DirtyPath, ...] | None:
        """The code paths that differed, None when the record does not say."""
        paths = self.git.get("dirty_paths")
        if paths is None:
            return None
        return tuple(
            DirtyPath(
                path=as_text(entry["path"]) or "",
                status=as_text(entry["status"]) or "",
                loaded=entry.get("loaded") is True,
            )
            for entry in map(as_object, as_list(paths))
        )

    @property
    def config(self) -> Mapping[str, Json]:
        """The resolved config, empty when none was given."""
        return as_object(as_object(self.document["config"]).get("resolved"))

    @property
    def metrics(self) -> dict[str, float]:
        """Last or stated value of every numeric metric."""
        numbers = {k: decode_number(v) for k, v in as_object(self.document["metrics"]).items()}
        return {name: number for name, number in numbers.items() if number is not None}

    @property
    def stated(self) -> frozenset[str]:
        """Metrics that the caller stated rather than the table."""
        return frozenset(t for t in map(as_text, as_list(self.document.get("stated"))) if t)

    @property
    def objective(self) -> tuple[str, str] | None:
        """(metric, goal) the run was meant to improve."""
        objective = as_object(self.document.get("objective"))
        metric, goal = as_text(objective.get("metric")), as_text(objective.get("goal"))
        return (metric, goal) if metric and goal else None

    @property
    def parent(self) -> str | None:
        """Id of the run this one follows."""
        return as_text(self.document.get("parent"))

    @property
    def tags(self) -> tuple[str, ...]:
        """The run's tags."""
        return tuple(t for t in map(as_text, as_list(self.document.get("tags"))) if t is not None)

    @property
    def template(self) -> str | None:
        """SHA-256 of the note as the program last wrote it."""
        return as_text(as_object(self.document.get("note")).get("template"))

    @property
    def is_imported(self) -> bool:
        """Whether the run came from another tool."""
        return "imported_from" in self.document


_ACCEPTS = acceptance(RECORD)


def parse_record(data: bytes) -> RunRecord:
    """Return the record that ``data``, the bytes of a run.json, holds.

    Raises:
        MalformedError: naming the first field that does not follow the format.
    """
    document = parse_json(data)
    version = as_object(document).get("schema_version", SCHEMA_VERSION)
    if isinstance(version, int) and version > SCHEMA_VERSION:
        message = f"was written in format {version}, this ledger reads up to {SCHEMA_VERSION}"
        raise MalformedError(message, field="schema_version", hint="upgrade experiment-ledger")
    if not _ACCEPTS(document):
        RECORD.check(document, "")
    return RunRecord(document=as_object(document))


def encode_record(document: Mapping[str, Json]) -> bytes:
    """Return the bytes of run.json for ``document``: known keys in their order, then the others."""
    ordered = {key: document[key] for key in KEY_ORDER if key in document}
    return dump_json(ordered | {key: item for key, item in document.items() if key not in ordered})


def record_schema() -> dict[str, Json]:
    """Return the JSON Schema of run.json."""
    head: dict[str, Json] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"run.json, schema_version {SCHEMA_VERSION}",
    }
    return head | RECORD.schema()
