"""Modules on disk that are imported while somebody waits for them."""

from __future__ import annotations

import copy
import importlib
import importlib.util
import inspect
import pkgutil
import sys
from typing import TYPE_CHECKING

import pytest

from ledger.integrations.import_hook import ImportHook


if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.machinery import ModuleSpec
    from pathlib import Path

NAME = "toyframe"


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Return what was told of the modules that the hook of this test waits for."""
    package = tmp_path / NAME
    package.mkdir()
    (package / "__init__.py").write_text("def fit():\n    return 'fitted'\n", encoding="utf-8")
    (package / "part.py").write_text("DONE = True\n", encoding="utf-8")
    (package / "data.txt").write_bytes(b"data")
    (tmp_path / "toybroken.py").write_text("1 / 0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    before, modules = list(sys.meta_path), set(sys.modules)
    yield []
    sys.meta_path[:] = before
    for name in {*sys.modules} - modules:
        if name.startswith("toy"):
            del sys.modules[name]


def waiting(told: list[str], *names: str) -> ImportHook:
    def tell(name: str) -> None:
        told.append(f"{name} {'is' if name in sys.modules else 'is not'} there")

    hook = ImportHook(names, tell)
    hook.install()
    return hook


def test_tells_of_a_module_once_it_is_imported(told: list[str]) -> None:
    hook = waiting(told, NAME, f"{NAME}.part")
    assert told == []

    module = importlib.import_module(NAME)
    assert told == [f"{NAME} is there"]
    assert module.fit() == "fitted"
    assert hook in sys.meta_path

    importlib.import_module(f"{NAME}.part")
    assert told == [f"{NAME} is there", f"{NAME}.part is there"]
    assert hook not in sys.meta_path, "nothing is waited for any more"


def test_tells_at_once_of_what_is_imported_already(told: list[str]) -> None:
    importlib.import_module(NAME)
    hook = waiting(told, NAME)
    assert told == [f"{NAME} is there"]
    assert hook not in sys.meta_path
    importlib.reload(sys.modules[NAME])
    assert len(told) == 1


def test_leaves_no_trace_in_the_module(told: list[str]) -> None:
    plain = importlib.import_module(NAME)
    loaders = type(plain.__loader__), type(plain.__spec__.loader)
    del sys.modules[NAME]
    waiting(told, NAME)

    module = importlib.import_module(NAME)

    assert loaders == (type(module.__loader__), type(module.__spec__.loader))
    assert pkgutil.get_data(NAME, "data.txt") == b"data"
    assert inspect.getsource(module.fit) == "def fit():\n    return 'fitted'\n"


def test_who_only_asks_whether_a_module_is_there_imports_nothing(told: list[str]) -> None:
    waiting(told, NAME)
    spec = importlib.util.find_spec(NAME)
    assert spec is not None
    assert spec.loader is not None
    assert spec.loader.is_package(NAME)  # type: ignore[attr-defined]
    assert copy.copy(spec.loader).is_package(NAME)  # type: ignore[attr-defined]
    assert told == []
    importlib.import_module(NAME)
    assert told == [f"{NAME} is there"]


def test_a_module_that_fails_fails_as_it_would(told: list[str]) -> None:
    waiting(told, "toybroken", "toyabsent")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            importlib.import_module("toybroken")
    with pytest.raises(ModuleNotFoundError, match="No module named 'toyabsent'"):
        importlib.import_module("toyabsent")
    assert told == []


def test_a_module_may_be_imported_lazily(told: list[str]) -> None:
    waiting(told, NAME)
    spec = importlib.util.find_spec(NAME)
    assert spec is not None
    assert spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)
    assert told == []

    assert module.fit() == "fitted"
    assert told == [f"{NAME} is there"]


class AsksAll:
    """A hook of another tool, which asks all finders again, ours among them."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name in self.asked:
            return None
        self.asked.append(name)
        return importlib.util.find_spec(name)


@pytest.mark.parametrize("is_first", [True, False])
def test_another_tool_may_wait_for_the_same_module(told: list[str], *, is_first: bool) -> None:
    other = AsksAll()
    waiting(told, NAME)
    sys.meta_path.insert(0 if is_first else 1, other)
    importlib.import_module(NAME)
    assert (told, other.asked) == ([f"{NAME} is there"], [NAME])


def test_waits_no_longer_when_removed(told: list[str]) -> None:
    hook = waiting(told, NAME)
    spec = importlib.util.find_spec(NAME)
    hook.remove()
    hook.remove()
    assert hook not in sys.meta_path
    assert spec is not None
    assert spec.loader is not None
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    importlib.import_module(NAME)
    assert told == []


def test_other_imports_are_none_of_its_business(told: list[str]) -> None:
    hook = waiting(told, NAME)
    assert hook.find_spec("json") is None
    assert hook.find_spec(f"{NAME}.part") is None
