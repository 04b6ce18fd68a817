"""The options by which sections of notes are written from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click


if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

F = TypeVar("F", bound="Callable[..., object]")

_SECTIONS = {
    "hypothesis": "Hypothesis",
    "change": "Change",
    "result": "Result",
    "next_step": "Next",
    "risk": "Risk/Anomaly",
}
_OPTIONS = (
    click.option("--hypothesis", help="What you expected, and why."),
    click.option("--change", help="What is different from the run before."),
    click.option("--result", help="What came out, in numbers, against what."),
    click.option("--next", "next_step", help="What follows from it."),
    click.option("--risk", help='What could make this wrong; "none" is an answer.'),
    click.option("--accept", is_flag=True, help="Make the automatic lines your own."),
)


def section_options(command: F) -> F:
    """Add the five texts and ``--accept`` to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def sections_given(texts: Mapping[str, str | None]) -> dict[str, str]:
    """Return {section: text} of the options that were given."""
    return {_SECTIONS[option]: text for option, text in texts.items() if text is not None}
