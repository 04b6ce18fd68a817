"""Settings of one project: ``ledger.toml``, or ``[tool.ledger]`` in ``pyproject.toml``.

Pure: text in, a frozen value out. ``project`` finds the file.
"""

from __future__ import annotations

from ledger.errors import LedgerError
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    T = TypeVar("T")

SEED_KEYS = ("seed", "random_seed")
OWN_FILE = "ledger.toml"
SHARED_FILE = "pyproject.toml"
DIRTY_RULES = ("covered", "forbid", "reconstructible")
UNASKED = (OWN_FILE, ".*", ".*/**")
"""What no run reads: our own settings, and hidden files at the top, by which other tools run."""
COVER_MODES = ("history", "fresh")
COVERING = ("finished", "failed", "interrupted", "crashed")
OPT_OUTS = ("label", "trailer")
STAGES = ("staged", "range", "tree")
WEIGHTS = ("error", "warn", "notice", "off")
CODES = (
    "LED100", "LED101", "LED102", "LED103", "LED104", "LED105", "LED106", "LED107", "LED111",
    "LED112", "LED113", "LED114",
)  # fmt: skip
"""Finding codes whose weight can be set; LED000 cannot."""
DEFAULT_MAX_TABLE_MB = 20.0
MAX_BYTES = 1024 * 1024
"""Of a settings file: parsing TOML takes long, and a stranger may have written it."""
_MOST_DOTS = 1000
"""Of one line: the parser takes the square of the time for a key of so many parts."""
_MOST_CHARS, _MOST_FOLDER, _MOST_SHOWN = 10_000, 200, 60
"""Characters of all strings of a list; of ``dir``; of what stands in a message."""
CODE_PATTERNS = (
    "**/*.{py,pyi,ipynb,sh,R,jl,c,cc,cpp,cu,h,yaml,yml,toml,json,cfg,ini,gin}",
    "!docs/**",
    "!tests/**",
    "!.github/**",
    "!**/dvc.lock",
)


@value
class Settings:
    """What a project decided; every field has a default that needs no decision."""

    dir: str = "ledger"
    """Folder of the ledger, relative to the folder of the settings file."""
    code: tuple[str, ...] = CODE_PATTERNS
    """Patterns of the files whose content makes a run what it is; ``!`` excludes."""
    metrics: Mapping[str, str] = {}
    """Goal (min or max) by metric name."""
    seed_keys: tuple[str, ...] = SEED_KEYS
    """Config keys that are seeds; runs that differ only there are repeats."""
    dirty: str = "covered"
    """What becomes of a dirty run: one of DIRTY_RULES (docs/format.md, LED101)."""
    require: tuple[str, ...] = ()
    """Patterns (``require.when``) of further tracked files that a run is held to, beside code."""
    require_ignore: tuple[str, ...] = UNASKED
    """Patterns (``require.ignore``) of files that may change without a run."""
    require_accept: tuple[str, ...] = COVERING
    """Statuses (``require.accept``) of runs that cover a change, some of COVERING."""
    require_mode: str = "history"
    """``require.mode``, one of COVER_MODES: whether earlier commits of a branch count too."""
    require_skip: tuple[str, ...] = OPT_OUTS
    """What may take a change out of LED100 (``require.skip``), some of OPT_OUTS."""
    severity: Mapping[str, Mapping[str, str]] = {}
    """Weight (one of WEIGHTS) by code and stage, where it is not the catalogue's."""
    max_table_mb: float = DEFAULT_MAX_TABLE_MB
    """Above this many MB git keeps a thinned metrics table, and the whole one is an artifact."""


def parse_settings(data: bytes, path: str) -> Settings | None:
    """Return the settings in ``data``, the bytes of the file ``path``; None where it has none.

    A ``pyproject.toml`` without ``[tool.ledger]`` has none; a ``ledger.toml`` may be empty.

    Raises:
        LedgerError: not TOML, an unknown key, a value of the wrong kind.
    """
    is_shared = path.endswith(SHARED_FILE)
    if is_shared and b"ledger" not in data:
        return None
    import tomllib  # noqa: PLC0415  # costs a hook as much as the interpreter itself

    if len(data) > MAX_BYTES or max(line.count(b".") for line in data.split(b"\n")) > _MOST_DOTS:
        message = f"is larger than {MAX_BYTES} bytes, or has a line of over {_MOST_DOTS} dots"
        raise LedgerError(message, hint="make the file shorter", path=path)
    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # also of a number of 5,000 digits
        message = f"is not TOML: {error}"
        raise LedgerError(message, hint="mend the file", path=path) from error
    if not is_shared:
        return _settings(document, path)
    tool = document.get("tool")
    table = tool.get("ledger") if isinstance(tool, dict) else None
    return None if table is None else _settings(table, path)


