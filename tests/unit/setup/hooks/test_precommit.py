"""Extending a config that belongs to somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ledger.errors import LedgerError
from ledger.policy.stages import STAGES as ARGUMENTS
from ledger.setup.hooks.gate import STAGES
from ledger.setup.hooks.offered import ALL_STAGES, OFFERED, render_manifest
from ledger.setup.hooks.precommit import (
    CONFIG_NAME,
    MANIFEST_NAME,
    extend_config,
    remove_config,
    stages_in,
    write_config,
)


TOP = Path(__file__).parents[4]
THEIRS = """\
# our checks
repos:
  # formatting
  - repo: https://example.com/tool
    rev: v1.2.3  # pinned
    hooks:
      - id: tool

# for the service
ci:
  skip: [tool]
"""


def test_manifest_is_up_to_date() -> None:
    """Mend: print(ledger.setup.hooks.offered.render_manifest(), end="") into the file."""
    assert (TOP / MANIFEST_NAME).read_text(encoding="utf-8") == render_manifest()


def test_manifest_offers_every_stage_installed_and_from_path() -> None:
    hooks = {hook["id"]: hook for hook in yaml.safe_load(render_manifest())}
    assert len(hooks) == 2 * len(OFFERED)
    for offered in OFFERED:
        for ending, language in (("", "python"), ("-system", "system")):
            hook = hooks[offered.hook_id + ending]
            assert hook["language"] == language
            assert hook["entry"] == f"python -I -m ledger.policy {offered.argument}"
            assert hook["always_run"] is True
            assert hook["pass_filenames"] is False
            assert hook["require_serial"] is True
            assert hook["stages"] == list(offered.stages)
            assert hook["minimum_pre_commit_version"] == "3.2.0"


def test_every_stage_is_offered_and_every_argument_known() -> None:
    assert sorted(STAGES) == sorted(ALL_STAGES)
    assert {hook.argument for hook in OFFERED} <= set(ARGUMENTS)


def test_config_is_created(tmp_path: Path) -> None:
    assert [change.action for change in write_config(tmp_path)] == ["created"]
    config = yaml.safe_load((tmp_path / CONFIG_NAME).read_text())
    assert config["default_install_hook_types"] == list(ALL_STAGES)
    assert [hook["id"] for hook in config["repos"][0]["hooks"]] == [one.hook_id for one in OFFERED]
    assert stages_in(tmp_path) == set(STAGES)
    assert write_config(tmp_path) == []


def test_a_choice_of_the_hooks_gets_their_types_and_no_more() -> None:
    text = "repos:\n  - repo: https://example.com/ledger\n    rev: v1.0.0\n    hooks:\n"
    text += "      - id: ledger-check\n      - id: ledger-push-system\n"
    config = yaml.safe_load(extend_config(text, "x"))
    types = ["pre-commit", "pre-merge-commit", "pre-push"]
    assert config == yaml.safe_load(text) | {"default_install_hook_types": types}


@pytest.mark.parametrize(
    "theirs",
    [
        THEIRS,
        THEIRS.replace("  - repo", "- repo")
        .replace("    rev", "  rev")
        .replace("    hooks", "  hooks"),
        THEIRS.rstrip("\n"),
        "repos: []\n",
        "---\n" + THEIRS,
        "default_install_hook_types: [pre-commit, pre-push]\n" + THEIRS,
        "default_install_hook_types:\n  - pre-push\n" + THEIRS,
        "repos:\n",
        "fail_fast: true\n",
    ],
)
def test_extending_keeps_every_line_and_happens_once(theirs: str) -> None:
    new = extend_config(theirs, "x")
    before, after = yaml.safe_load(theirs), yaml.safe_load(new)
    assert after["repos"][:-1] == (before.get("repos") or [])
    assert {"pre-commit", "pre-merge-commit"} <= set(after["default_install_hook_types"])
    kept = [line for line in theirs.splitlines() if not line.startswith(("default", "repos: []"))]
    assert [line for line in new.splitlines() if line in kept][: len(kept)] or not kept
    assert all(line in new for line in kept)
    assert extend_config(new, "x") == new


def test_flow_style_is_refused_with_what_to_add() -> None:
    with pytest.raises(LedgerError, match="add by hand"):
        extend_config('{"repos": [{"repo": "meta", "hooks": []}]}\n', "x")


@pytest.mark.parametrize("text", ["repos: [\n", "- a\n", "repos: 3\n"])
def test_config_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(LedgerError):
        extend_config(text, "x")


# ---- line ends, and taking it out again


@pytest.mark.parametrize("theirs", [THEIRS, "repos: []\n", "repos:\n- repo: local\n  hooks: []\n"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_removing_gives_back_every_byte(tmp_path: Path, theirs: str, end: str) -> None:
    path = tmp_path / CONFIG_NAME
    before = theirs.replace("\n", end).encode()
    path.write_bytes(before)
    write_config(tmp_path)
    if end == "\r\n":
        assert b"\n" not in path.read_bytes().replace(b"\r\n", b"")
    (change,) = remove_config(tmp_path)
    if theirs == "repos: []\n":
        assert (change.action, path.exists()) == ("removed", False)
    else:
        assert (change.action, path.read_bytes()) == ("updated", before)
    assert remove_config(tmp_path) == []


def test_removing_a_config_of_ours_alone_removes_the_file(tmp_path: Path) -> None:
    write_config(tmp_path)
    assert [change.action for change in remove_config(tmp_path)] == ["removed"]
    assert not (tmp_path / CONFIG_NAME).exists()


def test_entry_that_was_edited_is_left_and_said(tmp_path: Path) -> None:
    path = tmp_path / CONFIG_NAME
    write_config(tmp_path)
    edited = path.read_bytes().replace(b"name: ledger check", b"name: our check")
    path.write_bytes(edited)
    (change,) = remove_config(tmp_path)
    assert change.action == "left"
    assert "remove that entry by hand" in change.what
    assert path.read_bytes() == edited


def test_config_that_is_no_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / CONFIG_NAME).write_bytes(b"# \xff\nrepos: []\n")
    with pytest.raises(LedgerError, match="is not UTF-8"):
        write_config(tmp_path)
