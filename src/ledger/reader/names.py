"""Names that were not found, and the ones that were probably meant."""

from __future__ import annotations

from ledger.errors import UnknownNameError, UnreadableError
from ledger.reader.text import printable


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ledger.reader.ledger import BrokenRun


def nearest(word: str, known: Iterable[str], n: int = 3) -> list[str]:
    """Return up to ``n`` of ``known`` that look like ``word``, the likeliest first.

    ``lr`` finds ``optimizer.lr`` before anything that is merely spelled alike; so does ``lrr``,
    because the last part of a dotted path counts as a name of its own.
    """
    from difflib import get_close_matches  # noqa: PLC0415  # only when something was not found

    names = sorted(set(known))
    folded: dict[str, list[str]] = {}
    for name in names:
        whole = name.casefold()
        for spelling in dict.fromkeys((whole, whole.rpartition(".")[2])):
            folded.setdefault(spelling, []).append(name)
    wanted = word.casefold()
    alike = [name for name in names if wanted and wanted in name.casefold()]
    alike.sort(key=lambda name: (not name.casefold().endswith(wanted), len(name), name))
    matches = get_close_matches(wanted, folded, n=n, cutoff=0.5)
    close = [name for each in matches for name in folded[each]]
    return list(dict.fromkeys([*alike, *close]))[:n]


def unknown(kind: str, word: str, known: Iterable[str]) -> UnknownNameError:
    """Return the error for a ``kind`` called ``word`` that is not there, with what comes near."""
    names = sorted(set(known))
    near = [printable(name) for name in nearest(word, names)]
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif names:
        more = ", …" if len(names) > 8 else ""  # noqa: PLR2004  # one line
        hint = f"there are {', '.join(map(printable, names[:8]))}{more}"
    else:
        hint = f"no run has any {kind}"
    message = f"no {kind} is called {word!r}"
    return UnknownNameError(message, hint=hint)


def no_runs(broken: Sequence[BrokenRun] = ()) -> UnknownNameError:
    """Return the error for a ledger without a readable run; ``broken`` are those it holds."""
    if broken:
        return UnreadableError([str(each) for each in broken])
    message = "the ledger holds no run yet"
    first = '`with ledger.start("my_run", config=cfg) as run: run.log(loss=loss)`'
    return UnknownNameError(message, hint=f"record the first one: {first}")
