"""What differs between two runs: config, metrics, environment, data, code, notes."""

from __future__ import annotations

from ledger.contract.json_text import as_object, as_text, dump_canonical
from ledger.reader.answers import Answer
from ledger.reader.code_diff import code_differences
from ledger.reader.difference import Difference, difference
from ledger.reader.facts import data_sections, is_same_data, params, seed_of, tool_of
from ledger.reader.metric_diff import measure, metric_differences
from ledger.reader.notes import read_note
from ledger.reader.text import printable
from ledger.value import as_dict, value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ledger.contract.json_text import Json
    from ledger.reader.ledger import Ledger, StoredRun
    from ledger.reader.metric_diff import Measured

_IDENTITY = ("python", "platform", "cuda", "gpu", "pip_freeze_hash")
SECTIONS = ("run", "config", "metrics", "environment", "packages", "data", "code", "note")
"""The sections of a comparison, in the order they are shown."""
READINGS = (None, "last", "best", "final")
# What a record's environment says of the package list itself; the packages are compared one by one.
_PACKAGE_KEYS = frozenset({"pip_freeze_hash", "pip_freeze_path"})


@value
class Comparison:
    """Two runs side by side, ``old`` first; only what differs, and every metric."""

    old: str
    """Run id."""
    new: str
    differences: tuple[Difference, ...]
    """By section, then key."""
    is_same_data: bool | None
    """Whether both used equal multisets of (name, hash); None where a run records no hash."""
    is_same_code: bool | None
    """Whether their code manifests are equal; None where a run records none."""
    is_same_environment: bool | None
    """Whether Python, platform, GPU and packages are equal; None where a run records none."""
    warnings: tuple[str, ...]
    unknown: frozenset[str] = frozenset()
    """Of packages and code: what one side does not tell, so that saying nothing is not equal."""

    def section(self, name: str) -> tuple[Difference, ...]:
        """Return the differences of one of SECTIONS."""
        return tuple(each for each in self.differences if each.section == name)

    def without(self, *names: str) -> Comparison:
        """Return the same less some of SECTIONS, which one side cannot have."""
        kept = tuple(each for each in self.differences if each.section not in names)
        return Comparison(**{**as_dict(self), "differences": kept})  # type: ignore[arg-type]  # its own fields

    def to_json(self) -> dict[str, Json]:
        """Return the comparison as a plain nested dict: section, key, what was and what is.

        A metric has ``last`` and ``best`` below its name; missing values are None with ``in_old``
        or ``in_new`` false.
        """
        sections: dict[str, dict[str, Json]] = {name: {} for name in SECTIONS}
        for each in self.differences:
            entry = each.to_json()
            below = {k: v for k, v in entry.items() if k not in {"section", "key", "reading"}}
            if each.reading is None:
                sections[each.section][each.key] = below
            else:
                metric = sections[each.section].setdefault(each.key, {})
                as_object(metric)[each.reading] = below
        nested: dict[str, Json] = {name: dict(entries) for name, entries in sections.items()}
        return {
            "old": self.old,
            "new": self.new,
            "is_same_data": self.is_same_data,
            "is_same_code": self.is_same_code,
            "is_same_environment": self.is_same_environment,
            **nested,
        }


def compare(
    ledger: Ledger,
    old: StoredRun,
    new: StoredRun,
    *,
    is_complete: bool = False,
    measured: Measured | None = None,
) -> Comparison:
    """Return what differs between the runs ``old`` and ``new``.

    Args:
        ledger: whose runs.
        old: what is measured against.
        new: the other.
        is_complete: whether to return what is equal too; of the code only the paths that differ.
        measured: of all runs that are put side by side; None where these are the two.
    """
    measured = measured or measure(ledger, (old, new))
    found = list(_sections(ledger, old, new, is_complete=is_complete))
    code, is_told, code_warnings = code_differences(ledger, old, new, is_complete=is_complete)
    packages, package_warnings = _packages(ledger, old, new, is_complete=is_complete)
    found += [*code, *(packages or ()), *metric_differences(measured, old, new)]
    is_same_code = _is_same(old.record.git.get("code"), new.record.git.get("code"))
    found.sort(key=lambda e: (SECTIONS.index(e.section), e.key, READINGS.index(e.reading)))
    return Comparison(
        old=old.run_id,
        new=new.run_id,
        differences=tuple(found),
        is_same_data=is_same_data(old.record, new.record),
        is_same_code=is_same_code,
        is_same_environment=_is_same(_identity(old), _identity(new)),
        warnings=(
            *dict.fromkeys(_imported_lines(old, new)),
            *measured.warnings,
            *package_warnings,
            *code_warnings,
        ),
        unknown=frozenset(
            name
            for name, is_known in {
                "packages": packages is not None or _is_same(_frozen(old), _frozen(new)),
                "code": is_told or is_same_code,
            }.items()
            if not is_known
        ),
    )


