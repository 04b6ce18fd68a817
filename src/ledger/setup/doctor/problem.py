"""One thing that would make recording fail silently, and what mends it."""

from __future__ import annotations

from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ledger.contract.json_text import Json

_SHOWN = 3
AREAS = ("tools", "settings", "git", "ledger", "hooks", "runs", "snapshots")


@value
class Problem:
    """What a doctor's check found."""

    area: str
    """One of AREAS."""
    title: str
    """What is wrong, one line."""
    where: str
    """File, folder, run or setting."""
    why: str
    """What it leads to."""
    fix: str
    """The command that mends it, or what to do where no command can."""
    mend: Callable[[], object] | None = None
    """Mends it, where that takes nothing away from anybody; None where a person must decide."""

    def to_json(self) -> dict[str, Json]:
        """Return the problem as answers hold it."""
        return {
            "area": self.area,
            "title": self.title,
            "where": self.where,
            "why": self.why,
            "fix": self.fix,
            "can_mend": self.mend is not None,
        }

    def to_lines(self) -> list[str]:
        """Return the lines for a person."""
        return [
            f"{self.area}: {self.title}",
            f"    where: {self.where}",
            f"    why: {self.why}",
            f"    fix: {self.fix}",
        ]


def some(names: Sequence[str]) -> str:
    """Return the first of ``names``, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def count(n_runs: int) -> str:
    """Return how many runs there are, as a title begins."""
    return "a run" if n_runs == 1 else f"{n_runs} runs"
