"""What MLflow takes as names and values, and what becomes of those it does not take.

The limits are those of ``mlflow/utils/validation.py`` (3.17): its client cuts long values without a
word, and refuses names that are no path of their own.
"""

from __future__ import annotations

import hashlib
import math
import posixpath
import re

from ledger.sync.subject import param_text
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ledger.contract.json_text import Json
    from ledger.sync.rows import Row
    from ledger.sync.subject import Subject

MAX_KEY = 250
"""Characters, as are the next two."""
MAX_PARAM = 6000
MAX_TAG = 8000
MAX_PER_BATCH = 100
"""Params, or tags, of one request."""
MAX_METRICS = 1000
_MAX_BYTES = 700_000
"""Of values in one request, which holds a million bytes in all."""
_REFUSED = re.compile(r"[^/\w.\- :]")
_SHOWN = 5


@value
class Point:
    """One number of a metric."""

    key: str
    step: int
    time_ms: int
    number: float


@value
class Fitted:
    """Texts as MLflow takes them."""

    texts: Mapping[str, str]
    cut: tuple[str, ...]
    """Names of those that were too long."""


def fitting_names(names: Iterable[str]) -> dict[str, str]:
    """Return {name: name that MLflow takes}; a name it takes stays, no two become one."""
    wanted = sorted(set(names))
    fitting = {name: _fitting(name) for name in wanted}
    taken = {name for name, fits in fitting.items() if name == fits}
    for name, fits in fitting.items():
        if name != fits:
            free = fits if fits not in taken else _marked(fits, name)
            taken.add(free)
            fitting[name] = free
    return fitting


def fitting_params(params: Mapping[str, Json], names: Mapping[str, str]) -> Fitted:
    """Return ``params`` as text by their fitting ``names``."""
    return _fitted({names[key]: param_text(item) for key, item in params.items()}, MAX_PARAM)


def fitting_tags(tags: Mapping[str, str]) -> Fitted:
    """Return ``tags`` by fitting names."""
    names = fitting_names(tags)
    return _fitted({names[key]: text for key, text in tags.items()}, MAX_TAG)


def points_of(rows: Iterable[Row], names: Mapping[str, str]) -> Iterator[Point]:
    """Yield the numbers of ``rows``; infinite ones are none: MLflow ranks them as the best."""
    for row in rows:
        for name, number in row.values.items():
            if not math.isinf(number):
                yield Point(key=names[name], step=row.step, time_ms=row.time_ms, number=number)
        if row.epoch is not None:
            yield Point(
                key=names["epoch"], step=row.step, time_ms=row.time_ms, number=float(row.epoch)
            )


def infinite_tags(subject: Subject) -> dict[str, str]:
    """Return a tag for each metric that was infinite: ``inf@3, -inf@7``; and how often."""
    found: dict[str, list[str]] = {}
    rows = [(row.values, row.step) for row in subject.rows]
    for values, step in (*rows, (subject.finals, subject.last_step)):
        for name, number in values.items():
            if math.isinf(number):
                found.setdefault(name, []).append(f"{number}@{step}")
    return {f"ledger.nonfinite.{name}": _shown(places) for name, places in found.items()}


def batches(texts: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield ``texts`` in as many parts as requests are needed."""
    batch: dict[str, str] = {}
    size = 0
    for key, text in texts.items():
        n_bytes = len(text) if text.isascii() else 6 * len(text)  # as JSON: \uXXXX
        if batch and (len(batch) == MAX_PER_BATCH or size + n_bytes > _MAX_BYTES):
            yield batch
            batch, size = {}, 0
        batch[key] = text
        size += n_bytes
    if batch:
        yield batch


def _fitting(name: str) -> str:
    plain = posixpath.normpath(_REFUSED.sub("_", name)).lstrip("/")
    # a name may be a path, but none that leaves its folder
    parts = ["_" if part in {"", ".", ".."} else part for part in plain.split("/")]
    fits = "/".join(parts)
    return fits if len(fits) <= MAX_KEY else _marked(fits, name)


def _marked(fits: str, name: str) -> str:
    """Return ``fits`` with an ending that only ``name`` has."""
    mark = "_" + hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return fits[: MAX_KEY - len(mark)] + mark


def _fitted(texts: Mapping[str, str], limit: int) -> Fitted:
    fitted: dict[str, str] = {}
    cut = []
    for key, text in texts.items():
        if len(text) > limit:
            told = f"… ({len(text)} characters)"
            text = text[: limit - len(told)] + told  # noqa: PLW2901  # as it is sent
            cut.append(key)
        fitted[key] = text
    return Fitted(texts=fitted, cut=tuple(cut))


def _shown(places: list[str]) -> str:
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return ", ".join(places[:_SHOWN]) + more