def compare_answer(
    ledger: Ledger, old: StoredRun, new: StoredRun, *, question: str, is_complete: bool = False
) -> tuple[Comparison, Answer[Difference]]:
    """Return the comparison of two runs and the answer whose rows are its differences."""
    comparison = compare(ledger, old, new, is_complete=is_complete)
    return comparison, answer_of(comparison, question)


def answer_of(comparison: Comparison, question: str) -> Answer[Difference]:
    """Return the answer whose rows are what a comparison holds."""
    rows, warnings = comparison.differences, comparison.warnings
    return Answer(verb="compare", question=question, rows=rows, warnings=warnings)


def _imported_lines(*runs: StoredRun) -> Iterator[str]:
    for run in runs:
        tool = tool_of(run.record)
        if tool is not None:
            yield f"{run.run_id} was imported from {printable(tool)}"


def _sections(
    ledger: Ledger, old: StoredRun, new: StoredRun, *, is_complete: bool
) -> Iterator[Difference]:
    pairs = {
        "run": (_about(ledger, old), _about(ledger, new)),
        "config": (params(old.record), params(new.record)),
        "environment": (_environment(old), _environment(new)),
        "data": (_data(old), _data(new)),
    }
    for section, sides in pairs.items():
        yield from _changed(section, *sides, is_complete=is_complete)
    notes = _note(ledger, old), _note(ledger, new)
    results = [{key: text for key, text in note.items() if key == "Result"} for note in notes]
    rest = [{key: text for key, text in note.items() if key != "Result"} for note in notes]
    yield from _changed("note", *results, is_complete=True)
    yield from _changed("note", *rest, is_complete=is_complete)


def _changed(
    section: str, old: Mapping[str, Json], new: Mapping[str, Json], *, is_complete: bool = False
) -> Iterator[Difference]:
    """Yield the keys whose values differ, or all when ``is_complete``; one missing differs."""
    for key in sorted({*old, *new}):
        is_same = key in old and key in new and dump_canonical(old[key]) == dump_canonical(new[key])
        if is_complete or not is_same:
            yield difference(section, key, old, new)


def _about(ledger: Ledger, run: StoredRun) -> dict[str, Json]:
    return {"status": ledger.status(run), "seed": seed_of(run.record)}


def _environment(run: StoredRun) -> dict[str, Json]:
    environment = as_object(run.record.document["environment"])
    return {key: item for key, item in environment.items() if key not in _PACKAGE_KEYS}


def _data(run: StoredRun) -> dict[str, Json]:
    """Return {name: hash}; data sets of one name are numbered so that none hides another."""
    found: dict[str, Json] = {}
    entries = [
        (as_text(each.get("name")) or "data", each.get("hash"))
        for each in data_sections(run.record)
    ]
    for name, content in sorted(entries, key=lambda entry: (entry[0], str(entry[1]))):
        taken = sum(1 for key in found if key == name or key.startswith(f"{name} #"))
        found[name if not taken else f"{name} #{taken + 1}"] = content
    return found


def _is_same(old: Json, new: Json) -> bool | None:
    return old == new if old and new else None


def _identity(run: StoredRun) -> Json:
    """Return what makes two environments the same, None where the record has none."""
    section = as_object(run.record.document.get("environment"))
    return {key: section.get(key) for key in _IDENTITY} if section else None


def _note(ledger: Ledger, run: StoredRun) -> dict[str, Json]:
    """Return what people wrote, by section; what still waits for them is nothing."""
    note = read_note(ledger, run)
    if note is None:
        return {}
    return {name: each.text for name, each in note.sections.items() if each.is_filled}


def _frozen(run: StoredRun) -> str | None:
    """Return the hash of the run's package list, None where it has none."""
    return as_text(as_object(run.record.document["environment"]).get("pip_freeze_hash"))


def _packages(
    ledger: Ledger, old: StoredRun, new: StoredRun, *, is_complete: bool
) -> tuple[list[Difference] | None, list[str]]:
    """Return the packages that differ, None where a list is missing, and warnings."""
    lists, warnings = [], []
    for run in (old, new):
        name = _frozen(run)
        data = (
            ledger.shared("environments", f"{(name or '').removeprefix('sha256:')}.txt")
            if name
            else None
        )
        if name and data is None:
            warnings.append(f"{run.run_id}: its package list is not in the ledger")
        lists.append(None if data is None else _versions(data))
    if lists[0] is None or lists[1] is None:
        return None, warnings
    return list(_changed("packages", lists[0], lists[1], is_complete=is_complete)), warnings


def _versions(data: bytes) -> dict[str, Json]:
    """Return {package: version} of lines ``name==version``; ``name @ url`` keeps the url."""
    found: dict[str, Json] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        name, sign, version = line.strip().partition("==")
        if not sign:
            name, sign, version = line.strip().partition(" @ ")
        if name and not name.startswith("#"):
            found[name] = version
    return found
