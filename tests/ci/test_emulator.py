"""The emulator refuses and sees what the runner would: without that the other tests say nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ci.commands import obeyed, parse_values
from ci.emulator import Runner


if TYPE_CHECKING:
    from ci.emulator import Done

ACTION = """\
name: a
description: a
inputs:
  word: { description: a, default: b }
outputs:
  said: { description: a, value: "${{ steps.one.outputs.said }}" }
runs:
  using: composite
  steps:
    - id: one
      shell: bash
      env: { WORD: "${{ inputs.word }}" }
      run: %s
    - if: ${{ always() && steps.one.outputs.said != '' }}
      uses: a/b@c
      with: { word: "${{ inputs.word }}" }
    - id: two
      shell: bash
      run: echo second
"""


def act(folder: Path, script: str, **inputs: str) -> Done:
    """Run an action whose first step is ``script``."""
    (folder / "action.yml").write_text(ACTION % script)
    event = folder / "event.json"
    runner = Runner(
        action=folder,
        workspace=folder,
        folder=folder,
        event_name="push",
        event=event,
        variables={},
    )
    return runner.run(inputs)


@pytest.mark.parametrize(
    "script",
    [
        "echo ${{ inputs.word }}",
        "echo ${{inputs.word}}",
        "echo ${{ github.event.pull_request.title }}",
        "echo ${{ github.head_ref }}",
        "echo ${{ env.WORD }}",
    ],
)
def test_text_pasted_into_a_script_is_refused(script: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="pasted"):
        act(tmp_path, script)


def test_step_that_fails_stops_the_next_but_not_what_always_runs(tmp_path: Path) -> None:
    done = act(tmp_path, 'echo "said=$WORD" >>"$GITHUB_OUTPUT"; exit 3', word="c")

    assert (3, {"said": "c"}, "") == (done.code, done.outputs, done.said)
    assert [{"uses": "a/b@c", "with": {"word": "c"}}] == done.uses


def test_step_without_what_the_condition_asks_for_is_left_out(tmp_path: Path) -> None:
    done = act(tmp_path, "echo ::error file=a,line=1::b")

    assert ([], 0) == (done.uses, done.code)
    assert done.said.endswith("second\n")
    assert [("error", {"file": "a", "line": "1"}, "b")] == done.annotations


def test_script_is_run_as_the_runner_runs_it(tmp_path: Path) -> None:
    assert 1 == act(tmp_path, "false | true; echo on").code


@pytest.mark.parametrize(
    ("log", "found"),
    [
        ("::error::a", [("error", {}, "a")]),
        (
            "  ::error title=a%2Cb,line=2::c%0Ad%25",
            [("error", {"title": "a,b", "line": "2"}, "c\nd%")],
        ),
        ("a\r::add-mask::b", [("add-mask", {}, "b")]),
        ("text ##[error]a", [("error", {}, "a")]),
        ("text ::error::a", []),
        ("::stop-commands::x\n::error::a\n##[error]a\n::x::\n::notice::b", [("notice", {}, "b")]),
    ],
)
def test_commands_are_those_that_a_runner_obeys(
    log: str, found: list[tuple[str, dict[str, str], str]]
) -> None:
    assert found == obeyed(log)


def test_commands_that_stay_stopped_are_told() -> None:
    with pytest.raises(AssertionError, match="stay stopped"):
        obeyed("::stop-commands::x\n::y::\n")


def test_values_of_a_file_are_lines_and_heredocs() -> None:
    told = parse_values("a=b<<c\nd<<E\n1\na=2\nE\n")

    assert {"a": "b<<c", "d": "1\na=2"} == told
    with pytest.raises(AssertionError, match="no end"):
        parse_values("d<<E\n1\n")
    with pytest.raises(AssertionError, match="refuses"):
        parse_values("word\n")
