"""What changed since a run's parent, and what came of it."""

from __future__ import annotations

from statistics import stdev

from ledger.errors import UnknownNameError
from ledger.reader.answers import Answer
from ledger.reader.asking.shown import still_there
from ledger.reader.compare import compare
from ledger.reader.facts import data_hashes, params
from ledger.reader.index import open_index
from ledger.reader.text import Grid, json_text
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.reader.compare import Comparison
    from ledger.reader.difference import Difference
    from ledger.reader.ledger import Ledger, StoredRun

_CAUSES = ("config", "code", "data", "packages", "environment", "run")
_ALWAYS_DIFFERENT = frozenset({"commit", "branch", "dirty", "status"})
_CANDIDATES = 50
_SHOWN = 6
"""Lines of one section that people are shown."""


@value
class Why:
    """A run against the one it follows."""

    run: str
    parent: str
    how: str
    """Why that run counts as the parent."""
    changed: Mapping[str, tuple[str, ...]]
    """What differs that may matter, by section, a line each; sections without one are left out."""
    unknown: tuple[str, ...]
    """Of packages, code and data: what may have changed, but was not recorded or is lost."""
    effects: tuple[Difference, ...]
    """The objective first, then the other metrics; their best values, else the last."""
    objective: str | None
    spread: float | None
    """Standard deviation (n - 1) of the objective's best over repeats: runs of the parent's config
    (less seeds), code and data; None with fewer than two."""
    n_repeats: int
    verdict: str
    notes: Mapping[str, str]
    """What the run's note says of it: Hypothesis, Change and Result."""

    def to_json(self) -> dict[str, Json]:
        """Return the row as ``--format json`` holds it."""
        return {
            "run_id": self.run,
            "parent": self.parent,
            "how": self.how,
            "changed": {name: list(lines) for name, lines in self.changed.items()},
            "unknown": list(self.unknown),
            "effects": [each.to_json() for each in self.effects],
            "objective": self.objective,
            "spread": self.spread,
            "n_repeats": self.n_repeats,
            "verdict": self.verdict,
            "notes": dict(self.notes),
        }

    def sheets(self) -> list[Grid]:
        """Return the tables for people."""
        about = (("parent", f"{self.parent} ({self.how})"), ("verdict", self.verdict))
        sheets = [Grid(header=("why", self.run), rows=about)]
        rows = [
            (name, line)
            for name, lines in self.changed.items()
            for line in (*lines[:_SHOWN], *_more(lines))
        ]
        if rows:
            sheets.append(Grid(header=("changed", ""), rows=tuple(rows)))
        if self.effects:
            body = tuple(
                (e.key, e.reading or "", e.old, "->", e.new, e.change, _word(e))
                for e in self.effects
            )
            sheets.append(Grid(header=("effect", "", "old", "", "new", "change", ""), rows=body))  # type: ignore[arg-type]  # numbers
        if self.notes:
            sheets.append(Grid(header=("note", ""), rows=tuple(self.notes.items())))
        return sheets

    def flat(self) -> Grid:
        """Return one table for programs: section, key, text."""
        rows = [("why", "parent", self.parent), ("why", "verdict", self.verdict)]
        rows += [("changed", name, line) for name, lines in self.changed.items() for line in lines]
        rows += [("effect", f"{e.key}.{e.reading}", json_text(e.change)) for e in self.effects]  # type: ignore[misc]  # a number
        return Grid(header=("section", "key", "value"), rows=tuple(rows))


def _more(lines: Sequence[str]) -> tuple[str, ...]:
    return (f"and {len(lines) - _SHOWN} more",) if len(lines) > _SHOWN else ()


def why(ledger: Ledger, run: StoredRun, reference: str) -> tuple[Why, Answer[Why]]:
    """Return what changed since the parent of ``run``, and the answer that says it.

    Without a recorded parent it is the nearest earlier run of the same name, else the one on the
    same data that shares most params.

    Raises:
        UnknownNameError: there is no earlier run to compare with.
    """
    parent, how = _parent(ledger, run)
    comparison = compare(ledger, parent, run)
    changed = dict(_changed(comparison))
    objective = run.record.objective[0] if run.record.objective else None
    unseen = _unknown(comparison, (parent, run))
    unknown = tuple(name for name in _CAUSES if name in unseen and name not in changed)
    effects = tuple(_effects(comparison, objective))
    spread, n_repeats = _spread(ledger, parent, objective)
    found = Why(
        run=run.run_id,
        parent=parent.run_id,
        how=how,
        changed=changed,
        unknown=unknown,
        effects=effects,
        objective=objective,
        spread=spread,
        n_repeats=n_repeats,
        verdict=_verdict(_cause(changed, unknown), effects, objective, spread, n_repeats),
        notes=_notes(comparison),
    )
    return found, Answer(
        verb="why", question=reference, rows=(found,), warnings=comparison.warnings
    )


