"""The new runs of a change, in real repositories."""

from __future__ import annotations

import json
import os
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import jsonschema
import pytest

from ledger.ci.arrival_json import schema, to_json
from ledger.ci.arrivals import arrivals
from ledger.ci.judged import Judged
from ledger.ci.markdown import to_markdown
from ledger.ci.request import Request
from ledger.ci.run_markdown import new_runs_row
from ledger.ci.standing import direction_of
from ledger.errors import LedgerError
from ledger.policy.judge import Verdict
from ledger.reader.question import Ranking
from ledger.reader.ranking import ask
from ledger.reader.where import open_place
from ledger.storage.bare import find_objects
from ledger.storage.git import clean_environment
from make_repo import git, make_repo
from unit.ci.changes import arrived, by_name
from unit.ci.rendered import render
from unit.reader.builders import (
    COMMIT,
    FILLED_NOTE,
    FIRST,
    NOW,
    add_manifest,
    add_run,
    epochs,
    make_project,
    make_record,
    run_id_of,
)
from unit.reader.places import branch, commit, folder_of, switch


if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.contract.json_text import Json

LATER = FIRST + timedelta(days=1)


def _repo(tmp_path: Path, **project: object) -> Path:
    """Return a repository on branch exp; main holds the runs low (0.6) and high (0.9)."""
    repo = make_repo(tmp_path)
    make_project(repo, **project)  # type: ignore[arg-type]  # as the tests write them
    add_run(repo, "low", epochs(val_acc=[0.6, 0.5]))
    add_run(repo, "high", epochs(val_acc=[0.9, 0.7]), started=FIRST + timedelta(hours=1))
    commit(repo, "base")
    branch(repo, "exp")
    return repo


def _add(repo: Path, name: str, *values: float, **record: object) -> str:
    return add_run(repo, name, epochs(val_acc=values), **{"started": LATER, **record})  # type: ignore[arg-type]


