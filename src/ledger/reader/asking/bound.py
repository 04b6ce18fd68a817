"""What a statement compares with: bound, so that nothing a user wrote is ever SQL."""

from __future__ import annotations

import re


class Bound:
    """The parameters of one statement under construction."""

    def __init__(self) -> None:
        self._items: dict[str, object] = {}

    def mark(self, item: object) -> str:
        """Return the mark that stands for ``item`` in the statement."""
        name = f"b{len(self._items)}"
        self._items[name] = item
        return f"${name}"

    def of(self, statement: str) -> dict[str, object]:
        """Return the parameters that ``statement`` uses, by name."""
        return {name: self._items[name] for name in set(re.findall(r"\$(b\d+)", statement))}
