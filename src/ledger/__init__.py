"""A Git-native experiment ledger: every training run leaves a record in the repository.

Names are resolved on first use (PEP 562), so that ``import ledger`` costs next to nothing.
"""

from __future__ import annotations


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.capture.seeds import Seeds
    from ledger.contract.record import RunRecord
    from ledger.errors import LedgerError
    from ledger.integrations.autolog import autolog
    from ledger.reader.api import compare_runs, find_best_runs, load_run, runs
    from ledger.reader.opened import OpenLedger, query
    from ledger.reader.opened import open_for_questions as open  # noqa: A004  # ledger.open(path)
    from ledger.reader.result import Result
    from ledger.sync.door import log_to_mlflow, log_to_wandb
    from ledger.version import VERSION as __version__  # noqa: N811  # the name Python has for it
    from ledger.writer.current import current_run, log, seed_everything, start
    from ledger.writer.log_run import (
        create_run_md_template,
        get_data_info,
        get_env_info,
        get_git_info,
        get_random_seeds,
        hash_dict,
        log_run,
    )
    from ledger.writer.run import Run

_HOMES = {
    "LedgerError": "ledger.errors",
    "OpenLedger": "ledger.reader.opened",
    "Result": "ledger.reader.result",
    "Run": "ledger.writer.run",
    "RunRecord": "ledger.contract.record",
    "Seeds": "ledger.capture.seeds",
    "autolog": "ledger.integrations.autolog",
    "compare_runs": "ledger.reader.api",
    "create_run_md_template": "ledger.writer.log_run",
    "current_run": "ledger.writer.current",
    "find_best_runs": "ledger.reader.api",
    "get_data_info": "ledger.writer.log_run",
    "get_env_info": "ledger.writer.log_run",
    "get_git_info": "ledger.writer.log_run",
    "get_random_seeds": "ledger.writer.log_run",
    "hash_dict": "ledger.writer.log_run",
    "load_run": "ledger.reader.api",
    "log": "ledger.writer.current",
    "log_run": "ledger.writer.log_run",
    "log_to_mlflow": "ledger.sync.door",
    "log_to_wandb": "ledger.sync.door",
    "open": "ledger.reader.opened",
    "query": "ledger.reader.opened",
    "runs": "ledger.reader.api",
    "seed_everything": "ledger.writer.current",
    "start": "ledger.writer.current",
}

_NAMES = {"open": "open_for_questions"}
"""What a name is called at home, where it would hide one of Python's own."""

__all__ = [
    "LedgerError",
    "OpenLedger",
    "Result",
    "Run",
    "RunRecord",
    "Seeds",
    "__version__",
    "autolog",
    "compare_runs",
    "create_run_md_template",
    "current_run",
    "find_best_runs",
    "get_data_info",
    "get_env_info",
    "get_git_info",
    "get_random_seeds",
    "hash_dict",
    "load_run",
    "log",
    "log_run",
    "log_to_mlflow",
    "log_to_wandb",
    "open",
    "query",
    "runs",
    "seed_everything",
    "start",
]


def __getattr__(name: str) -> object:
    if name == "__version__":
        from ledger.version import VERSION  # noqa: PLC0415  # resolved on first use

        return VERSION
    if name not in _HOMES:
        message = f"module 'ledger' has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415  # as above

    found = getattr(import_module(_HOMES[name]), _NAMES.get(name, name))
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
