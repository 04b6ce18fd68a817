"""The closer look of LED107: where in a file what kind of credential stands."""

from __future__ import annotations

import json
import re
from bisect import bisect_left

from ledger.contract.credentials import (
    PROSE,
    find_secrets,
    is_placeholder,
    is_secret_file,
    is_secret_key,
    style_of,
)
from ledger.contract.json_text import NON_FINITE, parse_json
from ledger.contract.layout import PATCH_NAME, is_table
from ledger.contract.leaks import leaks_in
from ledger.contract.metrics import decode_table
from ledger.contract.patch import added_lines
from ledger.contract.redaction import redact_text
from ledger.errors import MalformedError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@value
class Place:
    """Where in a file what looks like a credential stands; never the credential itself."""

    line: int | None
    """1-based, None where it cannot be told."""
    kind: str


def secret_places(name: str, data: bytes) -> list[Place]:
    """Return the places of ``data``, the file ``name`` of a run, that look like credentials."""
    found = [Place(line=None, kind="the file's name")] if is_secret_file(name) else []
    found += _places(name, data)
    # the name of a key may be a credential, too
    return [Place(line=place.line, kind=redact_text(place.kind)) for place in dict.fromkeys(found)]


def _places(name: str, data: bytes) -> Iterator[Place]:
    if name == PATCH_NAME:
        return _in_patch(data)
    if name.endswith((".json", ".yaml")):
        return _in_document(name, data)
    if is_table(name):
        return _in_table(data)
    return _in_text(data, style_of(name))


def _in_document(name: str, data: bytes) -> Iterator[Place]:
    try:
        document = parse_json(data)
    except MalformedError:
        yield from _in_text(data, style_of(name))  # LED111 tells that it does not parse
        return
    for leak in leaks_in(document):
        yield Place(line=_line_of(data, leak.text), kind=leak.kind)


def _in_table(data: bytes) -> Iterator[Place]:
    """Yield what stands in a table: by its form, and texts of columns named like a credential."""
    yield from _in_text(data.replace(b'""', b'"'), PROSE)  # a quote within a cell stands twice
    try:
        table = decode_table(data)
    except MalformedError:
        return  # LED111 tells
    for column, name in enumerate(table.header):
        if is_secret_key(name):
            for line, row in enumerate(table.rows, 2):
                cell = row[column]
                is_none = cell in NON_FINITE or is_placeholder(cell)
                if cell.strip("0123456789.e+-") and not is_none:
                    yield Place(line=line, kind=f"the value of {name}")


def _in_text(data: bytes, style: str) -> Iterator[Place]:
    text = data.decode("utf-8", "replace")
    breaks = _breaks(text)
    for secret in find_secrets(text, style):
        yield Place(line=bisect_left(breaks, secret.start) + 1, kind=secret.kind)


def _in_patch(data: bytes) -> Iterator[Place]:
    """Yield the places in added lines; what a patch takes away or shows around is committed."""
    files: dict[str, list[tuple[int, str]]] = {}
    for line in added_lines(data):
        files.setdefault(line.path, []).append((line.number, line.text))
    for path, lines in files.items():
        if is_secret_file(path):
            yield Place(line=lines[0][0], kind="a file of credentials")
        text = "\n".join(text for _, text in lines)
        breaks = _breaks(text)
        for secret in find_secrets(text, style_of(path)):
            number = lines[bisect_left(breaks, secret.start)][0]
            yield Place(line=number, kind=secret.kind)


def _breaks(text: str) -> list[int]:
    """Return where lines of ``text`` end: counting anew for each place takes their square."""
    return [found.start() for found in re.finditer("\n", text)]


def _line_of(data: bytes, text: str) -> int | None:
    """Return the 1-based line on which a JSON document holds ``text``; None where it is escaped."""
    at = data.find(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace"))
    return None if at < 0 else data.count(b"\n", 0, at) + 1
