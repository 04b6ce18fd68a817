"""What a runner reads out of a log and out of the files it gives to a step."""

from __future__ import annotations

import re


_COMMAND = re.compile(r"^::([a-zA-Z-]+)(?: (.*?))?::(.*)$")
_OLD_COMMAND = re.compile(r"##\[([a-zA-Z-]+)(?: ([^\]]*))?\](.*)$")
"""The older form, which is obeyed anywhere in a line."""
_HEREDOC = re.compile(r"^([^=\n]+)<<(.+)$")
_ESCAPES = (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%"))
Command = tuple[str, dict[str, str], str]
"""Name, properties and data of a workflow command, unescaped."""


def obeyed(log: str) -> list[Command]:
    """Return the workflow commands in ``log`` that a runner obeys."""
    found: list[Command] = []
    stopped: str | None = None
    for line in re.split(r"\r\n|\r|\n", log):
        if stopped is not None:
            stopped = None if line.strip() == f"::{stopped}::" else stopped
            continue
        match = _COMMAND.match(line.lstrip()) or _OLD_COMMAND.search(line)
        if match is None:
            continue
        name, properties, data = match.groups(default="")
        if name == "stop-commands":
            stopped = data
            continue
        pairs = [pair.partition("=") for pair in re.split("[,;]", properties) if pair]
        found.append((name, {k.strip(): _unescaped(v) for k, _, v in pairs}, _unescaped(data)))
    assert stopped is None, "commands stay stopped for the rest of the job"
    return found


def parse_values(text: str) -> dict[str, str]:
    """Return what a file of ``name=value`` lines and heredocs sets."""
    values: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        heredoc = _HEREDOC.match(line)
        if heredoc is None:
            name, equals, value = line.partition("=")
            assert equals, f"the runner refuses the line {line!r}"
            values[name] = value
            continue
        held = []
        for inner in lines:
            if inner == heredoc[2]:
                break
            held.append(inner)
        else:
            message = f"the runner finds no end of {heredoc[1]}"
            raise AssertionError(message)
        values[heredoc[1]] = "\n".join(held)
    return values


def _unescaped(text: str) -> str:
    for escape, plain in _ESCAPES:
        text = text.replace(escape, plain)
    return text
