"""What a process loads after the start of a run: modules imported late, edited or untracked."""

from __future__ import annotations

import os
import time

from ledger.capture.code import Change, CodeState, modes_of, read_changes
from ledger.capture.loaded import find_untracked, inside, loaded_files
from ledger.storage.tree import SUBMODULE, RevisionTree
from ledger.value import as_dict


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.capture.loaded import Untracked
    from ledger.capture.memory import LoadedMemory


class LateLoads:
    """Looks again and again at what is imported, so that little can happen between two looks."""

    def __init__(
        self,
        state: CodeState,
        modules: Mapping[str, object],
        installed: Sequence[str],
        memory: LoadedMemory | None = None,
    ) -> None:
        """Begin with what ``state`` knows.

        Args:
            state: the code at the start.
            modules: ``sys.modules``, which grows.
            installed: folders whose files are not the project's code.
            memory: told what was loaded, for the runs that follow in this process.
        """
        self.state = state
        self._modules = modules
        self._installed = installed
        self._memory = memory
        self._loaded = state.loaded
        self._looked_ns = state.seen_ns
        self._n_modules = 0

    def look(self) -> bool:
        """Take what was loaded since the last look into ``state``; whether that is news.

        A file that nobody changed after the start is what the start saw. Of another, what it holds
        now is what was loaded, unless it was changed after the last look: then nobody can tell.

        Raises:
            GitError: git refuses to answer.
        """
        since_ns, self._looked_ns = self._looked_ns, time.time_ns()
        if len(self._modules) == self._n_modules:
            return False
        self._n_modules = len(self._modules)
        found = loaded_files(list(self._modules.values()), (), (), self._installed)
        new = found - self._loaded
        self._loaded |= new
        candidates = inside(self.state.repository, new, self.state.paths.is_code)
        if not candidates:
            return False
        later = _with_loaded(self.state, candidates, self._loaded, since_ns)
        if self._memory is not None:
            self._memory.remember(later)
        is_news = (later.changes, later.left_out) != (self.state.changes, self.state.left_out)
        self.state = later
        return is_news


def _with_loaded(
    state: CodeState, candidates: Sequence[str], loaded: frozenset[str], since_ns: int
) -> CodeState:
    """Return ``state`` as it is with the code paths ``candidates`` loaded too."""
    top = os.path.realpath(state.repository.top)
    known = {change.path: change for change in state.changes}
    strange = [path for path in candidates if path not in known]
    untracked = find_untracked(state.repository, strange, (), state.commit)
    edited = _edited(state, top, candidates, untracked)
    letters = dict.fromkeys(untracked.paths, "?")
    letters |= {path: _letter(known.get(path)) for path in edited}
    modes = modes_of(state.repository, top, letters)
    wanted = [(path, letter, modes[path]) for path, letter in letters.items()]
    wanted += [(path, "S", SUBMODULE) for path in untracked.submodules]
    for change in read_changes(top, wanted, loaded):
        is_raced = change.stamp is not None and change.stamp[0] > since_ns
        known[change.path] = _but(change, is_raced=is_raced)
    for path in candidates:
        if path in known and not known[path].is_loaded:
            known[path] = _but(known[path], is_loaded=True)
    left_out = tuple(dict.fromkeys((*state.left_out, *untracked.left_out)))
    fields = {"changes": tuple(known.values()), "left_out": left_out, "loaded": loaded}
    return CodeState(**(as_dict(state) | fields))  # type: ignore[arg-type]  # its own fields


def _edited(
    state: CodeState, top: str, candidates: Sequence[str], untracked: Untracked
) -> list[str]:
    """Return the tracked files among ``candidates`` that are no longer what the start saw."""
    elsewhere = {*untracked.paths, *untracked.left_out}
    touched = [
        path
        for path in candidates
        if path not in elsewhere and _changed_at(top, path) > state.seen_ns
    ]
    if not touched or state.commit is None:
        return touched
    dirty = {change.path for change in state.changes}
    committed = RevisionTree(state.repository, state.commit, paths=touched).entries()
    names = os.fsencode("".join(f"{path}\n" for path in touched))
    said = state.repository.ask("hash-object", "--stdin-paths", stdin=names)
    oids = said.stdout.decode("ascii").split()
    if len(oids) != len(touched):
        return touched  # a name with a line break, or a file that is just going
    pairs = zip(touched, oids, strict=True)
    return [p for p, oid in pairs if p in dirty or p not in committed or committed[p].oid != oid]


def _letter(change: Change | None) -> str:
    return change.status if change is not None and change.status != "D" else "M"


def _changed_at(top: str, path: str) -> int:
    try:
        return os.stat(os.path.join(top, path)).st_mtime_ns
    except OSError:
        return 0  # gone: what was loaded is what the start saw


def _but(change: Change, **fields: object) -> Change:
    return Change(**(as_dict(change) | fields))  # type: ignore[arg-type]  # its own fields
