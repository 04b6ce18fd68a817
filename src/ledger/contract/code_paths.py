"""Which paths of a tree make a run what it is, by name alone: the same answer for every tree."""

from __future__ import annotations

from ledger.contract.globs import compile_globs
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

SUBMODULE_MODE = "160000"


@value
class CodePaths:
    """The code paths of one project; every path is relative to the repository root, with ``/``."""

    prefix: str
    """Of the project in the repository: "" or "sub/dir/"."""
    ledger_prefix: str
    """Of the ledger, which is never code: "ledger/"."""
    is_code_name: Callable[[str], bool]
    """Test of ``code`` in the settings, on paths relative to the project."""
    is_required_name: Callable[[str], bool]
    """Test of ``require.when``, likewise."""
    outs: Collection[str] = frozenset()
    """What DVC pipelines write: files and folders that are not code, whatever they are called."""

    def is_code(self, path: str) -> bool:
        """Whether ``path``, tracked or not, is code by its name."""
        return self._is_ours(path) and self.is_code_name(path[len(self.prefix) :])

    def lists(self, path: str, mode: str) -> bool:
        """Whether a manifest lists ``path``, which a tree tracks with git's file ``mode``.

        That is: code, submodules, and what ``require.when`` asks for. ``dvc.lock`` and ``*.dvc``
        are never listed: they are judged by the hashes of their outs.
        """
        if not self._is_ours(path) or is_dvc_pointer(path) or self.is_out(path):
            return False
        name = path[len(self.prefix) :]
        return mode == SUBMODULE_MODE or self.is_code_name(name) or self.is_required_name(name)

    def is_out(self, path: str) -> bool:
        """Whether a pipeline writes ``path``, or a folder above it."""
        if not self.outs:
            return False
        end = len(path)
        while end > 0:
            if path[:end] in self.outs:
                return True
            end = path.rfind("/", 0, end)
        return False

    def without(self, outs: Collection[str]) -> CodePaths:
        """Return the same paths less ``outs``, which a pipeline writes."""
        return CodePaths(
            prefix=self.prefix,
            ledger_prefix=self.ledger_prefix,
            is_code_name=self.is_code_name,
            is_required_name=self.is_required_name,
            outs=frozenset(outs),
        )

    def _is_ours(self, path: str) -> bool:
        return path.startswith(self.prefix) and not path.startswith(self.ledger_prefix)


def code_paths(
    prefix: str, ledger_dir: str, code: Iterable[str], require: Iterable[str] = ()
) -> CodePaths:
    """Return the code paths of a project.

    Args:
        prefix: of the project in the repository: "" or "sub/dir/".
        ledger_dir: folder of the ledger, relative to the project.
        code: patterns of ``code`` in the settings.
        require: patterns of ``require.when``.
    """
    return CodePaths(
        prefix=prefix,
        ledger_prefix=f"{prefix}{ledger_dir}/",
        is_code_name=compile_globs(code),
        is_required_name=compile_globs(require),
    )


def is_dvc_pointer(path: str) -> bool:
    """Whether ``path`` names data by its hash: ``dvc.lock`` or ``*.dvc``."""
    return path.endswith(".dvc") or path.rpartition("/")[2] == "dvc.lock"
