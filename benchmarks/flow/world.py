"""One history's world: a bare origin, my clone with the hooks, a colleague's, and what was done."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from attempt import Attempt, errors_in
from note_text import note_text
from place import COLLEAGUE, MINE, Place, environment
from step import NotPossibleError
from training import LostError, Recorded, Training
from truth import NOTE, Truth, code_in_use


if TYPE_CHECKING:
    import subprocess

    from oracle import Judgement


class World:
    """Where steps are taken, and what is known of their effects.

    Attributes:
        root: the folder of it all.
        here: the working tree that steps of mine are taken in; a worktree for a while.
        number: of the step that is being taken, from 0.
        runs: every run by the label that steps call it by.
        truths: the same by run id.
        attempts: commits that were tried.
        losses: runs that git's own commands lost rows of, one line each.
        evenings: what ``ledger commit`` did wrong, one line each.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        env = environment(root)
        self.mine = Place(root / MINE, env)
        self.colleague = Place(root / COLLEAGUE, env)
        self.here = self.mine
        self.number = 0
        self.runs: dict[str, Truth] = {}
        self.truths: dict[str, Truth] = {}
        self.attempts: list[Attempt] = []
        self.losses: list[str] = []
        self.evenings: list[str] = []
        self._log = root / "log.txt"

    def log(self, text: str) -> None:
        """Keep ``text`` beside the world, for whoever wants to know what happened in it."""
        with self._log.open("a", encoding="utf-8") as file:
            file.write(f"[{self.number}] {text}\n")

    def begin(self, place: Place, label: str, script: str) -> Truth:
        """Start a training called ``label`` at ``place``."""
        if label in self.runs or not (place.top / script).is_file():
            raise NotPossibleError
        try:
            training = Training(place.top, script, place.env, self.root / "trainings.txt")
        except LostError as error:
            if "LedgerError" in str(error) or "ledger/" in str(error).rpartition("File")[2]:
                self.losses.append("a training was stopped by the ledger")
            self.log(str(error))
            raise NotPossibleError from error
        truth = Truth(label, place, script, training)
        self.runs[label] = self.truths[truth.run_id] = truth
        self.log(f"run {label} is {truth.run_id}, dirty {truth.dirty}")
        return truth

    def record(self, place: Place, label: str, script: str, n_rows: int, code: int) -> None:
        """Train at ``place`` by ``ledger run``, to the exit code ``code``."""
        if label in self.runs or not (place.top / script).is_file():
            raise NotPossibleError
        dirty, known = code_in_use(place, script), set(place.runs)
        done = place.ledger("run", "--", "python", script, str(n_rows), str(code))
        self.log(f"ledger run: {done.returncode} {done.stderr.decode(errors='replace')}")
        made = [path for path in place.runs if path not in known]
        if len(made) != 1 or done.returncode != code:
            self.losses.append(f"ledger run ended with {done.returncode}, made {len(made)} runs")
            raise NotPossibleError
        training = Recorded(made[0].name, made[0], n_rows)
        truth = Truth(label, place, script, training, dirty)
        self.runs[label] = self.truths[truth.run_id] = truth
        self.ended(truth)

    def ended(self, truth: Truth) -> None:
        """Look at what a training has left, now that its process is gone."""
        self.look()
        if truth.kept is not None and truth.rows_kept < truth.training.n_rows:
            lost = truth.training.n_rows - truth.rows_kept
            self.losses.append(f"{truth.label}: {lost} of {truth.training.n_rows} rows")

    def look(self) -> None:
        """Keep what writers have sealed since, wherever it lies."""
        for truth in self.truths.values():
            if truth.kept is None:
                ledger_dir = truth.place.top / "ledger"
                live = truth.place.private_dir / "live" / truth.run_id
                truth.look(truth.run_dir, ledger_dir) or truth.look(live, ledger_dir)

    def hindered(self, what: str, said: str) -> None:
        """Keep that git refused ``what`` because a file of the ledger was in its way."""
        if "ledger/20" in said and ("already exists" in said or "would be overwritten" in said):
            self.losses.append(f"{what} was refused: a file of the ledger is in the way")

    def tell(
        self,
        judgement: Judgement,
        done: subprocess.CompletedProcess[bytes],
        *,
        is_hooked: bool = True,
        has_passed: bool | None = None,
    ) -> Attempt:
        """Keep a commit that was tried; it passed when git said so, unless told otherwise."""
        said = done.stderr.decode(errors="replace")
        attempt = Attempt(
            number=self.number,
            judgement=judgement,
            has_passed=not done.returncode if has_passed is None else has_passed,
            codes=errors_in(said) if done.returncode else (),
            is_hooked=is_hooked,
            said=said,
        )
        self.attempts.append(attempt)
        return attempt

    def alive(self) -> list[Truth]:
        """Return the runs whose process lives."""
        return [one for one in self.runs.values() if not one.training.is_over]

    def run(self, label: str) -> Truth:
        """Return the run called ``label``, whose folder is here."""
        truth = self.runs.get(label)
        if truth is None or not (self.here.top / truth.folder / "run.json").is_file():
            raise NotPossibleError
        return truth

    def write_note(self, run_dir: Path, how: str) -> None:
        """Write the note in ``run_dir`` as a person does."""
        (run_dir / NOTE).write_text(note_text(run_dir.name, how), encoding="utf-8")

    def close(self) -> None:
        """End what still runs, and remove the world."""
        for truth in self.alive():
            truth.training.kill()
        shutil.rmtree(self.root, ignore_errors=True)
