"""The nearest settings file upwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from ledger.errors import LedgerError, NoLedgerError
from ledger.project import find_project, project_at
from ledger.settings import Settings


def put(folder: Path, name: str = "ledger.toml", text: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    return folder


def test_nearest_settings_upwards_win(tmp_path: Path) -> None:
    put(tmp_path / "outer")
    inner = put(tmp_path / "outer" / "inner")
    deep = inner / "a" / "b"
    deep.mkdir(parents=True)
    assert inner == find_project([deep]).root
    assert tmp_path / "outer" == find_project([tmp_path / "outer" / "other"]).root


def test_script_comes_before_the_working_folder(tmp_path: Path) -> None:
    one, two = put(tmp_path / "one"), put(tmp_path / "two")
    script = one / "train.py"
    script.write_text("")
    assert one == find_project([script, two]).root
    assert two == find_project([tmp_path / "nowhere" / "train.py", two]).root


def test_ledger_is_below_the_settings(tmp_path: Path) -> None:
    put(tmp_path, text='dir = "runs/all"\n')
    project = find_project([tmp_path])
    assert tmp_path / "runs" / "all" == project.ledger_dir
    assert tmp_path / "ledger.toml" == project.settings_path


def test_pyproject_without_the_table_is_passed_by(tmp_path: Path) -> None:
    put(tmp_path, "pyproject.toml", "[tool.ledger]\n")
    put(tmp_path / "sub", "pyproject.toml", "[project]\nname = 'x'\n")
    assert tmp_path == find_project([tmp_path / "sub"]).root


def test_own_file_comes_before_pyproject(tmp_path: Path) -> None:
    put(tmp_path, "pyproject.toml", '[tool.ledger]\ndir = "a"\n')
    put(tmp_path, "ledger.toml", 'dir = "b"\n')
    assert Settings(dir="b") == find_project([tmp_path]).settings


def test_relative_start_gives_an_absolute_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert tmp_path == find_project([Path("train.py")]).root


def test_no_project_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoLedgerError, match="ledger init") as caught:
        find_project([tmp_path / "a", tmp_path / "b"])
    assert tmp_path / "b" == caught.value.path
    with pytest.raises(NoLedgerError):
        find_project([])


def test_broken_settings_are_not_passed_by(tmp_path: Path) -> None:
    put(tmp_path)
    put(tmp_path / "sub", text="dir = 1\n")
    with pytest.raises(LedgerError) as caught:
        find_project([tmp_path / "sub"])
    assert str(tmp_path / "sub" / "ledger.toml") == caught.value.path


def test_folder_without_settings_is_no_project(tmp_path: Path) -> None:
    assert project_at(tmp_path) is None
    assert project_at(tmp_path / "gone") is None
