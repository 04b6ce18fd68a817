"""Text that every reader takes: paths of git may hold bytes that are no text."""

from __future__ import annotations

import json
import re


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.json_text import Json
    from ledger.policy.finding import Finding


_LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
"""Surrogates that stand for no byte: an event of a provider may hold them."""


def wellformed(text: str) -> str:
    r"""Return ``text`` with bytes that are no UTF-8 written out, as ``\xff``.

    A lone surrogate, which stands for one in Python, is refused by strict parsers of JSON and XML.
    """
    text = _LONE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def json_text(document: Json) -> str:
    """Return ``document`` as JSON that is ASCII: no terminal acts on what it shows, and no runner.

    Some runners obey ``##[command]`` wherever it stands in a log, hence in a string of JSON too.
    """
    return json.dumps(document, indent=2, ensure_ascii=True).replace("##[", "#\\u0023[")


def finding_document(finding: Finding) -> dict[str, Json]:
    """Return ``finding`` as an answer holds it."""
    return {
        key: wellformed(item) if isinstance(item, str) else item
        for key, item in finding.to_json().items()
    }
