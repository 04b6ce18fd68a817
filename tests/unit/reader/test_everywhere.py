"""Many branches at once: a run counts once, whatever git did with the commits that hold it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from ledger.contract.note import render_note
from ledger.contract.record import encode_record, parse_record
from ledger.errors import LedgerError, NoLedgerError
from ledger.reader.index import open_index
from ledger.reader.listing import Filters, list_runs
from ledger.reader.notes import note_texts
from ledger.reader.reference import find_run
from make_repo import git, make_repo, write_files
from unit.reader.builders import add_packages, add_run, epochs, make_project
from unit.reader.places import (
    branch,
    commit,
    commit_runs,
    folder_of,
    make_place,
    names,
    opened,
    switch,
)


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.reader.ledger import Ledger


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Return main with the runs base and main; exp with base and exp."""
    made = make_place(tmp_path, "base")
    branch(made, "exp")
    commit_runs(made, "exp")
    switch(made, "main")
    commit_runs(made, "main")
    return made


def place_of(ledger: Ledger, name: str) -> str:
    return ledger.source.place(find_run(ledger, name).path)


def break_record(repo: Path, name: str) -> None:
    (folder_of(repo, name) / "run.json").write_text("{")


def reopen(repo: Path, name: str) -> None:
    """Take the seal from the record of a run, as if it had never been closed."""
    path = folder_of(repo, name) / "run.json"
    document = {k: v for k, v in parse_record(path.read_bytes()).document.items() if k != "files"}
    path.write_bytes(encode_record(document))


def test_all_refs_are_the_files_here_and_every_branch(repo: Path) -> None:
    add_run(repo, "uncommitted", epochs(val_acc=[0.9]))

    ledger = opened(repo, all_refs=True)

    assert ["base", "exp", "main", "uncommitted"] == names(ledger)
    assert ["", "exp", "", ""] == [place_of(ledger, name) for name in names(ledger)]
    assert [] == list(ledger.broken)


def test_some_branches_are_only_those(repo: Path) -> None:
    branch(repo, "third", "exp")
    commit_runs(repo, "third")
    switch(repo, "main")
    add_run(repo, "uncommitted", epochs(val_acc=[0.9]))

    assert ["base", "exp", "main"] == names(opened(repo, refs=["exp", "main"]))
    assert ["base", "exp", "third"] == names(opened(repo, refs=["third", "exp"]))


