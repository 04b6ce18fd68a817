"""A branch as a pull request: ``ledger ci`` on the event that GitHub would send, in a fresh clone.

What it should find is the oracle's, and the question of pull requests: whether the code that the
branch changes was run. A run used what it had, whatever it loaded of it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from attempt import errors_in
from oracle import Fault, is_written
from place import Place
from project import is_code
from truth import NOTE, RECORD, Content, Truth, in_tree


if TYPE_CHECKING:
    from collections.abc import Iterator

    from world import World

UNCOVERED = Fault("a change of code that no new run used", frozenset({"LED100"}), is_forged=False)


def asked_of_ci(world: World, base: str) -> tuple[int, tuple[str, ...]]:
    """Return the exit code of ``ledger ci`` and the errors it tells, on HEAD for main.

    ``base`` is the tip of main; the clone has what a server has, so no reflog and no stash.
    """
    clone = Place(world.root / "pull", world.mine.env)
    world.mine.git("clone", "-q", "--no-hardlinks", str(world.here.top), str(clone.top))
    event = world.root / "event.json"
    head = world.here.said("rev-parse", "HEAD")
    sides = {"base": {"sha": base, "ref": "main"}, "head": {"sha": head, "ref": "story"}}
    document = {"action": "opened", "pull_request": {"number": 1, "labels": [], **sides}}
    event.write_text(json.dumps(document), encoding="utf-8")
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_SHA": head,
    }
    done = subprocess.run(
        [sys.executable, "-I", "-m", "ledger", "ci", "--format", "json"],
        cwd=clone.top,
        env={**clone.env, **github},
        capture_output=True,
        check=False,
    )
    world.log(f"ledger ci: {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}")
    try:
        findings = json.loads(done.stdout)["findings"]
    except ValueError:
        return done.returncode, errors_in(done.stderr.decode(errors="replace"))
    return done.returncode, tuple(
        sorted({one["code"] for one in findings if one["severity"] == "error"})
    )


def uncovered(world: World, base: str) -> list[str]:
    """Return the code paths that HEAD changes since ``base`` and no new run of it used so."""
    place = world.here
    changed = dict.fromkeys(filter(is_code, _changed(place, base, "HEAD")))
    before, after = in_tree(place, base, changed), in_tree(place, "HEAD", changed)
    used = [_used(one, changed) for one in world.truths.values() if _is_new(place, one, base)]
    given = [*_given(place, base, changed), after]
    return [
        path
        for path in changed
        if before[path] != after[path]
        and not any(
            run[path] in {one[path] for one in given if path in one} - {before[path]}
            for run in used
        )
    ]


def _given(place: Place, base: str, paths: dict[str, Content]) -> Iterator[dict[str, Content]]:
    """Yield what each commit of the branch gave to those of ``paths`` that it changed."""
    listed = place.said("rev-list", "--parents", "HEAD", f"^{base}", "^origin/main")
    for commit, *parents in map(str.split, listed.splitlines()):
        now, earlier = in_tree(place, commit, paths), [in_tree(place, p, paths) for p in parents]
        yield {path: now[path] for path in paths if any(now[path] != one[path] for one in earlier)}


def _changed(place: Place, base: str, head: str) -> Iterator[str]:
    listed = place.said("diff", "--name-only", "--no-renames", "-z", base, head)
    yield from filter(None, listed.split("\0"))


def _is_new(place: Place, truth: Truth, base: str) -> bool:
    """Whether HEAD brings the run, and it may cover: what did not finish needs its note."""
    if truth.kept is None:
        return False
    record = json.loads(truth.kept[RECORD])
    if not (record["git"] or {}).get("code"):
        return False
    path = f"{truth.folder}/{RECORD}"
    is_here = bool(place.said("ls-tree", "HEAD", "--", path))
    was_there = bool(place.said("ls-tree", base, "--", path))
    note = place.said("show", f"HEAD:{truth.folder}/{NOTE}")
    return is_here and not was_there and (record["status"] == "finished" or is_written(note))


def _used(truth: Truth, paths: dict[str, Content]) -> dict[str, Content]:
    return in_tree(truth.place, truth.head, paths) | {
        path: content for path, content in truth.dirty.items() if path in paths
    }