def _settings(table: object, path: str) -> Settings:
    if not isinstance(table, dict):
        message = "[tool.ledger] is not a table"
        raise LedgerError(message, hint="write it as a table", path=path)
    fields = Settings.__slots__  # type: ignore[attr-defined]  # added by value()
    known = [name for name in fields if not name.startswith("require_")]
    unknown = sorted(set(table) - set(known))
    if unknown:
        message = f"unknown setting {unknown[0][:_MOST_SHOWN]!r}"
        raise LedgerError(message, hint=f"known are {', '.join(known)}", path=path)
    default = Settings()

    def setting(key: str, parse: Callable[[object], T], otherwise: T) -> T:
        try:
            return parse(table[key]) if key in table else otherwise
        except ValueError as error:
            message = f"{key} must be {error}"
            raise LedgerError(message, hint="mend the setting", path=path) from error

    nothing: Mapping[str, tuple[str, ...]] = {}
    require = setting("require", _required, nothing)
    return Settings(
        dir=setting("dir", _folder, default.dir),
        code=setting("code", _texts, default.code),
        metrics=setting("metrics", _goals, default.metrics),
        seed_keys=setting("seed_keys", _texts, default.seed_keys),
        dirty=setting("dirty", _dirty_rule, default.dirty),
        require=require.get("when", default.require),
        require_ignore=require.get("ignore", default.require_ignore),
        require_accept=require.get("accept", default.require_accept),
        require_mode=next(iter(require.get("mode", ())), default.require_mode),
        require_skip=require.get("skip", default.require_skip),
        severity=setting("severity", _severities, default.severity),
        max_table_mb=setting("max_table_mb", _megabytes, default.max_table_mb),
    )


def _folder(item: object) -> str:
    text = item if isinstance(item, str) else ""
    parts = [part for part in text.split("/") if part not in {"", "."}]
    is_plain = text.isprintable() and len(text) <= _MOST_FOLDER and not text.startswith("-")
    is_below = not text.startswith("/") and "\\" not in text and not {"..", ".git"} & set(parts)
    if not parts or not is_plain or not is_below:
        message = "a folder below the settings file, like 'ledger'"
        raise ValueError(message)
    return "/".join(parts)


def _texts(item: object) -> tuple[str, ...]:
    if not isinstance(item, list) or not all(isinstance(entry, str) for entry in item):
        message = "a list of strings"
        raise ValueError(message)
    if sum(map(len, item)) + len(item) > _MOST_CHARS:
        message = f"a list of strings, of at most {_MOST_CHARS} characters together"
        raise ValueError(message)
    return tuple(item)


def _goals(item: object) -> dict[str, str]:
    # a list, not a set: what stands there may be unhashable
    if not isinstance(item, dict) or not all(goal in ["min", "max"] for goal in item.values()):
        message = "a table of metric = 'min' or 'max'"
        raise ValueError(message)
    return dict(item)


def _dirty_rule(item: object) -> str:
    if not isinstance(item, str) or item not in DIRTY_RULES:
        message = " or ".join(map(repr, DIRTY_RULES))
        raise ValueError(message)
    return item


def _required(item: object) -> Mapping[str, tuple[str, ...]]:
    """Return what ``require`` says by key, each as a tuple."""
    closed = {"accept": COVERING, "skip": OPT_OUTS}
    keys = ("when", "ignore", *closed, "mode")
    if not isinstance(item, dict) or set(item) - set(keys):
        message = f"a table with some of the keys {', '.join(keys)}"
        raise ValueError(message)
    found = {key: _texts(item[key]) for key in item if key != "mode"}
    for key, words in closed.items():
        if not set(found.get(key, ())) <= set(words):
            message = f"a table whose {key} lists some of {', '.join(words)}"
            raise ValueError(message)
    if "mode" in item:
        if item["mode"] not in list(COVER_MODES):
            message = f"a table whose mode is {' or '.join(COVER_MODES)}"
            raise ValueError(message)
        found["mode"] = (item["mode"],)
    return found


def _severities(item: object) -> Mapping[str, Mapping[str, str]]:
    """Return weight by code and stage; one word stands for all stages."""
    if not isinstance(item, dict):
        message = "a table of code = weight, like LED102 = 'warn'"
        raise ValueError(message)  # noqa: TRY004  # as all that is said of a setting
    return {code: _weights(code, given) for code, given in item.items()}


def _weights(code: str, given: object) -> dict[str, str]:
    if code not in CODES:
        raise ValueError(_no_such_code(code))
    by_stage = given if isinstance(given, dict) else dict.fromkeys(STAGES, given)
    if set(by_stage) - set(STAGES) or not all(it in list(WEIGHTS) for it in by_stage.values()):
        message = (
            f"a table of code = one of {', '.join(WEIGHTS)}, or of such a word for each of "
            f"{', '.join(STAGES)}; {code} is not"
        )
        raise ValueError(message)
    return {stage: str(by_stage[stage]) for stage in STAGES if stage in by_stage}


def _no_such_code(code: str) -> str:
    if code == "LED000":
        return "without LED000: what cannot be judged is never green"
    from difflib import get_close_matches  # noqa: PLC0415  # only for this message

    near = get_close_matches(code[:_MOST_SHOWN].upper(), CODES, n=1, cutoff=0.5)
    meant = f"did you mean {near[0]}" if near else f"known are {', '.join(CODES)}"
    return f"a table of finding codes, and {code[:_MOST_SHOWN]!r} is none: {meant}"


def _megabytes(item: object) -> float:
    is_number = isinstance(item, int | float) and not isinstance(item, bool)
    if not is_number or not 0 < item < float("inf"):  # type: ignore[operator]  # a number, by the line above
        message = "a number of megabytes above 0"
        raise ValueError(message)
    return float(item)  # type: ignore[arg-type]  # as above
