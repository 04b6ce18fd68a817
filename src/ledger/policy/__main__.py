"""The checks behind the commit hook, ``python -I -m ledger.policy --staged``: stdlib only.

Findings go to stderr. Exit codes: 0 fine, 1 findings, 2 cannot judge, 3 a bug of ours,
130 interrupted; a hook that cannot judge never passes.
"""

from __future__ import annotations

import os
import sys

from ledger.errors import LedgerError, NoLedgerError
from ledger.policy.finding import ERROR, printable, to_lines
from ledger.policy.here import repository_of_hook
from ledger.policy.judge import Verdict, judge_index, judge_staged


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.storage.git import Repository

FINE, FINDINGS, USAGE, BUG, INTERRUPTED = 0, 1, 2, 3, 130
STAGED, ALL = "--staged", "--all"


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Judge what ``arguments`` name, tell what was found, and return the exit code."""
    if [*arguments] not in ([STAGED], [ALL]):
        _tell(f"usage: python -I -m ledger.policy {STAGED} | {ALL}")
        return USAGE
    try:
        repository = repository_of_hook(os.getcwd(), environ)
        verdict = _judge(repository, environ, is_all=arguments[0] == ALL)
    except LedgerError as error:
        _tell(f"ledger: cannot judge: {printable(str(error))}")
        return error.exit_code if error.exit_code == BUG else USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the last door: a bug blocks, and leaves a report
        _tell(f"ledger: a bug of ours: {printable(repr(error))}; the report is in {_report(error)}")
        return BUG
    return _show(verdict)


def _judge(repository: Repository, environ: Mapping[str, str], *, is_all: bool) -> Verdict:
    """Return the verdict on what is staged, or on all that is tracked.

    The pre-commit framework also runs hooks on ranges and on all files, with nothing staged: there
    a look at the index alone would pass whatever it is shown.
    """
    under_framework = environ.get("PRE_COMMIT") == "1"
    has_range = bool(environ.get("PRE_COMMIT_FROM_REF") or environ.get("PRE_COMMIT_TO_REF"))
    if is_all or (under_framework and has_range):
        return judge_index(repository)
    verdict = judge_staged(repository, environ)
    if under_framework and not verdict.n_changes:
        return _judge_all_or_nothing(repository)
    return verdict


def _judge_all_or_nothing(repository: Repository) -> Verdict:
    """Return the verdict on all that is tracked; without a ledger there is no run to judge."""
    try:
        return judge_index(repository)
    except NoLedgerError:
        return Verdict(findings=(), n_runs=0, n_changes=0)


def _show(verdict: Verdict) -> int:
    for line in to_lines(verdict.findings):
        _tell(line)
    if not verdict.is_blocked:
        return FINE
    n_errors = sum(finding.severity == ERROR for finding in verdict.findings)
    _tell(f"ledger: {n_errors} finding{'s' if n_errors > 1 else ''} to mend before this commit")
    return FINDINGS


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")


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
