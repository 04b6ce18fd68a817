"""What in a JSON document of the ledger redaction would not have let in."""

from __future__ import annotations

from ledger.contract.credentials import (
    REDACTED,
    find_secrets,
    is_placeholder,
    is_secret_key,
    is_special_token,
)
from ledger.contract.json_text import NON_FINITE
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.contract.json_text import Json

# Their keys are names that people give to metrics, columns and files: `token` may count tokens.
_NAMES_OF_OTHERS = frozenset({"metrics", "summary", "columns", "artifacts", "files", "thinned"})
_CONFIG = "config"


@value
class Leak:
    """One place of a document that looks like a credential."""

    kind: str
    text: str
    """The key or text it stands in, to find the place by; never to be told."""


def leaks_in(document: Json) -> Iterator[Leak]:
    """Yield what looks like a credential in ``document``, a record or another document of a run.

    A text counts by its form, and by its key; a number or a list only in a config, where the key is
    a param's.
    """
    if isinstance(document, dict):
        for key, item in document.items():
            yield from _by_form(key)
            is_config = key == _CONFIG or "resolved" in document
            yield from _below(key, item, by_key=key not in _NAMES_OF_OTHERS, is_config=is_config)
    else:
        yield from _below("", document, by_key=True, is_config=False)


def _below(key: str, item: Json, *, by_key: bool, is_config: bool) -> Iterator[Leak]:
    if by_key and is_secret_key(key) and _is_given(key, item, is_config=is_config):
        yield Leak(kind=f"the value of {key}", text=item if isinstance(item, str) else key)
    elif isinstance(item, dict):
        for inner, below in item.items():
            yield from _by_form(inner)
            yield from _below(inner, below, by_key=by_key, is_config=is_config)
    elif isinstance(item, list):
        for below in item:
            yield from _below("", below, by_key=by_key, is_config=is_config)
    elif isinstance(item, str):
        yield from _by_form(item)


def _is_given(key: str, item: Json, *, is_config: bool) -> bool:
    if isinstance(item, str):
        is_none = item == REDACTED or item in NON_FINITE or is_special_token(key, item)
        return not is_none and not is_placeholder(item)
    return is_config and not isinstance(item, bool) and item not in (None, [], {})


def _by_form(text: str) -> Iterator[Leak]:
    for secret in find_secrets(text):
        yield Leak(kind=secret.kind, text=text)