def test_each_new_run_is_measured_against_the_best_on_the_base(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    for name, number in {"better": 0.99, "worse": 0.45, "same": 0.9}.items():
        _add(repo, name, 0.1, number)
    commit(repo)

    found = arrived(repo)

    told = [
        (run.name, run.standing.value, run.standing.best_value, run.standing.word)
        for run in found.runs
    ]
    assert told == [
        ("better", 0.99, 0.9, "better"),
        ("same", 0.9, 0.9, "equal"),
        ("worse", 0.45, 0.9, "worse"),
    ]
    better, same, worse = (run.standing for run in found.runs)
    assert (round(better.change or 0, 6), round(better.percent or 0, 6)) == (0.09, 10.0)
    assert (same.change, same.percent) == (0.0, 0.0)
    assert round(worse.percent or 0, 6) == -50.0
    assert better.best_run_id == folder_of(repo, "high").name
    assert found.problems == ()


def test_runs_of_the_base_and_of_uncommitted_files_are_no_new_ones(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    _add(repo, "new", 0.5)
    commit(repo)
    _add(repo, "uncommitted", 0.5)

    assert [run.name for run in arrived(repo).runs] == ["new"]


def test_a_run_is_known_by_its_id_wherever_it_moved(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    old = folder_of(repo, "high")
    (repo / "ledger/2026-03").mkdir()
    shutil.move(old, repo / "ledger/2026-03" / old.name)
    new = _add(repo, "new", 0.5)
    shutil.copytree(repo / "ledger/2026-02" / new, repo / "ledger/2026-03" / new)
    commit(repo)

    assert [run.run_id for run in arrived(repo).runs] == [new]


def test_it_is_the_base_itself_that_is_asked_not_where_the_branch_began(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    new = _add(repo, "new", 0.95)
    both = _add(repo, "both", 0.97)
    commit(repo)
    switch(repo, "main")
    _add(repo, "meanwhile", 0.96)
    _add(repo, "both", 0.97)
    commit(repo)

    found = by_name(arrived(repo, "main", "exp"))

    assert set(found) == {"new", "both"}
    assert (found["new"].run_id, found["both"].run_id) == (new, both)
    assert found["new"].standing.best_value == 0.97
    assert found["both"].standing.best_value == 0.96  # not itself
    assert found["both"].standing.word == "better"


def test_a_tampered_record_of_the_base_makes_no_run_look_better(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    record = folder_of(repo, "high") / "run.json"
    record.write_text(record.read_text().replace("0.9", "0.1"))
    _add(repo, "new", 0.7)
    commit(repo)

    (new,) = arrived(repo).runs

    assert (new.standing.word, new.standing.best_value) == ("worse", 0.9)


_COLUMNS = {"epoch": {"role": "index"}, "time": {"role": "meta"}}
_WITHOUT_OBJECTIVE = {"objective": None}
_UNSURE: dict[str, tuple[dict[str, object], tuple[str | None, float | None, str | None]]] = {
    "nothing_says": (_WITHOUT_OBJECTIVE, (None, None, "the run states no objective")),
    "column_says": (
        {
            **_WITHOUT_OBJECTIVE,
            "columns": {**_COLUMNS, "val_acc": {"role": "metric", "goal": "max"}},
        },
        ("max", 0.5, None),
    ),
    "other_way": (
        {"objective": ("val_acc", "min")},
        (None, 0.4, "the runs' objectives disagree whether val_acc is min or max"),
    ),
    "not_there": (
        {"objective": ("f1", "max")},
        ("max", None, "the run has no finite value of it"),
    ),
    "first_of_all": (
        {"objective": ("f1", "max"), "metrics": {"f1": 0.3}},
        ("max", 0.3, "no run on the base has it"),
    ),
    "retracted": (
        {"files": {"retraction.md": b"# Retraction\n\nwrong data\n"}},
        ("max", 0.5, "the run is retracted"),
    ),
}


def test_what_is_not_known_is_no_verdict(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    for name, (record, _) in _UNSURE.items():
        _add(repo, name, 0.5, 0.4, **record)
    commit(repo)

    found = by_name(arrived(repo))

    standings = {name: run.standing for name, run in found.items()}
    assert {name: (s.goal, s.value, s.why) for name, s in standings.items()} == {
        name: expected for name, (_, expected) in _UNSURE.items()
    }
    assert {name for name, s in standings.items() if s.word != "unknown"} == {"column_says"}
    assert {dict(run.last)["val_acc"] for run in found.values()} == {0.4}


@pytest.mark.parametrize(
    ("goals", "why"),
    [
        ({"val_acc": "max", "other": "min"}, None),
        (
            {"val_acc": "max", "loss": "min"},
            "the run states no objective, and 2 metrics have a goal",
        ),
    ],
)
def test_the_settings_of_the_base_say_which_metric_counts(
    tmp_path: Path, goals: dict[str, str], why: str | None
) -> None:
    repo = _repo(tmp_path, metrics=goals)
    make_project(repo, metrics={"val_acc": "min"})  # what the change says of itself
    rows = epochs(val_acc=[0.95], loss=[0.1])
    add_run(repo, "new", rows, started=LATER, objective=None)
    commit(repo)

    (new,) = arrived(repo).runs

    assert (new.standing.word, new.standing.why) == ("unknown" if why else "better", why)


def test_a_percent_has_the_sign_of_the_change_and_needs_a_finite_one(tmp_path: Path) -> None:
    repo = make_repo(tmp_path)
    make_project(repo)
    bests = {"zero": 0.0, "below": -2.0, "lowest": -1e308, "tiny": 5e-324}
    for metric, best in bests.items():
        add_run(repo, metric, epochs(**{metric: [best]}), objective=(metric, "max"))
    commit(repo)
    branch(repo, "exp")
    numbers = {
        ("zero", 0.5): (0.5, None),
        ("zero", -0.5): (-0.5, None),
        ("below", -1.0): (1.0, 50.0),
        ("below", -3.0): (-1.0, -50.0),
        ("lowest", 1e308): (None, None),
        ("tiny", 1e308): (1e308, None),
    }
    for place, (metric, number) in enumerate(numbers):
        rows = epochs(**{metric: [number]})
        add_run(repo, f"new{place}", rows, objective=(metric, "max"), started=LATER)
    commit(repo)

    found = [run.standing for run in arrived(repo).runs]

    told = {(each.metric, each.value): (each.change, each.percent) for each in found}
    assert told == numbers
    words = [each.word for each in found]
    assert words == ["better"] * 4 + ["worse"] * 2
    assert [each.metric for each in found] == ["zero", "lowest", "tiny", "below", "below", "zero"]


def test_what_changed_is_told_against_the_parent_or_the_best(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    old = add_manifest(repo, {"train.py": "a" * 40, "gone.py": "b" * 40})
    new = add_manifest(repo, {"train.py": "c" * 40})
    section = {"commit": COMMIT, "branch": "main", "dirty": False, "dirty_paths": []}
    first = _add(repo, "first", 0.5, config={"lr": 0.5}, git={**section, "code": old})
    _add(
        repo,
        "second",
        0.1,
        0.5,
        config={"lr": 0.7},
        git={**section, "dirty": True, "code": new},
        parent=first,
        note=FILLED_NOTE,
        data={"name": "digits", "hash": f"md5:{'f' * 32}"},
    )
    commit(repo)

    found = by_name(arrived(repo))

    detail = found["first"].detail
    assert detail is not None
    assert (detail.against, detail.against_is) == (folder_of(repo, "high").name, "best")
    assert [(each.key, each.old, each.new) for each in detail.config] == [("lr", 0.01, 0.5)]
    assert (detail.n_code_paths, detail.is_same_code) == (None, None)
    assert found["first"].is_same_data is True
    detail = found["second"].detail
    assert detail is not None
    assert (detail.against, detail.against_is) == (first, "parent")
    assert [(each.key, each.old, each.new) for each in detail.config] == [("lr", 0.5, 0.7)]
    assert (detail.n_code_paths, detail.is_same_code) == (2, False)
    assert detail.code_paths == ("gone.py", "train.py")
    assert (found["second"].is_same_data, found["second"].is_dirty) == (False, True)
    assert detail.hypothesis == "A smaller step converges later and better."
    assert detail.result == "val_acc 0.93 against 0.90."
    assert detail.curve == (0.1, 0.5)


def test_a_best_on_other_data_is_not_all_that_is_told(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    other = {"name": "digits", "hash": f"md5:{'f' * 32}"}
    add_run(repo, "other", epochs(val_acc=[0.7]), data=other)
    commit(repo)
    git(repo, "branch", "--force", "main")
    _add(repo, "new", 0.8, data=other)
    _add(repo, "lonely", 0.8, data={"name": "digits", "hash": f"md5:{'e' * 32}"})
    _add(repo, "untold", 0.8, data=None)
    commit(repo)

    found = by_name(arrived(repo))

    assert (found["new"].standing.word, found["new"].is_same_data) == ("worse", False)
    fair = found["new"].on_same_data
    assert fair is not None
    assert (fair.best_value, fair.word, round(fair.change or 0, 6)) == (0.7, "better", 0.1)
    assert (found["lonely"].is_same_data, found["lonely"].on_same_data) == (False, None)
    assert (found["untold"].is_same_data, found["untold"].on_same_data) == (None, None)


def test_what_is_to_know_of_a_run_stands_beside_its_status(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    _add(repo, "odd", 0.5, float("nan"), float("inf"), incomplete="disk full", status="failed")
    imported: dict[str, Json] = {"tool": "mlflow", "uri": "x", "id": "1", "digest": "d"}
    _add(repo, "foreign", metrics={"val_acc": 0.5}, stated=["val_acc"], imported_from=imported)
    commit(repo)

    found = by_name(arrived(repo))

    assert (found["odd"].status, found["odd"].marks) == ("failed", ("incomplete", "2 not finite"))
    assert found["foreign"].marks == ("imported", "as stated")
    assert "| failed, incomplete, 2 not finite |" in new_runs_row(found["odd"], has_ledgers=False)


def test_a_direction_is_never_inferred_from_a_name() -> None:
    assert direction_of([], "val_acc", {}) == (None, "only its name says which way it is better")
    assert direction_of([], "val_acc", {"val_acc": "min"}) == ("min", None)
    assert direction_of([], "score", {})[0] is None


def test_a_sweep_is_one_run_with_its_best_trial(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    rows = [
        {"trial_id": trial, "epoch": epoch, "val_acc": number}
        for trial, numbers in {"00": (0.1, 0.3), "01": (0.2, 0.97), "02": (0.4,)}.items()
        for epoch, number in enumerate(numbers)
    ]
    log = b"trial_id,attempt,status,lr\n00,1,completed,0.1\n01,1,completed,0.3\n02,1,failed,1\n"
    add_run(repo, "sweep", rows, started=LATER, files={"trials.csv": log})
    _add(repo, "stated", 0.5, sweep={"n_trials": 40, "best_trial": "7"})
    commit(repo)

    found = by_name(arrived(repo))

    sweep, detail = found["sweep"].sweep, found["sweep"].detail
    assert sweep is not None
    assert detail is not None
    assert (sweep.n_trials, sweep.best_trial) == (3, "01")
    assert (detail.trial_params, detail.curve) == ((("lr", 0.3),), (0.2, 0.97))
    stated = found["stated"].sweep
    assert stated is not None
    assert (stated.n_trials, stated.best_trial) == (40, "7")


def test_beyond_the_first_ones_runs_are_only_counted(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    for number in range(5):
        _add(repo, f"r{number}", 0.1 * number)
    commit(repo)

    found = arrived(repo, shown=2)

    assert [run.name for run in found.shown] == ["r4", "r3"]
    assert (len(found.runs), found.n_more) == (5, 3)


def test_what_cannot_be_read_is_named_once_and_hides_nothing(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    (folder_of(repo, "low") / "run.json").write_text("{")
    commit(repo)
    git(repo, "branch", "--force", "main")
    ids = [_add(repo, name, 0.5) for name in ("torn", "table", "good")]
    folders = [repo / "ledger/2026-02" / each for each in ids]
    (folders[0] / "run.json").write_text('{"dirty": false, "dirty": false}')
    record = folders[1] / "run.json"
    record.write_text(record.read_text().replace('"files"', '"not_files"'))
    (folders[1] / "metrics.csv").write_text('epoch,val_acc\n0,"\n')
    (repo / "ledger/2026-02/link").symlink_to("/etc")
    commit(repo)

    found = arrived(repo)

    assert set(by_name(found)) == {"table", "good"}
    said = {line.partition(": ")[0] for line in found.problems}
    assert len(said) == len(found.problems) == 4
    assert f"head:ledger/2026-02/{ids[0]}/run.json" in said
    assert "head:ledger/2026-02/link" in said


def test_each_ledger_of_a_repository_is_measured_by_its_own_base(tmp_path: Path) -> None:
    repo = make_repo(tmp_path)
    for folder in ("a", "b"):
        (repo / folder).mkdir()
        make_project(repo / folder)
    add_run(repo / "a", "old", epochs(val_acc=[0.9]))
    commit(repo)
    branch(repo, "exp")
    for folder in ("a", "b"):
        add_run(repo / folder, f"new_{folder}", epochs(val_acc=[0.5]), started=LATER)
    commit(repo)

    found = by_name(arrived(repo))

    assert found["new_a"].standing.word == "worse"
    assert found["new_b"].standing.why == "no run on the base has it"
    assert {run.ledger for run in found.values()} == {"a/ledger", "b/ledger"}
    assert found["new_b"].path == f"b/ledger/2026-02/{found['new_b'].run_id}"


def test_a_ledger_that_moves_brings_no_new_runs_and_is_still_measured_by(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    (repo / "stays").mkdir()
    make_project(repo / "stays")
    add_run(repo / "stays", "champion", epochs(val_acc=[1.0]))
    commit(repo)
    git(repo, "branch", "--force", "main")
    (repo / "ledger.toml").write_text('dir = "runs"\n')
    (repo / "ledger").rename(repo / "runs")
    commit(repo)
    assert arrived(repo).runs == ()
    (repo / "sub").mkdir()
    for name in ("ledger.toml", "runs"):
        (repo / name).rename(repo / "sub" / name)
    (repo / "sub/ledger").symlink_to("runs")
    _add(repo / "sub", "new", 0.99)
    commit(repo)

    (new,) = arrived(repo).runs

    assert (new.name, new.standing.word, new.ledger) == ("new", "better", "sub/runs")


def test_without_a_base_every_run_is_new(tmp_path: Path) -> None:
    repo = _repo(tmp_path)

    found = arrived(repo, None)

    assert set(by_name(found)) == {"low", "high"}
    assert {run.standing.why for run in found.runs} == {"no run on the base has it"}


def test_settings_that_do_not_parse_are_told(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    (repo / "ledger.toml").write_text("[")
    commit(repo)

    found = arrived(repo)

    assert found.runs == ()
    assert "ledger.toml: is not TOML" in found.problems[0]


def test_a_commit_that_is_not_here_is_an_error(tmp_path: Path) -> None:
    repo = _repo(tmp_path)

    with pytest.raises(LedgerError, match="no commit here"):
        arrived(repo, "0" * 40)


def test_code_is_compared_with_manifests_that_only_one_side_holds(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    section = {"commit": COMMIT, "branch": "main", "dirty": None, "dirty_paths": []}
    code = add_manifest(repo, {"train.py": "a" * 40, "model.py": "b" * 40})
    _add(repo, "new", 0.5, git={**section, "code": code})
    _add(repo, "lost", 0.4, git={**section, "code": f"sha256:{'0' * 64}"})
    commit(repo)
    switch(repo, "main")
    code = add_manifest(repo, {"train.py": "c" * 40, "model.py": "b" * 40})
    _add(repo, "meanwhile", 0.97, git={**section, "code": code})
    commit(repo)

    found = by_name(arrived(repo, "main", "exp"))

    new, lost = found["new"].detail, found["lost"].detail
    assert new is not None
    assert lost is not None
    assert new.against == folder_of(repo, "meanwhile").name
    assert (new.n_code_paths, new.code_paths) == (1, ("train.py",))
    assert (lost.n_code_paths, lost.is_same_code) == (None, False)
    rows = [new_runs_row(found[name], has_ledgers=False) for name in ("new", "lost")]
    assert "| same | 1 path differs | finished, dirty: cannot tell |" in rows[0]
    assert "| same | differs | finished, dirty: cannot tell |" in rows[1]


def test_the_parent_may_be_retracted_and_a_run_is_no_parent_of_its_own(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    (folder_of(repo, "low") / "retraction.md").write_text("wrong\n")
    commit(repo)
    git(repo, "branch", "--force", "main")
    low = folder_of(repo, "low").name
    _add(repo, "child", 0.5, parent=low)
    own = run_id_of("own", LATER)
    _add(repo, "own", 0.5, parent=own, run_id=own)
    _add(repo, "orphan", 0.5, parent="nobody")
    commit(repo)

    found = by_name(arrived(repo))

    against = {
        name: (run.detail.against, run.detail.against_is)
        for name, run in found.items()
        if run.detail
    }
    high = folder_of(repo, "high").name
    assert against == {"child": (low, "parent"), "own": (high, "best"), "orphan": (high, "best")}


def test_a_note_that_refers_to_another_is_told_by_that(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    first = _add(repo, "first", 0.5, note=FILLED_NOTE)
    _add(repo, "second", 0.5, note={"Change": [f"See: {first}", "See: ../../etc"]})
    _add(repo, "third", 0.5, note={"Hypothesis": ["[auto] filled by the program"]})
    commit(repo)

    found = by_name(arrived(repo))

    details = {name: run.detail for name, run in found.items()}
    assert details["second"] is not None
    assert details["second"].result == f"as in {first}: val_acc 0.93 against 0.90."
    assert details["third"] is not None
    assert details["third"].hypothesis == ""


def test_tables_that_are_too_large_are_left_alone(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    _add(repo, "long", *[0.1] * 300)
    _add(repo, "open", *[0.1] * 300, is_sealed=False, metrics={"val_acc": 0.95})
    for number in range(5):
        _add(repo, f"short{number}", 0.5 - 0.1 * number, *[0.01] * 130)
    commit(repo)

    found = arrived(repo, max_tables=2000)

    told = {
        run.name: (run.standing.value, len(run.detail.curve)) for run in found.runs if run.detail
    }
    assert (told["long"], told["open"]) == ((0.1, 0), (0.95, 0))
    assert [told[f"short{number}"][1] for number in range(5)] == [131, 131, 131, 131, 0]
    assert {line.rpartition(": ")[2] for line in found.problems} == {
        "its tables are too large to be read here"
    }
    assert len(found.problems) == 2


def test_a_broken_table_of_a_sealed_run_is_named_too(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    new = _add(repo, "new", 0.99)
    (repo / "ledger/2026-02" / new / "metrics.csv").write_text("epoch,epoch\n0,1\n")
    commit(repo)

    found = arrived(repo)

    assert found.runs[0].standing.value == 0.99
    (said,) = found.problems
    assert said.startswith(f"ledger/2026-02/{new}/metrics.csv")


@pytest.mark.parametrize("goal", ["max", "min"])
def test_the_best_on_the_base_is_the_answer_of_the_query(tmp_path: Path, goal: str) -> None:
    """Ties, failed, crashed, retracted and diverged runs: one meaning of best everywhere."""
    repo = make_repo(tmp_path)
    make_project(repo)
    nan = float("nan")
    # the last is the earliest of those that share an extreme
    curves = [(0.9, 0.1), (0.5, 0.6), (0.1, nan), (nan, nan), (0.95, 0.02), (0.1, 0.9)]
    for number, values in enumerate(curves):
        add_run(
            repo,
            f"old{number}",
            epochs(score=values),
            started=FIRST - timedelta(hours=number),
            objective=("score", goal),
            status=("finished", "failed", "running")[number % 3],
            files={"retraction.md": b"wrong\n"} if number == 4 else {},
        )
    commit(repo)
    branch(repo, "exp")
    add_run(repo, "new", epochs(score=[0.4]), objective=("score", goal), started=LATER)
    commit(repo)

    (new,) = arrived(repo).runs

    question = Ranking(verb="best", metric="score")
    answer = ask(open_place(repo, at="main", now=NOW), question, text="best score")
    first = answer.rows[0]
    assert (new.standing.best_run_id, new.standing.best_value) == (first.run_id, first.value)
    assert new.standing.word == "worse"


def _squashed(repo: Path) -> tuple[str, str]:
    switch(repo, "main")
    git(repo, "merge", "--quiet", "--squash", "exp")
    return git(repo, "rev-parse", "HEAD").strip(), commit(repo, "squashed")


def _merged(repo: Path) -> tuple[str, str]:
    switch(repo, "main")
    _add(repo, "meanwhile", 0.1)
    base = commit(repo)
    git(repo, "merge", "--quiet", "--no-ff", "-m", "merge", "exp")
    return base, "HEAD"


def _rebased(repo: Path) -> tuple[str, str]:
    switch(repo, "main")
    _add(repo, "meanwhile", 0.1)
    commit(repo)
    switch(repo, "exp")
    git(repo, "rebase", "--quiet", "main")
    return "main", "exp"


@pytest.mark.parametrize(
    ("make", "object_format"),
    [(_squashed, "sha1"), (_merged, "sha256"), (_rebased, "sha1")],
)
def test_however_a_branch_lands_its_runs_are_the_new_ones(
    tmp_path: Path, make: Callable[[Path], tuple[str, str]], object_format: str
) -> None:
    repo = make_repo(tmp_path, object_format=object_format)
    make_project(repo)
    add_run(repo, "old", epochs(val_acc=[0.6]))
    commit(repo)
    branch(repo, "exp")
    _add(repo, "new", 0.7)
    commit(repo)

    found = arrived(repo, *make(repo))

    assert [(run.name, run.standing.word) for run in found.runs] == [("new", "better")]


def test_a_repository_without_files_is_asked_alike(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    _add(repo, "new", 0.95)
    commit(repo)
    git(tmp_path, "clone", "--quiet", "--bare", str(repo), "bare.git")
    bare = find_objects(os.fspath(tmp_path / "bare.git"), clean_environment(os.environ))

    assert arrivals(bare, "main", "exp") == arrived(repo)


def test_no_common_history_is_an_error(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    git(repo, "checkout", "--quiet", "--orphan", "other")
    commit(repo)

    with pytest.raises(LedgerError, match="no common history"):
        arrived(repo, "main", "other")


_ODD: tuple[Json, ...] = (
    None, 10**3000, "x\u0000\u202e|`<b>", "-inf", [None], {"": None},
    {"metric": "m", "goal": "max"}, {"n_trials": 10**3000, "best_trial": 7},
)  # fmt: skip


def test_no_record_stops_the_others(tmp_path: Path) -> None:
    """Every section of a record as something that it is not: told, or named as broken."""
    repo = _repo(tmp_path)
    sections = [
        *make_record("x"),
        "columns",
        "summary",
        "files",
        "sweep",
        "error",
        "thinned",
        "note",
    ]
    n_runs = 0
    for section in sections:
        if section not in {"run_id", "timestamp"}:
            for number, odd in enumerate(_ODD):
                document = make_record(
                    f"{section}{number}", started=LATER, metrics={"val_acc": 0.5}
                )
                folder = repo / "ledger/2026-02" / str(document["run_id"])
                folder.mkdir()
                data = json.dumps({**document, section: odd})
                (folder / "run.json").write_text(data)
                (folder / "metrics.csv").write_text("epoch,val_acc\n0,0.5\n")
                n_runs += 1
    _add(repo, "good", 0.99)
    commit(repo)

    found = arrived(repo, shown=1000)

    assert n_runs > 150
    assert len(found.runs) + len(found.problems) >= n_runs + 1
    assert found.runs[0].standing.word == "better"
    rows = to_json(found)
    assert json.dumps(rows, allow_nan=False)
    jsonschema.Draft202012Validator(schema()).validate(rows)
    judged = Judged(
        request=Request(base="1" * 40, head="2" * 40), verdict=Verdict(findings=(), n_runs=0)
    )
    text = to_markdown(judged, found, max_bytes=1 << 22)
    assert [] == [run.run_id for run in found.runs if run.run_id not in text]
    assert render(text).tags.count("details") == len(found.runs)


def test_odd_places_are_read_or_named(tmp_path: Path) -> None:
    repo = _repo(tmp_path)
    for folder in ("a\udcff", "b\nc", "d é|`", "linked", "module"):
        (repo / folder).mkdir()
        make_project(repo / folder)
        add_run(repo / folder, "new", epochs(val_acc=[0.5]), started=LATER)
    shutil.rmtree(repo / "linked/ledger")
    (repo / "linked/ledger").symlink_to("/etc")
    note = next((repo / "d é|`").glob("ledger/*/*/run.md"))
    note.unlink()
    note.symlink_to("/etc/passwd")
    git(repo, "-c", "core.quotePath=true", "add", "--all")
    module = "module/ledger/2026-02/module"
    git(repo, "update-index", "--add", "--cacheinfo", f"160000,{COMMIT},{module}")
    git(repo, "commit", "--quiet", "-m", "odd")

    found = arrived(repo)

    assert {run.ledger for run in found.runs} == {"a\udcff/ledger", "d é|`/ledger", "module/ledger"}
    assert all(run.detail is not None and run.detail.result == "" for run in found.runs)
    named = " ".join(found.problems)
    assert "symbolic link" in named
    assert "line break" in named
    assert "it is a submodule" in named
    assert len(found.problems) == 3
    assert to_json(found)
