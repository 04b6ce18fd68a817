"""The doctor's look at the commit hooks: there, runnable, with a Python that has the package."""

from __future__ import annotations

import shutil
from pathlib import Path

from ledger.policy.finding import shell_word
from ledger.setup.doctor.problem import Problem
from ledger.setup.hooks.gate import CHECKS, interpreter_of, render_gate
from ledger.setup.hooks.install import install_hooks, mend_shared
from ledger.setup.hooks.looks import CALL, FRAMEWORK, NOTHING, look_at_hooks
from ledger.setup.hooks.place import OWN, SHARED, hook_place, shown
from ledger.setup.hooks.precommit import CONFIG_NAME
from ledger.setup.interpreter import ask_interpreter
from ledger.version import VERSION


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.setup.hooks.looks import Look
    from ledger.storage.git import Repository

_WHY_NONE = "a run that nobody could understand or reproduce would be committed unseen"
_WHY_QUIET = {
    "prepare-commit-msg": "commits do not name their runs",
    "commit-msg": "commits written in an editor do not name their runs",
    "post-commit": "nobody tells what `commit -n` or a rebase let through",
    "pre-push": "what no check saw leaves this clone unseen",
}
_WHY_STUCK = "a commit with runs is refused until this is mended"


def check_hooks(repository: Repository, interpreter: str) -> Iterator[Problem]:
    """A commit with runs is judged, by a Python that can.

    Args:
        repository: whose hooks are looked at.
        interpreter: absolute path of the Python that mended hooks will run.
    """
    looks = look_at_hooks(repository)

    def install() -> object:
        return install_hooks(repository, interpreter)

    missing = [look for look in looks if look.kind == NOTHING]
    unjudged = [look for look in missing if look.stage in CHECKS]
    if unjudged:
        yield _missing(repository, unjudged, install)
    quiet = [look for look in missing if look.stage not in CHECKS]
    # a folder that all repositories share is the user's, and need not hold more than the checks
    if quiet and hook_place(repository).kind != SHARED:
        yield _missing(repository, quiet, install)
    for look in looks:
        if look.kind != NOTHING and not look.is_runnable:
            yield _not_runnable(repository, look)
    by_framework = [look.stage for look in looks if look.kind == FRAMEWORK]
    if by_framework:
        yield from _check_path_python(by_framework)
    gates = dict.fromkeys(look.gate for look in looks if look.gate is not None)
    for gate in gates:
        yield from _check_gate(repository, gate, install)


def _missing(repository: Repository, missing: list[Look], install: Callable[[], object]) -> Problem:
    place = hook_place(repository)
    fix: str = "ledger install"
    mend: Callable[[], object] | None = install
    where = ", ".join(shown(repository, look.path) for look in missing)
    if place.kind != OWN:
        where += f" (core.hooksPath is {place.setting!r})"
    if place.kind == SHARED:
        mend = None
        fix = mend_shared(repository, place)
    stages = " and ".join(look.stage for look in missing)
    is_check = missing[0].stage in CHECKS
    title = f"no check runs at {stages}" if is_check else f"no hook of ours runs at {stages}"
    why = _WHY_NONE if is_check else "; ".join(_WHY_QUIET[look.stage] for look in missing)
    return Problem(area="hooks", title=title, where=where, why=why, fix=fix, mend=mend)


def _not_runnable(repository: Repository, look: Look) -> Problem:
    path = look.path

    def mend() -> None:
        for one in (path, *([look.gate] if look.gate and look.kind != CALL else [])):
            one.chmod(one.stat().st_mode | 0o111)

    is_there = path.is_file()
    why_not = "it is not executable" if is_there else "its manager has not installed it"
    fix = f"chmod +x {shell_word(str(path))}" if is_there else "lefthook install (or `npx husky`)"
    return Problem(
        area="hooks",
        title=f"git does not run the hook {look.stage}: {why_not}",
        where=shown(repository, path),
        why=_WHY_NONE,
        fix=fix,
        mend=mend if is_there else None,
    )


def _check_gate(
    repository: Repository, gate: Path, install: Callable[[], object]
) -> Iterator[Problem]:
    where = shown(repository, gate)

    def problem(title: str, why: str) -> Problem:
        return Problem(
            area="hooks", title=title, where=where, why=why, fix="ledger install", mend=install
        )

    try:
        data = gate.read_bytes()
    except OSError:
        yield problem("hooks call a gate that is not installed in this clone", _WHY_NONE)
        return
    path = interpreter_of(data)
    if path is None:
        yield problem("the gate names no Python", _WHY_STUCK)
        return
    found = ask_interpreter(path)
    if found.version is None:
        yield problem(f"the Python of the hook {found.why}: {path}", _WHY_STUCK)
    elif found.version != VERSION:
        title = f"the Python of the hook has version {found.version}, this is {VERSION}: {path}"
        yield problem(title, "commits are judged by other rules than `ledger check` says")
    elif data != render_gate(path):
        yield problem(
            "the hook was written by another version", "it may miss runs or refuse good ones"
        )
    elif not gate.stat().st_mode & 0o100 and gate.parent == Path(repository.private_dir):
        yield problem("the gate is not executable", _WHY_NONE)


def _check_path_python(stages: list[str]) -> Iterator[Problem]:
    """The entry of the pre-commit config starts the ``python`` that is first on PATH."""
    path = shutil.which("python")
    found = ask_interpreter(path) if path else None
    if found is None or found.version is None:
        yield Problem(
            area="hooks",
            title=f"pre-commit starts `python`, which {found.why if found else 'is not on PATH'}",
            where=f"{CONFIG_NAME}, {', '.join(stages)}",
            why="every commit is refused, with runs or without",
            fix="activate the environment with the package, or: ledger uninstall && ledger install",
        )
