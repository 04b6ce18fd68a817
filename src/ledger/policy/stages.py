"""What each hook does, natively and under the pre-commit framework, which tells by variables."""

from __future__ import annotations

import os
import sys

from ledger.errors import LedgerError, NoLedgerError
from ledger.policy.finding import ERROR, printable, to_lines
from ledger.policy.glance import changes_at_a_glance, may_touch_runs
from ledger.policy.here import repository_of_hook


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ledger.policy.judge import Verdict
    from ledger.storage.git import Repository

FINE, FINDINGS, USAGE = 0, 1, 2
NEVER_REFUSING = frozenset({"--prepare-message", "--message"})


def run_stage(stage: str, arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Do what the hook ``stage`` does; return the exit code.

    Args:
        stage: a key of ``STAGES``.
        arguments: what git gives the hook.
        environ: of the hook.

    Raises:
        LedgerError: it cannot be judged.
    """
    repository = repository_of_hook(os.getcwd(), environ)
    if stage not in NEVER_REFUSING:
        return STAGES[stage](repository, arguments, environ)
    try:
        return STAGES[stage](repository, arguments, environ)
    except (LedgerError, OSError) as error:
        tell(f"ledger: the message does not name the runs: {printable(str(error))}")
        return FINE


def tell(text: str) -> None:
    """Write a line to whoever waits for the hook."""
    sys.stderr.write(text + "\n")


def _check_staged(
    repository: Repository, _arguments: Sequence[str], environ: Mapping[str, str]
) -> int:
    """Judge what is staged.

    The framework also runs hooks on ranges and on all files, with nothing staged: there a look at
    the index alone would pass whatever it is shown.
    """
    base, head = environ.get("PRE_COMMIT_FROM_REF"), environ.get("PRE_COMMIT_TO_REF")
    under_framework = environ.get("PRE_COMMIT") == "1"
    if under_framework and base and head:
        return _check_range(repository, (base, head), environ)
    if under_framework and (base or head):
        return _check_all(repository, (), environ)
    changes = changes_at_a_glance(repository)
    if changes and not any(map(may_touch_runs, changes)):
        return FINE
    from ledger.policy.judge import judge_staged  # noqa: PLC0415  # half of what a glance costs

    verdict = judge_staged(repository, environ, changes)
    if under_framework and not verdict.n_changes:
        return _check_all_or_nothing(repository, "this passes")
    if verdict.n_runs and not verdict.is_blocked:
        from ledger.policy.judge_commit import remember_passed  # noqa: PLC0415  # only of runs

        remember_passed(repository, verdict)
    return _show(verdict, "this commit")


def _check_all(
    repository: Repository, _arguments: Sequence[str], _environ: Mapping[str, str]
) -> int:
    from ledger.policy.judge import judge_index  # noqa: PLC0415  # see above

    return _show(judge_index(repository), "this passes")


def _check_range(
    repository: Repository, arguments: Sequence[str], environ: Mapping[str, str]
) -> int:
    from ledger.policy.judge_range import judge_range  # noqa: PLC0415  # no commit needs it

    base, head = _two(arguments)
    verdict = judge_range(_apart_from_index(repository, environ), base, head)
    return _show(verdict, "these commits pass")


def _check_push(
    repository: Repository, arguments: Sequence[str], environ: Mapping[str, str]
) -> int:
    """Judge every ref that is pushed; the framework tells of the first one only."""
    from ledger.policy.push import judge_push, parse_pushed  # noqa: PLC0415  # no commit needs it

    if environ.get("PRE_COMMIT") == "1":
        head = environ.get("PRE_COMMIT_TO_REF")
        if not head:
            return _check_all_or_nothing(repository, "this push")
        base = environ.get("PRE_COMMIT_FROM_REF") or "0" * len(head)
        name = environ.get("PRE_COMMIT_REMOTE_BRANCH") or "HEAD"
        lines = [f"{name} {head} {name} {base}"]
        remote = environ.get("PRE_COMMIT_REMOTE_NAME") or "origin"
    else:
        lines = sys.stdin.read().splitlines()
        remote = arguments[0] if arguments else "origin"
    code = FINE
    for judged in judge_push(_apart_from_index(repository, environ), remote, parse_pushed(lines)):
        where = printable(judged.pushed.local_ref)
        for line in judged.told:
            word = "cannot judge " if judged.verdict is None else ""
            tell(f"ledger: {word}{where}: {printable(line)}")
        if judged.verdict is None:
            tell("ledger: it is not pushed; without the checks: git push --no-verify")
            code = code or USAGE
        elif _show(judged.verdict, f"the push of {where}") == FINDINGS:
            code = FINDINGS
    return code


def _prepare_message(
    repository: Repository, arguments: Sequence[str], environ: Mapping[str, str]
) -> int:
    changes = changes_at_a_glance(repository)
    if changes is not None and not any(map(may_touch_runs, changes)):
        return FINE
    from ledger.policy.message import prepare_message  # noqa: PLC0415  # only where runs are staged

    source = arguments[1] if len(arguments) > 1 else ""
    source = source or environ.get("PRE_COMMIT_COMMIT_MSG_SOURCE", "")
    prepare_message(repository, _message_path(repository, arguments), source)
    return FINE


def _finish_message(
    repository: Repository, arguments: Sequence[str], _environ: Mapping[str, str]
) -> int:
    from ledger.policy.message import finish_message  # noqa: PLC0415  # only where runs are staged

    finish_message(repository, _message_path(repository, arguments))
    return FINE


def _look_at_made(
    repository: Repository, _arguments: Sequence[str], _environ: Mapping[str, str]
) -> int:
    """Say in one line what a commit brought that no check saw; it is too late to refuse it."""
    from ledger.policy.judge_commit import findings_of_made  # noqa: PLC0415  # only where runs came

    errors = [one for one in findings_of_made(repository) if one.severity == ERROR]
    if not errors:
        return FINE
    codes = ", ".join(sorted({one.code for one in errors}))
    more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
    tell(
        f"ledger: this commit brings what the checks refuse ({codes}): "
        f"{printable(errors[0].path)}{more}; mend it, then: git commit --amend"
    )
    return FINDINGS


STAGES: Mapping[str, Callable[[Repository, Sequence[str], Mapping[str, str]], int]] = {
    "--staged": _check_staged,
    "--all": _check_all,
    "--range": _check_range,
    "--pre-push": _check_push,
    "--prepare-message": _prepare_message,
    "--message": _finish_message,
    "--post-commit": _look_at_made,
}
"""By the first argument."""


def _show(verdict: Verdict, what: str) -> int:
    for line in to_lines(verdict.findings):
        tell(line)
    if not verdict.is_blocked:
        return FINE
    n_errors = sum(finding.severity == ERROR for finding in verdict.findings)
    tell(f"ledger: {n_errors} finding{'s' if n_errors > 1 else ''} to mend before {what}")
    return FINDINGS


def _check_all_or_nothing(repository: Repository, what: str) -> int:
    """Judge all that is tracked; without a ledger there is no run to judge."""
    from ledger.policy.judge import judge_index  # noqa: PLC0415  # see above

    try:
        return _show(judge_index(repository), what)
    except NoLedgerError:
        return FINE


def _apart_from_index(repository: Repository, environ: Mapping[str, str]) -> Repository:
    """Return the repository for looks at its commits, without the index of a commit under way."""
    from ledger.storage.git import find_repository, hook_environment  # noqa: PLC0415  # see above

    env = hook_environment(environ)
    env.pop("GIT_INDEX_FILE", None)
    env["GIT_NO_REPLACE_OBJECTS"] = "1"  # others get the commits as they are
    return find_repository(repository.top, env)


def _message_path(repository: Repository, arguments: Sequence[str]) -> str:
    """Return where the message is; the framework does not say, but `git commit` has one place."""
    return arguments[0] if arguments else os.path.join(repository.git_dir, "COMMIT_EDITMSG")


def _two(arguments: Sequence[str]) -> tuple[str, str]:
    if len(arguments) != 2:  # noqa: PLR2004  # a base and a head
        message = f"a range is two commits, not {len(arguments)}"
        raise LedgerError(message, hint="python -I -m ledger.policy --range BASE HEAD")
    return arguments[0], arguments[1]
