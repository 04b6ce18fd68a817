"""What judges a commit here, stage by stage: found by reading what git would run."""

from __future__ import annotations

import os
from pathlib import Path

from ledger.setup.hooks import lefthook
from ledger.setup.hooks.gate import STAGES, calls_gate, is_ours, private_gate
from ledger.setup.hooks.install import LEGACY_SUFFIX
from ledger.setup.hooks.place import hook_place
from ledger.setup.hooks.precommit import is_frameworks, stages_in
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.storage.git import Repository

NOTHING, GATE, CALL, FRAMEWORK = "nothing", "gate", "call", "framework"


@value
class Look:
    """One stage of a commit."""

    stage: str
    path: Path
    """What git runs, or would run if it were there."""
    kind: str
    """GATE: our hook. CALL: somebody's hook that calls the gate in the git directory. FRAMEWORK:
    pre-commit runs our entry. NOTHING: no run is judged."""
    gate: Path | None = None
    """The file with the interpreter in it; None where there is none."""
    is_runnable: bool = True
    """Whether git would run ``path`` at all."""


def look_at_hooks(repository: Repository) -> list[Look]:
    """Return what looks after runs, stage by stage."""
    place = hook_place(repository)
    config = lefthook.find_config(Path(repository.top))
    has_call = config is not None and lefthook.has_entry(config)
    entries = stages_in(Path(repository.top))
    return [
        _look(
            stage,
            place.folder / stage,
            place.scripts / stage,
            private_gate(repository),
            has_call=has_call,
            has_entry=stage in entries,
        )
        for stage in STAGES
    ]


def _look(  # noqa: PLR0913  # what decides are this many things
    stage: str, path: Path, script: Path, gate: Path, *, has_call: bool, has_entry: bool
) -> Look:
    data = _read(path)
    runnable = path.is_file() and os.access(path, os.X_OK)
    if calls_gate(_read(script)) or (has_call and lefthook.is_lefthooks(data)):
        return Look(stage=stage, path=path, kind=CALL, gate=gate, is_runnable=runnable)
    if is_ours(path):
        return Look(stage=stage, path=path, kind=GATE, gate=path, is_runnable=runnable)
    if is_frameworks(data):
        legacy = path.with_name(stage + LEGACY_SUFFIX)
        if is_ours(legacy):
            works = runnable and os.access(legacy, os.X_OK)
            return Look(stage=stage, path=path, kind=GATE, gate=legacy, is_runnable=works)
        if has_entry:
            return Look(stage=stage, path=path, kind=FRAMEWORK, is_runnable=runnable)
    return Look(stage=stage, path=path, kind=NOTHING)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
