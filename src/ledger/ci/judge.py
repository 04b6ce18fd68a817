"""From a request to what came of it; what cannot be judged is a finding too, and never green."""

from __future__ import annotations

from ledger.ci.here import refuse_shallow
from ledger.ci.judged import LABEL, TRAILER, Judged, Waiver
from ledger.ci.opt_outs import NO_EXPERIMENT, reasons
from ledger.errors import GitError, LedgerError, NoLedgerError
from ledger.policy.finding import ERROR, Finding
from ledger.policy.judge import Verdict
from ledger.policy.judge_range import judge_range, judge_revision
from ledger.policy.locate import readable_ledgers
from ledger.policy.reading import Blobs
from ledger.storage.bare import is_partial
from ledger.storage.tree import RevisionTree


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.ci.request import Request
    from ledger.storage.git import Repository

CANNOT = "LED000"
_LONGEST = 1000
"""Characters of a message: what it quotes may be a stranger's megabyte."""


def judge(
    repository: Repository,
    request: Request,
    *,
    is_replacing: bool = False,
    needs_ledger: bool = True,
) -> Judged:
    """Return the verdict on ``request``.

    Args:
        repository: where it is asked for.
        request: what is to be judged against what.
        is_replacing: head takes the place of base, as in a forced push.
        needs_ledger: where git tracks no ledger nothing can be judged; else nothing is amiss.
    """
    try:
        refuse_shallow(repository)
        if needs_ledger:
            _refuse_without_ledger(repository, request)
        return _judge(repository, request, is_replacing=is_replacing)
    except GitError as error:
        if not is_partial(repository):
            return cannot_judge(request, error)
        hint = "clone without --filter: contents of this clone are missing, and cannot be fetched"
        return cannot_judge(request, GitError(error.message, hint=hint, path=error.path))
    except LedgerError as error:
        return cannot_judge(request, error)


def cannot_judge(request: Request, error: LedgerError) -> Judged:
    """Return what is told where ``error`` stands in the way of a verdict."""
    where = f"{error.path}: " if error.path is not None else ""
    message = f"{where}{error.message}"[:_LONGEST]
    finding = Finding(code=CANNOT, severity=ERROR, path=".", message=message, fix=error.hint)
    verdict = Verdict(findings=(finding,), n_runs=0)
    return Judged(request=request, verdict=verdict, cannot_judge=f"{message} ({error.hint})")


def _judge(repository: Repository, request: Request, *, is_replacing: bool) -> Judged:
    if request.base is None:
        return Judged(request=request, verdict=judge_revision(repository, request.head))
    given = _given(repository, request)
    verdict = judge_range(
        repository,
        request.base,
        request.head,
        opt_outs=[waiver.kind for waiver in given],
        is_integrity_only=request.is_integrity_only,
        is_replacing=is_replacing,
    )
    return Judged(request=request, verdict=verdict, waived=_with_findings(given, verdict))


def _refuse_without_ledger(repository: Repository, request: Request) -> None:
    """A ledger whose settings nobody committed would be green for ever."""
    for commit in (request.head, request.base):
        if commit and readable_ledgers(repository, Blobs(RevisionTree(repository, commit))):
            return
    message = "git tracks no ledger here: no ledger.toml, no [tool.ledger] in a pyproject.toml"
    raise NoLedgerError(message, hint="run `ledger init` and git add what it wrote")


def _given(repository: Repository, request: Request) -> list[Waiver]:
    """Return the opt-outs of a request, the label first."""
    given = [Waiver(kind=LABEL, text=one) for one in request.labels if one == NO_EXPERIMENT]
    if request.base is not None and not request.is_integrity_only:
        given += [
            Waiver(kind=TRAILER, text=reason, commit=commit)
            for commit, reason in reasons(repository, request.base, request.head)
        ]
    return given


def _with_findings(given: list[Waiver], verdict: Verdict) -> tuple[Waiver, ...]:
    """Return those of ``given`` that count, each kind's findings at its first."""
    left: dict[str, tuple[Finding, ...]] = {}
    for kind, finding in verdict.waived:
        left[kind] = (*left.get(kind, ()), finding)
    return tuple(
        Waiver(kind=one.kind, text=one.text, commit=one.commit, findings=left.pop(one.kind, ()))
        for one in given
    )
