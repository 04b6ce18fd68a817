"""``ledger commit``: one commit for each run, with exactly the code it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle import SECRET, Oracle, is_written
from step import NotPossibleError, verb
from truth import NOTE, RECORD


if TYPE_CHECKING:
    from pathlib import Path

    from place import Place
    from truth import Truth
    from world import World

_ANSWERS = ("--accept", "--hypothesis", "better", "--change", "a number", "--result", "as told")
_ANSWERS += ("--next", "go on", "--risk", "none")


@verb
def evening(world: World, how: str) -> None:
    """Commit all runs of the day: write the ``notes``, or give the ``answers`` with the command."""
    place = world.here
    if place.is_busy:
        raise NotPossibleError
    if how == "notes":
        for run_dir in place.runs:
            note = run_dir / NOTE
            if not note.is_file() or not is_written(note.read_text(encoding="utf-8")):
                world.write_note(run_dir, "written")
    _commit_runs(world, place, () if how == "notes" else _ANSWERS)


def _commit_runs(world: World, place: Place, more: tuple[str, ...]) -> None:
    before, code = place.said("rev-parse", "HEAD"), _code(place)
    staged = _staged(place)
    waiting = _waiting(world, place)
    done = place.ledger("commit", *more)
    world.look()
    said = (done.stdout + done.stderr).decode(errors="replace")
    world.log(f"ledger commit: {done.returncode}\n{said}")
    if "Traceback" in said or done.returncode not in {0, 1, 2}:
        world.evenings.append("ledger commit broke")
    made = place.said("rev-list", "--reverse", f"{before}..HEAD").split()
    for one in made:
        judgement = Oracle(place, world.truths).judge(one, f"{one}^")
        world.tell(judgement, done, has_passed=True)
    if _code(place) != code:
        world.evenings.append("ledger commit changed the working tree")
    if any(_index(place).get(path) != entry for path, entry in staged.items()):
        world.evenings.append("ledger commit changed what is staged")
    for truth in waiting:
        if place.git("cat-file", "-e", f"HEAD:{truth.folder}/{RECORD}").returncode:
            world.evenings.append("ledger commit left an honest run out")


def _code(place: Place) -> dict[str, bytes]:
    """Return every file of the working tree outside of the ledger."""
    found = {}
    for path in place.top.rglob("*"):
        parts = path.relative_to(place.top).parts
        if parts[0] not in {".git", "ledger"} and path.is_file():
            found["/".join(parts)] = path.read_bytes()
    return found


def _index(place: Place) -> dict[str, str]:
    """Return (mode, id, stage) of every path of the index outside of the ledger."""
    listed = place.said("ls-files", "-s", "-z", "--", ".", ":!ledger").split("\0")
    return {path: facts for facts, _, path in (one.partition("\t") for one in listed if one)}


def _staged(place: Place) -> dict[str, str | None]:
    """Return the entries of the index that HEAD does not hold; None for what is removed."""
    listed = place.said(
        "diff", "--cached", "--no-renames", "--name-only", "-z", "--", ".", ":!ledger"
    )
    index = _index(place)
    return {path: index.get(path) for path in listed.split("\0") if path}


def _waiting(world: World, place: Place) -> list[Truth]:
    """Return the runs that lie here as their writers left them, and can be told the code of.

    A run whose note holds a secret is refused, and rightly.
    """
    return [
        truth
        for truth in world.truths.values()
        if truth.kept is not None
        and not truth.is_unknown
        and (place.top / truth.folder).is_dir()
        and all(_is_as_left(place, f"{truth.folder}/{n}", truth.kept[n]) for n in truth.kept)
        and all(
            _is_as_left(place, f"ledger/{name}", data)
            for name, data in truth.shared.items()
            if data is not None and (place.top / "ledger" / name).exists()
        )
        and SECRET not in _text(place.top / truth.folder / NOTE)
        and place.git("cat-file", "-e", f"HEAD:{truth.folder}/{RECORD}").returncode
    ]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def _is_as_left(place: Place, name: str, data: bytes) -> bool:
    path = place.top / name
    is_plain = path.is_file() and not path.is_symlink() and not path.stat().st_mode & 0o111
    return is_plain and path.read_bytes() == data
