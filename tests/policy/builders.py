"""Legal sealed runs, and real repositories to put them in; tests break one thing at a time."""

from __future__ import annotations

import hashlib
import os
import subprocess
from typing import TYPE_CHECKING, Any

from ledger.capture.code import observe
from ledger.capture.settle import settle
from ledger.contract.columns import Column
from ledger.contract.json_text import encode_number
from ledger.contract.manifest import Entry, Manifest, content_id, manifest_hash
from ledger.contract.metrics import decode_table, encode_row, summarise
from ledger.contract.note import SECTIONS, render_note
from ledger.contract.record import encode_record
from ledger.project import find_project


if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

RUN_ID = "2026-02-01_1630_demo-aaaaaaaa"
GITATTRIBUTES = (
    "** -text -filter -ident !diff !working-tree-encoding merge=binary\n"
    "**/run.md text eol=lf merge=text\n"
)


def make_table(n_rows: int = 3, metrics: Sequence[str] = ("loss", "val_acc")) -> bytes:
    """Return a metrics table with ``n_rows`` epochs."""
    rows = [("epoch", "time", *metrics)]
    for epoch in range(n_rows):
        values = [1.0 / (epoch + 1.5 + place) for place in range(len(metrics))]
        rows.append((epoch, round(epoch * 1.5, 3), *values))
    return b"".join(map(encode_row, rows))


def make_document(
    run_id: str, table: bytes, *, status: str = "finished", month: str = "2026-02"
) -> dict[str, Any]:
    """Return the record of a clean sealed run whose only table is ``table``."""
    decoded = decode_table(table)
    roles = {"epoch": "index", "step": "index", "time": "index"}
    columns = {name: Column(name=name, role=roles.get(name, "metric")) for name in decoded.header}
    summary = summarise([decoded], columns)
    start = f"{month}-01T16:30:00+00:00"
    return {
        "schema_version": 1,
        "run_id": run_id,
        "name": "demo",
        "tags": [],
        "parent": None,
        "project": "demo",
        "status": status,
        "sessions": [{"start": start, "end": f"{month}-01T16:40:00+00:00", "pid": 1}],
        "command": {"argv": ["train.py"], "cwd": "."},
        "timestamp": {"start": start, "end": f"{month}-01T16:40:00+00:00"},
        "git": {
            "commit": None,
            "base": None,
            "branch": "main",
            "remote": None,
            "dirty": False,
            "dirty_paths": [],
        },
        "config": {"path": None, "hash": None, "variant": None, "resolved": {"lr": 0.1}},
        "data": None,
        "environment": {"python": "3.11.7"},
        "random": {"seed": 42},
        "metrics": {name: encode_number(one.last) for name, one in summary.items()},
        "stated": [],
        "summary": {name: one.to_json() for name, one in summary.items()},
        "artifacts": {},
        "columns": {name: column.to_json() for name, column in columns.items()},
        "objective": {"metric": "val_acc", "goal": "max"},
        "files": {
            "metrics.csv": {
                "sha256": hashlib.sha256(table).hexdigest(),
                "rows": len(decoded.rows),
                "bytes": len(table),
            }
        },
        "ledger_version": "0.1.0",
    }


def filled_note(run_id: str, **sections: str) -> bytes:
    """Return a note that a person filled in."""
    return render_note(
        run_id, {name: [sections.get(name, f"{name}: as expected.")] for name in SECTIONS}
    )


def write_run(
    ledger_dir: Path,
    run_id: str = RUN_ID,
    *,
    month: str = "2026-02",
    table: bytes | None = None,
    note: bytes | None = b"filled",
    **changes: object,
) -> Path:
    """Write a legal run into ``ledger_dir`` and return its folder.

    Args:
        note: the bytes of run.md, None for no note; filled in unless given.
        changes: keys of the record to replace; ``...`` removes one.
    """
    folder = ledger_dir / month / run_id
    folder.mkdir(parents=True, exist_ok=True)
    table = make_table() if table is None else table
    document = make_document(run_id, table, month=month) | changes
    kept = {key: item for key, item in document.items() if item is not ...}
    (folder / "metrics.csv").write_bytes(table)
    (folder / "run.json").write_bytes(encode_record(kept))
    if note is not None:
        (folder / "run.md").write_bytes(filled_note(run_id) if note == b"filled" else note)
    return folder


def dirty_git(code: Mapping[str, bytes], ledger_dir: Path, paths: Sequence[str]) -> dict[str, Any]:
    """Return the git section of a run that used ``code``, and write the manifest of it."""
    manifest = Manifest(
        object_format="sha1",
        entries={
            path: Entry(mode="100644", oid=content_id(data, "sha1")) for path, data in code.items()
        },
    )
    encoded = manifest.encode()
    name = manifest_hash(encoded)
    folder = ledger_dir / "code"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name.removeprefix('sha256:')}.manifest").write_bytes(encoded)
    return {
        "commit": None,
        "dirty": True,
        "dirty_paths": [{"path": path, "status": "M", "loaded": True} for path in paths],
        "code": name,
    }


def capture_run(
    project: Path, run_id: str = RUN_ID, *, loaded: Sequence[str] = (), **changes: object
) -> Path:
    """Write a legal run that used the code of ``project`` as it stands; return its folder.

    Args:
        loaded: untracked files that the run used, relative to the project.
        changes: as for ``write_run``.
    """
    files = [str(project / path) for path in loaded]
    facts = settle(observe(find_project([project]), environment(), files), run_id)
    folder = write_run(project / "ledger", run_id, **{"git": facts.to_json(), **changes})
    if facts.patch is not None:
        (folder / "changes.patch").write_bytes(facts.patch)
    name = manifest_hash(facts.manifest).removeprefix("sha256:")
    code = project / "ledger" / "code"
    code.mkdir(exist_ok=True)
    (code / f"{name}.manifest").write_bytes(facts.manifest)
    return folder


class Repo:
    """A real git repository of its own in a folder."""

    def __init__(self, top: Path, *, ledger: bool = True) -> None:
        self.top = top
        top.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")
        if ledger:
            (top / "ledger.toml").write_text('dir = "ledger"\n')
            self.ledger.mkdir()
            (self.ledger / ".gitattributes").write_text(GITATTRIBUTES)

    @property
    def ledger(self) -> Path:
        """The folder of the runs."""
        return self.top / "ledger"

    def ask(
        self, *arguments: str, cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run git and return what it said, whatever its exit code."""
        return subprocess.run(
            ["git", *arguments],
            cwd=cwd or self.top,
            env=environment() | env,
            capture_output=True,
            check=False,
        )

    def git(self, *arguments: str, cwd: Path | None = None, **env: str) -> str:
        """Run git and return its stdout; it must succeed."""
        done = self.ask(*arguments, cwd=cwd, **env)
        assert done.returncode == 0, (arguments, done.stderr.decode())
        return done.stdout.decode()

    def commit(self, message: str = "work") -> str:
        """Stage everything, commit it without hooks, and return the commit."""
        self.git("add", "-A")
        self.git("commit", "-q", "--no-verify", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def state(self) -> tuple[str, str]:
        """Return what a hook must not change: the status and what the index holds."""
        return (
            self.git("status", "--porcelain=v2", "--untracked-files=all"),
            self.git("ls-files", "--stage"),
        )


def environment() -> dict[str, str]:
    """Return the environment of a user with nothing configured."""
    kept = {
        key: item
        for key, item in os.environ.items()
        if not key.startswith(("GIT_", "LEDGER_", "PRE_COMMIT"))
    }
    return kept | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.com",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.com",
    }
