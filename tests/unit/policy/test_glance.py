"""The glance by names lets through what the shell gate lets through, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

from ledger.policy.glance import may_touch_runs
from make_repo import git, make_repo


GATE = Path(__file__).parents[3] / "hooks" / "gate"
NAMES = (
    *("ledger/2026-11/run/run.json", "2026-11/x", "a/2026-11/b/c/d", "ledger/2026-11x/a"),
    *("2026-1/a", "2026-11", "a/2026-11", "x2026-11/a", "20261-1/a", "ledger/২০২৬-11/a"),
    *(".gitattributes", "a/.gitattributes", ".gitattributes/a", "a.gitattributes"),
    *("ledger/code/a.manifest", "code/a.manifest", "code/a/b.manifest", "code.manifest"),
    *("data/b.manifest", "x/data/.manifest", "data/b.txt", "codes/a.manifest"),
    *("environments/e.txt", "x/environments/e.txt", "environments/e.csv", "e.txt"),
    *("train.py", "notes/2026", "src/data/load.py"),
)


def test_a_glance_says_what_the_patterns_of_the_gate_say(tmp_path: Path) -> None:
    repo = make_repo(tmp_path)
    blob = git(repo, "hash-object", "-w", "--stdin", stdin="x").strip()
    for name in NAMES:
        assert may_touch_runs(name) == bool(seen_by_gate(repo, name, blob)), name


def seen_by_gate(repo: Path, name: str, blob: str) -> str:
    """Return what the patterns of the gate find where only ``name`` is staged."""
    git(repo, "read-tree", "--empty")
    git(repo, "update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")
    patterns = re.findall(r"':\(top,glob\)[^']+'", GATE.read_text(encoding="utf-8"))
    assert len(patterns) == 5
    return git(repo, "ls-files", "--", *(each.strip("'") for each in patterns))
