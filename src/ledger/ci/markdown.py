"""The report of `ledger ci` as Markdown: what a reviewer reads beside the change."""

from __future__ import annotations

from collections import Counter

from ledger.ci.arrival import BETTER
from ledger.ci.fitting import Part, fit
from ledger.ci.run_markdown import details_of, new_runs_head, new_runs_row
from ledger.ci.safe_text import markdown_code, markdown_text
from ledger.policy.finding import ERROR


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.ci.arrival import Arrivals
    from ledger.ci.judged import Judged, Waiver
    from ledger.policy.finding import Finding

MARKER = "<!-- ledger -->"
"""Begins every report: by it, a comment finds the one that it replaces."""
COMMENT_BYTES = 65_536
SUMMARY_BYTES = 1_048_576 - 1_024
"""What a job summary may hold, less what else is written there."""
_FIRST_FINDINGS, _FIRST_WAIVERS, _FIRST_PROBLEMS = 20, 10, 5
_ALL = 1 << 30
_ID_CHARS = 12
_COMMANDS = ("git ", "ledger ", "dvc ", "pip ")
"""What a mend begins with that is a command rather than a sentence."""
_FINDINGS, _WAIVERS, _RUNS, _PROBLEMS, _DETAILS = range(5)
_KEEP = (
    (_FINDINGS, _FIRST_FINDINGS),
    (_WAIVERS, _FIRST_WAIVERS),
    (_RUNS, _ALL),
    (_PROBLEMS, _FIRST_PROBLEMS),
    (_FINDINGS, _ALL),
    (_WAIVERS, _ALL),
    (_PROBLEMS, _ALL),
    (_DETAILS, _ALL),
)
"""What stays longest comes first; so the last to be dropped are the verdict, then these."""

_WHAT = "\nData: against the best run. Code: against the parent, or else the best run.\n"


def to_markdown(
    judged: Judged, arrivals: Arrivals | None, *, max_bytes: int = COMMENT_BYTES
) -> str:
    """Return the report: the verdict, findings, waivers, the new runs, and more of each.

    What does not fit is left out as a whole row or block, with a word, in this order: the details
    of the runs, from the last; what could not be read, all but the first 5; waivers but the first
    10; findings but the first 20; the rest of what could not be read; rows of new runs, from the
    last; the rest of the waivers, then of the findings. The verdict always stays.

    Args:
        judged: the verdict.
        arrivals: the new runs; None where they could not be looked for.
        max_bytes: of UTF-8; at least 8,192, so that the longest verdict fits.
    """
    return fit(_start(judged, arrivals), _parts(judged, arrivals), _KEEP, max_bytes)


def _parts(judged: Judged, arrivals: Arrivals | None) -> list[Part]:
    runs = () if arrivals is None else arrivals.shown
    has_ledgers = len({run.ledger for run in runs}) > 1
    n_more = 0 if arrivals is None else arrivals.n_more
    problems = () if arrivals is None else arrivals.problems
    title = "Runs" if judged.request.base is None else "New runs"
    return [
        Part(
            head="\n| code | run | where | message | fix |\n| --- | --- | --- | --- | --- |\n",
            items=tuple(map(_finding, judged.verdict.findings)),
            noun="findings",
        ),
        Part(head="\n**Waived**\n\n", items=tuple(map(_waiver, judged.waived)), noun="waivers"),
        Part(
            head=new_runs_head(f"{title}: {len(runs) + n_more}", has_ledgers=has_ledgers),
            items=tuple(new_runs_row(run, has_ledgers=has_ledgers) for run in runs),
            tail=_WHAT if runs else "",
            noun=title.lower(),
            n_elsewhere=n_more,
        ),
        Part(
            head="\n**Could not be read**\n\n",
            items=tuple(f"- {markdown_text(line)}\n" for line in problems),
            noun="things that could not be read",
        ),
        Part(head="", items=tuple(map(details_of, runs)), noun="runs without details here"),
    ]


def _start(judged: Judged, arrivals: Arrivals | None) -> str:
    """Return the marker and the line with the verdict."""
    if judged.cannot_judge is not None:
        said = markdown_text(judged.cannot_judge)
        return f"{MARKER}\n**ledger: cannot judge** (LED000): {said}\n{_range(judged)}"
    verdict = judged.verdict
    word = "blocked" if verdict.is_blocked else "pass"
    n_errors = sum(one.severity == ERROR for one in verdict.findings)
    others = len(verdict.findings) - n_errors
    told = [f"{_count(verdict.n_runs, 'run')} judged", f"{n_errors} to mend"]
    told += [f"{others} to know"] if others else []
    if arrivals is not None and judged.request.base is not None:
        told.append(_count(len(arrivals.runs), "new run"))
        n_better = sum(run.standing.word == BETTER for run in arrivals.runs)
        told += [f"{n_better} better than the best on the base"] if n_better else []
    return f"{MARKER}\n**ledger: {word}**: {', '.join(told)}\n{_range(judged)}"


def _range(judged: Judged) -> str:
    """Return the line that says what was judged."""
    request = judged.request
    base = "nothing" if request.base is None else markdown_code(request.base[:_ID_CHARS])
    only = "; whether runs cover the code was not asked" if request.is_integrity_only else ""
    return f"\n{markdown_code(request.head[:_ID_CHARS])} against {base}{only}\n"


def _finding(one: Finding) -> str:
    where = one.path if one.line is None else f"{one.path}:{one.line}"
    weight = "" if one.severity == ERROR else f" ({markdown_text(one.severity)})"
    cells = (
        f"{markdown_text(one.code)}{weight}",
        markdown_code(one.run_id or "", 128),
        markdown_code(where, 300),
        markdown_text(one.message),
        markdown_code(one.fix) if one.fix.startswith(_COMMANDS) else markdown_text(one.fix),
    )
    return f"| {' | '.join(cells)} |\n"


def _waiver(waiver: Waiver) -> str:
    by = "" if waiver.commit is None else f" of {markdown_code(waiver.commit[:_ID_CHARS])}"
    codes = Counter(one.code for one in waiver.findings)
    what = ", ".join(f"{n} × {markdown_text(code)}" for code, n in sorted(codes.items()))
    return f"- {markdown_text(waiver.kind)}{by} {markdown_code(waiver.text)}: {what or 'nothing'}\n"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
