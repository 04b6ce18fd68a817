"""One commit, asked without a checkout; branches and clones by name and by path."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ledger.errors import GitError, LedgerError, NoLedgerError
from ledger.reader.detail import show_run
from ledger.reader.listing import Filters, list_runs
from ledger.reader.notes import note_texts
from ledger.reader.reference import find_run
from make_repo import git, write_files
from unit.reader.builders import FILLED_NOTE, add_packages, add_run, epochs, make_project
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


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """Return main with two runs, exp/b03 with a third, both gone from the disk."""
    made = make_place(tmp_path, "one", "two")
    branch(made, "exp/b03")
    commit_runs(made, "three")
    switch(made, "main")
    return made


def test_without_options_it_is_the_working_tree(repo: Path) -> None:
    ledger = opened(repo)

    assert ["one", "two"] == names(ledger)
    assert "" == ledger.source.place(ledger.runs[0].path)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("exp/b03", ["one", "three", "two"]),
        ("main", ["one", "two"]),
        ("exp/b03~1", ["one", "two"]),
        ("refs/heads/exp/b03", ["one", "three", "two"]),
        ("v1", ["one", "two"]),
        ("annotated", ["one", "two"]),
        (":/runs three", ["one", "three", "two"]),
        ("--all", ["one", "two"]),
    ],
)
def test_any_name_of_a_commit_is_understood(repo: Path, at: str, expected: list[str]) -> None:
    git(repo, "tag", "v1")
    git(repo, "tag", "-a", "-m", "told", "annotated")
    git(repo, "update-ref", "refs/heads/--all", "HEAD")

    assert expected == names(opened(repo, at=at))


def test_a_commit_is_known_by_its_hash_and_by_the_beginning_of_it(repo: Path) -> None:
    commit_id = git(repo, "rev-parse", "exp/b03").strip()

    assert ["one", "three", "two"] == names(opened(repo, at=commit_id))
    assert ["one", "three", "two"] == names(opened(repo, at=commit_id[:12]))


def test_what_lies_uncommitted_on_the_disk_is_not_in_a_commit(repo: Path) -> None:
    add_run(repo, "uncommitted", epochs(val_acc=[0.9]))
    (folder_of(repo, "one") / "run.md").write_text("# changed")

    ledger = opened(repo, at="HEAD")

    assert ["one", "two"] == names(ledger)
    assert b"## Hypothesis" in (ledger.read(f"{find_run(ledger, 'one').path}/run.md") or b"")


def test_everything_of_a_run_is_read_from_the_commit(tmp_path: Path) -> None:
    repo = make_place(tmp_path)
    environment = {"python": "3.11.7"} | add_packages(repo, "numpy==2.3.1")
    add_run(
        repo,
        "whole",
        epochs(val_acc=[0.5, 0.9], loss=[2.0, 1.0]),
        environment=environment,
        note=FILLED_NOTE,
        files={"retraction.md": b"wrong labels\n"},
    )
    commit(repo)
    branch(repo, "other", git(repo, "commit-tree", "HEAD~1^{tree}", "-m", "x").strip())
    assert [] == names(opened(repo))

    ledger = opened(repo, refs=["main"])
    run = find_run(ledger, "whole")

    assert run.is_retracted
    assert run.is_sealed
    assert ["2.0", "1.0"] == [row[3] for row in ledger.tables(run)[0].rows]
    assert "val_acc 0.93 against 0.90." == note_texts(ledger, run)["Result"]
    packages = str(environment["pip_freeze_hash"]).removeprefix("sha256:")
    assert b"numpy==2.3.1\n" == ledger.shared("environments", f"{packages}.txt")
    assert 0.9 == next(
        each.best
        for each in show_run(ledger, run, "whole").rows[0].metrics
        if each.metric == "val_acc"
    )


def test_a_shared_file_that_a_commit_lacks_comes_from_the_store(repo: Path) -> None:
    write_files(repo, {".git/ledger/shared/environments/abc.txt": "numpy\n"})

    ledger = opened(repo, at="HEAD")

    assert b"numpy\n" == ledger.shared("environments", "abc.txt")
    assert ledger.shared("environments", "none.txt") is None
    assert ledger.read("ledger/2026-02/nothing/run.json") is None
    assert ledger.read("ledger.toml") is None


def test_a_running_record_in_a_commit_is_crashed_however_alive_its_process_is(
    repo: Path,
) -> None:
    from ledger.capture.process import this_process

    session = {"start": "2026-02-10T11:59:00+00:00"} | this_process().to_json()
    add_run(
        repo, "alive", epochs(val_acc=[0.1]), is_sealed=False, status="running", sessions=[session]
    )
    commit(repo)
    here, there = opened(repo), opened(repo, at="HEAD")

    assert "running" == here.status(find_run(here, "alive"))
    assert "crashed" == there.status(find_run(there, "alive"))


def test_the_settings_are_those_of_the_commit(repo: Path) -> None:
    git(repo, "mv", "ledger", "runs")
    write_files(repo, {"ledger.toml": 'dir = "runs"\n[metrics]\nval_acc = "min"\n'})
    commit(repo)

    old, new = opened(repo, at="HEAD~1"), opened(repo, at="HEAD")

    assert [("ledger", {}), ("runs", {"val_acc": "min"})] == [
        (each.settings.dir, dict(each.settings.metrics)) for each in (old, new)
    ]
    assert names(old) == names(new) == ["one", "two"]
    assert new.runs[0].path.startswith("runs/2026-02/")


def test_settings_on_the_disk_that_do_not_parse_do_not_matter_to_a_commit(repo: Path) -> None:
    (repo / "ledger.toml").write_text("[")

    assert ["one", "two"] == names(opened(repo, at="HEAD"))
    with pytest.raises(LedgerError, match="is not TOML"):
        opened(repo, all_refs=True)


def test_settings_of_a_commit_that_do_not_parse_are_told_with_the_commit(repo: Path) -> None:
    (repo / "ledger.toml").write_text("[")
    commit(repo)

    with pytest.raises(LedgerError, match=r"^HEAD:ledger\.toml: is not TOML"):
        opened(repo, at="HEAD")


def two_projects(tmp_path: Path) -> Path:
    repo = make_place(tmp_path)
    git(repo, "rm", "-q", "ledger.toml")
    for folder in ("models/digits", "models/ü words"):
        (repo / folder).mkdir(parents=True)
        make_project(repo / folder)
        add_run(repo / folder, folder[-5:].strip(), epochs(val_acc=[0.5]))
    commit(repo)
    return repo


def test_a_project_of_several_is_the_nearest_upwards(tmp_path: Path) -> None:
    repo = two_projects(tmp_path)
    (repo / "models" / "digits" / "deep" / "er").mkdir(parents=True)

    ledger = opened(repo / "models" / "digits" / "deep" / "er", at="HEAD")

    assert ["igits"] == names(ledger)
    assert repo / "models" / "digits" == ledger.project.root
    assert ["words"] == names(opened(repo / "models" / "ü words", at="HEAD"))


def test_a_project_may_be_named_with_the_commit(tmp_path: Path) -> None:
    repo = two_projects(tmp_path)

    assert ["igits"] == names(opened(repo, at="main:models/digits"))
    assert ["words"] == names(opened(repo, at="HEAD:models/ü words/"))


def test_of_a_bare_repository_with_several_projects_one_must_be_named(tmp_path: Path) -> None:
    repo = two_projects(tmp_path)
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")

    with pytest.raises(NoLedgerError, match=r"models/digits, models/ü words .*HEAD:models/digits"):
        opened(tmp_path / "bare.git")
    assert ["igits"] == names(opened(tmp_path / "bare.git", at="main:models/digits"))


def test_a_bare_repository_answers_for_its_head_and_its_only_project(tmp_path: Path) -> None:
    repo = make_place(tmp_path)
    git(repo, "rm", "-q", "ledger.toml")
    (repo / "sub").mkdir()
    make_project(repo / "sub")
    commit_runs(repo / "sub", "deep")
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")

    assert ["deep"] == names(opened(tmp_path / "bare.git"))
    assert ["deep"] == names(opened(tmp_path / "bare.git" / "objects"))
    assert ["deep"] == names(opened(tmp_path / "bare.git", all_refs=True))


def test_from_outside_every_project_a_commit_says_so(tmp_path: Path) -> None:
    repo = two_projects(tmp_path)

    with pytest.raises(NoLedgerError, match="HEAD has no ledger at its top"):
        opened(repo, at="HEAD")
    with pytest.raises(NoLedgerError, match="HEAD has no ledger in models or any folder above"):
        opened(repo / "models", at="HEAD")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"at": "exp/b3"}, r"no commit is called 'exp/b3' \(did you mean exp/b03\?\)"),
        ({"at": "mian"}, r"no commit is called 'mian' \(did you mean main\?\)"),
        ({"at": "main~99"}, "no commit is called 'main~99'"),
        ({"at": "1" * 40}, "no commit is called '1{40}'"),
        ({"at": ""}, "no commit is called ''"),
        ({"at": "--help"}, "no commit is called '--help'"),
        ({"at": "main:ledger.toml"}, "'main:ledger.toml' is a blob, not a commit"),
        ({"refs": ["b03"]}, r"no branch is called 'b03' \(did you mean exp/b03\?\)"),
        ({"refs": ["main", "-x"]}, "no branch is called '-x'"),
        ({"refs": ["main~1"]}, r"no branch is called 'main~1' \(did you mean main\?\)"),
        ({"refs": ["main"], "at": "main"}, "choose one of --ref, --at and --all-refs"),
        ({"all_refs": True, "at": "main"}, "choose one of --ref, --at and --all-refs"),
        ({"all_refs": True, "refs": ["main"]}, "choose one of --ref, --at and --all-refs"),
    ],
)
def test_what_is_not_there_is_one_line(
    repo: Path, options: dict[str, object], message: str
) -> None:
    with pytest.raises(LedgerError, match=message) as raised:
        opened(repo, **options)
    assert 2 == raised.value.exit_code
    assert "\n" not in str(raised.value)


def test_an_empty_repository_has_no_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare.git")

    with pytest.raises(LedgerError, match="no commit is called 'HEAD'"):
        opened(tmp_path / "bare.git")


def test_outside_a_repository_there_is_no_commit(tmp_path: Path) -> None:
    make_project(tmp_path)

    with pytest.raises(NoLedgerError, match="not a git repository"):
        opened(tmp_path, at="HEAD")


def test_a_shallow_clone_says_that_it_lacks_history(repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repo}", "shallow")

    with pytest.raises(LedgerError, match=r"in this shallow clone .*--unshallow"):
        opened(tmp_path / "shallow", at="HEAD~1")


def test_a_partial_clone_answers_with_what_it_has_and_fetches_nothing(
    repo: Path, tmp_path: Path
) -> None:
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{repo}", "partial")
    n_packs = len(list((tmp_path / "partial" / ".git").rglob("*.pack")))

    ledger = opened(tmp_path / "partial", at="origin/exp/b03")

    assert ["one", "two"] == names(ledger)
    assert 1 == len(ledger.broken)
    assert "cannot be read: its content is not in this partial clone" in str(ledger.broken[0])
    assert n_packs == len(list((tmp_path / "partial" / ".git").rglob("*.pack")))


def test_a_clone_without_trees_is_told(repo: Path, tmp_path: Path) -> None:
    git(repo, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "-n", "--filter=tree:0", f"file://{repo}", "treeless")

    with pytest.raises(GitError, match="partial clone"):
        opened(tmp_path / "treeless", at="HEAD")


def test_a_missing_object_breaks_one_run_and_the_rest_answers(repo: Path) -> None:
    path = folder_of(repo, "one") / "run.json"
    oid = git(repo, "hash-object", str(path)).strip()
    (repo / ".git" / "objects" / oid[:2] / oid[2:]).unlink()

    ledger = opened(repo, at="HEAD")

    assert ["two"] == names(ledger)
    assert [f"git has no object {oid}" in str(each) for each in ledger.broken] == [True]


@pytest.mark.parametrize("mode", ["120000", "160000"])
@pytest.mark.parametrize("place", ["run.json", "metrics.csv", "", "month"])
def test_what_is_no_file_breaks_its_run_and_is_told(repo: Path, mode: str, place: str) -> None:
    folder = folder_of(repo, "one").relative_to(repo).as_posix()
    oid = git(repo, "rev-parse", "HEAD" if mode == "160000" else "HEAD:ledger.toml").strip()
    target = {"": folder, "month": "ledger/2026-03"}.get(place, f"{folder}/{place}")
    if place != "month":
        git(repo, "rm", "-rq", "--cached", target)
    git(repo, "update-index", "--add", "--cacheinfo", f"{mode},{oid},{target}")
    git(repo, "commit", "-qm", "odd")
    kind = "a symbolic link" if mode == "120000" else "a submodule"

    ledger = opened(repo, at="HEAD")
    answer = list_runs(ledger, Filters())

    told = [*map(str, ledger.broken)]
    if place == "metrics.csv":  # the record answers; only the table is broken
        assert ["one", "two"] == names(ledger)
        detail = show_run(ledger, find_run(ledger, "one"), "one")
        told = list(detail.warnings)
    else:
        assert (["one", "two"] if place == "month" else ["two"]) == names(ledger)
        assert 1 == len(answer.warnings)
    assert [True] == [f"it is {kind}, not a f" in line and target in line for line in told]


@pytest.mark.parametrize("mode", ["120000", "160000", "100644"])
def test_a_ledger_that_is_no_folder_is_told(repo: Path, mode: str) -> None:
    oid = git(repo, "rev-parse", "HEAD" if mode == "160000" else "HEAD:ledger.toml").strip()
    git(repo, "rm", "-rq", "--cached", "ledger")
    git(repo, "update-index", "--add", "--cacheinfo", f"{mode},{oid},ledger")
    git(repo, "commit", "-qm", "odd")
    kind = {"120000": "a symbolic link", "160000": "a submodule"}.get(mode, "a file")

    with pytest.raises(LedgerError, match=f"^HEAD:ledger: .* it is {kind} there"):
        opened(repo, at="HEAD")


def test_a_pointer_of_lfs_is_told(repo: Path) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12\n"
    (folder_of(repo, "one") / "run.json").write_text(pointer)
    commit(repo)

    ledger = opened(repo, at="HEAD")

    assert ["two"] == names(ledger)
    assert "a pointer of Git LFS" in str(ledger.broken[0])


def test_a_broken_record_is_named_with_its_commit(repo: Path) -> None:
    path = folder_of(repo, "one") / "run.json"
    path.write_text("{")
    commit(repo)

    ledger = opened(repo, refs=["main"])

    assert ["two"] == names(ledger)
    assert str(ledger.broken[0]).startswith(f"main:{path.relative_to(repo)}")


def test_a_run_outside_a_month_and_other_folders_are_told_as_on_the_disk(repo: Path) -> None:
    one = folder_of(repo, "one")
    one.rename(repo / "ledger" / one.name)
    write_files(
        repo,
        {
            "ledger/2026-02/empty/notes.txt": "x",
            "ledger/2026-02/.hidden/run.json": "{}",
            "ledger/2026-02/file": "x",
            "ledger/other/text": "x",
            "ledger/data/x.manifest": "x",
        },
    )
    commit(repo)
    git(repo, "clean", "-fdxq")

    here, there = opened(repo), opened(repo, at="HEAD")

    assert names(here) == names(there) == ["two"]
    assert [(each.path, each.error.message) for each in here.broken] == [
        (each.path, each.error.message) for each in there.broken
    ]
    assert [run.names for run in here.runs] == [run.names for run in there.runs]


def test_a_commit_reads_as_the_disk_does(repo: Path) -> None:
    here, there = opened(repo), opened(repo, at="HEAD")

    assert list_runs(here, Filters()).to_json() == list_runs(there, Filters()).to_json()


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_both_kinds_of_ids_work(tmp_path: Path, object_format: str) -> None:
    repo = make_place(tmp_path, "one", object_format=object_format)
    branch(repo, "b")
    commit_runs(repo, "two")
    switch(repo, "main")

    assert ["one"] == names(opened(repo, at="HEAD"))
    assert ["one", "two"] == names(opened(repo, refs=["b"]))
    assert ["one", "two"] == names(opened(repo, all_refs=True))


def test_names_with_every_character_are_read(tmp_path: Path) -> None:
    top = tmp_path / 'a "b" ü\tc'
    top.mkdir()
    repo = make_place(top, "one")
    sub = repo / 'ün "quoted"'
    sub.mkdir()
    make_project(sub)
    add_run(sub, "deep", epochs(val_acc=[0.5]), files={'ö "x"\n.txt': b"kept"})
    commit(repo)

    ledger = opened(sub, at="HEAD")

    assert ["deep"] == names(ledger)
    assert b"kept" == ledger.read(f'{ledger.runs[0].path}/ö "x"\n.txt')


def test_another_clone_and_another_worktree_are_asked_by_path(repo: Path, tmp_path: Path) -> None:
    git(repo, "worktree", "add", "-q", str(tmp_path / "tree"), "exp/b03")
    git(tmp_path, "clone", "-q", str(repo), "copy")
    add_run(tmp_path / "tree", "uncommitted", epochs(val_acc=[0.9]))

    assert ["one", "three", "two", "uncommitted"] == names(opened(tmp_path / "tree"))
    assert ["one", "three", "two"] == names(opened(tmp_path / "tree", at="HEAD"))
    assert ["one", "three", "two"] == names(opened(tmp_path / "copy", refs=["origin/exp/b03"]))


def test_variables_that_point_git_elsewhere_do_not_count(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_place(tmp_path / "other", "wrong")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other / ".git" / "objects"))

    assert ["one", "two"] == names(opened(repo, at="HEAD"))


def test_a_run_that_a_branch_removed_is_not_there(repo: Path) -> None:
    git(repo, "rm", "-rq", str(folder_of(repo, "one")))
    git(repo, "commit", "-qm", "gone")

    assert ["two"] == names(opened(repo, at="HEAD"))
    assert ["one", "two"] == names(opened(repo, at="HEAD~1"))


def test_a_question_about_a_commit_asks_git_three_times(repo: Path, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    os.environ["GIT_TRACE2_EVENT"] = str(trace)
    try:
        list_runs(opened(repo, at="main~0"), Filters())
    finally:
        del os.environ["GIT_TRACE2_EVENT"]

    assert 3 == trace.read_text().count('"event":"start"')


def test_ids_tell_which_files_of_a_run_are_alike(repo: Path) -> None:
    run = find_run(opened(repo, at="HEAD"), "one")
    (folder_of(repo, "one") / "run.md").write_text("# Run\n")
    commit(repo)

    old = opened(repo, at="HEAD~1").source.oids(run.path) or {}
    new = opened(repo, at="HEAD").source.oids(run.path) or {}

    assert {"metrics.csv", "run.json", "run.md"} == set(old) == set(new)
    assert ["run.md"] == [name for name in old if old[name] != new[name]]
    assert git(repo, "rev-parse", f"HEAD:{run.path}/run.json").strip() == new["run.json"]


def test_many_files_are_read_at_once_without_those_that_cannot(repo: Path) -> None:
    source = opened(repo, at="exp/b03").source
    paths = [f"{folder.path}/{name}" for folder in source.folders() for name in folder.names]

    found = list(source.read_many([*paths, "ledger/none", "ledger/2026-02"]))

    assert paths == [path for path, _ in found]
    assert all(data == source.read(path) for path, data in found)
