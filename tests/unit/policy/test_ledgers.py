"""Finding ledgers and runs by their paths alone."""

from __future__ import annotations

from ledger.policy.ledgers import (
    Ledger,
    candidate_folders,
    find_ledgers,
    run_folders,
    settings_above,
    settings_paths,
    touched,
)
from ledger.settings import Settings
from ledger.storage.tree import TreeEntry


LEDGER = Ledger(folder="p/ledger", settings=Settings(), settings_path="p/ledger.toml")


def tree(*paths: str) -> dict[str, TreeEntry]:
    return {path: TreeEntry(mode="100644", oid="0" * 40) for path in paths}


def test_settings_files_of_a_project_come_before_the_shared() -> None:
    paths = ["a/pyproject.toml", "b/ledger.toml", "c/xledger.toml", "ledger.toml"]
    assert settings_paths(paths) == ["b/ledger.toml", "ledger.toml", "a/pyproject.toml"]


def test_settings_may_stand_in_any_folder_above() -> None:
    assert set(settings_above(["p/ledger/2026-02/r/run.json"])) == {
        f"{folder}{name}"
        for folder in ("", "p/", "p/ledger/", "p/ledger/2026-02/", "p/ledger/2026-02/r/")
        for name in ("ledger.toml", "pyproject.toml")
    }


def test_own_settings_win_over_shared_ones() -> None:
    found = find_ledgers(
        ["p/ledger.toml", "p/pyproject.toml", "q/pyproject.toml"],
        lambda path: Settings(dir="runs") if path != "q/pyproject.toml" else None,
    )
    assert [(one.folder, one.settings_path) for one in found] == [("p/runs", "p/ledger.toml")]


def test_runs_stand_in_month_folders() -> None:
    entries = tree(
        "p/ledger/2026-02/a/run.json",
        "p/ledger/2026-02/a/deep/x.md",
        "p/ledger/2026-02/a/.run.json.7.tmp",
        "p/ledger/2026-02/b/.DS_Store",
        "p/ledger/code/x.manifest",
        "p/ledger/2026-02/stray.txt",
        "q/ledger/2026-02/c/run.json",
    )
    runs = run_folders(LEDGER, entries)
    assert list(runs) == ["p/ledger/2026-02/a"]
    assert set(runs["p/ledger/2026-02/a"].files) == {"run.json", "deep/x.md"}


def test_touched_runs_are_those_still_there() -> None:
    runs = run_folders(LEDGER, tree("p/ledger/2026-02/a/run.json", "p/ledger/2026-02/b/run.json"))
    paths = ["p/ledger/2026-02/a/run.md", "p/ledger/2026-02/gone/run.md", "p/train.py"]
    assert [run.run_id for run in touched(runs, LEDGER, paths)] == ["a"]


def test_candidates_are_folders_with_a_month_below() -> None:
    paths = ["a/b/2026-02/r/run.json", "2026-02/r/run.json", "x/2026-02", "y/20260-2/z"]
    assert candidate_folders(paths) == {"a/b"}
