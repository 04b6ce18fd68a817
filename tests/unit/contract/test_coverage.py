"""Whether runs cover what a range changes: pure, hence properties."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.contract.coverage import Stage, dvc_stages, uncovered, uncovered_stages
from ledger.contract.manifest import Entry, Manifest


IDS = st.sampled_from(["aa", "bb", "cc"])
PATHS = st.sampled_from(["a.py", "b.py", "c.py"])
TREES = st.dictionaries(PATHS, IDS)
CHANGED = st.dictionaries(PATHS, st.frozensets(st.none() | IDS, min_size=1))


def manifest(files: dict[str, str]) -> Manifest:
    entries = {path: Entry(mode="100644", oid=oid) for path, oid in files.items()}
    return Manifest(object_format="sha1", entries=entries)


@given(TREES)
def test_a_run_covers_what_it_used(files: dict[str, str]) -> None:
    changed = {path: {oid} for path, oid in files.items()}
    assert [] == uncovered(changed, [manifest(files)])


@given(CHANGED)
def test_without_a_run_nothing_is_covered(changed: dict[str, frozenset[str | None]]) -> None:
    assert sorted(changed) == uncovered(changed, [])


@given(CHANGED, st.lists(TREES))
def test_a_path_is_covered_when_one_run_has_one_of_its_ids(
    changed: dict[str, frozenset[str | None]], runs: list[dict[str, str]]
) -> None:
    expected = [p for p in sorted(changed) if all(run.get(p) not in changed[p] for run in runs)]
    assert expected == uncovered(changed, [manifest(run) for run in runs])


@given(CHANGED, st.lists(TREES), TREES)
def test_a_further_run_never_uncovers(
    changed: dict[str, frozenset[str | None]], runs: list[dict[str, str]], more: dict[str, str]
) -> None:
    before = uncovered(changed, [manifest(run) for run in runs])
    after = uncovered(changed, [manifest(run) for run in [*runs, more]])
    assert set(after) <= set(before)


@given(CHANGED, st.lists(TREES), TREES)
def test_paths_the_range_did_not_touch_are_never_compared(
    changed: dict[str, frozenset[str | None]], runs: list[dict[str, str]], upstream: dict[str, str]
) -> None:
    """Rebase, merge and squash change other paths of the manifests' trees only."""
    moved = [
        {p: oid for p, oid in run.items() if p in changed}
        | {p: oid for p, oid in upstream.items() if p not in changed}
        for run in runs
    ]
    before = uncovered(changed, [manifest(run) for run in runs])
    assert before == uncovered(changed, [manifest(run) for run in moved])


@given(TREES, PATHS)
def test_a_removed_path_must_be_absent(files: dict[str, str], path: str) -> None:
    expected = [path] if path in files else []
    assert expected == uncovered({path: {None}}, [manifest(files)])


# -- data


HASHES = st.sampled_from(["1", "2", "3", "4"])
FILES = st.dictionaries(st.sampled_from(["x", "y", "z"]), HASHES, max_size=3)
STAGES = st.dictionaries(
    st.sampled_from(["prepare", "train", "test"]),
    st.builds(lambda outs, deps: Stage(outs=outs, deps=deps), FILES, FILES),
)


@given(STAGES, st.lists(HASHES))
def test_what_did_not_change_needs_no_run(stages: dict[str, Stage], known: list[str]) -> None:
    assert [] == uncovered_stages(stages, [stages], known)


@given(STAGES, STAGES)
def test_without_hashes_every_stage_with_new_outs_is_told(
    before: dict[str, Stage], after: dict[str, Stage]
) -> None:
    def is_new(name: str, stage: Stage) -> bool:
        old = before[name].outs if name in before else {}
        return any(old.get(path) != text for path, text in stage.outs.items())

    expected = sorted(name for name, stage in after.items() if is_new(name, stage))
    assert expected == uncovered_stages(before, [after], [])


@given(STAGES, STAGES, st.lists(HASHES), HASHES)
def test_a_further_hash_never_uncovers(
    before: dict[str, Stage], after: dict[str, Stage], known: list[str], more: str
) -> None:
    fewer = set(uncovered_stages(before, [after], [*known, more]))
    assert fewer <= set(uncovered_stages(before, [after], known))


def lock(**stages: tuple[str, str]) -> dict[str, Stage]:
    """Return stages with one out and one dep each: name=(out, dep)."""
    return {name: Stage(outs={name: out}, deps={"dep": dep}) for name, (out, dep) in stages.items()}


def test_what_a_covered_stage_depends_on_is_covered() -> None:
    before = lock(prepare=("1", "0"), train=("2", "1"), other=("3", "0"))
    after = lock(prepare=("4", "0"), train=("5", "4"), other=("6", "0"))
    assert ["other"] == uncovered_stages(before, [after], ["md5:5"])
    assert ["other", "train"] == uncovered_stages(before, [after], ["md5:4"])


def test_an_old_out_of_a_stage_covers_nothing_new() -> None:
    before = {"s": Stage(outs={"x": "1", "y": "2"}, deps={})}
    after = {"s": Stage(outs={"x": "1", "y": "3"}, deps={})}
    assert ["s"] == uncovered_stages(before, [after], ["1"])
    assert [] == uncovered_stages(before, [after], ["3"])


def test_a_version_in_between_counts() -> None:
    before, between, after = lock(s=("1", "0")), lock(s=("2", "0")), lock(s=("3", "0"))
    assert ["s"] == uncovered_stages(before, [after], ["2"])
    assert [] == uncovered_stages(before, [after, between], ["2"])
    assert [] == uncovered_stages(before, [], [])


def test_the_documents_of_dvc_are_understood() -> None:
    outs: list[object] = [{"path": "a", "md5": "1.dir"}, {"path": "b", "etag": "2"}, "c"]
    assert {"": Stage(outs={"a": "1.dir"}, deps={})} == dvc_stages({"outs": outs})
    stage = {"cmd": "x", "outs": outs, "deps": [{"path": "d", "md5": "3"}]}
    expected = {"t": Stage(outs={"a": "1.dir"}, deps={"d": "3"})}
    assert expected == dvc_stages({"schema": "2.0", "stages": {"t": stage, "odd": "x"}})


@pytest.mark.parametrize("document", ["", [], {}, {"stages": "x"}, {"outs": "x"}, {"x": {}}])
def test_any_document_is_read(document: object) -> None:
    assert all(not stage.outs for stage in dvc_stages(document).values())
