"""Our lines in somebody's shell hook that git tracks, such as husky's; taken out exactly."""

from __future__ import annotations

import re

from ledger.setup.hooks.gate import BEGIN, END, block_of


_SHELL = re.compile(rb"#! ?\S*(/| )(ba|da|k|z|a)?sh( .*)?$")
_SOURCES_HUSKY = re.compile(rb"\s*(\.|source) .*husky\.sh")
_OURS = re.compile(
    rb"\n?" + re.escape(BEGIN.encode()) + rb"\n.*?" + re.escape(END.encode()) + rb"(?:\n|\Z)",
    re.DOTALL,
)


def is_shell(data: bytes) -> bool:
    """Whether ``data`` is a script for a shell; without a first line that says so, git takes sh."""
    first = data.partition(b"\n")[0].rstrip(b"\r")
    if first.startswith(b"#!"):
        return _SHELL.match(first) is not None
    return b"\0" not in data


def with_block(data: bytes, stage: str) -> bytes:
    """Return the script with our lines for ``stage``, before the rest: that may end by ``exec``."""
    block = block_of(stage).encode()
    lines = data.splitlines(keepends=True)
    at = 0
    while at < len(lines) and _is_preamble(lines[at]):
        at += 1
    head, tail = b"".join(lines[:at]), b"".join(lines[at:])
    if head and not head.endswith(b"\n"):
        return head + b"\n" + block.removesuffix(b"\n")
    return head + block + tail


def without_block(data: bytes) -> bytes:
    """Return the script as it was before ``with_block``; without our lines it is unchanged."""
    found = _OURS.search(data)
    if found is None:
        return data
    text = found[0]
    # only where the script had no final newline did we write one before our lines
    is_glued = text.startswith(b"\n") and text.endswith(END.encode())
    start = found.start() if is_glued else found.start() + text.startswith(b"\n")
    return data[:start] + data[found.end() :]


def _is_preamble(line: bytes) -> bool:
    text = line.strip()
    return not text or text.startswith(b"#") or _SOURCES_HUSKY.match(line) is not None
