from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.capture.data_tree import measure


if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path


def fill(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def kept(folder: Path, warnings: list[str] | None = None) -> list[str]:
    content = measure(str(folder), [] if warnings is None else warnings)
    assert content.files is not None
    return sorted(content.files)


def test_rules_of_the_top_hold_without_a_dvc_project(repo: Path) -> None:
    fill(repo, {".dvcignore": "*.log\n# no\n\n/data/tmp/\n", "data/a": "", "data/a.log": ""})
    fill(repo, {"data/tmp/x": "", "data/sub/tmp/x": "", "data/sub/b.log": ""})
    assert ["a", "sub/tmp/x"] == kept(repo / "data")


def test_nested_rules_take_back_what_outer_rules_leave_out(repo: Path) -> None:
    fill(repo, {".dvcignore": "*.log\n", "data/.dvcignore": "!keep.log\n/raw/only-here\n"})
    fill(repo, {"data/raw/keep.log": "", "data/raw/x.log": "", "data/raw/only-here": ""})
    fill(repo, {"data/raw/sub/only-here": ""})
    assert ["keep.log", "sub/only-here"] == kept(repo / "data/raw")


def test_rules_do_not_reach_into_sibling_folders(repo: Path) -> None:
    fill(repo, {"other/.dvcignore": "*\n", "data/a": ""})
    assert ["a"] == kept(repo / "data")


def test_internals_of_version_control_never_count(repo: Path) -> None:
    fill(repo, {"data/.git/config": "", "data/.hg/x": "", "data/module/.git": "", "data/.gitx": ""})
    assert [".gitx"] == kept(repo / "data")


def test_nested_dvc_project_is_left_out(repo: Path) -> None:
    fill(repo, {"data/project/.dvc/config": "", "data/project/a": "", "data/b": ""})
    warnings: list[str] = []
    assert ["b"] == kept(repo / "data", warnings)
    assert "project" in warnings[0]


def test_data_that_dvc_ignores_is_hashed_without_the_rules(repo: Path) -> None:
    fill(repo, {".dvcignore": "data\n*.log\n", "data/a.log": "", "data/.git/x": ""})
    warnings: list[str] = []
    assert ["a.log"] == kept(repo / "data", warnings)
    assert "leave it out of DVC" in warnings[0]


def test_data_in_a_temporary_dvc_workspace_is_hashed(repo: Path) -> None:
    fill(repo, {".dvc/tmp/exps/t/data/sub/a": ""})
    assert ["sub/a"] == kept(repo / ".dvc/tmp/exps/t/data")


def test_rule_file_inside_the_data_counts_and_is_a_warning(repo: Path) -> None:
    fill(repo, {"data/.dvcignore": "*.log\n", "data/a.log": ""})
    warnings: list[str] = []
    assert [".dvcignore"] == kept(repo / "data", warnings)
    assert "`dvc add` refuses" in warnings[0]


def test_rule_file_that_is_itself_ignored_has_no_say(repo: Path) -> None:
    fill(repo, {".dvcignore": ".dvcignore\n", "data/.dvcignore": "*\n", "data/a": ""})
    assert ["a"] == kept(repo / "data")


@pytest.mark.parametrize("line", ["!", "broken\\"])
def test_line_that_is_no_pattern_is_passed_over(repo: Path, line: str) -> None:
    fill(repo, {".dvcignore": f"{line}\n*.log\n", "data/a.log": "", "data/a": ""})
    warnings: list[str] = []
    assert ["a"] == kept(repo / "data", warnings)
    assert "is not a pattern" in warnings[0]


def test_rule_file_that_cannot_be_read_is_passed_over(repo: Path) -> None:
    (repo / ".dvcignore").write_bytes(b"\xff")
    (repo / "data").mkdir()
    (repo / "data/.dvcignore").mkdir()
    fill(repo, {"data/a": ""})
    warnings: list[str] = []
    assert ["a"] == kept(repo / "data", warnings)
    assert 2 == len(warnings)
