"""New runs in a report: a row each, and a block with what changed, the note and the code."""

from __future__ import annotations

from ledger.ci.arrival import BETTER, UNKNOWN, WORSE
from ledger.ci.safe_text import markdown_code, markdown_text
from ledger.reader.text import MISSING, json_text, number_text, sparkline


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.ci.arrival import Arrival, Detail, Standing
    from ledger.contract.json_text import Json
    from ledger.reader.difference import Difference

_WORDS = {True: "same", False: "other", None: "unknown"}
_COLUMNS = ("run", "metric", "value", "best on the base", "change", "data", "code", "status")
_MAX_LAST, _MAX_CONFIG, _MAX_METRICS, _MAX_PATHS = 3, 30, 20, 10
_NAME_CHARS, _VALUE_CHARS, _NOTE_CHARS = 128, 120, 1000
_WIDTH = 24


def new_runs_head(title: str, *, has_ledgers: bool) -> str:
    """Return what stands above the rows of runs, of several ledgers or of one."""
    columns = (*(("ledger",) if has_ledgers else ()), *_COLUMNS, "curve")
    rule = " | ".join("---" for _ in columns)
    return f"\n**{title}**\n\n| {' | '.join(columns)} |\n| {rule} |\n"


def new_runs_row(run: Arrival, *, has_ledgers: bool) -> str:
    """Return the row of one run."""
    standing, detail = run.standing, run.detail
    best = number_text(standing.best_value)
    if standing.best_run_id is not None:
        best += f" {markdown_code(standing.best_run_id, _NAME_CHARS)}"
    cells = (
        *((markdown_code(run.ledger, _NAME_CHARS),) if has_ledgers else ()),
        markdown_code(run.run_id, _NAME_CHARS) + _sweep(run),
        _metric(run),
        _value(run),
        best,
        _change(run),
        _WORDS[run.is_same_data] if standing.best_run_id is not None else "",
        _code(detail),
        _status(run),
        "" if detail is None else sparkline(detail.curve, width=_WIDTH),
    )
    return f"| {' | '.join(cells)} |\n"


def details_of(run: Arrival) -> str:
    """Return the block of one run that a reader may unfold."""
    lines = [
        "\n<details><summary>",
        f"{markdown_code(run.run_id, _NAME_CHARS)} {run.standing.word}",
        "</summary>\n\n",
    ]
    detail = run.detail
    if detail is not None:
        for name, text in (("Hypothesis", detail.hypothesis), ("Result", detail.result)):
            shown = markdown_text(text, _NOTE_CHARS) if text else "not written"
            lines.append(f"**{name}**: {shown}\n\n")
        lines += _config(detail)
    lines += [f"- {line}\n" for line in _facts(run)]
    return "".join([*lines, "\n</details>\n"])


def _facts(run: Arrival) -> Iterator[str]:
    detail = run.detail
    if run.standing.why is not None:
        yield f"no verdict: {markdown_text(run.standing.why)}"
    fair = run.on_same_data
    if fair is not None:
        best = (
            f"{number_text(fair.best_value)} {markdown_code(fair.best_run_id or '', _NAME_CHARS)}"
        )
        yield f"best on the same data: {best}; {_by_how_much(fair)}"
    if detail is not None and detail.against is not None:
        paths = ", ".join(
            markdown_code(path, _NAME_CHARS) for path in detail.code_paths[:_MAX_PATHS]
        )
        more = ", …" if len(detail.code_paths) > _MAX_PATHS else ""
        yield f"code: {_code(detail)}" + (f": {paths}{more}" if paths else "")
        yield f"environment: {_WORDS[detail.is_same_environment]}"
    if detail is not None and detail.trial_params:
        shown = ", ".join(f"{markdown_text(k)} {_json(v)}" for k, v in detail.trial_params)
        yield f"best trial: {shown}"
    if run.last:
        last = ", ".join(_last(run, _MAX_METRICS))
        yield f"last values: {last}"
    yield f"record: {markdown_code(run.path, 2 * _NAME_CHARS)}"


def _config(detail: Detail) -> list[str]:
    """Return the table of the params that differ; None of them is a word, too."""
    if detail.against is None:
        return ["config: nothing to compare it with\n\n"]
    other = f"{detail.against_is} {markdown_code(detail.against, _NAME_CHARS)}"
    if not detail.config:
        return [f"config: as in the {other}\n\n"]
    rows = [
        f"| {markdown_code(each.key, _NAME_CHARS)} | {_old(each)} | {_new(each)} |\n"
        for each in detail.config[:_MAX_CONFIG]
    ]
    more = detail.n_config - len(rows)
    return [
        f"| config | {other} | this run |\n| --- | --- | --- |\n",
        *rows,
        f"\nand {more} more\n" if more else "",
        "\n",
    ]


def _old(each: Difference) -> str:
    return _json(each.old) if each.in_old else MISSING


def _new(each: Difference) -> str:
    return _json(each.new) if each.in_new else MISSING


def _json(item: Json) -> str:
    cell = json_text(item)
    return markdown_code(cell if isinstance(cell, str) else number_text(cell), _VALUE_CHARS)


def _sweep(run: Arrival) -> str:
    if run.sweep is None:
        return ""
    best = run.sweep.best_trial
    told = "" if best is None else f", best {markdown_code(best, _NAME_CHARS)}"
    return f" ({number_text(run.sweep.n_trials)} trials{told})"


def _metric(run: Arrival) -> str:
    standing = run.standing
    if standing.metric is None:
        return ""
    goal = "" if standing.goal is None else f" ({standing.goal})"
    return markdown_code(standing.metric, _NAME_CHARS) + goal


def _value(run: Arrival) -> str:
    if run.standing.metric is None:
        more = ", …" if len(run.last) > _MAX_LAST else ""
        return ", ".join(_last(run, _MAX_LAST)) + more
    return number_text(run.standing.value)


def _last(run: Arrival, limit: int) -> Iterator[str]:
    for metric, number in run.last[:limit]:
        yield f"{markdown_code(metric, _NAME_CHARS)} {number_text(number)}"


def _change(run: Arrival) -> str:
    standing = run.standing
    if standing.word == UNKNOWN:
        return f"no verdict: {markdown_text(standing.why or '')}"
    return _by_how_much(standing) + ("" if run.is_same_data is not False else ", on other data")


def _by_how_much(standing: Standing) -> str:
    change = "" if standing.change is None else f"{standing.change:+.4g}"
    percent = "" if standing.percent is None else f" ({standing.percent:+.2f} %)"
    word = f"**{standing.word}**" if standing.word in {BETTER, WORSE} else standing.word
    return f"{change}{percent} {word}".strip()


def _code(detail: Detail | None) -> str:
    if detail is None or detail.against is None:
        return ""
    if detail.is_same_code:
        return "same"
    if detail.n_code_paths is None:
        return "unknown" if detail.is_same_code is None else "differs"
    one = detail.n_code_paths == 1
    return f"{detail.n_code_paths} path{' differs' if one else 's differ'}"


def _status(run: Arrival) -> str:
    dirty = {True: "dirty", False: "", None: "dirty: cannot tell"}[run.is_dirty]
    return ", ".join(markdown_text(word) for word in (run.status, dirty, *run.marks) if word)
