"""Our entry in lefthook's config: other lines stay, and taking it out gives every byte back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from ledger.errors import LedgerError
from ledger.setup.change import Undo
from ledger.setup.hooks.gate import STAGES
from ledger.setup.hooks.lefthook import find_config, has_entry, remove_entry, write_entry


if TYPE_CHECKING:
    from pathlib import Path

CONFIGS = {
    "empty": "",
    "comment": "# hooks\n",
    "no final newline": "pre-push:\n  commands:\n    a:\n      run: b",
    "commands": "pre-commit:\n  parallel: true\n  commands:\n    lint:\n      run: ruff\n# end\n",
    "commands of both, four spaces": (
        "pre-merge-commit:\n    commands:\n        x:\n            run: y\n"
        "pre-commit:\n    commands:\n        x:\n            run: y\n"
    ),
    "jobs": "pre-commit:\n  jobs:\n    - name: a\n      run: b\n\ncommit-msg:\n  jobs: []\n",
    "scripts": "pre-commit:\n  scripts:\n    'a.sh':\n      runner: bash\n",
}


@pytest.mark.parametrize("text", CONFIGS.values(), ids=CONFIGS)
def test_entry_goes_in_and_comes_out(tmp_path: Path, text: str) -> None:
    path = tmp_path / "lefthook.yml"
    path.write_text(text)
    (change,) = write_entry(path, STAGES, Undo())
    assert change.action == "updated"
    assert write_entry(path, STAGES, Undo()) == []
    config = yaml.safe_load(path.read_text())
    for stage in STAGES:
        assert "ledger/commit-hook" in config[stage]["commands"].pop("ledger-check")["run"]
    for stage, hook in (yaml.safe_load(text) or {}).items():
        kept = config[stage]
        assert {key: item for key, item in kept.items() if key != "commands" or item} == hook
    remove_entry(path, STAGES, Undo())
    assert text == path.read_text()
    assert remove_entry(path, STAGES, Undo()) == []


def test_edited_entry_is_left_and_told(tmp_path: Path) -> None:
    path = tmp_path / "lefthook.yml"
    path.write_text("")
    write_entry(path, STAGES, Undo())
    edited = path.read_text().replace("run: |-", "tags: slow\n      run: |-", 1)
    path.write_text(edited)
    (change,) = remove_entry(path, STAGES, Undo())
    assert (change.action, path.read_text()) == ("left", edited)


@pytest.mark.parametrize(
    "text",
    [
        "pre-commit: {commands: {a: {run: b}}}\n",
        "pre-commit:\n",
        "- a\n",
        "pre-commit: [\n",
        "a: 1",
    ],
)
def test_config_that_text_cannot_extend_is_left(tmp_path: Path, text: str) -> None:
    path = tmp_path / "lefthook.yml"
    path.write_text(text)
    if text == "a: 1":
        write_entry(path, STAGES, Undo())
        return
    with pytest.raises(LedgerError, match="cannot be extended safely"):
        write_entry(path, STAGES, Undo())
    assert path.read_text() == text


@pytest.mark.parametrize(
    "name", ["lefthook.yml", ".lefthook.yaml", ".config/lefthook.yml", "lefthook.toml"]
)
def test_config_is_found_by_every_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("")
    assert find_config(tmp_path) == tmp_path / name
    assert not has_entry(tmp_path / name)
