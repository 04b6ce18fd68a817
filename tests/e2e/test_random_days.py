"""Random days of edits, runs and git commands: what `ledger commit` may never do, it never does."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from ledger.contract.manifest import decode_manifest
from make_repo import git
from unit.setup.commits.committing import commit, edit, enter, record, status
from unit.writer.recording import make_project, read_record


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import ledger
    from unit.setup.commits.committing import Said

pytestmark = pytest.mark.slow
FILES = ("train.py", "src/model.py", "conf.yaml", "lib/a.py")
BRANCHES = ("main", "x", "y")


class Day:
    """A project in which somebody works as the dice say."""

    def __init__(self, project: Path, dice: random.Random) -> None:
        self.project = project
        self.dice = dice
        self.runs: dict[str, ledger.Run] = {}
        self.n_committed = 0

    def step(self) -> None:
        """Do one thing; git may refuse it, as it refuses a person."""
        path = self.dice.choice(FILES)
        deeds: Mapping[str, Callable[[], object]] = {
            "edit": lambda: edit(self.project, f"v{self.dice.randint(0, 5)}\n", path),
            "delete": lambda: (self.project / path).unlink(missing_ok=True),
            "mode": lambda: (self.project / path).chmod(self.dice.choice([0o644, 0o755])),
            "stage": lambda: self.git("add", "--", path),
            "unstage": lambda: self.git("reset", "-q", "--", path),
            "restore": lambda: self.git("checkout", "-q", "HEAD", "--", path),
            "ordinary": lambda: self.git("commit", "-qam", "ordinary"),
            "amend": lambda: self.git("commit", "-q", "--amend", "-m", "amended"),
            "switch": lambda: self.git("switch", "-q", self.dice.choice(BRANCHES)),
            "merge": lambda: self.git("merge", "-q", "--no-edit", self.dice.choice(BRANCHES)),
            "stash": lambda: self.git("stash", "-q"),
            "pop": lambda: self.git("stash", "pop", "-q"),
            "run": self.run,
            "commit": self.commit,
        }
        weights = [6 if name == "edit" else 3 if name == "run" else 1 for name in deeds]
        (deed,) = self.dice.choices([*deeds.values()], weights)
        try:
            deed()
        except (subprocess.CalledProcessError, FileNotFoundError):
            subprocess.run(
                ["git", "merge", "--abort"], cwd=self.project, capture_output=True, check=False
            )
        if git(self.project, "ls-files", "--unmerged"):
            self.git("checkout", "-q", "-f", "HEAD")

    def git(self, *arguments: str) -> str:
        return git(self.project, *arguments)

    def run(self) -> None:
        run = record(f"run{len(self.runs)}")
        self.runs[run.id] = run

    def commit(self) -> None:
        """Commit, and look at everything that must be as it was, and as it must become."""
        changed, files, staged = self.changed(), self.files(), self.staged()
        said = commit(self.project)
        assert 0 == said.outcome.n_refused, said.text
        assert files == self.files()
        assert self.changed().keys() <= changed.keys()
        index = dict(reversed(line.split("\t")) for line in self.git("ls-files", "-s").splitlines())
        assert staged == {path: index.get(path, "").split(" ")[:2] for path in staged}
        self.prove(said)
        self.n_committed += said.outcome.n_committed
        assert (0, 0) == commit(self.project).counts

    def prove(self, said: Said) -> None:
        """Each commit of a dirty run holds what the run's manifest says of its dirty paths."""
        for one in said.commits:
            section = read_record(self.runs[one.run_id].dir)["git"] if one.run_id else {}
            if not section.get("dirty"):
                continue
            name = f"{section['code'].removeprefix('sha256:')}.manifest"
            manifest = decode_manifest((self.project / "ledger" / "code" / name).read_bytes())
            for path in (dirty["path"] for dirty in section["dirty_paths"]):
                used = manifest.entries.get(path)
                listed = self.git("ls-tree", one.commit or "", "--", path).split()
                assert (listed[:3:2] or None) == (used and [used.mode, used.oid])

    def changed(self) -> dict[str, str]:
        """Return the state of every path outside the ledger that git calls changed."""
        lines = (line for line in status(self.project) if not line[3:].startswith("ledger/"))
        return {line[3:].rpartition(" -> ")[2]: line[:2] for line in lines}

    def files(self) -> dict[str, tuple[bytes, int]]:
        paths = (self.project / path for path in FILES)
        return {str(p): (p.read_bytes(), p.stat().st_mode) for p in paths if p.exists()}

    def staged(self) -> dict[str, list[str]]:
        """Return mode and id of what is staged outside the ledger; nothing for a removal."""
        how = ("--cached", "--raw", "--no-abbrev", "--no-renames")
        listed = self.git("diff", *how, "--", ":!ledger").splitlines()
        facts = {line.partition("\t")[2]: line.split() for line in listed}
        return {p: [""] if one[4] == "D" else [one[1], one[3]] for p, one in facts.items()}


@pytest.mark.parametrize("seed", range(6))
def test_no_day_is_too_messy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    project = make_project(tmp_path)
    for branch in BRANCHES[1:]:
        git(project, "branch", branch)
    enter(project, monkeypatch)
    day = Day(project, random.Random(seed))  # dice
    for _ in range(40):
        day.step()
    day.run()
    day.commit()
    assert day.n_committed > 0
    git(project, "fsck", "--strict")
