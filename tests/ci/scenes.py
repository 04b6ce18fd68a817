"""One repository with a branch for everything a pull request may bring, built once."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING

from policy.builders import RUN_ID, Repo, capture_run, write_run


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NEW_RUN = "2026-02-02_0900_next-bbbbbbbb"
FORGED = "\n::error title=forged::forged\n##[error]forged\r::add-mask::a\n::set-output name=x::y\n"
"""What must never come out as a command of ours."""
EVIL = f"$(touch marker);`touch marker`'\"{FORGED}"
MARKS = "import os, pathlib\npathlib.Path(os.environ['HOME'], 'marker').touch()\n"
"""A module that leaves a trace when anything imports it."""
SHADOWS = ("json", "ledger", "venv", "pip", "click", "secrets", "sitecustomize", "hatchling")


def build(top: Path) -> Repo:
    """Return the repository; every branch has what GitHub would offer as its merge."""
    repo = Repo(top)
    (top / "train.py").write_text("lr = 0.1\n")
    (top / "README.md").write_text("a project\n")
    capture_run(top, RUN_ID)
    repo.commit("a run")
    for name, change in BRANCHES.items():
        repo.git("switch", "-q", "--no-track", "-c", name, "main")
        change(repo)
        repo.commit(MESSAGES.get(name, name))
        repo.git("switch", "-q", "--detach", "main")
        repo.git("merge", "-q", "--no-ff", "-m", "merge", name)
        repo.git("update-ref", f"refs/pull/{name}/merge", "HEAD")
    repo.git("switch", "-q", "main")
    return repo


def _code(repo: Repo) -> None:
    (repo.top / "train.py").write_text("lr = 0.2\n")


def _ok(repo: Repo) -> None:
    """The run was dirty at its start, and comes with the code that it used."""
    _code(repo)
    capture_run(repo.top, NEW_RUN)


def _docs(repo: Repo) -> None:
    (repo.top / "README.md").write_text("a better project\n")


def _no_note(repo: Repo) -> None:
    _code(repo)
    capture_run(repo.top, NEW_RUN, note=None)


def _dirty(repo: Repo) -> None:
    """The code that ran is not what is committed."""
    (repo.top / "train.py").write_text("lr = 0.3\n")
    capture_run(repo.top, NEW_RUN)
    (repo.ledger / "2026-02" / NEW_RUN / "changes.patch").unlink(missing_ok=True)
    repo.git("checkout", "-q", "--", "train.py")


def _frozen(repo: Repo) -> None:
    table = repo.ledger / "2026-02" / RUN_ID / "metrics.csv"
    table.write_bytes(table.read_bytes() + b"9,9,9,9\n")


def _weaker(repo: Repo) -> None:
    (repo.top / "ledger.toml").write_text('dir = "ledger"\ncode = ["nothing/**"]\n')
    _code(repo)


def _shadows(repo: Repo) -> None:
    for name in SHADOWS:
        (repo.top / f"{name}.py").write_text(MARKS)
    for package in ("ledger", "pip", "venv"):
        (repo.top / package).mkdir(exist_ok=True)
        (repo.top / package / "__init__.py").write_text(MARKS)
        (repo.top / package / "__main__.py").write_text(MARKS)
    (repo.top / "setup.cfg").write_text("[install]\nprefix = nowhere\n")
    capture_run(repo.top, NEW_RUN)


def _evil_paths(repo: Repo) -> None:
    """Names, notes and records that try to speak to the runner, the shell and the reader."""
    month = repo.ledger / "2026-02"
    for name in (
        f"x{FORGED}",
        "$(touch marker)",
        "-rf",
        "a,b:c",
        "\u202ecod.exe",
        "<!-- ledger -->",
    ):
        folder = month / name.replace("/", "_")
        folder.mkdir()
        (folder / "run.json").write_text(json.dumps({"run_id": EVIL, "schema_version": 1}))
        (folder / "run.md").write_text(f"# Run: {EVIL}\n\n## Hypothesis\n{FORGED}\n")
    write_run(repo.ledger, NEW_RUN, name=EVIL, tags=[EVIL])
    odd = os.fsencode(month) + b"/\xff\xfe"
    os.mkdir(odd)
    shutil.copyfile(month / NEW_RUN / "run.json", odd + b"/run.json")


def _links(repo: Repo) -> None:
    """Links out of the repository in place of a note, a table and a whole run."""
    _code(repo)
    folder = capture_run(repo.top, NEW_RUN)
    for name in ("run.md", "metrics.csv"):
        (folder / name).unlink()
        (folder / name).symlink_to("/etc/passwd")
    (folder.parent / "linked").symlink_to("/etc")


BRANCHES: dict[str, Callable[[Repo], None]] = {
    "ok": _ok,
    "docs": _docs,
    "uncovered": _code,
    "no-note": _no_note,
    "dirty": _dirty,
    "trailer": _code,
    "evil-trailer": _code,
    "frozen": _frozen,
    "weaker": _weaker,
    "shadows": _shadows,
    "evil-paths": _evil_paths,
    "links": _links,
}
MESSAGES = {
    "trailer": "a cleaner loop\n\nLedger-Skip: only names were changed",
    "evil-trailer": f"evil\n\nLedger-Skip: <img src=x> @all ##[error]forged {EVIL.splitlines()[0]}",
}