def _parent(ledger: Ledger, run: StoredRun) -> tuple[StoredRun, str]:
    parent = run.record.parent
    if parent is not None and ledger.source.locate(parent) is not None:
        found = ledger.load(parent)
        return found, "its recorded parent" + (", retracted since" if found.is_retracted else "")
    missing = "no parent is recorded" if parent is None else f"its parent {parent} is not here"
    earlier = [
        str(run_id)
        for (run_id,) in open_index(ledger).rows(
            "SELECT run_id FROM runs WHERE started < $started AND NOT is_retracted "
            "ORDER BY name = $name DESC, data_hash IS NOT DISTINCT FROM $data DESC, "
            "started DESC, run_id DESC LIMIT $most",
            {
                "started": run.started.replace(tzinfo=None),
                "name": run.record.name,
                "data": next((content for _, content in data_hashes(run.record) if content), None),
                "most": _CANDIDATES,
            },
        )
    ]
    if not earlier:
        message = f"no run is earlier than {run.run_id}"
        raise UnknownNameError(message, hint="record a second run; `parent=` names its parent")
    candidates = list(still_there(ledger, earlier)[0].values())
    if not candidates:
        message = f"the runs before {run.run_id} went while they were read"
        raise UnknownNameError(message, hint="ask again")
    same = [each for each in candidates if each.record.name == run.record.name]
    if same:
        return same[0], f"{missing}; the last run of the same name"
    own = params(run.record)

    def shared(other: StoredRun) -> int:
        theirs = params(other.record)
        return sum(key in theirs and theirs[key] == item for key, item in own.items())

    alike = [e for e in candidates if data_hashes(e.record) == data_hashes(run.record)]
    best = max(alike or candidates, key=lambda each: (shared(each), each.started))
    where = "on the same data " if alike else ""
    return best, f"{missing}; the earlier run {where}that shares most params"


def _changed(comparison: Comparison) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name in _CAUSES:
        found = [e for e in comparison.section(name) if e.key not in _ALWAYS_DIFFERENT]
        if name == "run":  # a seed that the config holds is told there
            held = {each.key for each in comparison.section("config")}
            found = [each for each in found if each.key not in held]
        lines = [_line(name, each) for each in found] or list(_untold(name, comparison))
        if lines:
            yield ("seed" if name == "run" else name), tuple(lines)


def _untold(section: str, comparison: Comparison) -> Iterator[str]:
    """Yield what is known to differ of a section whose parts the ledger does not hold."""
    if section == "code" and comparison.is_same_code is not True:
        facts = {each.key: each for each in comparison.section("code")}
        if comparison.is_same_code is False:
            yield "changed; the ledger does not hold both manifests, which would say where"
        elif "commit" in facts:
            yield _line("", facts["commit"]) + "; no manifest says what that changed"
    is_unlike = comparison.is_same_environment is False
    if section == "packages" and is_unlike and not comparison.section("environment"):
        yield "changed; the ledger does not hold both lists, which would say which"


def _line(section: str, each: Difference) -> str:
    if section == "code":
        what = "changed" if each.in_old and each.in_new else "added" if each.in_new else "removed"
        return f"{each.key.removeprefix('path:')} {what}"
    old = json_text(each.old) if each.in_old else "nothing"
    new = json_text(each.new) if each.in_new else "nothing"
    return f"{each.key} {old} -> {new}"


def _effects(comparison: Comparison, objective: str | None) -> Iterator[Difference]:
    found: dict[str, Difference] = {}
    for each in comparison.section("metrics"):
        is_first = each.key not in found or each.reading == "best"
        if is_first and each.change is not None and each.key != "training_time_hours":
            found[each.key] = each
    yield from sorted(found.values(), key=lambda each: (each.key != objective, each.key))


def _spread(ledger: Ledger, parent: StoredRun, objective: str | None) -> tuple[float | None, int]:
    """Return the spread of the objective over repeats of the parent's config, and their number."""
    rows = open_index(ledger).rows(
        "WITH parent AS (SELECT variant, code, data_hash FROM runs WHERE run_id = $run) "
        "SELECT CASE r.goal WHEN 'min' THEN s.low ELSE s.high END FROM runs r JOIN summary s "
        "USING (run_id) JOIN parent ON r.variant = parent.variant "
        "AND r.code IS NOT DISTINCT FROM parent.code "
        "AND r.data_hash IS NOT DISTINCT FROM parent.data_hash "
        "WHERE s.metric = $metric AND NOT r.is_retracted",
        {"metric": objective or "", "run": parent.run_id},
    )
    values = [float(number) for (number,) in rows if isinstance(number, float | int)]
    return (stdev(values) if len(values) > 1 else None), len(values)


def _unknown(comparison: Comparison, runs: Sequence[StoredRun]) -> frozenset[str]:
    """Return what may have changed unseen; a run that names no data is believed."""
    hashes = (content for run in runs for _, content in data_hashes(run.record))
    return comparison.unknown | ({"data"} if not all(hashes) else set())


def _cause(changed: Mapping[str, tuple[str, ...]], unknown: Sequence[str]) -> str:
    n_changes = sum(map(len, changed.values()))
    if n_changes > 1:
        cause = f"{n_changes} things changed at once; their effects cannot be told apart"
    elif n_changes == 0:
        cause = "nothing that was recorded changed"
    else:
        ((name, (line,)),) = changed.items()
        cause = f"one thing {'is known to have ' if unknown else ''}changed: {name}, {line}"
    also = f"; whether {' or '.join(unknown)} changed cannot be told" if unknown else ""
    return cause + also


def _verdict(
    cause: str,
    effects: tuple[Difference, ...],
    objective: str | None,
    spread: float | None,
    n_repeats: int,
) -> str:
    effect = next((each for each in effects if each.key == objective), None)
    if effect is None or effect.change is None:
        return f"{cause}; no objective to measure it by"
    how = f"{effect.key} {effect.change:+.6g}" + (f", {_word(effect)}" if _word(effect) else "")
    if spread is None:
        return f"{cause}; {how}; without repeats nobody can say whether that is more than chance"
    sign = "more" if abs(effect.change) > 2 * spread else "not more"
    return f"{cause}; {how}: {sign} than twice the spread of {n_repeats} repeats ({spread:.3g})"


def _word(each: Difference) -> str:
    return {True: "better", False: "worse", None: ""}[each.is_better]


def _notes(comparison: Comparison) -> dict[str, str]:
    wanted = ("Hypothesis", "Change", "Result")
    texts = {each.key: each.new for each in comparison.section("note") if each.in_new}
    return {name: str(texts[name]) for name in wanted if name in texts}
