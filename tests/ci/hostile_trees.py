"""Trees that a stranger may send: built object by object, since no honest git would make them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from ledger.contract.record import encode_record
from make_repo import make_repo
from policy.builders import GITATTRIBUTES, environment, filled_note, make_document, make_table


if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    Files = Mapping[str, "bytes | tuple[str, bytes | str]"]
    """Content by path, or (mode, content or, of a gitlink, id)."""

FILE, EXECUTABLE, LINK, GITLINK, TREE = "100644", "100755", "120000", "160000", "40000"
MONTH = "ledger/2026-02"
BASE_RUN = "2026-02-01_1630_base-aaaaaaaa"


def run_files(run_id: str, /, **changes: object) -> dict[str, bytes]:
    """Return the files of a legal, sealed run by path; ``changes`` as in ``record``."""
    table = make_table()
    return {
        f"{MONTH}/{run_id}/run.json": record(run_id, **changes),
        f"{MONTH}/{run_id}/run.md": filled_note(run_id),
        f"{MONTH}/{run_id}/metrics.csv": table,
    }


def record(run_id: str, /, **changes: object) -> bytes:
    """Return the bytes of a legal record with some of its sections replaced."""
    return encode_record(document(run_id) | changes)


def document(run_id: str) -> dict[str, Any]:
    """Return a legal record."""
    return make_document(run_id, make_table())


class Trees:
    """A repository with a base, and heads that are committed without a working tree."""

    def __init__(self, top: Path) -> None:
        self.top = top

    @classmethod
    def begin(cls, folder: Path) -> Trees:
        """Return a new one, whose branch ``main`` holds one legal run."""
        base: dict[str, str | bytes] = {
            "ledger.toml": 'dir = "ledger"\n',
            "ledger/.gitattributes": GITATTRIBUTES,
            "train.py": "lr = 0.1\n",
            **run_files(BASE_RUN),
        }
        return cls(make_repo(folder, base))

    def copy(self, folder: Path) -> Trees:
        """Return a copy whose heads are its own."""
        return Trees(shutil.copytree(self.top, folder / "copy", symlinks=True))

    def git(self, *arguments: str, stdin: bytes = b"") -> str:
        """Return what git says."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.top,
            env=environment(),
            input=stdin,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, (arguments, done.stderr.decode())
        return done.stdout.decode("utf-8", "surrogateescape").strip()

    def head(self, files: Files, *, message: str = "a change", gone: tuple[str, ...] = ()) -> str:
        """Commit ``files`` on top of main, on no branch that anybody knows; return the commit."""
        text = message.encode("utf-8", "surrogateescape")
        who = b"committer Eve <eve@example.com> 1769900000 +0000\n"
        parts = [
            b"commit refs/hostile\n" + who + b"data %d\n%b\n" % (len(text), text),
            b"from refs/heads/main^0\n",
            *(b"D %b\n" % _quoted(path) for path in gone),
        ]
        for path, given in files.items():
            mode, content = (FILE, given) if isinstance(given, bytes) else given
            if isinstance(content, str):
                parts.append(b"M %b %b %b\n" % (mode.encode(), content.encode(), _quoted(path)))
            else:
                facts = (mode.encode(), _quoted(path), len(content), content)
                parts.append(b"M %b inline %b\ndata %d\n%b\n" % facts)
        self.git("fast-import", "--quiet", "--force", stdin=b"".join(parts))
        return self.git("rev-parse", "refs/hostile")

    def head_of_tree(self, tree: str) -> str:
        """Commit a whole ``tree`` on top of main; return the commit."""
        return self.git("commit-tree", tree, "-p", "main", "-m", "a change")

    def tree(self, entries: Mapping[str, tuple[str, str]]) -> str:
        """Return a tree with {name: (mode, id)}, whatever git thinks of the names."""
        raw = b"".join(
            mode.encode() + b" " + name.encode("utf-8", "surrogateescape") + b"\0" + _binary(oid)
            for name, (mode, oid) in sorted(entries.items())
        )
        return self.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)

    def blob(self, data: bytes) -> str:
        """Return the id of ``data``."""
        return self.git("hash-object", "-w", "--stdin", stdin=data)

    def ledger(
        self, *arguments: str, module: str = "ledger", **env: str
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command of ours here, as a hook and the Action do; it must end by itself."""
        return run_module(self.top, module, *arguments, **env)


def run_module(
    folder: Path, module: str, *arguments: str, **env: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a module of ours in ``folder``."""
    return subprocess.run(
        [sys.executable, "-I", "-m", module, *arguments],
        cwd=folder,
        env=environment() | env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )


def _binary(oid: str) -> bytes:
    return bytes.fromhex(oid)


def _quoted(path: str) -> bytes:
    """Return ``path`` as fast-import reads it, byte by byte."""
    raw = path.encode("utf-8", "surrogateescape")
    return b'"' + b"".join(b"\\%03o" % byte for byte in raw) + b'"'
