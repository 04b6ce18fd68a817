"""What looks like a credential: in a key, in the name of a file, anywhere in a text.

Nothing here ever returns the credential itself, only its kind and its place. Patterns end in a
class and are judged by a function, never by a longer pattern: a megabyte on one line costs a
megabyte.
"""

from __future__ import annotations

import re

from ledger.contract.globs import compile_globs
from ledger.contract.tripwire import TRIPWIRE
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REDACTED = "<redacted>"

SECRET_FILES = (
    "**/.env*",
    "**/*.{pem,key,ppk,p12,pfx,jks,keystore,kdbx}",
    "**/id_*",
    "**/*credentials*",
    "**/{.netrc,_netrc,.npmrc,.pypirc,.pgpass,.htpasswd,kaggle.json}",
    "**/{secret,secrets}.{yaml,yml,json,toml,ini,cfg}",
)
_is_secret_file = compile_globs(SECRET_FILES)

PROSE, CODE, SETTINGS = "prose", "code", "settings"
"""How a text is read: in code a bare word is an expression, in settings it is a literal."""
_CODE_FILES = compile_globs(
    ("**/*.{py,pyi,ipynb,R,jl,c,cc,cpp,cu,h,gin,json,js,ts,java,go,rs,scala,m,lua}",)
)
_SETTINGS_FILES = compile_globs(("**/*.{yaml,yml,toml,ini,cfg,conf,env,properties,sh}", "**/.env*"))

_VENDORS = (
    "hf|huggingface|wandb|github|gitlab|slack|openai|anthropic|aws|gcp|azure|mlflow|comet|neptune"
    "|kaggle|databricks|stripe|npm|pypi|cohere|replicate|clearml|dagshub|sentry"
)
# Of a key in lower case, its words parted by "_".
_KEY = re.compile(
    r"(?:^|_)(?:passw(?:or)?d|passphrase|passcode|pwd|secret|credentials?|bearer|authorization"
    r"|api_?key|private_?key|secret_?key|access_?key(?:_?id)?|account_?key|signing_?key"
    r"|encryption_?key|master_?key|ssh_?key|client_?secret|(?:auth|access|refresh)token"
    rf"|(?:{_VENDORS})_?(?:api_?)?(?:key|token|secret))$"
)
_PASSWORD = re.compile(r"(?:^|_)(?:passw(?:or)?d|passphrase|passcode|pwd)$")
# Before "token" they speak of text, not of access: max_token, pad_token.
_WORDS_OF_TEXT = frozenset({
    "added", "additional", "assistant", "audio", "begin", "blank", "bos", "boi", "class", "cls",
    "context", "decoder", "dist", "end", "eoi", "eos", "eot", "every", "extra", "first", "forced",
    "image", "input", "key", "last", "mask", "max", "mean", "min", "n", "new", "next", "num",
    "output", "pad", "padding", "per", "prefix", "prompt", "sep", "sos", "special", "start", "stop",
    "suffix", "system", "think", "total", "unk", "user", "video"
})  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BREAK = re.compile(r"[.\-\s]+")

_tripwire = re.compile(TRIPWIRE)


@value
class Secret:
    """A part of a text that looks like a credential."""

    kind: str
    """What it looks like: "a GitHub token", "the value of api_key"."""
    start: int
    end: int
    """Exclusive."""


def is_secret_key(key: str) -> bool:
    """Whether a value under ``key`` is a credential: ``api_key`` yes, ``n_tokens`` no."""
    words = _words(key)
    *before, last = words.split("_")
    if last == "token":
        return not (before and before[-1] in _WORDS_OF_TEXT)
    return _KEY.search(words) is not None


def is_secret_file(path: str) -> bool:
    """Whether a file of this name is one of credentials, whatever it holds."""
    return _is_secret_file(path.lower())


def is_placeholder(text: str) -> bool:
    """Whether ``text``, the value under a key of a credential, only stands for one, or for none."""
    return not text or _STAND_IN.match(text) is not None or _PLACEHOLDER.fullmatch(text) is not None


def is_special_token(key: str, text: str) -> bool:
    """Whether ``text`` under ``key`` is a tokenizer's own word (``<s>``, ``[CLS]``)."""
    return key.lower().endswith("token") and _SPECIAL_TOKEN.fullmatch(text) is not None


def style_of(path: str) -> str:
    """Return how the text of the file ``path`` is to be read."""
    if _CODE_FILES(path):
        return CODE
    return SETTINGS if _SETTINGS_FILES(path) else PROSE


def find_secrets(text: str, style: str = PROSE) -> Iterator[Secret]:
    """Yield what looks like a credential in ``text``; the same place may be told twice."""
    if not _tripwire.search(text.lower()):
        return
    for kind, pattern, is_one in _FORMS:
        for match in pattern.finditer(text):
            if is_one is None or is_one(match[0]):
                yield Secret(kind=kind, start=match.start(), end=match.end())
    yield from _private_keys(text)
    yield from _in_addresses(text)
    for pattern in (_QUOTED, _PAIR, *_BARE[style]):
        for match in pattern.finditer(text):
            # of two texts that stand together the second is a value only when it looks made
            is_value = pattern is not _PAIR or _is_mixed(match[2])
            if is_value and _is_given(match[1], match[2], is_bare=pattern in _BARE[style]):
                kind = f"the value of {match[1]}"
                yield Secret(kind=kind, start=match.start(2), end=match.end(2))


