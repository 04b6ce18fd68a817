"""Warnings about groups that are no repeats of one thing: what else differs in them."""

from __future__ import annotations

from ledger.reader.asking.groups import Grouping
from ledger.reader.text import json_text, printable


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ledger.reader.asking.asked import Asked
    from ledger.reader.asking.keys import Key
    from ledger.reader.asking.spread import Members
    from ledger.reader.question.values import Spread

_MAX_GROUPS = 5
_MAX_KEYS = 8
_DIFFERING = """
    WITH members AS (SELECT unnest($runs) AS run_id, unnest($groups) AS place),
    sizes AS (SELECT place, count(*) AS n FROM members GROUP BY place)
    SELECT place, key FROM params JOIN members USING (run_id) JOIN sizes USING (place)
    GROUP BY place, key, n
    HAVING count(DISTINCT coalesce(whole::VARCHAR, number::VARCHAR, text)) > 1 OR count(*) < n
    ORDER BY place, key"""


def mixed_lines(asked: Asked, question: Spread, over: Key, groups: Sequence[Members]) -> list[str]:
    """Return a line for each of the first groups whose runs differ in more than ``over``.

    A seed stands for every seed of the run; a value of ``over`` that comes twice is told too.
    """
    differing = _differing(asked, groups)
    passed = {over.column, *question.by, *(name.removeprefix("param.") for name in question.by)}
    seeds = set(asked.ledger.settings.seed_keys)
    is_over_seeds = _is_seed(over.column, seeds)
    grouping = Grouping(asked.index, [over])
    lines = []
    for place, group in enumerate(groups):
        keys = [
            key
            for key in differing.get(place, ())
            if key not in passed and not (is_over_seeds and _is_seed(key, seeds))
        ]
        name = _name(question, group)
        if keys:
            more = f" and {len(keys) - _MAX_KEYS} more" if len(keys) > _MAX_KEYS else ""
            shown = ", ".join(map(printable, keys[:_MAX_KEYS]))
            lines.append(f"{name}: its runs also differ in {shown}{more}")
        lines += _twice(name, over, group, grouping)
    more_groups = len(lines) - _MAX_GROUPS
    return lines[:_MAX_GROUPS] + ([f"and {more_groups} more such lines"] if more_groups > 0 else [])


def _differing(asked: Asked, groups: Sequence[Members]) -> dict[int, list[str]]:
    """Return the params that are not the same, or not there, in all runs of a group, by place."""
    runs = [run_id for group in groups for run_id, _ in group.runs]
    places = [place for place, group in enumerate(groups) for _ in group.runs]
    found: dict[int, list[str]] = {}
    if runs:
        for place, key in asked.index.rows(_DIFFERING, {"runs": runs, "groups": places}):
            found.setdefault(int(str(place)), []).append(str(key))
    return found


def _is_seed(key: str, seeds: set[str]) -> bool:
    last = key.rpartition(".")[2].strip('"')
    return last in seeds or last.endswith("_seed")


def _name(question: Spread, members: Members) -> str:
    pairs = zip(question.by, members.group.values, strict=True)
    named = (
        f"{printable(key)} = {'N/A' if item is None else printable(str(json_text(item)))}"
        for key, item in pairs
    )
    return ", ".join(named) or "all runs"


def _twice(name: str, over: Key, members: Members, grouping: Grouping) -> Iterator[str]:
    """Yield a line where runs of one group share a value of ``over``."""
    seen: set[tuple[object, ...]] = set()
    for run_id, _ in members.runs:
        for group in grouping.groups((run_id, None)):
            if group.identity in seen and group.values[0] is not None:
                item = printable(str(json_text(group.values[0])))
                yield f"{name}: {printable(over.name)} {item} comes more than once"
                return
            seen.add(group.identity)
