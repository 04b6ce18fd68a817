"""The record of a run that has just begun: what is known before training, and nothing more."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ledger.capture.data import public_address
from ledger.capture.pipeline import describe_stage
from ledger.capture.process import this_process
from ledger.contract.config import config_hash, flatten, to_json, variant_hash
from ledger.contract.direction import is_goal
from ledger.contract.json_text import as_object, dump_json
from ledger.contract.layout import CONFIG_NAME
from ledger.contract.record_shape import SCHEMA_VERSION
from ledger.contract.redaction import redact, redact_argv, redact_text
from ledger.errors import LedgerError
from ledger.storage.files import replace_file
from ledger.version import VERSION
from ledger.writer.record_file import time_text


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ledger.capture.code import CodeState
    from ledger.contract.json_text import Json
    from ledger.writer.capturing import DataSource

MAX_CONFIG_BYTES = 64 * 1024
MAX_SCALAR_CHARS = 200


def first_document(
    run_id: str, started: datetime, code: CodeState | None, argv: Sequence[str] | None = None
) -> dict[str, Json]:
    """Return the record of the run ``run_id``; what is not known yet is null or empty.

    Args:
        run_id: the id.
        started: start of the run, UTC.
        code: the repository at the start.
        argv: the command line of the run; None for that of this process.
    """
    stamp = time_text(started)
    session: dict[str, Json] = {
        "start": stamp,
        "end": None,
        **this_process().to_json(),
        "heartbeat": stamp,
    }
    document: dict[str, Json] = {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_id,
        "status": "running",
        "sessions": [session],
        "command": {
            "argv": list(redact_argv(_argv() if argv is None else [*argv])),
            "cwd": _working_folder(code),
        },
        "timestamp": {"start": stamp, "end": None},
        "git": {
            "commit": code.commit if code else None,
            "base": None,
            "branch": code.branch if code else None,
            "remote": None,
            "dirty": None,
        },
        "config": {},
        "data": None,
        "environment": {},
        "random": {},
        "metrics": {},
        "artifacts": {},
        "columns": {},
        "ledger_version": VERSION,
    }
    stage = describe_stage(os.environ)
    return document | ({"dvc": stage} if stage else {})


def config_section(
    run_dir: Path | None, path: str | None, config: dict[str, Json], seed_keys: Sequence[str]
) -> dict[str, Json]:
    """Return the config section; a config over 64 KiB goes to a file of its own in ``run_dir``.

    Without a folder only its hashes and short scalars are kept.

    Raises:
        OSError: that file cannot be written.
    """
    section: dict[str, Json] = {
        "path": redact_text(path) if path else path,
        "hash": config_hash(config),
        "variant": variant_hash(config, seed_keys),
        "resolved": config,
    }
    whole = dump_json(config)
    if len(whole) > MAX_CONFIG_BYTES:
        # JSON is YAML, and needs no library to be written
        if run_dir is not None:
            replace_file(str(run_dir / CONFIG_NAME), whole)
            section["resolved_path"] = CONFIG_NAME
        section["resolved"] = {
            key: item
            for key, item in flatten(config).items()
            if not isinstance(item, dict | list) and len(str(item)) <= MAX_SCALAR_CHARS
        }
    return section


def pending_data(source: DataSource) -> dict[str, Json]:
    """Return the data entry of ``source`` while its hash is being computed."""
    path = public_address(source.path) or source.path
    entry: dict[str, Json] = {"name": source.name or Path(path).name, "path": path, "hash": None}
    return as_object(redact(entry | {"split": to_json(source.split)}))


def check_objective(objective: object) -> Json:
    """Return the objective section for what a caller passed, null for None.

    Raises:
        LedgerError: it is not (metric, "min" or "max").
    """
    if objective is None:
        return None
    if isinstance(objective, tuple | list) and len(objective) == 2:  # noqa: PLR2004  # a pair
        metric, goal = objective
        if isinstance(metric, str) and is_goal(goal):
            return {"metric": metric, "goal": str(goal)}
    message = f"objective {objective!r} is not (metric, 'min' or 'max')"
    raise LedgerError(message, hint="write objective=('val_acc', 'max')")


def _argv() -> list[str]:
    return [str(word) for word in getattr(sys, "orig_argv", sys.argv)]


def _working_folder(code: CodeState | None) -> str:
    here = os.path.realpath(Path.cwd())
    return os.path.relpath(here, os.path.realpath(code.repository.top)) if code else "."
