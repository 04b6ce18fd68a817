"""cells.py: what ran in a kernel, and in what it differs from the notebook that was saved."""

from __future__ import annotations

from ledger.contract.credentials import CODE, SETTINGS
from ledger.contract.redaction import holds_secret
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LEFT_OUT = "# left out: it looks as if it held a credential"
_HEAD = "# What ran in the kernel of this run, in this order, as it was typed.\n"


@value
class Cell:
    """A cell that ran."""

    number: int
    """The one a notebook shows beside it: In [number]."""
    source: str


def render_cells(cells: Iterable[Cell]) -> str:
    """Return cells.py: the sources of ``cells``, each below a line that tells its number.

    Of one that looks as if it held a credential only the number is told.
    """
    parts = [_HEAD]
    for cell in cells:
        source = LEFT_OUT if _holds_secret(cell.source) else cell.source
        lines = source.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
        parts.append(f"\n# %% In [{cell.number}]\n{lines}\n")
    return "".join(parts)


def _holds_secret(source: str) -> bool:
    """Whether a cell holds a credential, as code or on a line for a shell: ``%env API_KEY=…``."""
    lines = source.splitlines()
    if not source.lstrip().startswith("%%"):
        lines = [line for line in lines if line.lstrip().startswith(("%", "!"))]
    return holds_secret(source, CODE) or holds_secret("\n".join(lines), SETTINGS)


def differences(cells: Iterable[Cell], saved: Sequence[str]) -> Iterator[str]:
    """Yield in what the ``cells`` that ran differ from a notebook that is run from its top.

    One that has not been run to its end is no difference.

    Args:
        cells: what ran, in this order.
        saved: the code cells of the notebook.
    """
    wanted = [source.strip() for source in saved]
    at = 0
    for cell in cells:
        source = cell.source.strip()
        if not source:
            continue
        if source not in wanted:
            yield f"In [{cell.number}] is not in it"
        elif source not in wanted[at:]:
            yield f"In [{cell.number}] ran again, or after a later cell"
        else:
            place = wanted.index(source, at)
            n_skipped = sum(1 for each in wanted[at:place] if each)
            if n_skipped:
                what = "a code cell" if n_skipped == 1 else f"{n_skipped} code cells"
                yield f"In [{cell.number}] ran, and {what} before it had not"
            at = place + 1
