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
_VALUES = """
    SELECT p.run_id, p.key, coalesce(p.number::VARCHAR, p.text)
    FROM params p WHERE p.run_id IN (SELECT unnest($runs))"""


def mixed_lines(asked: Asked, question: Spread, over: Key, groups: Sequence[Members]) -> list[str]:
    """Return a line for each of the first groups whose runs differ in more than ``over``.

    A seed stands for every seed of the run; a value of ``over`` that comes twice is told too.
    """
    runs = [run_id for group in groups for run_id, _ in group.runs]
    of_runs: dict[str, dict[str, str]] = {run_id: {} for run_id in runs}
    for run_id, key, text in asked.index.rows(_VALUES, {"runs": runs}):
        of_runs[str(run_id)][str(key)] = str(text)
    passed = {over.column, *question.by, *(name.removeprefix("param.") for name in question.by)}
    seeds = set(asked.ledger.settings.seed_keys)
    is_seed = over.column in seeds or over.column.endswith("_seed")
    grouping = Grouping(asked.index, [over])
    lines = []
    for group in groups:
        configs = [of_runs[run_id] for run_id, _ in group.runs]
        differ = [
            key
            for key in sorted({key for config in configs for key in config})
            if key not in passed
            and not (is_seed and _is_seed(key, seeds))
            and len({config.get(key) for config in configs}) > 1
        ]
        name = _name(question, group)
        if differ:
            more = f" and {len(differ) - _MAX_KEYS} more" if len(differ) > _MAX_KEYS else ""
            shown = ", ".join(map(printable, differ[:_MAX_KEYS]))
            lines.append(f"{name}: its runs also differ in {shown}{more}")
        lines += _twice(name, over, group, grouping)
    more_groups = len(lines) - _MAX_GROUPS
    return lines[:_MAX_GROUPS] + ([f"and {more_groups} more such lines"] if more_groups > 0 else [])


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
