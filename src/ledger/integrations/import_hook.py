"""Acts once a module has been imported, without importing it: now, or whenever somebody does."""

from __future__ import annotations

import sys
import threading


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any


class ImportHook:
    """Tells of each of some modules once it has been imported.

    It stands first among the finders of imports as long as a module has not come, answers for
    these modules alone, and leaves no trace in them. For every other import it costs one look into
    a short list.
    """

    def __init__(self, names: Iterable[str], act: Callable[[str], None]) -> None:
        """Take the full names of the modules, and what is called with each; it may not raise."""
        self._waiting = list(names)
        self._act = act
        self._searches = threading.local()

    def install(self) -> None:
        """Tell of the modules that are there, and wait for the others."""
        sys.meta_path.insert(0, self)
        for name in list(self._waiting):
            if sys.modules.get(name) is not None:
                self.tell(name)

    def remove(self) -> None:
        """Wait no longer."""
        self._waiting.clear()
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def tell(self, name: str) -> None:
        """Tell, once, that the module ``name`` is there."""
        if name in self._waiting:
            self._waiting.remove(name)
            if not self._waiting:
                self.remove()
            self._act(name)

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how the other finders load the module ``name``, then tell of it.

        None for a module nobody waits for, and within a search of ours: another tool's hook may
        ask all finders again.
        """
        searched: set[str] = vars(self._searches).setdefault("names", set())
        if name not in self._waiting or name in searched:
            return None
        searched.add(name)
        try:
            spec = _found(self, name, path, target)
        finally:
            searched.discard(name)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, self)  # type: ignore[assignment]  # it acts as one
        return spec


class _Loader:
    """Hands over to the module's own loader, and tells the hook when that is done."""

    def __init__(self, own: Any, hook: ImportHook) -> None:  # noqa: ANN401  # any loader
        self._own = own
        self._hook = hook

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._own.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        # who asks the module for its source or its data finds what would be there without us
        module.__loader__ = self._own
        spec = module.__spec__
        if spec is not None:
            spec.loader = self._own
        self._own.exec_module(module)
        self._hook.tell(module.__name__)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever a loader has
        if name.startswith("_"):  # a copy asks before it has an `_own`
            raise AttributeError(name)
        return getattr(self._own, name)


def _found(
    hook: ImportHook, name: str, path: Sequence[str] | None, target: ModuleType | None
) -> ModuleSpec | None:
    for finder in list(sys.meta_path):
        find = getattr(finder, "find_spec", None)
        spec = None if finder is hook or find is None else find(name, path, target)
        if spec is not None:
            return spec  # type: ignore[no-any-return]  # of a finder, by its protocol
    return None
