"""Which paths are code, by name alone."""

from __future__ import annotations

import pytest

from ledger.contract.code_paths import CodePaths, code_paths, is_dvc_pointer
from ledger.settings import CODE_PATTERNS


def paths(prefix: str = "", require: tuple[str, ...] = ()) -> CodePaths:
    return code_paths(prefix, "ledger", CODE_PATTERNS, require)


@pytest.mark.parametrize("path", ["train.py", "a/b/c.yaml", "n.ipynb", "dvc.yaml", "ledgers.py"])
def test_code_is_told_by_its_name(path: str) -> None:
    assert paths().is_code(path)
    assert paths().lists(path, "100644")


@pytest.mark.parametrize("path", ["ledger/x.py", "docs/conf.py", "tests/x.py", "a.csv", "x.dvc"])
def test_the_ledger_docs_tests_and_data_are_no_code(path: str) -> None:
    assert not paths().is_code(path)
    assert not paths().lists(path, "100644")


def test_a_project_in_a_folder_sees_only_itself() -> None:
    inside = paths("app/")
    assert inside.is_code("app/train.py")
    assert not inside.is_code("train.py")
    assert not inside.is_code("app/ledger/x.py")
    assert inside.is_code("app/app/ledger/x.py")


def test_a_submodule_is_listed_whatever_its_name() -> None:
    assert paths().lists("vendor", "160000")
    assert not paths().lists("vendor", "100644")
    assert not paths("app/").lists("vendor", "160000")


def test_what_is_required_is_listed_when_it_is_tracked() -> None:
    required = paths(require=("tables/**",))
    assert required.lists("tables/a.csv", "100644")
    assert not required.is_code("tables/a.csv")
    assert not paths("app/", ("tables/**",)).lists("tables/a.csv", "100644")


@pytest.mark.parametrize("path", ["dvc.lock", "a/dvc.lock", "tables/a.csv.dvc"])
def test_pointers_of_dvc_are_never_listed(path: str) -> None:
    assert is_dvc_pointer(path)
    assert not paths(require=("**",)).lists(path, "100644")


def test_what_a_pipeline_writes_is_not_listed() -> None:
    less = paths(require=("**",)).without(["out", "m.json"])
    assert not less.lists("out/a/b.py", "100644")
    assert not less.lists("m.json", "100644")
    assert less.lists("outer/a.py", "100644")
    assert less.lists("a/m.json", "100644")
    assert less.is_out("out")