def _words(key: str) -> str:
    return _BREAK.sub("_", _CAMEL.sub("_", key)).lower()


def _is_mixed(text: str) -> bool:
    """Whether ``text`` holds a digit and a letter, as what a machine made nearly always does."""
    return any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def _has_long_word(text: str) -> bool:
    return _LONG_WORD.search(text) is not None


def _is_jwt(text: str) -> bool:
    parts = text.split(".")
    return len(parts) > 2 and parts[1].startswith("eyJ") and all(parts[:3])  # noqa: PLR2004  # head, claims, signature


_LONG_WORD = re.compile(r"[A-Za-z0-9]{16}")
_PAD = r"[\"'\\\s]{0,4}"
_FORMS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool] | None], ...] = tuple(
    (kind, re.compile(pattern), is_one)
    for kind, pattern, is_one in (
        ("an AWS access key", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", None),
        ("a GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,})", None),
        ("a GitLab token", r"\bgl[a-z]{2,5}-[A-Za-z0-9_\-.]{18,}", _is_mixed),
        ("a GitLab token", r"\bglpat-[A-Za-z0-9_\-]{18,}", None),
        ("a Slack token", r"\b(?:xox[abeoprs]-|xapp-\d-)[A-Za-z0-9\-.]{10,}", None),
        (
            "a Slack webhook",
            r"\bhooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/]{20,}",
            None,
        ),
        ("an API key (sk-…)", r"\bsk-[A-Za-z0-9_\-]{20,}", _has_long_word),
        ("a Hugging Face token", r"\bhf_[A-Za-z0-9]{30,}", None),
        ("a W&B API key", r"\bwandb_v\d+_[A-Za-z0-9_]{30,}", None),
        ("a W&B API key", r"\bwandb\.login\((?:key\s?=\s?)?[\"'][0-9a-f]{40}\b", None),
        ("a Google API key", r"\bAIza[0-9A-Za-z_\-]{35}", None),
        ("a Google token", r"\b(?:ya29\.|GOCSPX-)[0-9A-Za-z_\-]{20,}", None),
        ("an Azure key", r"\b(?:Account|SharedAccess)Key=[A-Za-z0-9+/]{40,}={0,2}", None),
        ("a signed address", r"[?&]sig=[A-Za-z0-9%+/\-_]{30,}", _is_mixed),
        ("an npm token", r"\bnpm_[A-Za-z0-9]{36}\b", None),
        ("a PyPI token", r"\bpypi-AgE[A-Za-z0-9_\-]{40,}", None),
        ("a Databricks token", r"\bdapi[0-9a-f]{32}\b", None),
        ("a Stripe key", r"\b(?:[rs]k_(?:live|test)_|whsec_)[A-Za-z0-9]{16,}", None),
        ("a JSON web token", r"\beyJ[A-Za-z0-9_\-.]{30,}", _is_jwt),
        ("a bearer token", r"\b[Bb]earer[ \t]{1,4}[A-Za-z0-9._~+/\-]{16,}={0,2}", _is_mixed),
        (
            "an authorization header",
            rf"(?i:\bauthorization{_PAD}[:=]{_PAD}(?:basic|token|apikey) )[\w.~+/\-]{{8,}}={{0,2}}",
            _is_mixed,
        ),
    )
)

_BEGIN = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
# What is left of a key whose end was cut off: its lines of base 64, line breaks also as "\n".
_BODY = re.compile(r"(?:(?:\s|\\[nr])*[A-Za-z0-9+/=]{16,})*")


def _private_keys(text: str) -> Iterator[Secret]:
    begins = list(_BEGIN.finditer(text))
    for place, begin in enumerate(begins):
        limit = begins[place + 1].start() if place + 1 < len(begins) else len(text)
        end = _END.search(text, begin.end(), limit)
        stop = end.end() if end else _BODY.match(text, begin.end(), limit).end()  # type: ignore[union-attr]  # it matches nothing, too
        yield Secret(kind="a private key", start=begin.start(), end=stop)


_USER_INFO = re.compile(r"(?<![a-zA-Z0-9+.\-])[a-zA-Z][a-zA-Z0-9+.\-]*://([^/?#\s\"'<>]+)@")
_SHORTEST_LONE_TOKEN = 20


def _in_addresses(text: str) -> Iterator[Secret]:
    """Yield the passwords of ``scheme://user:password@host``, and tokens that stand for a user."""
    if "@" not in text:
        return
    for match in _USER_INFO.finditer(text):
        user, colon, password = match[1].partition(":")
        if user[:1] in {"[", "{"}:
            continue  # a form to be filled in
        is_token = len(user) >= _SHORTEST_LONE_TOKEN and "." not in user and _is_mixed(user)
        if (colon and not is_placeholder(password)) or is_token:
            yield Secret(kind="a password in an address", start=match.start(1), end=match.end(1))


# The key is bounded, so that a megabyte on one line costs a megabyte.
_NAME = r"([A-Za-z_][\w.\-]{0,99})"
# key = "value", "key": "value", environ["KEY"] = 'value', and escaped as in a notebook
_QUOTED = re.compile(
    rf"(?<![\w.]){_NAME}\\?[\"']?\]?\s{{0,9}}(?::=|=>|[:=])\s{{0,9}}\\?[\"']"
    r"([^\"'\s\\]{6,})\\?[\"']"
)
# Two arguments of a call: the name, then the value.
_PAIR = re.compile(r"[\"']([A-Za-z_][\w.\-]{0,99})[\"']\s{0,9},\s{0,9}[\"']([^\"'\s\\]{16,})[\"']")
# Possessive: what is called or indexed is no literal, nor is the beginning of its name.
_BARE_VALUE = r"([^\s\"',;()\[\]{}<>&\\]{6,}+)(?![(\[])"
_EQUALS = re.compile(rf"(?<![\w.]){_NAME}={_BARE_VALUE}")
_COLON = re.compile(
    rf"(?<![\w.]){_NAME}[\"']?:[ \t]{{0,3}}([^\s\"',;()\[\]{{}}<>&\\]{{6,}})(?![(\[])"
)
_FLAG = re.compile(r"(?<![\w\-])--?([A-Za-z][\w\-]{0,60})[ \t]{1,3}([^\s\"'\-<$][^\s\"']{7,})")
_LINE = re.compile(
    r"(?m)^[ \t]{0,40}(?:(?:export|set|ENV|ARG|-)[ \t]{1,4})?"
    rf"[\"']?{_NAME}[\"']?[ \t]{{0,9}}[:=][ \t]{{0,9}}([^\s\"'#]{{6,}})[ \t]{{0,9}}(?:[#;].*)?$"
)
_BARE = {PROSE: (_EQUALS, _COLON, _FLAG), CODE: (), SETTINGS: (_EQUALS, _FLAG, _LINE)}
_SHORTEST_PASSWORD, _SHORTEST = 6, 8
_LONG_RANDOM = re.compile(r"[A-Za-z0-9]{24,}")
# What begins like "<your key>", "${oc.env:KEY}", "$KEY", "{{ key }}", "%(key)s" or "[MASK]".
_STAND_IN = re.compile(r"[<\[{]|\$[({]|\$[A-Z_][A-Z0-9_]*$|%[({sd]")
_SPECIAL_TOKEN = re.compile(r"<[^<>\s]{0,40}>|\[[A-Z0-9_]{1,20}\]")
_BARE_STAND_IN = frozenset("$%!*&|>`@")
_PLACEHOLDER = re.compile(
    r"(?i)[x*.\-_#?]+|0+|(?:your|enter|insert|replace|put)(?:[-_ ].*)?"
    r"|(?:passw(?:or)?d|passphrase|pass|secrets?|tokens?|api[-_]?key|key|change[-_]?(?:me|it)|example"
    r"|dummy|fake|placeholder|redacted|required|optional|none|null|nil|undefined|unknown|string|str"
    r"|bytes|hidden|masked|test(?:ing)?|default|disabled|enabled|unset|missing|invalid|expired"
    r"|forgotten|true|false)[-_]?\d{0,4}"
)
# Names of things rather than things: $HOME-less paths, addresses, variables, dates, numbers.
_NAME_OF_ONE = re.compile(
    r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+|(?:~|\.{1,2})?/[\w./\-]*|[a-z][a-z0-9+.\-]*://.*"
    r"|.*\.(?:json|ya?ml|toml|txt|pem|key|env|ini|cfg|py|csv|sh|model)"
    r"|\d{4}-\d\d-\d\d.*"
)
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_NUMERIC = re.compile(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[A-Za-z]?[a-z]+|[A-Z]+")


def _is_given(key: str, given: str, *, is_bare: bool) -> bool:
    """Whether ``given`` is the credential that ``key`` promises, rather than a name for one."""
    if not is_secret_key(key) or is_placeholder(given) or _NAME_OF_ONE.fullmatch(given):
        return False
    if is_secret_key(given) or (is_bare and _is_expression(given)):
        return False  # password = old_password, token = cfg.hub.token, key: !vault
    if _PASSWORD.search(_words(key)):
        return len(given) >= _SHORTEST_PASSWORD and not (is_bare and _WORD.fullmatch(given))
    is_random = _is_mixed(given) or _LONG_RANDOM.search(given) is not None
    return len(given) >= _SHORTEST and is_random and not _NUMERIC.fullmatch(given)


def _is_expression(text: str) -> bool:
    return text[0] in _BARE_STAND_IN or _DOTTED.fullmatch(text) is not None
