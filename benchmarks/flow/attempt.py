"""Commits, each judged by the oracle before it is tried, and mended as the hook says after."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oracle import SECRET, Judgement, Oracle, is_written
from truth import NOTE, RECORD, Truth


if TYPE_CHECKING:
    import subprocess

    from place import Place
    from world import World

ROUNDS = 4
"""How often somebody follows what the hook says before giving up."""
_FINDING = re.compile(r"^(LED\d+)(?: \((warn|notice)\))? (\S+?)(?::\d+)?: ", re.MULTILINE)
_FIX = re.compile(r"^    fix: (.*)$", re.MULTILINE)
_COMMAND = re.compile(r"(?<![\w/.-])\(?(git|ledger|cd|chmod) ")
_NOTHING = (
    b"nothing to commit",
    b"nothing added to commit",
    b"no changes added",
    b"would make it empty",
)
MENDED, STUCK, NOT_TRIED = "mended", "stuck", "not tried"


@dataclass
class Attempt:
    """One commit that somebody tried."""

    number: int
    """Of the step in the history, from 0."""
    judgement: Judgement
    has_passed: bool
    codes: tuple[str, ...]
    """Errors that the hook told of; BUG or CANNOT for an exit code of 3 or 2."""
    is_hooked: bool = True
    mend: str = NOT_TRIED
    mend_codes: tuple[str, ...] = ()
    """Errors that were left when nothing mended any more."""
    said: str = ""
    prose: list[str] = field(default_factory=list)
    """Fix lines that are no command as they are printed."""


def would_be_tree(place: Place, arguments: tuple[str, ...]) -> str | None:
    """Return the tree that ``git commit <arguments>`` would commit; None where it cannot.

    Known are ``-a``, paths after ``--`` and no arguments; the index is left as it is.
    """
    if "-a" not in arguments and "--" not in arguments:
        return place.said("write-tree") or None
    copy = place.git_dir / "flow-index"
    shutil.copyfile(place.git_dir / "index", copy)
    env = {"GIT_INDEX_FILE": str(copy)}
    try:
        if "--" in arguments:
            paths = arguments[arguments.index("--") :]
            if place.git("read-tree", "HEAD", env=env).returncode:
                return None
            place.git("add", *paths, env=env)
        else:
            place.git("add", "-u", env=env)
        return place.said("write-tree", env=env) or None
    finally:
        copy.unlink(missing_ok=True)


def try_commit(
    world: World, place: Place, *arguments: str, is_mended: bool = True
) -> Attempt | None:
    """Try ``git commit <arguments>`` at ``place``; None where there is nothing to commit."""
    tree, parent = would_be_tree(place, arguments), place.said("rev-parse", "HEAD")
    if tree is None:
        return None
    if "--amend" in arguments:
        parent = place.said("rev-parse", "HEAD^") or parent
    is_squash = (place.git_dir / "SQUASH_MSG").exists()
    others = tuple(place.said("rev-parse", "MERGE_HEAD").split())
    judgement = Oracle(place, world.truths).judge(tree, parent, others, is_squash=is_squash)
    if "--amend" in arguments:
        judgement = _without_unseen(judgement, Oracle(place, world.truths).judge(tree, "HEAD"))
    done = place.git("commit", "-q", "-m", f"step {world.number}", *arguments)
    if done.returncode and any(word in done.stdout + done.stderr for word in _NOTHING):
        return None
    attempt = world.tell(judgement, done, is_hooked="-n" not in arguments)
    if not attempt.has_passed and is_mended:
        follow(world, place, attempt, done, lambda: place.git("commit", "-qm", "again", *arguments))
    return attempt


def _without_unseen(judgement: Judgement, seen: Judgement) -> Judgement:
    """Return the truth about an amend, less what git shows to no hook.

    A hook before a commit is not told that it amends: a run that HEAD holds already is no change,
    though the amended commit may take away the code that came with it; and what a revert has taken
    away already is no change either. After the commit, at the push and in CI it is told.
    """
    unseen = [
        one
        for one in judgement.faults
        if one.codes in ({"LED101"}, {"LED103"}) and one not in seen.faults
    ]
    if not unseen:
        return judgement
    faults = tuple(one for one in judgement.faults if one not in unseen)
    kinds = tuple(f"{one.kind}, by an amend" for one in unseen)
    return Judgement(faults, judgement.open_questions + kinds, judgement.n_runs)


def errors_in(said: str) -> tuple[str, ...]:
    """Return the codes of the errors among what the hook said, each once."""
    found = [code for code, weight, _ in _FINDING.findall(said) if not weight]
    if "a bug of ours" in said or "Traceback" in said:
        found.append("BUG")
    if "cannot judge" in said:
        found.append("CANNOT")
    return tuple(sorted(set(found))) or ("SILENT",)


def follow(
    world: World,
    place: Place,
    attempt: Attempt,
    done: subprocess.CompletedProcess[bytes],
    again: Callable[[], subprocess.CompletedProcess[bytes]],
) -> None:
    """Do what the hook says until the commit passes; give up when that does not help."""
    for _ in range(ROUNDS):
        said = done.stderr.decode(errors="replace")
        for path in dict.fromkeys(path for _, _, path in _FINDING.findall(said)):
            _answer_as_a_person(world, place, path)
        for fix in dict.fromkeys(_FIX.findall(said)):
            command = as_command(fix, world.alive())
            if command != fix:
                attempt.prose.append(fix)
            if command:
                world.log(f"fix> {command}\n{_output(place.shell(command))}")
        world.look()
        done = again()
        nothing = done.returncode and any(word in done.stdout + done.stderr for word in _NOTHING)
        if not done.returncode or nothing:
            attempt.mend = MENDED
            return
    attempt.mend = STUCK
    attempt.said += "\n--- after following it ---\n" + done.stderr.decode(errors="replace")
    attempt.mend_codes = errors_in(done.stderr.decode(errors="replace"))
    give_up(world, place, done.stderr.decode(errors="replace"))


def give_up(world: World, place: Place, said: str) -> None:
    """Undo what was forged, and leave out what cannot be committed; the history goes on."""
    place.git("reset", "-q")
    for path in {path for _, _, path in _FINDING.findall(said)}:
        truth = next((one for one in world.truths.values() if path.startswith(one.folder)), None)
        if truth is not None and (place.top / truth.folder).is_dir():
            shutil.rmtree(place.top / truth.folder)
            place.git("checkout", "-q", "HEAD", "--", truth.folder)


def as_command(fix: str, alive: Sequence[Truth]) -> str:
    """Return the command that a fix line holds, the line itself where it is one; else "".

    Of two commands, one for when the process is gone, a person takes the one that is meant.
    """
    first, _, other = fix.partition(", or when its process is gone: ")
    if other and not any(one.run_id in other for one in alive):
        return other
    found = _COMMAND.search(first)
    if found is None:
        return ""
    return re.split(
        r"[,;] (?:or|and|then|commit) | again$| to a plain name", first[found.start() :]
    )[0]


def _answer_as_a_person(world: World, place: Place, path: str) -> None:
    """Write the note that a finding asks for; a command cannot."""
    note = place.top / path
    if note.name == NOTE and note.parent.is_dir():
        text = note.read_text(encoding="utf-8") if note.is_file() else ""
        if not is_written(text) or SECRET in text:
            world.write_note(note.parent, "written")


def _output(done: subprocess.CompletedProcess[bytes]) -> str:
    return (done.stdout + done.stderr).decode(errors="replace")


def is_whole(place: Place, truth: Truth) -> bool:
    """Whether the folder of the run, with its record, is on the disk of ``place``."""
    return (place.top / truth.folder / RECORD).is_file()
