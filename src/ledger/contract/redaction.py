"""What looks like a credential, and how it is kept out of everything that is committed."""

from __future__ import annotations

import re

from ledger.contract.globs import compile_globs


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.json_text import Json

REDACTED = "<redacted>"

SECRET_FILES = (
    "**/.env*",
    "**/*.pem",
    "**/*.key",
    "**/id_*",
    "**/*credentials*",
)
is_secret_file = compile_globs(SECRET_FILES)

_VENDORS = "hf|wandb|github|gitlab|slack|openai|aws|gcp|azure|mlflow"
# Of a key in lower case, its words parted by "_".
_KEY = re.compile(
    r"(?:^|_)(?:passw(?:or)?d|passphrase|pwd|secret|credentials?|bearer|authorization|api_?key"
    r"|private_?key|secret_?key|access_?key(?:_?id)?|client_?secret|(?:auth|access|refresh)token"
    rf"|(?:{_VENDORS})_?(?:api_?)?(?:key|token|secret))$"
)
# Before "token" they speak of text, not of access: max_token, pad_token.
_WORDS_OF_TEXT = frozenset({
    "added", "additional", "audio", "begin", "blank", "bos", "class", "cls", "decoder", "dist",
    "end", "eos", "extra", "first", "forced", "image", "last", "mask", "max", "mean", "min",
    "n", "new", "next", "num", "pad", "padding", "per", "prefix", "prompt", "sep", "sos",
    "special", "start", "stop", "suffix", "total", "unk"
})  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BREAK = re.compile(r"[.\-\s]+")
_USER_INFO = re.compile(r"(?<![a-zA-Z0-9+.\-])([a-zA-Z][a-zA-Z0-9+.\-]*://)[^/?#\s\"'<>]+@")
_VALUE = re.compile(
    r"(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}|\bglpat-[A-Za-z0-9_\-]{18,}"
    r"|\bxox[abprs]-[A-Za-z0-9\-]{10,}|\bsk-[A-Za-z0-9_\-]{20,}|\bhf_[A-Za-z0-9]{30,}"
    r"|\bAIza[0-9A-Za-z_\-]{35}|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
# The key is bounded, so that a megabyte on one line costs a megabyte. A value that begins like a
# placeholder ("<redacted>", "${oc.env:KEY}", "{{ key }}", "%(key)s") is none.
_ASSIGNED = re.compile(
    r"""(?<![\w.])([A-Za-z_][\w.\-]{0,99})["']?\s*[:=]\s*["']([^"'\s<${%][^"'\s]{7,})["']"""
)
# In prose only ``key=value`` is taken as one: "unexpected token: x" speaks of text.
_GIVEN = re.compile(r"""(?<![\w.])([A-Za-z_][\w.\-]{0,99})=("[^"]*"|'[^']*'|[^\s"',;)\]}<&]+)""")


def is_secret_key(key: str) -> bool:
    """Whether a value under ``key`` is a credential: ``api_key`` yes, ``n_tokens`` no."""
    words = _BREAK.sub("_", _CAMEL.sub("_", key)).lower()
    *before, last = words.split("_")
    if last == "token":
        return not (before and before[-1] in _WORDS_OF_TEXT)
    return _KEY.search(words) is not None


def redact_text(text: str) -> str:
    """Return ``text`` without user-info in URLs, known forms of credentials, and ``token=…``."""
    plain = _VALUE.sub(REDACTED, _USER_INFO.sub(rf"\1{REDACTED}@", text))
    return _GIVEN.sub(_without_value, plain) if "=" in plain else plain


def strip_user_info(url: str) -> str:
    """Return a remote's ``url`` without user name and password; ``git@host:path`` is kept."""
    return _USER_INFO.sub(r"\1", url)


def redact(item: Json) -> Json:
    """Return ``item`` with credentials replaced by ``"<redacted>"``, at any depth."""
    if isinstance(item, dict):
        return {key: _redact_under(key, below) for key, below in item.items()}
    if isinstance(item, list):
        return [redact(below) for below in item]
    return redact_text(item) if isinstance(item, str) else item


def redact_argv(argv: list[str]) -> list[str]:
    """Return a command line without the values of ``--api-key X``, ``token=X`` and known forms."""
    kept: list[str] = []
    hide_next = False
    for argument in argv:
        flag, equals, _ = argument.partition("=")
        if hide_next and not argument.startswith("-"):
            kept.append(REDACTED)
        elif equals and is_secret_key(flag.lstrip("-")):
            kept.append(f"{flag}={REDACTED}")
        else:
            kept.append(redact_text(argument))
        hide_next = argument.startswith("-") and not equals and is_secret_key(argument.lstrip("-"))
    return kept


def holds_secret(text: str) -> bool:
    """Whether ``text``, lines of source, holds what looks like a credential."""
    if _VALUE.search(text):
        return True
    return any(is_secret_key(match[1]) for match in _ASSIGNED.finditer(text))


def _without_value(match: re.Match[str]) -> str:
    key, given = match[1], match[2]
    return f"{key}={REDACTED if is_secret_key(key) else given}"


def _redact_under(key: str, item: Json) -> Json:
    is_absent = item is None or item == "" or isinstance(item, bool)
    return REDACTED if is_secret_key(key) and not is_absent else redact(item)
