"""Our lines in somebody's script go in once and come out byte for byte."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from ledger.setup.hooks.gate import STAGES, block_of, calls_gate
from ledger.setup.hooks.script import is_shell, with_block, without_block


if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS = [
    b"",
    b"#!/bin/sh",
    b"#!/bin/sh\n",
    b"#!/bin/sh\n\n# why\n",
    b"npx lint-staged",
    b"npx lint-staged\n",
    b'#!/usr/bin/env sh\n. "$(dirname -- "$0")/_/husky.sh"\n\nnpm test\n',
    b"#!/bin/bash\nset -euo pipefail\nexec make check",
    b"\n\necho x\n\n\n",
]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("script", SCRIPTS)
def test_taking_out_gives_every_byte_back(script: bytes, stage: str) -> None:
    new = with_block(script, stage)
    assert calls_gate(new)
    assert script == without_block(new)


@pytest.mark.parametrize("script", SCRIPTS)
def test_lines_that_somebody_wrote_around_ours_stay(script: bytes) -> None:
    new = with_block(script, "pre-commit")
    new += (b"" if new.endswith(b"\n") else b"\n") + b"echo y\n"
    left = without_block(new)
    assert not calls_gate(left)
    assert left.endswith(b"echo y\n")


def test_script_without_our_lines_is_unchanged() -> None:
    assert without_block(b"#!/bin/sh\necho\n") == b"#!/bin/sh\necho\n"


def test_what_finds_the_script_again_stays_before_our_lines() -> None:
    new = with_block(SCRIPTS[6], "pre-commit")
    assert new.index(b"husky.sh") < new.index(b"ledger_gate")


@pytest.mark.parametrize(
    ("first", "shell"),
    [
        (b"#!/bin/sh", True),
        (b"#! /bin/bash -e", True),
        (b"#!/usr/bin/env zsh", True),
        (b"echo x", True),
        (b"#!/usr/bin/env python3", False),
        (b"#!/usr/bin/fish", False),
        (b"\x7fELF\0\0", False),
    ],
)
def test_shells_are_told_from_other_languages(first: bytes, shell: bool) -> None:
    assert is_shell(first + b"\nx\n") is shell


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("stdin", ["", "a b c d\ne f g h\n"])
def test_lines_are_posix_shell_and_silent_outside_of_a_ledger(
    tmp_path: Path, stage: str, stdin: str
) -> None:
    """What comes after them in the script reads what git gave, as if they were not there."""
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    done = subprocess.run(
        ["sh", "-euc", block_of(stage) + "cat\necho end"],
        cwd=tmp_path,
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (done.stdout, done.stderr) == (f"{stdin}end\n", "")
