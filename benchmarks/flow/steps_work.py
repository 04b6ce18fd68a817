"""What people do to files and runs: edits, scratch files, notebooks, trainings, notes."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from project import NOTEBOOK, SAYS_NOTHING, code_cells, notebook, with_number
from step import NotPossibleError, verb


if TYPE_CHECKING:
    from pathlib import Path

    from world import World

_IMPORT = "from src import model"


def _text(world: World, path: str) -> tuple[Path, str]:
    full = world.here.top / path
    if not full.is_file():
        raise NotPossibleError
    return full, full.read_text(encoding="utf-8")


@verb
def edit(world: World, path: str, where: str, number: str) -> None:
    """Change the first (``top``) or last (``bottom``) number of a file."""
    full, text = _text(world, path)
    full.write_text(with_number(text, where, int(number)), encoding="utf-8")


@verb
def touch(world: World, path: str) -> None:
    """Give a file a new time and nothing else."""
    os.utime(_text(world, path)[0])


@verb
def scratch(world: World, number: str) -> None:
    """Leave files about that nothing loads."""
    (world.here.top / f"scratch_{number}.py").write_text(f"print({number})\n", encoding="utf-8")
    (world.here.top / f"todo_{number}.txt").write_text("buy milk\n", encoding="utf-8")


@verb
def module(world: World, number: str) -> None:
    """Write a new module, and import it in the training."""
    full, text = _text(world, "train.py")
    line = f"from src import extra_{number}"
    path = world.here.top / f"src/extra_{number}.py"
    if line in text or not path.parent.is_dir():
        raise NotPossibleError
    path.write_text(f"WIDTH = {number}\n", encoding="utf-8")
    full.write_text(
        text.replace("import ledger\n", f"import ledger\n{line}\n", 1), encoding="utf-8"
    )


@verb
def rename(world: World, how: str) -> None:
    """Give the model's file another name, by ``git`` or by ``hand``."""
    full, text = _text(world, "train.py")
    model = world.here.top / "src/model.py"
    if _IMPORT not in text or not model.is_file():
        raise NotPossibleError
    if how == "git":
        world.here.git("mv", "src/model.py", "src/net.py")
    else:
        model.rename(model.with_name("net.py"))
    for path in (full, world.here.top / NOTEBOOK):
        old = path.read_text(encoding="utf-8")
        path.write_text(old.replace(_IMPORT, "from src import net as model"), encoding="utf-8")


@verb
def remove(world: World, path: str) -> None:
    """Delete a file that is tracked."""
    _text(world, path)[0].unlink()


@verb
def save_notebook(world: World, number: str) -> None:
    """Run the cells again: outputs and counts change, the code does not."""
    full, text = _text(world, NOTEBOOK)
    factor = re.search(r"FACTOR = (\d+)", code_cells(text.encode())[0])
    full.write_text(notebook(int(factor[1]) if factor else 1, int(number)), encoding="utf-8")


@verb
def edit_notebook(world: World, number: str) -> None:
    """Change a code cell."""
    _text(world, NOTEBOOK)[0].write_text(notebook(int(number), int(number)), encoding="utf-8")


@verb
def run(world: World, label: str, script: str, n_rows: str) -> None:
    """Train to the end."""
    truth = world.begin(world.here, label, script)
    for _ in range(int(n_rows)):
        truth.training.row()
    truth.training.end()
    world.ended(truth)


@verb
def fail(world: World, label: str, script: str, n_rows: str) -> None:
    """Train until an exception ends it."""
    truth = world.begin(world.here, label, script)
    for _ in range(int(n_rows)):
        truth.training.row()
    truth.training.fail()
    world.ended(truth)


@verb
def record(world: World, label: str, n_rows: str, code: str) -> None:
    """Train by ``ledger run``, with a script that knows nothing of the ledger, to an exit code."""
    world.record(world.here, label, SAYS_NOTHING, int(n_rows), int(code))


@verb
def begin(world: World, label: str, script: str, n_rows: str) -> None:
    """Start a training that goes on while other things happen; with no rows, look away at once."""
    truth = world.begin(world.here, label, script)
    if int(n_rows):
        truth.training.settle()
    for _ in range(int(n_rows)):
        truth.training.row()


@verb
def rows(world: World, label: str, n_rows: str) -> None:
    """Let a training that goes on log some more rows."""
    truth = world.runs.get(label)
    if truth is None or truth.training.is_over:
        raise NotPossibleError
    for _ in range(int(n_rows)):
        truth.training.row()


@verb
def finish(world: World, label: str) -> None:
    """Let a training that goes on end well."""
    truth = world.runs.get(label)
    if truth is None or truth.training.is_over:
        raise NotPossibleError
    truth.training.end()
    world.ended(truth)


@verb
def kill(world: World, label: str) -> None:
    """Kill a training with SIGKILL: nobody seals its run."""
    truth = world.runs.get(label)
    if truth is None or truth.training.is_over:
        raise NotPossibleError
    truth.training.kill()


@verb
def seal(world: World, label: str) -> None:
    """Close the run of a process that is gone, by ``ledger seal``."""
    truth = world.run(label)
    if truth.kept is not None:
        raise NotPossibleError
    world.here.ledger("seal", truth.run_id)
    world.look()


@verb
def ls(world: World) -> None:
    """List the runs; brings back and seals what can be."""
    world.here.ledger("ls")
    world.look()


@verb
def note(world: World, label: str, how: str) -> None:
    """Write the note of a run: written, short, deep, half, auto, empty, headless or secret."""
    world.write_note(world.run(label).run_dir, how)


@verb
def accept(world: World, label: str) -> None:
    """Write the note of a run by ``ledger note --accept`` and what else is asked for."""
    truth = world.run(label)
    answers = ("--hypothesis", "better", "--next", "go on", "--risk", "none")
    world.here.ledger("note", truth.run_id, "--accept", *answers)


@verb
def remove_note(world: World, label: str) -> None:
    """Delete the note of a run."""
    (world.run(label).run_dir / "run.md").unlink(missing_ok=True)
