"""Hits in words: what of a run fits what was asked."""

from __future__ import annotations

from ledger.reader.text import number_text, printable


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.reader.whence.hits import Hit

OTHER_CONTENT = ", but the content is not what that run wrote"
_LONGEST = 60
_SHORT_HASH = 16
_MOST = 10
_WHOLE = 1e15


def reasons(hits: Sequence[Hit], *, is_retracted: bool) -> tuple[str, ...]:
    """Return a text for the best hit of every cue, and for notes that say the number too."""
    found: list[str] = ["retracted"] if is_retracted else []
    told: set[int] = set()
    is_content = any(hit.kind == "hash" for hit in hits)
    for hit in hits:
        if hit.cue not in told:
            told.add(hit.cue)
            is_rewritten = hit.kind == "rewritten" and not is_content
            found.append(_text(hit) + OTHER_CONTENT * is_rewritten)
        elif hit.kind == "note":
            found.append(_text(hit))
    return tuple(dict.fromkeys(found))[:_MOST]


def _text(hit: Hit) -> str:
    return " ".join(_words(hit))


def _words(hit: Hit) -> Iterator[str]:
    name = printable(hit.name or "")
    if hit.kind in {"metric", "row"}:
        yield f"{name} = {exact(hit.number)}"
        yield f"({', '.join(_about(hit))})"
    elif hit.kind == "param":
        yield f"{name} = {exact(hit.number)}"
    elif hit.kind == "group":
        yield f"{name} {hit.reading}: {hit.text}"
    elif hit.kind == "note":
        yield f"note.{name.lower()} says {exact(hit.number)}"
    elif hit.kind in {"path", "rewritten"}:
        yield f"{hit.reading} {name} at {printable(hit.text or '')}"
    elif hit.kind == "hash":
        content = printable((hit.text or "")[: len("sha256:") + _SHORT_HASH])
        yield hit.reading or ""
        if name != hit.reading:
            yield name
        yield content
    elif hit.kind == "id":
        yield "run id"
    else:
        yield f"{name}: {_short(hit.text)}"


def _about(hit: Hit) -> Iterator[str]:
    readings = {"final": "stated", "row": "on the way"}
    yield readings.get(hit.reading or "", hit.reading or "")
    if hit.at is not None:
        yield f"epoch {hit.at}" if hit.at >= 0 else f"step {-1 - hit.at}"
    if hit.trial_id is not None:
        yield f"trial {printable(hit.trial_id)}"
    if hit.text == "truncated":
        yield "cut off, not rounded"


def exact(number: float | None) -> str:
    """Return ``number`` with every digit that tells it apart."""
    if number is None:
        return ""
    return number_text(int(number)) if abs(number) < _WHOLE and number % 1 == 0 else repr(number)


def _short(text: str | None) -> str:
    shown = printable(text or "")
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
