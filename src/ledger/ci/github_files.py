"""What a step of a GitHub workflow leaves for others: outputs, and its part of the job summary."""

from __future__ import annotations

import os


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SUMMARY_BYTES = 1_048_576
"""GitHub drops the whole summary of a step that is larger."""


def outputs_text(values: Mapping[str, str], delimiter: str) -> str:
    """Return ``values`` as the file GITHUB_OUTPUT holds them.

    ``delimiter`` must be one that no value can guess: a value that holds it would end there, and
    could go on with outputs of its own.
    """
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in values.items())


def summary_room(path: str) -> int:
    """Return how many bytes the summary file ``path`` takes besides what is in it."""
    try:
        return SUMMARY_BYTES - os.path.getsize(path) - 2
    except OSError:
        return SUMMARY_BYTES


def append(path: str, text: str) -> None:
    """Append ``text`` to the file ``path`` that the runner named.

    Raises:
        OSError: it cannot be written.
    """
    with open(path, "a", encoding="utf-8", newline="\n") as file:
        file.write(text)
