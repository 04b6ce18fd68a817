"""What is looked at while no run has been started yet: it waits for the first one."""

from __future__ import annotations

from ledger.report.boards.board import About, Change


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ledger.contract.json_text import Json

KIND = "none"


class WaitingBoard:
    """Has nothing to show; once there is a run, whoever looks must ask for everything again.

    Args:
        key: what it is called.
        has_begun: returns whether there is a run by now.
    """

    def __init__(self, key: str, has_begun: Callable[[], bool]) -> None:
        self.key = key
        self._has_begun = has_begun

    def look(self) -> Change:
        """Look whether a run has been started; said again and again, for whoever comes late."""
        return Change(is_anew=self._has_begun())

    def document(self) -> dict[str, Json]:
        """Return that there is nothing yet."""
        about = About(
            kind=KIND,
            key=self.key,
            title="ledger",
            where="any project",
            status=None,
            objective=None,
            metrics=(),
            goals={},
            params=(),
            axes=(),
            is_waiting=True,
        )
        return about.to_json() | {"candidates": []}

    def candidate(self, candidate: str) -> dict[str, Json]:
        """Return nothing: it has none."""
        raise KeyError(candidate)

    def curves(
        self, metric: str, axis: str, only: Collection[str] | None = None
    ) -> dict[str, Json]:
        """Return no curve."""
        del metric, axis, only
        return {}
