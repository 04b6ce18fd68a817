"""What people do with git: stage, commit, stash, switch, merge, rebase, clean, push."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attempt import follow, try_commit
from oracle import Oracle
from place import Place
from project import with_number
from step import NotPossibleError, verb


if TYPE_CHECKING:
    from world import World

_CONFLICT_ROUNDS = 6


def _do(world: World, *arguments: str, place: Place | None = None) -> bool:
    """Run git where the history is; return whether it succeeded."""
    done = (place or world.here).git(*arguments)
    said = done.stderr.decode(errors="replace")
    world.log(f"git {' '.join(arguments)}: {done.returncode} {said}")
    world.hindered(f"git {arguments[0]}", said)
    return not done.returncode


@verb
def stage(world: World, what: str) -> None:
    """Stage ``all``, the ``ledger``, the ``code`` (all but the ledger), or one path."""
    paths = {"all": ["."], "ledger": ["ledger"], "code": [".", ":!ledger"]}.get(what, [what])
    if not _do(world, "add", "--all", "--", *paths):
        raise NotPossibleError


@verb
def stage_run(world: World, label: str) -> None:
    """Stage the folder of one run, and nothing it shares with others."""
    _do(world, "add", "--all", "--", world.run(label).folder)


@verb
def stage_half(world: World, path: str) -> None:
    """Stage one of the two changes in a file, as ``git add -p`` does."""
    full, committed = world.here.top / path, world.here.git("show", f"HEAD:{path}")
    if committed.returncode or not full.is_file():
        raise NotPossibleError
    before, now = committed.stdout.decode(), full.read_text(encoding="utf-8")
    half = _first_change_only(before, now)
    if half in {before, now}:
        raise NotPossibleError
    stored = world.here.git("hash-object", "-w", "--stdin", stdin=half.encode()).stdout
    info = f"100644,{stored.decode().strip()},{path}"
    _do(world, "update-index", "--add", "--cacheinfo", info)


def _first_change_only(before: str, now: str) -> str:
    old, new = before.splitlines(keepends=True), now.splitlines(keepends=True)
    if len(old) != len(new):
        return before
    changed = [number for number, line in enumerate(old) if line != new[number]]
    return "".join(
        old if not changed else [*old[: changed[0]], new[changed[0]], *old[changed[0] + 1 :]]
    )


@verb
def commit(world: World, *arguments: str) -> None:
    """Commit what is staged; ``-a``, or ``--`` and paths, as git takes them."""
    try_commit(world, world.here, *arguments)


@verb
def amend(world: World) -> None:
    """Stage everything, and put it into the last commit."""
    _do(world, "add", "--all")
    try_commit(world, world.here, "--amend")


@verb
def bypass(world: World) -> None:
    """Commit what is staged without asking the hooks."""
    try_commit(world, world.here, "-n", is_mended=False)


@verb
def stash(world: World, *arguments: str) -> None:
    """Put changes away; with ``-u`` the files that are not tracked too."""
    _do(world, "stash", "push", "-q", *arguments)


@verb
def pop(world: World) -> None:
    """Bring back what was put away last."""
    if not world.here.said("stash", "list"):
        raise NotPossibleError
    _do(world, "stash", "pop", "-q")
    world.look()


@verb
def branch(world: World, name: str) -> None:
    """Make a branch here and go to it."""
    if not _do(world, "switch", "-q", "-c", name):
        raise NotPossibleError


@verb
def switch(world: World, name: str) -> None:
    """Go to another branch."""
    if not _do(world, "switch", "-q", name):
        raise NotPossibleError


@verb
def merge(world: World, name: str, side: str) -> None:
    """Merge a branch; where both changed a line, ``ours`` or ``theirs`` stands."""
    merge_at(world, world.here, name, side)


def merge_at(world: World, place: Place, name: str, side: str) -> None:
    """Merge ``name`` at ``place``, judged like any commit."""
    if place.is_busy or not place.said("rev-parse", "--verify", name):
        raise NotPossibleError
    parent = place.said("rev-parse", "HEAD")
    other = place.said("rev-parse", name)
    done = place.git("merge", "-q", "--no-edit", "-m", f"step {world.number}", name)
    world.log(f"merge {name}: {done.returncode} {done.stderr.decode(errors='replace')}")
    if not done.returncode:
        if place.said("rev-parse", "--verify", "HEAD^2"):
            judgement = Oracle(place, world.truths).judge("HEAD", parent, (other,))
            world.tell(judgement, done)
        return
    if not (place.git_dir / "MERGE_HEAD").exists():
        return  # git refused: changes are in the way
    if _resolve(place, side):
        try_commit(world, place)
    else:  # no conflict: the hook has refused
        tree = place.said("write-tree")
        attempt = world.tell(Oracle(place, world.truths).judge(tree, parent, (other,)), done)
        follow(world, place, attempt, done, lambda: place.git("commit", "-q", "--no-edit"))
    if (place.git_dir / "MERGE_HEAD").exists():
        place.git("merge", "--abort")


def _resolve(place: Place, side: str) -> bool:
    """Settle every conflict for one side; return whether there was one."""
    listed = place.said("diff", "--name-only", "--diff-filter=U", "-z").split("\0")
    paths = [path for path in listed if path]
    for path in paths:
        if place.git("checkout", f"--{side}", "--", path).returncode:
            place.git("rm", "-q", "--cached", "--", path)  # one side has removed it
        else:
            place.git("add", "--", path)
    return bool(paths)


@verb
def squash(world: World, name: str) -> None:
    """Bring in a branch as one commit."""
    place = world.here
    if place.is_busy or not place.said("rev-parse", "--verify", name):
        raise NotPossibleError
    done = place.git("merge", "-q", "--squash", name)
    if done.returncode:
        _resolve(place, "theirs")
    try_commit(world, place)
    (place.git_dir / "SQUASH_MSG").unlink(missing_ok=True)


@verb
def rebase(world: World, name: str, side: str) -> None:
    """Put the commits of this branch on top of another; no hook is asked."""
    rebase_at(world, world.here, name, side)


def rebase_at(world: World, place: Place, name: str, side: str) -> None:
    """Rebase ``place`` on ``name``; conflicts stand for ``side``, and else it is aborted."""
    if place.is_busy or not place.said("rev-parse", "--verify", name):
        raise NotPossibleError
    done = place.git("rebase", "-q", name)
    for _ in range(_CONFLICT_ROUNDS):
        if not done.returncode or not place.is_busy:
            break
        _resolve(place, side)
        done = place.git("rebase", "--continue")
    world.log(f"rebase {name}: {done.returncode} {done.stderr.decode(errors='replace')}")
    if place.is_busy:
        place.git("rebase", "--abort")


@verb
def pull(world: World, how: str, side: str) -> None:
    """Take in what the colleague has pushed, by ``merge`` or by ``rebase``."""
    place = world.here
    if not _do(world, "fetch", "-q") or not place.said("rev-parse", "--verify", "@{upstream}"):
        raise NotPossibleError
    (merge_at if how == "merge" else rebase_at)(world, place, "@{upstream}", side)


@verb
def push(world: World) -> None:
    """Push this branch, which is frozen from now on."""
    if not _do(world, "push", "-q", "--set-upstream", "origin", "HEAD"):
        raise NotPossibleError


@verb
def revert(world: World) -> None:
    """Undo the last commit by another; no hook is asked."""
    if world.here.is_busy or not _do(world, "revert", "--no-edit", "HEAD"):
        world.here.git("revert", "--abort")


@verb
def pick(world: World, name: str) -> None:
    """Take the last commit of a branch over; no hook is asked."""
    if world.here.is_busy or not _do(world, "cherry-pick", name):
        world.here.git("cherry-pick", "--abort")


@verb
def reset(world: World, how: str) -> None:
    """Throw away what is staged (``mixed``), or all changes of tracked files (``hard``)."""
    _do(world, "reset", "-q", f"--{how}")


@verb
def clean(world: World, *arguments: str) -> None:
    """Delete what is not tracked; with ``-x`` what is ignored too."""
    _do(world, "clean", "-qfd", *arguments)


@verb
def worktree(world: World, name: str) -> None:
    """Go on in a further working tree, on a branch of its own."""
    top = world.root / f"tree-{name}"
    if world.here is not world.mine or not _do(
        world, "worktree", "add", "-q", str(top), "-b", name
    ):
        raise NotPossibleError
    world.here = Place(top, world.mine.env)


@verb
def leave_worktree(world: World, how: str) -> None:
    """Go back to the first working tree; ``remove`` deletes the other, ``keep`` does not."""
    if world.here is world.mine:
        raise NotPossibleError
    left, world.here = world.here, world.mine
    if how == "remove":
        _do(world, "worktree", "remove", "--force", str(left.top))


@verb
def colleague_edits(world: World, path: str, where: str, number: str) -> None:
    """A colleague changes a file, and pushes it to main."""
    place = world.colleague
    place.git("pull", "-q", "--rebase")
    full = place.top / path
    if not full.is_file():
        raise NotPossibleError
    full.write_text(
        with_number(full.read_text(encoding="utf-8"), where, int(number)), encoding="utf-8"
    )
    place.git("commit", "-qam", f"colleague, step {world.number}")
    place.git("push", "-q")


@verb
def colleague_runs(world: World, label: str) -> None:
    """A colleague trains, commits the run as one should, and pushes it to main."""
    place = world.colleague
    place.git("pull", "-q", "--rebase")
    truth = world.begin(place, label, "train.py")
    truth.training.row()
    truth.training.end()
    world.ended(truth)
    world.write_note(truth.run_dir, "written")
    place.git("add", "--all")
    try_commit(world, place)
    place.git("push", "-q")
