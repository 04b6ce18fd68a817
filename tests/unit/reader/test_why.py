"""What ``why`` takes for the parent, what it says changed, and what it dares to conclude."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.errors import UnknownNameError
from ledger.reader.reference import find_run
from ledger.reader.why import why
from unit.reader.builders import (
    COMMIT,
    FIRST,
    OTHER_COMMIT,
    add_manifest,
    add_packages,
    add_run,
    epochs,
    make_project,
    open_at,
)


if TYPE_CHECKING:
    from pathlib import Path

    from ledger.contract.json_text import Json
    from ledger.reader.why import Why

GIT: dict[str, Json] = {"commit": COMMIT, "branch": "main", "dirty": False, "dirty_paths": []}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_project(tmp_path)
    return tmp_path


def add(root: Path, name: str, hour: int, best: float = 0.5, **record: object) -> str:
    started = FIRST + timedelta(hours=hour)
    return add_run(root, name, epochs(val_acc=[0.1, best]), started=started, **record)  # type: ignore[arg-type]


def ask(root: Path, name: str) -> Why:
    ledger = open_at(root)
    return why(ledger, find_run(ledger, name), name)[0]


def test_one_change_is_named_and_measured(root: Path) -> None:
    known: dict[str, Json] = {"environment": add_packages(root, "numpy==2.0")}
    known["git"] = GIT | {"code": add_manifest(root, {"train.py": "a" * 40})}
    parent = add(root, "old", 0, 0.5, config={"lr": 0.1}, **known)
    add(root, "new", 1, 0.75, config={"lr": 0.2}, parent=parent, **known)

    found = ask(root, "new")

    assert (found.parent, found.how) == (parent, "its recorded parent")
    assert found.verdict == (
        "one thing changed: config, lr 0.1 -> 0.2; val_acc +0.25, better; "
        "without repeats nobody can say whether that is more than chance"
    )


def test_one_change_is_not_called_the_only_one_where_not_all_is_known(root: Path) -> None:
    data: Json = {"name": "digits", "path": "data/digits", "hash": None}
    parent = add(root, "old", 0, config={"lr": 0.1}, data=data)
    add(root, "new", 1, config={"lr": 0.2}, parent=parent, data=data)

    found = ask(root, "new")

    assert found.unknown == ("code", "data", "packages")
    assert found.verdict.startswith(
        "one thing is known to have changed: config, lr 0.1 -> 0.2; "
        "whether code or data or packages changed cannot be told; "
    )


def test_equal_hashes_say_that_lists_which_are_lost_are_equal(root: Path) -> None:
    lost: dict[str, Json] = {"environment": {"pip_freeze_hash": "sha256:" + "1" * 64}}
    lost["git"] = GIT | {"code": "sha256:" + "0" * 64}
    add(root, "run", 0, **lost)
    add(root, "run", 1, config={"lr": 0.2}, **lost)

    found = ask(root, "@latest")

    assert found.unknown == ()
    assert found.verdict.startswith("one thing changed: config, lr ")


def test_a_parent_that_is_not_in_the_ledger_is_said_to_be_missing(root: Path) -> None:
    other = add(root, "old", 0)
    add(root, "new", 1, parent="2025-01-01_0000_gone-abcdefgh")

    found = ask(root, "new")

    assert found.parent == other
    assert found.how.startswith("its parent 2025-01-01_0000_gone-abcdefgh is not here; ")


def test_a_retracted_parent_is_said_to_be_so(root: Path) -> None:
    parent = add(root, "old", 0, files={"retraction.md": b"# Retracted\n"})
    add(root, "new", 1, parent=parent)

    assert ask(root, "new").how == "its recorded parent, retracted since"


def test_without_a_parent_the_likest_earlier_run_on_the_same_data_is_taken(root: Path) -> None:
    other: dict[str, Json] = {"name": "other", "path": "data/other", "hash": "md5:" + "f" * 32}
    config = {"lr": 0.1, "units": 8, "depth": 2}
    add(root, "elsewhere", 0, config=config, data=other)
    alike = add(root, "alike", 1, config=config)
    add(root, "unlike", 2, config={"lr": 0.3, "units": 4, "depth": 3})
    add(root, "new", 3, config={**config, "lr": 0.2})
    add(root, "later", 4, config=config)

    found = ask(root, "new")

    assert found.parent == alike
    assert "on the same data that shares most params" in found.how
    assert found.changed == {"config": ("lr 0.1 -> 0.2",)}


def test_the_first_run_has_nothing_to_follow(root: Path) -> None:
    add(root, "only", 0)

    with pytest.raises(UnknownNameError, match="no run is earlier"):
        ask(root, "only")


def test_another_commit_without_manifests_is_a_change_of_code(root: Path) -> None:
    """Nobody can say that nothing changed."""
    add(root, "run", 0, git=GIT)
    add(root, "run", 1, git=GIT | {"commit": OTHER_COMMIT})

    (line,) = ask(root, "@latest").changed["code"]

    assert line.endswith("no manifest says what that changed")


def test_manifests_that_differ_and_are_lost_are_a_change_of_code(root: Path) -> None:
    known = add_manifest(root, {"train.py": "a" * 40})
    add(root, "run", 0, git=GIT | {"code": known})
    add(root, "run", 1, git=GIT | {"code": "sha256:" + "0" * 64})

    found = ask(root, "@latest")

    (line,) = found.changed["code"]
    assert line.startswith("changed; the ledger does not hold both manifests")
    assert found.verdict.startswith("one thing is known to have changed: code, ")


def test_many_changes_are_all_counted_and_few_are_shown(root: Path) -> None:
    add(root, "run", 0, config={f"p{n:02}": 0 for n in range(20)})
    add(root, "run", 1, config={f"p{n:02}": 1 for n in range(20)})

    found = ask(root, "@latest")

    assert found.verdict.startswith("20 things changed at once; ")
    (shown,) = [sheet.rows for sheet in found.sheets() if sheet.header[0] == "changed"]
    assert len(shown) == 7
    assert shown[-1] == ("config", "and 14 more")


def test_the_spread_is_of_repeats_on_the_same_code_and_data(root: Path) -> None:
    other: dict[str, Json] = {"name": "other", "path": "data/other", "hash": "md5:" + "f" * 32}
    parent = add(root, "base", 0, 0.5, config={"seed": 0})
    add(root, "base", 1, 0.51, config={"seed": 1})
    add(root, "elsewhere", 2, 0.9, config={"seed": 2}, data=other)
    add(root, "retracted", 3, 0.99, config={"seed": 3}, files={"retraction.md": b"x\n"})
    add(root, "new", 4, 0.515, config={"seed": 0, "lr": 0.2}, parent=parent)

    found = ask(root, "new")

    assert found.n_repeats == 2
    assert found.spread == pytest.approx(0.01 / 2**0.5)
    assert "better: more than twice the spread of 2 repeats (0.00707)" in found.verdict
