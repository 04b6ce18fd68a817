"""How credentials are kept out of everything that is committed."""

from __future__ import annotations

import re

from ledger.contract.credentials import (
    PROSE,
    REDACTED,
    find_secrets,
    is_secret_file,
    is_secret_key,
    is_special_token,
)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.json_text import Json

__all__ = [
    "REDACTED",
    "holds_secret",
    "is_secret_file",
    "is_secret_key",
    "redact",
    "redact_argv",
    "redact_text",
    "redact_under",
    "strip_user_info",
]

_USER_INFO = re.compile(r"(?<![a-zA-Z0-9+.\-])([a-zA-Z][a-zA-Z0-9+.\-]*://)[^/?#\s\"'<>]+@")
_WHOLE_ADDRESS = re.compile(r"([a-zA-Z][a-zA-Z0-9+.\-]*://)[^/?#\s]+@")
# In prose only ``key=value`` is taken as one, whatever the value: "unexpected token: x" is text.
_GIVEN = re.compile(r"""(?<![\w.])([A-Za-z_][\w.\-]{0,99})=("[^"]*"|'[^']*'|[^\s"',;)\]}<&]+)""")
# {password:x,user:y}: a mapping on the command line, as Hydra takes it.
_IN_BRACES = re.compile(r"""(?<=[{,])(\s{0,9}[\w.\-]{1,100}["']?)\s{0,9}:\s{0,9}([^,{}\[\]]+)""")
_MAX_PASSES = 8


def redact_text(text: str) -> str:
    """Return ``text`` without user-info in URLs, known forms of credentials, and ``token=…``.

    Nothing that ``find_secrets`` would find in it as prose is left.
    """
    plain = _USER_INFO.sub(rf"\1{REDACTED}@", text) if "@" in text else text
    if "=" in plain:
        plain = _GIVEN.sub(_without_value, plain)
    for _ in range(_MAX_PASSES):  # what is cut out of a text may leave a new neighbourhood
        spans = sorted((secret.start, secret.end) for secret in find_secrets(plain, PROSE))
        if not spans:
            break
        plain = _without(plain, spans)
    return plain


def strip_user_info(url: str) -> str:
    """Return a remote's ``url`` without user name and password; ``git@host:path`` is kept."""
    return redact_text(_WHOLE_ADDRESS.sub(r"\1", url))


def redact(item: Json) -> Json:
    """Return ``item`` with credentials replaced by ``"<redacted>"``, at any depth, also in keys."""
    if isinstance(item, dict):
        clean: dict[str, Json] = {}
        for key, below in item.items():
            clean[_free_name(redact_text(key), clean)] = _below(key, below)
        return clean
    if isinstance(item, list):
        return [redact(below) for below in item]
    return redact_text(item) if isinstance(item, str) else item


def redact_under(key: str, text: str) -> str:
    """Return ``text``, a value called ``key``, as it may be written."""
    if not text or is_special_token(key, text):
        return text
    return REDACTED if is_secret_key(key) else redact_text(text)


def redact_argv(argv: list[str]) -> list[str]:
    """Return a command line without the values of ``--api-key X``, ``token=X`` and known forms."""
    kept: list[str] = []
    hide_next = False
    for argument in argv:
        flag, equals, _ = argument.partition("=")
        if hide_next and not argument.startswith("-"):
            kept.append(REDACTED)
        elif equals and is_secret_key(flag.lstrip("-+~")):
            kept.append(f"{flag}={REDACTED}")
        else:
            kept.append(redact_text(_IN_BRACES.sub(_without_entry, argument)))
        hide_next = argument.startswith("-") and not equals and is_secret_key(argument.lstrip("-"))
    return kept


def holds_secret(text: str, style: str = PROSE) -> bool:
    """Whether ``text`` holds what looks like a credential."""
    return next(find_secrets(text, style), None) is not None


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    parts: list[str] = []
    at = 0
    for start, end in spans:
        if start >= at:
            parts += [text[at:start], REDACTED]
        at = max(at, end)
    return "".join([*parts, text[at:]])


def _without_value(match: re.Match[str]) -> str:
    key, given = match[1], match[2]
    return f"{key}={REDACTED if is_secret_key(key) else given}"


def _without_entry(match: re.Match[str]) -> str:
    key = match[1]
    return f"{key}:{REDACTED}" if is_secret_key(key.strip(" \t\"'")) else match[0]


def _below(key: str, item: Json) -> Json:
    if isinstance(item, str):
        return redact_under(key, item)
    if item is None or isinstance(item, bool):
        return item
    return REDACTED if is_secret_key(key) else redact(item)


def _free_name(key: str, taken: dict[str, Json]) -> str:
    """Return ``key``, numbered where two keys look the same without their credentials."""
    name, number = key, 2
    while name in taken:
        name, number = f"{key} {number}", number + 1
    return name
