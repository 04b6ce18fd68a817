"""The IPython session this process is, if it is one: its cells, and the notebook they are from.

IPython is asked only when somebody has imported it.
"""

from __future__ import annotations

import os
import sys

from ledger.contract.cells import Cell
from ledger.contract.notebook import code_cells


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

ENDING = ".ipynb"
MAX_NOTEBOOK_BYTES = 50 * 1024 * 1024
MAX_NOTEBOOKS = 200
"""Of a folder, where the notebook is looked for by what is in it."""
_EMBEDDED = "InteractiveShellEmbed"


def running_shell() -> Any | None:  # noqa: ANN401  # IPython's
    """Return the IPython shell whose cells run here, None where there is none.

    One that a program has embedded in itself is none: its cells are not what runs.
    """
    module = sys.modules.get("IPython")
    get = getattr(module, "get_ipython", None)
    shell = get() if get is not None else None
    is_session = hasattr(shell, "history_manager") and hasattr(shell, "events")
    return shell if is_session and type(shell).__name__ != _EMBEDDED else None


def is_kernel(shell: Any) -> bool:  # noqa: ANN401
    """Whether a notebook may stand before ``shell``, rather than a terminal."""
    return hasattr(shell, "kernel")


def executed_cells(shell: Any, more: str | None = None) -> list[Cell]:  # noqa: ANN401
    """Return what ``shell`` has run so far; the cell that runs is among them.

    Args:
        shell: the session.
        more: a cell that is about to run.
    """
    sources = [*shell.history_manager.input_hist_raw[1:], *([more] if more else [])]
    return [Cell(number=n, source=str(source)) for n, source in enumerate(sources, 1)]


def notebook_path(shell: Any, environ: Mapping[str, str]) -> str | None:  # noqa: ANN401
    """Return the absolute path of the notebook as its editor tells it; None where none does.

    VS Code puts it among the variables, Jupyter's server into the environment; JupyterLab begins
    with a name that is no file.
    """
    names = getattr(shell, "user_ns", {})
    told = (
        names.get("__vsc_ipynb_file__"),
        names.get("__session__"),
        environ.get("JPY_SESSION_NAME"),
    )
    for name in told:
        if isinstance(name, str) and name.endswith(ENDING):
            for path in (name, os.path.basename(name)):
                if os.path.isfile(path):
                    return os.path.abspath(path)
    return None


def open_notebook(environ: Mapping[str, str]) -> str | None:
    """Return the notebook whose kernel this process is, where its editor tells it."""
    shell = running_shell()
    return None if shell is None else notebook_path(shell, environ)


def notebook_with(cells: Sequence[Cell], folder: str) -> str | None:
    """Return the notebook in ``folder`` that holds more of ``cells`` than any other, and half.

    nbclient, papermill and nbconvert do not tell a kernel which one it is. None where none holds
    half of them, or two hold as many.
    """
    wanted = {source for cell in cells if (source := cell.source.strip())}
    held = {path: len(wanted & _sources(path)) for path in _notebooks(folder)}
    most = max(held.values(), default=0)
    found = [path for path, n in held.items() if n == most]
    return found[0] if len(found) == 1 and 0 < len(wanted) <= 2 * most else None


def read_notebook(path: str) -> list[str] | None:
    """Return the code cells of a notebook on the disk, None where it cannot be read."""
    try:
        if os.path.getsize(path) > MAX_NOTEBOOK_BYTES:
            return None
        with open(path, "rb") as file:
            return code_cells(file.read())
    except OSError:
        return None


def _sources(path: str) -> set[str]:
    return {source.strip() for source in read_notebook(path) or ()}


def _notebooks(folder: str) -> Iterator[str]:
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(ENDING))
    except OSError:
        return
    for name in names[:MAX_NOTEBOOKS]:
        yield os.path.join(folder, name)
