"""Which repeats would settle an open lead."""

from __future__ import annotations

from ledger.review.result import Repeat


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ledger.review.assess import Group

TOP = 3
SEEDS = 5
"""Repeats of each that are proposed first: four a side is the least that any exact test needs."""


def repeats_for(groups: Sequence[Group], *, is_open: bool) -> tuple[Repeat, ...]:
    """Return what to train again: the first three of ``groups``, to five seeds, then twice as many.

    ``is_open``: whether the lead is not settled; without a rival there is nothing to settle.
    """
    if not is_open or len(groups) < 2:  # noqa: PLR2004  # a choice is one of two
        return ()
    first = groups[:TOP]
    target = _target(first)
    return tuple(_repeat(group, target) for group in first if len(group.scores) < target)


def command_for(repeats: Sequence[Repeat]) -> tuple[str, ...]:
    """Return the one command that trains ``repeats``; () for none."""
    if not repeats:
        return ()
    return (f"ledger repeat --top {TOP} --seeds {max(len(each.seeds) for each in repeats)}",)


def _target(groups: Sequence[Group]) -> int:
    done = min(len(group.scores) for group in groups)
    return SEEDS if done < SEEDS else 2 * done


def _repeat(group: Group, target: int) -> Repeat:
    used = {each.candidate.seed for each in group.members if isinstance(each.candidate.seed, int)}
    n = target - len(group.scores) if len(group.scores) > 1 else target
    fresh = [seed for seed in range(len(used) + target + 1) if seed not in used][:n]
    leader = group.members[0].candidate
    return Repeat(
        name=leader.name,
        label=leader.label,
        seeds=tuple(fresh),
        command=leader.command if leader.trial_id is None else None,
    )
