"""What the start of a run costs in a large repository, against one ``git status``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import interleave, table


N_FILES, N_CHANGED = 50_000, 20
STATUS = ["git", "status", "--porcelain=v2", "--untracked-files=no"]


def main() -> None:
    """Print the tables; the number of files may be given as the first argument."""
    n_files = int(sys.argv[1]) if sys.argv[1:] else N_FILES
    os.environ["LEDGER_QUIET"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _make_project(folder, n_files)
        os.chdir(folder)
        sys.argv = [str(folder / "train.py")]
        sys.modules["__main__"].__file__ = sys.argv[0]  # the program of this project
        for what, edit in (("clean", None), (f"{N_CHANGED} files edited", _edit)):
            if edit:
                edit(folder)
            _print(what, n_files)
        os.chdir("/")


def _print(what: str, n_files: int) -> None:
    import ledger

    captures: list[tuple[float, float]] = []

    def start_ms() -> float:
        begun = time.perf_counter()
        run = ledger.start("bench")
        spent = (time.perf_counter() - begun) * 1000
        cpu = time.process_time()
        run.wait_for_capture()
        captures.append((time.perf_counter() - begun, time.process_time() - cpu))
        run.finish()
        return spent

    medians = interleave({"git status, tracked files": _status_ms, "ledger.start": start_ms})
    title = f"ledger.start in a repository of {n_files:,} files, {what}"
    table(title, "ms wall", medians, "git status, tracked files")
    walls, cpus = (sorted(column)[len(captures) // 2] for column in zip(*captures, strict=True))
    print(f"  capture thread: done {walls:.2f} s after the start, {cpus:.2f} s of CPU in Python")


def _status_ms() -> float:
    begun = time.perf_counter()
    subprocess.run(STATUS, check=True, capture_output=True)
    return (time.perf_counter() - begun) * 1000


def _make_project(folder: Path, n_files: int) -> None:
    for number in range(n_files):
        path = folder / f"pkg{number % 200:03d}" / f"part{number // 200 % 20:02d}" / f"m{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"X = {number}\n", encoding="utf-8")
    (folder / "ledger.toml").touch()
    (folder / "train.py").write_text("import ledger\n", encoding="utf-8")
    for command in (
        ["git", "init", "-q"],
        ["git", "config", "user.email", "bench@localhost"],
        ["git", "config", "user.name", "bench"],
        ["git", "add", "-A"],
        ["git", "commit", "-qm", "start"],
    ):
        subprocess.run(command, cwd=folder, check=True)


def _edit(folder: Path) -> None:
    for path in sorted(folder.glob("pkg*/part00/*.py"))[:N_CHANGED]:
        path.write_text("X = -1\n", encoding="utf-8")


if __name__ == "__main__":
    main()
