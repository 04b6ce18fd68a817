"""The shape of run.json, section by section; the published JSON Schema is generated from it."""

from __future__ import annotations

from ledger.contract.layout import RUN_ID
from ledger.contract.shape import (
    Anything,
    Fields,
    Flag,
    ListOf,
    MapOf,
    Nullable,
    Number,
    OneOf,
    Text,
    Time,
)


SCHEMA_VERSION = 1
STATUSES = ("running", "finished", "failed", "interrupted", "crashed")
GOALS = ("min", "max")

_TEXT = Text()
_MAYBE_TEXT = Nullable(inner=_TEXT)
_COUNT = Number(integer=True, minimum=0)
_MAYBE_COUNT = Nullable(inner=_COUNT)
_MAYBE_NUMBER = Nullable(inner=Number())
_FLAG = Flag()
_TIME = Time()
_HASH = Nullable(inner=Text(pattern=r"[a-z0-9-]+:[0-9a-f]+(\.dir)?"))
_OBJECT_ID = Nullable(inner=Text(pattern=r"[0-9a-f]{40}([0-9a-f]{24})?"))

_SESSION = Fields(
    fields={
        "start": _TIME,
        "end": Nullable(inner=_TIME),
        "pid": _MAYBE_COUNT,
        "pid_start": _MAYBE_TEXT,
        "boot_id": _MAYBE_TEXT,
        "hostname": _MAYBE_TEXT,
        "pid_namespace": _MAYBE_TEXT,
        "heartbeat": Nullable(inner=_TIME),
    },
    required=("start",),
)
_DIRTY_PATH = Fields(
    fields={"path": _TEXT, "status": _TEXT, "loaded": _FLAG}, required=("path", "status")
)
_GIT = Fields(
    fields={
        "commit": _OBJECT_ID,
        "base": _OBJECT_ID,
        "branch": _MAYBE_TEXT,
        "remote": _MAYBE_TEXT,
        "dirty": Nullable(inner=_FLAG),
        "dirty_paths": Nullable(inner=ListOf(inner=_DIRTY_PATH)),
        "dirty_reason": _MAYBE_TEXT,
        "omitted": Nullable(inner=ListOf(inner=_TEXT)),
        "code": Nullable(inner=Text(pattern=r"sha256:[0-9a-f]{64}")),
        "snapshot": _OBJECT_ID,
        "code_raced": _FLAG,
    }
)
_CONFIG = Fields(
    fields={
        "path": _MAYBE_TEXT,
        "hash": _HASH,
        "variant": _HASH,
        "resolved": Nullable(inner=MapOf(inner=Anything())),
        "resolved_path": _MAYBE_TEXT,
    }
)
_DATA = Fields(
    fields={
        "name": _MAYBE_TEXT,
        "path": _MAYBE_TEXT,
        "hash": _HASH,
        "split": Anything(),
        "bytes": _MAYBE_COUNT,
        "n_files": _MAYBE_COUNT,
        "source": _MAYBE_TEXT,
    }
)
_SUMMARY = Fields(
    fields={
        "last": Number(),
        "min": _MAYBE_NUMBER,
        "min_at": Nullable(inner=Number(integer=True)),
        "max": _MAYBE_NUMBER,
        "max_at": Nullable(inner=Number(integer=True)),
        "n": _COUNT,
        "n_nonfinite": _COUNT,
    },
    required=("last", "min", "max", "n", "n_nonfinite"),
)
_ARTIFACT = OneOf(
    first=_TEXT,
    second=Fields(fields={"path": _TEXT, "hash": _HASH, "bytes": _MAYBE_COUNT}, required=("path",)),
)
_COLUMN = Fields(
    fields={
        "role": _TEXT,  # a role that this reader does not know is "meta": newer writers may add one
        "original": _TEXT,
        "unit": _TEXT,
        "goal": Text(choices=GOALS),
    },
    required=("role",),
)
_FILE = Fields(
    fields={"sha256": Text(pattern=r"[0-9a-f]{64}"), "rows": _MAYBE_COUNT, "bytes": _COUNT},
    required=("sha256", "bytes"),
)

_WHOLE_TABLE = Fields(fields={"path": _TEXT, **_FILE.fields}, required=("path", *_FILE.required))

RECORD = Fields(
    fields={
        "schema_version": Number(integer=True, minimum=1),
        "run_id": Text(pattern=RUN_ID),
        "name": _MAYBE_TEXT,
        "tags": ListOf(inner=_TEXT),
        "parent": _MAYBE_TEXT,
        "project": _MAYBE_TEXT,
        "status": Text(choices=STATUSES),
        "incomplete": _TEXT,
        "warnings": ListOf(inner=_TEXT),
        "sessions": ListOf(inner=_SESSION),
        "command": Fields(
            fields={
                "argv": ListOf(inner=_TEXT),
                "cwd": _MAYBE_TEXT,
                "exit": Nullable(inner=Number(integer=True)),
                "signal": _MAYBE_TEXT,
            }
        ),
        "notebook": Fields(
            fields={
                "path": _MAYBE_TEXT,
                "n_executed": _COUNT,
                "as_saved": Nullable(inner=_FLAG),
                "differences": ListOf(inner=_TEXT),
            }
        ),
        "timestamp": Fields(
            fields={"start": _TIME, "end": Nullable(inner=_TIME)}, required=("start",)
        ),
        "git": _GIT,
        "config": _CONFIG,
        "data": Nullable(inner=_DATA),
        "extra_data": ListOf(inner=_DATA),
        "environment": MapOf(inner=Anything()),
        "random": MapOf(inner=Anything()),
        "metrics": MapOf(inner=Anything()),
        "stated": ListOf(inner=_TEXT),
        "summary": MapOf(inner=_SUMMARY),
        "artifacts": MapOf(inner=_ARTIFACT),
        "columns": MapOf(inner=_COLUMN),
        "objective": Nullable(
            inner=Fields(
                fields={"metric": _TEXT, "goal": Text(choices=GOALS)}, required=("metric", "goal")
            )
        ),
        "sweep": MapOf(inner=Anything()),
        "dvc": MapOf(inner=Anything()),
        "imported_from": Fields(fields={"tool": _TEXT}, required=("tool",)),
        "error": Nullable(
            inner=Fields(
                fields={"type": _TEXT, "message": _TEXT, "traceback_tail": ListOf(inner=_TEXT)}
            )
        ),
        "note": Fields(fields={"template": Text(pattern=r"[0-9a-f]{64}")}),
        "files": MapOf(inner=_FILE),
        "thinned": MapOf(inner=_WHOLE_TABLE),
        "ledger_version": _TEXT,
    },
    required=(
        "run_id",
        "timestamp",
        "git",
        "config",
        "data",
        "environment",
        "random",
        "metrics",
        "artifacts",
    ),
)

KEY_ORDER = ("schema_version", *(key for key in RECORD.fields if key != "schema_version"))
