"""What renders a board's document needs of it: lists, texts, which way a metric is better."""

from __future__ import annotations

from collections import Counter

from ledger.contract.json_text import as_object, as_text


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json


def items(found: object) -> list[Json]:
    """Return ``found`` as a list, an empty one where it is neither list nor tuple."""
    return list(found) if isinstance(found, list | tuple) else []


def texts(found: object) -> list[str]:
    """Return the entries of a list as text."""
    return [str(each) for each in items(found)]


def names_of(document: Mapping[str, Json]) -> dict[str, str]:
    """Return what candidates are called, by id; a name of several has the end of the id."""
    labels = {
        str(each["id"]): str(each.get("label") or each["id"])
        for each in map(as_object, items(document.get("candidates")))
    }
    several = {label for label, n in Counter(labels.values()).items() if n > 1}
    return {
        key: f"{label} · {key[-4:]}" if label in several and label != key else label
        for key, label in labels.items()
    }


def goal_of(document: Mapping[str, Json], metric: str) -> str | None:
    """Return min or max, None where nothing says which way ``metric`` is better."""
    return as_text(as_object(document.get("goals")).get(metric))
