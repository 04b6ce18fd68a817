"""``python benchmarks/hooks.py [--runs 10000]``: what the checks cost a commit, and CI.

CPU of whole processes, children included; git processes are counted by git's own trace. The ledger
has ``--runs`` runs before anything is measured.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from ledgers import add_run
from measure import PYTHON, cpu_ms, interleave, table
from startup import N_ROWS, N_STAGED, make_project, stage_runs


CHECK = [PYTHON, "-I", "-m", "ledger.policy", "--staged"]
BARE = [PYTHON, "-I", "-c", "pass"]
_CONFIG = """\
repos:
- repo: local
  hooks:
  - {{id: it, name: it, entry: {entry}, language: system, always_run: true,
      pass_filenames: false, require_serial: true, stages: [pre-commit]}}
"""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000, help="in the index beforehand")
    parser.add_argument("--range", type=int, default=1000, help="runs in the range of ledger ci")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        make_project(root)
        _add_runs(root, given.runs)
        print(f"{given.runs} runs in the index")
        _print_empty(root)
        _print_frameworks(root)
        _print_staged(root)
        _print_range(root, given.range)


def _print_empty(root: Path) -> None:
    """A commit without runs: git alone, and with every hook of ours."""
    commit = ["git", "commit", "-q", "--allow-empty", "-m", "nothing"]
    found = interleave(
        {
            "git commit, no hooks": lambda: cpu_ms(
                ["git", "-c", "core.hooksPath=/dev/null", *commit[1:]], str(root)
            ),
            "git commit, our hooks": lambda: cpu_ms(commit, str(root)),
            "one git process": lambda: cpu_ms(["git", "diff", "--cached", "--quiet"], str(root)),
        }
    )
    table("A commit with no run staged", "ms CPU", found, "git commit, no hooks")
    bare = _git_processes(["git", "-c", "core.hooksPath=/dev/null", *commit[1:]], root)
    print(f"  git processes of our hooks: {_git_processes(commit, root) - bare}")


def _print_frameworks(root: Path) -> None:
    """The same commit under pre-commit, and beside DVC's hook, where these are installed."""
    program = _program("pre-commit")
    if program is None:
        print("\n  pre-commit is not installed here, so it is not measured")
        return
    entries = {"a hook that is true": "true", "ledger-check-system": " ".join(CHECK)}
    if (dvc := _program("dvc")) is not None:
        subprocess.run([dvc, "init", "-q"], cwd=root, check=True, capture_output=True)
        entries["DVC's own, dvc git-hook pre-commit"] = f"{dvc} git-hook pre-commit"
    # with nothing staged at all the framework means everything that is there
    (root / "notes.txt").write_text("a file", encoding="utf-8")
    subprocess.run(["git", "add", "notes.txt"], cwd=root, check=True)
    commands = {}
    for number, (name, entry) in enumerate(entries.items()):
        config = root / ".git" / f"pre-commit-{number}.yaml"
        config.write_text(_CONFIG.format(entry=entry), encoding="utf-8")
        commands[name] = [program, "run", "--config", str(config)]
    found = interleave(
        {name: (lambda one=one: cpu_ms(one, str(root), 2)) for name, one in commands.items()}
    )
    table("No run staged, under pre-commit", "ms CPU", found, "a hook that is true")
    subprocess.run(["git", "reset", "-q", "--hard"], cwd=root, check=True)


def _print_staged(root: Path) -> None:
    """New runs staged, then also an existing record changed."""
    stage_runs(root, N_STAGED)
    subprocess.run(["git", "add", "--all"], cwd=root, check=True)
    found = interleave(
        {
            "python -I -c pass": lambda: cpu_ms(BARE),
            f"the check, {N_STAGED} runs of {N_ROWS} rows staged": lambda: cpu_ms(CHECK, str(root)),
        }
    )
    table("New runs staged", "ms CPU", found, "python -I -c pass")
    print(f"  git processes: {_git_processes(CHECK, root)}")
    record = next(root.glob("ledger/2025-01/*/run.json"))
    record.write_bytes(record.read_bytes() + b"\n")
    subprocess.run(["git", "add", "--all"], cwd=root, check=True)
    print(f"  git processes with an existing record changed: {_git_processes(CHECK, root, 1)}")
    subprocess.run(["git", "reset", "-q", "--hard"], cwd=root, check=True)


def _print_range(root: Path, n_runs: int) -> None:
    """``ledger ci`` over a range that brings ``n_runs`` runs."""
    stage_runs(root, n_runs)
    subprocess.run(["git", "add", "--all"], cwd=root, check=True)
    subprocess.run(["git", "commit", "-qnm", "runs"], cwd=root, check=True)
    command = [PYTHON, "-I", "-m", "ledger", "ci", "--base", "HEAD^", "--format", "json"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"the runs of the range should pass: {done.stderr[:2000]}{done.stdout[:2000]}")
    name = f"ledger ci, {n_runs} new runs"
    found = interleave(
        {
            "python -I -c pass": lambda: cpu_ms(BARE),
            "git diff of the range": lambda: cpu_ms(
                ["git", "diff", "--numstat", "HEAD^", "HEAD"], str(root), 1
            ),
            name: lambda: cpu_ms(command, str(root), 1),
        }
    )
    table("A range", "ms CPU", found, "git diff of the range")
    print(f"  {found[name] / n_runs:.2f} ms a run; git processes: {_git_processes(command, root)}")


def _add_runs(root: Path, n_runs: int) -> None:
    import random

    chance = random.Random(1)
    for number in range(n_runs):
        add_run(root, number, chance, n_rows=10)
    subprocess.run(["git", "add", "--all"], cwd=root, check=True)
    subprocess.run(["git", "commit", "-qnm", "runs"], cwd=root, check=True)


def _git_processes(command: list[str], root: Path, code: int = 0) -> int:
    """Return how many git processes ``command`` starts, itself included where it is git."""
    with tempfile.TemporaryDirectory() as traces:
        env = {**os.environ, "GIT_TRACE2_EVENT": traces}
        done = subprocess.run(command, cwd=root, env=env, capture_output=True, check=False)
        if done.returncode != code:
            sys.exit(f"{command}: {done.returncode}: {done.stderr.decode()[:2000]}")
        return sum(1 for _ in Path(traces).iterdir())


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([str(Path(PYTHON).parent), os.environ["PATH"]]))


if __name__ == "__main__":
    main()
