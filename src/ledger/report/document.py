"""What renders a board's document needs of it: lists, texts, which way a metric is better."""

from __future__ import annotations

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


def goal_of(document: Mapping[str, Json], metric: str) -> str | None:
    """Return min or max, None where nothing says which way ``metric`` is better."""
    return as_text(as_object(document.get("goals")).get(metric))
