"""What a half-written name or question may become: names of runs, metrics, params and keywords."""

from __future__ import annotations

import re

from ledger.contract.layout import TOKEN_LENGTH
from ledger.reader.asking.keys import MORE_FIELDS, NOTE_SECTIONS, metric_names, params_and_metrics
from ledger.reader.facts import FIELDS
from ledger.reader.index import open_index
from ledger.reader.question.values import quoted


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.reader.index import Index
    from ledger.reader.ledger import Ledger
    from ledger.reader.question.expected import Expected

_MOST = 200
"""Names that are offered at once; nobody reads more."""
_BEST = "@best:"
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}_\d{4}_(.+)")


def complete_run(ledger: Ledger, written: str) -> list[str]:
    """Return what names a run and begins with ``written``: ids, names, tokens, ``@`` references."""
    if written.startswith("@"):
        metrics = _of_index(ledger, metric_names) if written.startswith(_BEST) else [""]
        names = ["@latest", *(f"{_BEST}{name}" for name in metrics)]
        return _starting(names, written)
    ids = sorted(path.rpartition("/")[2] for path in ledger.source.stamps())
    found = _starting(ids, written)
    if found or not written:
        return [*found, *([] if written else ["@latest", _BEST])]
    return _starting((part for name in ids for part in _parts(name)), written)


def complete_question(ledger: Ledger, before: str, written: str) -> list[str]:
    """Return the words that ``written`` may become where the question so far is ``before``."""
    found = _expected(before)
    names: Iterable[str] = found.words
    if found.kind == "run":
        names = [*names, *complete_run(ledger, written)]
    elif found.kind is not None:
        is_per = before.rstrip().lower().endswith(" per")
        index = open_index(ledger)
        try:
            known = _known(index, found)
        finally:
            index.close()
        names = [*names, *(["trial"] if is_per else []), *known]
    # a name that needs quotes inside a question cannot be completed word by word
    return [name for name in _starting(names, written) if name in found.words or _is_bare(name)]


def _expected(before: str) -> Expected:
    from ledger.reader.question import expected  # noqa: PLC0415  # the parser, which is slow

    return expected.expected_after(before)


def _known(index: Index, expected: Expected) -> list[str]:
    """Return the names of the ledger that may come next."""
    if expected.kind == "metric":
        return metric_names(index)
    if expected.kind == "key":
        return sorted({*params_and_metrics(index), *FIELDS, *NOTE_SECTIONS, *MORE_FIELDS})
    if expected.kind == "tag":
        return _texts(index, "SELECT DISTINCT unnest(tags) AS text FROM runs")
    if expected.kind == "data":
        return ["@latest", *_texts(index, "SELECT DISTINCT unnest([name, path]) AS text FROM data")]
    return _values(index, expected.key or "")


def _values(index: Index, key: str) -> list[str]:
    """Return values that runs have under ``key``, a param or a field of few values."""
    if key == "tag":
        return _texts(index, "SELECT DISTINCT unnest(tags) AS text FROM runs")
    if key in {"status", "branch", "project", "name", "objective", "goal"}:
        return _texts(index, f"SELECT DISTINCT {key} AS text FROM runs")  # noqa: S608  # one of these
    param = key.removeprefix("param.")
    return _texts(index, "SELECT DISTINCT text FROM params WHERE key = $key", {"key": param})


def _texts(index: Index, statement: str, bound: dict[str, object] | None = None) -> list[str]:
    limited = f"SELECT text FROM ({statement}) WHERE text IS NOT NULL ORDER BY text LIMIT {_MOST}"  # noqa: S608  # ours
    return [str(text) for (text,) in index.rows(limited, bound)]


def _of_index(ledger: Ledger, ask: object) -> list[str]:
    index = open_index(ledger)
    try:
        return ask(index)  # type: ignore[operator,no-any-return]  # a function of the index
    finally:
        index.close()


def _parts(run_id: str) -> Iterable[str]:
    """Yield what else begins a reference to the run: its name with the token, the token."""
    dated = _DATED.fullmatch(run_id)
    if dated:
        yield dated[1]
    head, dash, token = run_id.rpartition("-")
    if head and dash and len(token) == TOKEN_LENGTH:
        yield token


def _starting(names: Iterable[str], written: str) -> list[str]:
    return [name for name in dict.fromkeys(names) if name.startswith(written)][:_MOST]


def _is_bare(name: str) -> bool:
    return name.isprintable() and (quoted(name) == name or name == "trial")