def test_remote_branches_and_tags_count_and_our_snapshots_do_not(
    repo: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", str(repo), "copy")
    copy = tmp_path / "copy"
    shutil.copy(repo / ".git" / "config", copy / ".git" / "config")
    branch(copy, "tmp")
    commit_runs(copy, "tagged")
    git(copy, "tag", "v1")
    commit_runs(copy, "snapshot")
    git(copy, "update-ref", "refs/ledger/a_run", "HEAD")
    commit_runs(copy, "stashed")
    git(copy, "update-ref", "refs/stash", "HEAD")
    switch(copy, "main")
    git(copy, "branch", "-qD", "tmp")

    ledger = opened(copy, all_refs=True)

    assert ["base", "exp", "main", "tagged"] == names(ledger)
    assert ["origin/exp", "v1"] == [place_of(ledger, name) for name in ("exp", "tagged")]


def test_what_is_checked_out_counts_although_no_branch_holds_it(repo: Path) -> None:
    git(repo, "checkout", "-q", "--detach")
    commit_runs(repo, "detached")
    shutil.rmtree(folder_of(repo, "detached"))

    ledger = opened(repo, all_refs=True)

    assert ["base", "detached", "exp", "main"] == names(ledger)
    assert "HEAD" == place_of(ledger, "detached")


def squashed(repo: Path) -> None:
    git(repo, "merge", "-q", "--squash", "exp")
    commit(repo, "squashed")


def rebased(repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "rebased", "exp")
    git(repo, "rebase", "-q", "main")


def picked(repo: Path) -> None:
    git(repo, "cherry-pick", "exp")


def merged_twice(repo: Path) -> None:
    git(repo, "merge", "-q", "--no-edit", "exp")
    branch(repo, "other", "main~1")
    git(repo, "merge", "-q", "--no-edit", "-m", "again", "exp")


@pytest.mark.parametrize("how", [squashed, rebased, picked, merged_twice])
@pytest.mark.parametrize("has_files", [True, False])
def test_a_run_counts_once(repo: Path, tmp_path: Path, how: object, *, has_files: bool) -> None:
    how(repo)  # type: ignore[operator]  # one of the four above
    if not has_files:
        git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")

    ledger = opened(repo if has_files else tmp_path / "bare.git", all_refs=True)

    assert ["base", "exp", "main"] == names(ledger)


def test_a_run_that_moved_to_another_month_counts_once(repo: Path) -> None:
    switch(repo, "exp")
    (repo / "ledger" / "2026-03").mkdir()
    one = folder_of(repo, "base")
    one.rename(repo / "ledger" / "2026-03" / one.name)
    commit(repo)
    switch(repo, "main")

    assert ["base", "exp", "main"] == names(opened(repo, all_refs=True))
    assert ["base", "exp", "main"] == names(opened(repo, refs=["exp", "main"]))


def test_a_run_that_a_branch_removed_is_found_on_the_others(repo: Path) -> None:
    git(repo, "rm", "-rq", str(folder_of(repo, "base")))
    git(repo, "commit", "-qm", "gone")

    ledger = opened(repo, all_refs=True)

    assert ["base", "exp", "main"] == names(ledger)
    assert ["base", "main"] != names(opened(repo))
    assert "exp" == place_of(ledger, "base")


def edit_note(repo: Path, text: str) -> None:
    run_dir = folder_of(repo, "base")
    (run_dir / "run.md").write_bytes(render_note(run_dir.name, {"Next": [text]}))


def notes(repo: Path, *texts: str) -> None:
    """Give the note of base another text on each of the branches a, b, c."""
    for name, text in zip("abc", texts, strict=False):
        branch(repo, name)
        edit_note(repo, text)
        commit(repo, text)
    switch(repo, "main")


def next_of(ledger: Ledger) -> str | None:
    return note_texts(ledger, find_run(ledger, "base")).get("Next")


def test_of_an_edited_note_the_working_tree_goes_first(repo: Path) -> None:
    notes(repo, "from a", "from b")
    edit_note(repo, "from the disk")

    assert "from the disk" == next_of(opened(repo, all_refs=True))


def test_of_an_edited_note_the_current_branch_goes_before_others(repo: Path) -> None:
    notes(repo, "from a", "from b", "from c")
    git(repo, "checkout", "-q", "b")

    assert "from b" == next_of(opened(repo, refs=["c", "b", "a"]))
    assert "from a" == next_of(opened(repo, refs=["c", "a"]))


def test_a_sealed_copy_goes_before_one_that_is_not(repo: Path) -> None:
    branch(repo, "a-open")
    reopen(repo, "base")
    commit(repo)
    switch(repo, "main")
    git(repo, "rm", "-rq", str(folder_of(repo, "base")))
    git(repo, "commit", "-qm", "gone")

    ledger = opened(repo, refs=["a-open", "exp"])

    assert "exp" == place_of(ledger, "base")
    assert find_run(ledger, "base").is_sealed


def test_the_working_tree_goes_before_a_sealed_copy(repo: Path) -> None:
    reopen(repo, "base")

    assert not find_run(opened(repo, all_refs=True), "base").is_sealed


def test_a_readable_copy_goes_before_a_broken_one(repo: Path) -> None:
    branch(repo, "a-broken")
    break_record(repo, "base")
    commit(repo)
    switch(repo, "main")

    ledger = opened(repo, refs=["a-broken", "exp"])

    assert ["base", "exp", "main"] == names(ledger)
    assert "exp" == place_of(ledger, "base")


def test_a_copy_outside_a_month_or_without_a_record_loses(repo: Path) -> None:
    branch(repo, "a-outside")
    one = folder_of(repo, "base")
    one.rename(repo / "ledger" / one.name)
    commit(repo)
    branch(repo, "b-empty")
    (folder_of(repo, "base") / "run.json").unlink()
    commit(repo)
    switch(repo, "exp")

    ledger = opened(repo, refs=["a-outside", "b-empty", "main"])

    assert ["base", "main"] == names(ledger)
    assert "main" == place_of(ledger, "base")


def test_a_broken_file_here_is_told_and_a_branch_answers_for_it(repo: Path) -> None:
    break_record(repo, "base")

    ledger = opened(repo, all_refs=True)

    assert ["base", "exp", "main"] == names(ledger)
    assert "main" == place_of(ledger, "base")
    assert [folder_of(repo, "base").relative_to(repo).as_posix() + "/run.json"] == [
        each.path for each in ledger.broken
    ]
    assert ledger.tables(find_run(ledger, "base"))
    assert "finished" == ledger.status(find_run(ledger, "base"))


def test_a_run_that_is_broken_everywhere_is_named_once(repo: Path) -> None:
    break_record(repo, "base")
    commit(repo)
    for name in ("a", "b"):
        branch(repo, name)
        (folder_of(repo, "base") / "run.json").write_text("{" + name)
        commit(repo)
    git(repo, "branch", "-qf", "exp", "main")
    switch(repo, "main")

    for options in ({"all_refs": True}, {"refs": ["a", "b", "main"]}):
        ledger = opened(repo, **options)
        assert ["main"] == names(ledger)
        assert 1 == len(ledger.broken)


def test_shared_files_come_from_whichever_branch_holds_them(repo: Path) -> None:
    switch(repo, "exp")
    section = add_packages(repo, "numpy==2.3.1")
    commit(repo)
    switch(repo, "main")
    name = str(section["pip_freeze_hash"]).removeprefix("sha256:") + ".txt"

    for options in ({"all_refs": True}, {"refs": ["main", "exp"]}):
        assert b"numpy==2.3.1\n" == opened(repo, **options).shared("environments", name)
    assert opened(repo, refs=["main"]).shared("environments", name) is None


def test_a_branch_whose_ledger_has_another_name_counts(repo: Path) -> None:
    switch(repo, "exp")
    git(repo, "mv", "ledger", "runs")
    write_files(repo, {"ledger.toml": 'dir = "runs"\n'})
    commit(repo)
    commit_runs_of(repo, "runs", "later")
    switch(repo, "main")

    ledger = opened(repo, all_refs=True)

    assert ["base", "exp", "later", "main"] == names(ledger)
    assert ledger.tables(find_run(ledger, "later"))


def commit_runs_of(repo: Path, ledger_dir: str, name: str) -> None:
    add_run(repo, name, epochs(val_acc=[0.5]))
    shutil.copytree(repo / "ledger", repo / ledger_dir, dirs_exist_ok=True)
    shutil.rmtree(repo / "ledger")
    commit(repo)


def test_branches_without_a_ledger_or_with_broken_settings_hold_nothing(repo: Path) -> None:
    git(repo, "checkout", "-q", "--orphan", "pages")
    git(repo, "rm", "-rqf", ".")
    write_files(repo, {"index.html": "x", "ledger.toml": "["})
    commit(repo)
    switch(repo, "main")

    assert ["base", "exp", "main"] == names(opened(repo, all_refs=True))
    with pytest.raises(LedgerError, match=r"pages:ledger\.toml"):
        opened(repo, refs=["main", "pages"])


def test_from_a_branch_without_a_project_the_others_answer(repo: Path) -> None:
    git(repo, "checkout", "-q", "--orphan", "pages")
    git(repo, "rm", "-rqf", ".")
    commit(repo)

    assert ["base", "exp", "main"] == names(opened(repo, all_refs=True))


def test_where_no_branch_has_a_project_it_is_told(tmp_path: Path) -> None:
    with pytest.raises(NoLedgerError, match="no branch has a ledger"):
        opened(make_repo(tmp_path, {"a": "a"}), all_refs=True)


def test_before_the_first_commit_the_files_answer(tmp_path: Path) -> None:
    repo = make_repo(tmp_path)
    make_project(repo)
    add_run(repo, "first", epochs(val_acc=[0.5]))

    assert ["first"] == names(opened(repo, all_refs=True))


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """Return main with 50 runs, and 6 branches with 50 further runs each."""
    made = make_place(tmp_path, *(f"m{n}" for n in range(50)))
    for number in range(6):
        branch(made, f"exp/b{number}")
        commit_runs(made, *(f"b{number}r{n}" for n in range(50)))
    switch(made, "main")
    return made


def test_many_branches_cost_as_many_processes_as_two(wide: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    os.environ["GIT_TRACE2_EVENT"] = str(trace)
    try:
        ledger = opened(wide, all_refs=True)
        answer = list_runs(ledger, Filters())
    finally:
        del os.environ["GIT_TRACE2_EVENT"]

    assert 350 == len(answer.rows)
    # where the repository is, its refs, their trees, one tree whole, what differs, the contents
    assert 6 == trace.read_text().count('"event":"start"')


def test_an_index_of_everything_has_every_run_once_and_is_kept(wide: Path, tmp_path: Path) -> None:
    count = "SELECT count(*), count(DISTINCT run_id) FROM runs"
    first = open_index(opened(wide, all_refs=True), "notes", "curves")
    assert [(350, 350)] == first.rows(count)
    assert [(700,)] == first.rows("SELECT count(*) FROM metrics")
    first.close()
    trace = tmp_path / "trace"
    os.environ["GIT_TRACE2_EVENT"] = str(trace)
    try:
        second = open_index(opened(wide, all_refs=True), "notes", "curves")
    finally:
        del os.environ["GIT_TRACE2_EVENT"]

    assert [(350, 350)] == second.rows(count)
    assert 5 == trace.read_text().count('"event":"start"')  # no content is read again


def test_an_index_of_the_files_is_not_told_of_other_branches(repo: Path) -> None:
    """A branch that answers for a broken file does so only where branches are asked."""
    break_record(repo, "base")
    ids = "SELECT name FROM runs ORDER BY name"

    everything = open_index(opened(repo, all_refs=True))
    here = open_index(opened(repo))

    assert [("base",), ("exp",), ("main",)] == everything.rows(ids)
    assert [("main",)] == here.rows(ids)
    assert 1 == len(everything.broken) == len(here.broken)


def test_one_run_is_loaded_alone(repo: Path) -> None:
    break_record(repo, "base")
    ids = {run.record.name: run.run_id for run in opened(repo, all_refs=True).runs}

    for name, place in (("base", "main"), ("exp", "exp"), ("main", "")):
        ledger = opened(repo, all_refs=True)
        run = ledger.load(ids[name])
        assert name == run.record.name
        assert place == ledger.source.place(run.path)
        assert ledger.tables(run)


def test_ids_are_those_of_the_copy_that_answers(repo: Path) -> None:
    source = opened(repo, all_refs=True).source

    found = {folder.name: source.oids(folder.path) for folder in source.folders()}

    exp = next(run_id for run_id in found if "_exp-" in run_id)
    assert [exp] == [run_id for run_id, oids in found.items() if oids is not None]
    expected = git(repo, "rev-parse", f"exp:ledger/2026-02/{exp}/run.json").strip()
    assert expected == (found[exp] or {})["run.json"]


def test_many_files_are_read_at_once_from_both_homes(repo: Path) -> None:
    source = opened(repo, all_refs=True).source
    paths = [f"{folder.path}/run.json" for folder in source.folders()]

    found = dict(source.read_many(paths))

    assert {path: source.read(path) for path in paths} == found


def test_many_broken_files_here_are_told_at_every_question(wide: Path) -> None:
    """Many are read by a build, and then once more for the question itself."""
    for name in (f"m{n}" for n in range(50)):
        break_record(wide, name)
    one = folder_of(wide, "m0")
    one.rename(wide / "ledger" / one.name)

    for _ in range(2):
        index = open_index(opened(wide, all_refs=True), "notes", "curves")
        assert [(350, 700)] == index.rows(
            "SELECT count(DISTINCT run_id), count(*) FROM runs JOIN metrics USING (run_id)"
        )
        assert 50 == len(index.broken)
        index.close()
    assert [(0,)] == open_index(opened(wide)).rows("SELECT count(*) FROM runs")


def test_an_index_is_not_made_anew_for_a_smaller_question_in_between(wide: Path) -> None:
    """Nor do the files here, and everything, lose theirs."""
    branch(wide, "small")
    git(wide, "rm", "-rq", "ledger")
    commit(wide)
    commit_runs(wide, "alone")
    switch(wide, "main")
    places: list[dict[str, object]] = [
        {"at": "exp/b5"},
        {"refs": ["exp/b0", "exp/b1", "exp/b2"]},
        {"all_refs": True},
        {},
        {"at": "small"},
    ]
    for _ in range(2):
        counted = [
            open_index(opened(wide, **place)).rows("SELECT count(*) FROM runs") for place in places
        ]
        assert [[(100,)], [(200,)], [(351,)], [(50,)], [(1,)]] == counted
    folder = wide / ".git" / "ledger" / "index"
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.current")}

    for place in (*places, *reversed(places)):
        open_index(opened(wide, **place)).close()

    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*.current")}
