"""Configs given as a file: JSON, TOML or YAML, by the ending of its name."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ledger.errors import LedgerError
from ledger.writer.omega import plain


def load_config(config: object) -> tuple[str | None, dict[str, object]]:
    """Return (path or None, resolved config) of what a caller passed as ``config``.

    Args:
        config: None, the path of a JSON, TOML or YAML file, or any object that
            ``contract.config.to_json`` turns into an object: mapping, dataclass, namespace.

    Raises:
        LedgerError: a file that is missing, does not parse, or holds no mapping.
    """
    if config is None:
        return None, {}
    if isinstance(config, str | os.PathLike):
        path = Path(config)
        return path.as_posix(), _read(path)
    return None, _as_mapping(plain(config))


def config_files(config: object) -> list[str]:
    """Return the paths that ``config`` is, or is a list of; none for a config itself."""
    given = config if isinstance(config, list | tuple) else [config]
    return [os.fsdecode(path) for path in given if isinstance(path, str | os.PathLike)]


def _as_mapping(config: object) -> dict[str, object]:
    if hasattr(config, "items") and hasattr(config, "keys"):
        return dict(config.items())
    fields = getattr(config, "__dataclass_fields__", None)
    names = fields if isinstance(fields, dict) else getattr(config, "__dict__", None)
    if names is None or isinstance(config, type):
        message = f"config is a {type(config).__name__}, not a mapping or the path of a file"
        raise LedgerError(message, hint="pass a dict, a dataclass, a Namespace or a path")
    return {name: getattr(config, name) for name in names}


def _read(path: Path) -> dict[str, object]:
    try:
        data = path.read_bytes()
        loaded = _parse(path.suffix.lower(), data)
    except OSError as error:
        message = f"the config cannot be read: {error.strerror or error}"
        raise LedgerError(message, hint="check the path", path=path) from error
    except ValueError as error:
        message = f"the config does not parse: {error}"
        raise LedgerError(message, hint="mend the file", path=path) from error
    if not isinstance(loaded, dict):
        message = "the config holds no mapping"
        raise LedgerError(message, hint="write keys and values", path=path)
    return loaded


def _parse(suffix: str, data: bytes) -> object:
    if suffix == ".json":
        return json.loads(data)
    if suffix == ".toml":
        import tomllib  # noqa: PLC0415  # only for those who configure in TOML

        return tomllib.loads(data.decode("utf-8"))
    import yaml  # noqa: PLC0415  # only for those who configure in YAML

    try:
        return yaml.safe_load(data)
    except yaml.YAMLError as error:
        message = " ".join(str(error).split())
        raise ValueError(message) from error
