"""What the hooks run, ``python -I -m ledger.policy --staged`` and its like: stdlib only.

Findings go to stderr. Exit codes: 0 fine, 1 findings, 2 cannot judge, 3 a bug of ours,
130 interrupted; a hook that cannot judge never passes.
"""

from __future__ import annotations

import os
import sys

from ledger.errors import LedgerError
from ledger.policy.finding import printable
from ledger.policy.here import repository_of_hook
from ledger.policy.stages import FINE, NEVER_REFUSING, STAGES, USAGE, run_stage, tell


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BUG, INTERRUPTED = 3, 130


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what ``arguments`` name, tell what was found, and return the exit code."""
    if not arguments or arguments[0] not in STAGES:
        tell(f"usage: python -I -m ledger.policy {' | '.join(STAGES)}")
        return USAGE
    try:
        return run_stage(arguments[0], arguments[1:], environ)
    except LedgerError as error:
        tell(f"ledger: cannot judge: {printable(str(error))}")
        return error.exit_code if error.exit_code == BUG else USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last door: a bug blocks, and leaves a report
        tell(f"ledger: a bug of ours: {printable(repr(error))}; the report is in {_report(error)}")
        return FINE if arguments[0] in NEVER_REFUSING else BUG


def _report(error: BaseException) -> str:
    """Write what is known of ``error`` where it can be pasted from, and return the place."""
    import traceback  # noqa: PLC0415  # only for bugs

    lines = [
        f"ledger.policy {' '.join(sys.argv[1:])}\n",
        f"Python {sys.version} on {sys.platform}\n\n",
        *traceback.format_exception(error),
    ]
    try:
        repository = repository_of_hook(os.getcwd(), os.environ)
        path = os.path.join(repository.private_dir, f"bug-{os.getpid()}.txt")
        os.makedirs(repository.private_dir, exist_ok=True)
        with open(path, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.writelines(lines)
    except (OSError, LedgerError) as failure:
        return f"nowhere ({printable(str(failure))})"
    return printable(path)


if __name__ == "__main__":
    # errors= : a path that is not UTF-8 must not break the telling of what is wrong with it
    sys.stderr.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]  # a text stream
    sys.exit(main(sys.argv[1:], os.environ))
