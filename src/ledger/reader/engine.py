"""DuckDB, hardened; imported only here and only when a question is asked."""

from __future__ import annotations

from importlib import import_module

from ledger.errors import LedgerError


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from duckdb import DuckDBPyConnection

MODULES = ("_duckdb", "duckdb")
"""The C module before the package around it, which doubles the time a query needs to start."""
_HARDENED = """
SET autoinstall_known_extensions=false;
SET autoload_known_extensions=false;
SET allow_community_extensions=false;
SET python_enable_replacements=false;
SET memory_limit='512MB';
SET temp_directory='';
SET enable_external_access=false;
SET lock_configuration=true;
"""
"""No file, network or extension, whatever a statement says; order matters, the lock is last."""


def failure(error: BaseException) -> LedgerError:
    """Return the error for a statement that the engine could not run."""
    message = f"the query engine failed: {(str(error).splitlines() or [type(error).__name__])[0]}"
    return LedgerError(message, hint="ask a simpler question, or report this")


def connect(attached: Mapping[str, str] | None = None) -> DuckDBPyConnection:
    """Return a fresh database in memory that can reach no file, network or extension.

    Args:
        attached: database files by the name they get; they can be read, not written.
    """
    connection: DuckDBPyConnection = load_duckdb().connect(":memory:", config={"threads": 1})
    for name, path in (attached or {}).items():
        escaped = path.replace("'", "''")
        connection.execute(f"ATTACH '{escaped}' AS {name} (READ_ONLY)")
    connection.execute(_HARDENED)
    return connection


def load_duckdb() -> ModuleType:
    """Return the first of MODULES that is there.

    Raises:
        ImportError: none is.
    """
    *private, public = MODULES
    for name in private:
        try:
            return import_module(name)
        except ImportError:
            continue
    return import_module(public)
