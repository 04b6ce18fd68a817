"""``ledger demo``: the main job once, for real, in a repository of its own.

Every step is a command a user could type; what it prints is what the user would see.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from importlib.resources import files
from importlib.util import find_spec

from ledger.errors import LedgerError
from ledger.storage.git import clean_environment
from ledger.value import value
from ledger.writer.claim import run_folders
from ledger.writer.note_writing import write_sections


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DEFAULT_FOLDER = "ledger-demo"
_IDENTITY = (("user.name", "Ledger Demo"), ("user.email", "demo@localhost"))
_IGNORED = "__pycache__/\n"
_CLOSING = {
    "Next": "combine the single gains of this sweep",
    "Risk/Anomaly": "one seed, one split: differences below 0.01 may be noise",
}


@value
class DemoResult:
    """Where the demo lies and what it took, seconds."""

    folder: Path
    n_runs: int
    training_s: float
    total_s: float


class Demo:
    """Runs the steps in ``folder`` and tells each through ``tell``."""

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self.folder = folder
        self._tell = tell
        quiet = {"LEDGER_QUIET": "1", "PYTHONWARNINGS": "ignore"}
        self._env = clean_environment(os.environ) | quiet

    def run(self) -> DemoResult:
        """Make the repository, train, commit, ask; return where it is and what it took.

        Raises:
            LedgerError: scikit-learn is missing, the folder is in use, or a step failed.
        """
        begun = time.perf_counter()
        require_scikit_learn()
        claim(self.folder)
        self._make_repository()
        training = time.perf_counter()
        runs = self._train()
        training = time.perf_counter() - training
        self._commit_runs(runs)
        self._ask(runs)
        total = time.perf_counter() - begun
        return DemoResult(folder=self.folder, n_runs=len(runs), training_s=training, total_s=total)

    def _make_repository(self) -> None:
        self._tell(f"\n1. A repository of its own, a ledger, a commit hook: {self.folder}")
        self._call("git", "init", "--quiet", "--initial-branch=main")
        for key, text in _IDENTITY:
            self._call("git", "config", key, text)
        script = files("ledger") / "setup" / "demo_project" / "train.py"
        (self.folder / "train.py").write_bytes(script.read_bytes())
        (self.folder / ".gitignore").write_text(_IGNORED, encoding="utf-8")
        _write_digits(self.folder / "data" / "digits.npz")
        self._show("ledger", "init")
        self._call("git", "add", "--all")
        self._show("git", "commit", "--quiet", "-m", "train a small network on handwritten digits")

    def _train(self) -> list[str]:
        self._tell("\n2. Train a dozen configurations; each leaves a record by default")
        self._tell("$ python train.py")
        done = self._start([sys.executable, "train.py"], shows=True)
        if done.returncode:
            command = "python train.py"
            raise self._failed(command)
        return [folder.name for folder in run_folders(self.folder / "ledger")]

    def _commit_runs(self, runs: list[str]) -> None:
        self._tell("\n3. Nobody commits a run that cannot be understood")
        first, rest = runs[0], runs[1:]
        folders = {folder.name: folder for folder in run_folders(self.folder / "ledger")}
        for run_id in rest:
            texts = {"Next": f"See: {first}", "Risk/Anomaly": "none"}
            write_sections(folders[run_id], texts, accepts=True)
        self._call("git", "add", "--all")
        self._show("git", "commit", "-m", "a dozen runs on handwritten digits", may_fail=True)
        self._tell("\n   The note of the first run speaks for all of them; it takes two minutes:")
        self._show(
            *("ledger", "note", first, "--accept"),
            *("--next", _CLOSING["Next"], "--risk", _CLOSING["Risk/Anomaly"]),
        )
        self._call("git", "add", "--all")
        self._show("git", "commit", "--quiet", "-m", "a dozen runs on handwritten digits")
        self._show("git", "log", "--oneline")

    def _ask(self, runs: list[str]) -> None:
        self._tell("\n4. Every question is one command")
        self._show("ledger", "query", "best val_acc")
        self._show("ledger", "compare", runs[0], "@best:val_acc")

    def _show(self, *command: str, may_fail: bool = False) -> None:
        """Print a command and run it, its output going where ours goes."""
        self._tell(f"\n$ {shlex.join(command)}")
        done = self._start(_program(command), shows=True)
        if done.returncode and not may_fail:
            raise self._failed(shlex.join(command))

    def _call(self, *command: str) -> None:
        done = self._start(_program(command), shows=False)
        if done.returncode:
            raise self._failed(shlex.join(command))

    def _start(self, command: list[str], *, shows: bool) -> subprocess.CompletedProcess[bytes]:
        sys.stdout.flush()
        sys.stderr.flush()
        return subprocess.run(
            command, cwd=self.folder, env=self._env, capture_output=not shows, check=False
        )

    def _failed(self, command: str) -> LedgerError:
        message = f"`{command}` failed"
        return LedgerError(message, hint="run it there yourself to see why", path=self.folder)


def require_scikit_learn() -> None:
    """Make sure that the demo can train.

    Raises:
        LedgerError: scikit-learn is not installed.
    """
    if find_spec("sklearn") is None:
        message = "the demo trains with scikit-learn, which is not installed"
        raise LedgerError(message, hint="install it with `pip install 'experiment-ledger[demo]'`")


def free_folder(parent: Path) -> Path:
    """Return the first of ledger-demo, ledger-demo-2, … in ``parent`` that is not in use."""
    number = 1
    while True:
        folder = parent / (DEFAULT_FOLDER if number == 1 else f"{DEFAULT_FOLDER}-{number}")
        if not folder.exists():
            return folder
        number += 1


def claim(folder: Path) -> None:
    """Make ``folder``.

    Raises:
        LedgerError: it holds something, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        message = f"the demo's folder cannot be made: {error.strerror}"
        raise LedgerError(message, hint="choose another one with --dir", path=folder) from error
    if not is_empty:
        message = "the demo's folder is not empty"
        raise LedgerError(message, hint="choose another one with --dir", path=folder)


def next_commands(folder: Path) -> list[str]:
    """Return commands to try next in the demo's folder."""
    return [
        f"cd {shlex.quote(str(folder))}",
        "ledger ls",
        "ledger show @best:val_acc",
        'ledger query "best val_loss where lr < 0.1"',
        "ledger compare @latest @best:val_acc",
        "ledger check --all",
    ]


def _program(command: tuple[str, ...]) -> list[str]:
    """Return how to start ``command``: ours by this interpreter, whatever is on PATH."""
    own = [sys.executable, "-P", "-m", "ledger"]
    return [*own, *command[1:]] if command[0] == "ledger" else list(command)


def _write_digits(path: Path) -> None:
    import numpy as np  # noqa: PLC0415  # comes with scikit-learn, which only the demo needs
    from sklearn.datasets import load_digits  # noqa: PLC0415  # as above

    digits = load_digits()
    path.parent.mkdir()
    np.savez_compressed(path, x=digits.data.astype("uint8"), y=digits.target.astype("uint8"))
