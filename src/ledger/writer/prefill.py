"""The automatic text of a note: what the run itself and its parent's record can say."""

from __future__ import annotations

import math

from ledger.contract.config import flatten, to_json
from ledger.contract.json_text import as_list, as_object, as_text, decode_number
from ledger.contract.note import AUTO


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ledger.contract.json_text import Json
    from ledger.contract.metrics import Summary
    from ledger.contract.record import RunRecord
    from ledger.contract.trials import Trial

MAX_NAMED = 6
MAX_COMMAND = 200
MAX_PARAM = 40
MAX_REASONS = 3


def describe_change(config: Json, parent: RunRecord | None) -> list[str]:
    """Return the Change lines: what differs from the parent's config, else the config's gist."""
    own = flatten(config)
    if parent is None:
        own = {key: item for key, item in own.items() if item is not None}  # a default
        if not own:
            return []
        shown = ", ".join(f"{key}={_show(item)}" for key, item in list(own.items())[:MAX_NAMED])
        more = f" and {len(own) - MAX_NAMED} more" if len(own) > MAX_NAMED else ""
        return [f"{AUTO}config {shown}{more}"]
    before = flatten(dict(parent.config))
    keys = [key for key in sorted({*own, *before}) if own.get(key) != before.get(key)]
    if not keys:
        return [f"{AUTO}same config as {parent.run_id}"]
    changed = [
        f"{key} {_show(before.get(key))} → {_show(own.get(key))}" for key in keys[:MAX_NAMED]
    ]
    rest = [f"and {len(keys) - MAX_NAMED} more"] if len(keys) > MAX_NAMED else []
    return [f"{AUTO}against {parent.run_id}: {', '.join([*changed, *rest])}"]


def describe_command(document: Mapping[str, Json]) -> list[str]:
    """Return the Change lines of a run without a config: its notebook, or the command line."""
    notebook = as_text(as_object(document.get("notebook")).get("path"))
    if notebook is not None:
        return [f"{AUTO}notebook {' '.join(notebook.split())}"]
    argv = as_list(as_object(document.get("command")).get("argv"))
    if not argv:
        return []
    import shlex  # noqa: PLC0415  # only at a seal

    line = str(to_json(shlex.join(map(str, argv))))  # a word may hold what UTF-8 cannot
    return [f"{AUTO}command {' '.join(line.split())[:MAX_COMMAND]}"]


def describe_risk(document: Mapping[str, Json]) -> list[str]:
    """Return the Risk/Anomaly lines: what is missing, and cells that are in no saved notebook."""
    lines = [f"incomplete: {document['incomplete']}"] if document.get("incomplete") else []
    if as_object(document.get("notebook")).get("as_saved") is False:
        lines.append("what ran is not the notebook as it was saved: see cells.py")
    return [f"{AUTO}{line}" for line in lines]


def describe_result(
    summary: Mapping[str, Summary],
    stated: Mapping[str, Json],
    objective: tuple[str, str] | None,
    parent: RunRecord | None,
    *,
    is_sweep: bool = False,
) -> list[str]:
    """Return the Result lines: the objective's best against the parent's, and what was stated.

    The last row of a sweep is that of some trial, and no result.
    """
    parts = []
    if objective is not None and objective[0] in summary:
        parts.append(_objective_text(summary[objective[0]], objective, parent, is_sweep=is_sweep))
    elif not is_sweep:
        parts += [f"{name} last {_show(s.last)}" for name, s in list(summary.items())[:3]]
    parts += [f"{name} {_show(item)} (stated)" for name, item in list(stated.items())[:3]]
    diverged = sorted(name for name, s in summary.items() if s.n_nonfinite)
    if diverged:
        parts.append(f"not finite: {', '.join(diverged[:MAX_NAMED])}")
    return [f"{AUTO}{'; '.join(parts)}"] if parts else []


def describe_sweep(sweep: Mapping[str, Json], best: Trial | None) -> list[str]:
    """Return the Result line of a sweep: how many trials, and its best one with its params."""
    if not sweep:
        return []
    failed = f", {sweep['n_failed']} failed" if sweep.get("n_failed") else ""
    n = sweep.get("n_trials")
    text = f"{n} trial{'' if n == 1 else 's'}{failed}"
    if best is not None:
        # a path is a name that a framework made, as its own bookkeeping: yours go first
        params = sorted(best.params.items(), key=lambda pair: "/" in pair[0])[:MAX_NAMED]
        shown = [f"{name} {_shown_param(item)}" for name, item in params]
        told = f": {', '.join(shown)}" if shown else ""
        text = f"{text}; best trial {best.trial_id}, score {_show(best.score)}{told}"
    return [f"{AUTO}{text}"]


def describe_failed_trials(failed: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the Risk line of a sweep some of whose trials failed: which ones, and why.

    Args:
        failed: the ids of the trials by the reason.
    """
    reasons = sorted(failed.items(), key=lambda pair: -len(pair[1]))
    shown = [
        f"{', '.join(ids[:MAX_NAMED])}{', …' if len(ids) > MAX_NAMED else ''}: {why[:MAX_COMMAND]}"
        for why, ids in reasons[:MAX_REASONS]
    ]
    rest = len(reasons) - MAX_REASONS
    more = [f"{rest} more reasons"] if rest > 0 else []
    return [f"{AUTO}trials that failed: {'; '.join([*shown, *more])}"] if shown else []


def describe_failure(
    status: str, error: Mapping[str, Json] | None, result: list[str]
) -> dict[str, list[str]]:
    """Return the Result and Risk lines of a run that did not finish.

    Args:
        status: how it ended.
        error: what ended it, None where that is not known.
        result: the lines that ``describe_result`` has for what came out so far.
    """
    so_far = "; ".join(line.removeprefix(AUTO) for line in result) or "no result"
    lines = {"Result": [f"{AUTO}{status} before its end: {so_far}"]}
    if error is None:
        return lines
    said = [as_text(error.get("type")), as_text(error.get("message"))]
    told = ": ".join(filter(None, said)).partition("\n")[0][:200]
    return lines | {"Risk/Anomaly": [f"{AUTO}{told}"]}


def best_of(summary: Summary, goal: str) -> tuple[float | None, int | None]:
    """Return the best finite value of a metric and its epoch or step."""
    return (summary.min, summary.min_at) if goal == "min" else (summary.max, summary.max_at)


def describe_best(document: Mapping[str, Json], summary: Mapping[str, Summary]) -> str:
    """Return ``, best val_acc 0.93 at epoch 7``, or nothing without an objective that has one.

    Where it may be an epoch or a step, it is told without a word for it.
    """
    objective = as_object(document.get("objective"))
    metric, goal = as_text(objective.get("metric")), as_text(objective.get("goal"))
    if metric is None or goal is None or metric not in summary:
        return ""
    number, at = best_of(summary[metric], goal)
    columns = as_object(document.get("columns"))
    index = "epoch" if "epoch" in columns else "step"
    if "step" in columns and document.get("sweep"):
        index = ""  # every table of a sweep has an epoch; its rows may have their steps alone
    where = "" if at is None else f" at {index} {at}".replace("  ", " ")
    return "" if number is None else f", best {metric} {number:.6g}{where}"


def _objective_text(
    own: Summary, objective: tuple[str, str], parent: RunRecord | None, *, is_sweep: bool
) -> str:
    metric, goal = objective
    best, at = best_of(own, goal)
    if best is None:
        return f"{metric} never finite in {own.n} rows"
    text = f"{metric} best {_show(best)}{'' if at is None else f' at {at}'}"
    text += "" if is_sweep else f", last {_show(own.last)}"
    theirs = as_object(as_object(parent.document.get("summary")).get(metric)) if parent else {}
    before = decode_number(theirs.get(goal))
    if parent is None or before is None or not math.isfinite(before):
        return text
    change = f", {100 * (best - before) / abs(before):+.2f} %" if before else ""
    return f"{text}; {parent.run_id} had {_show(before)} ({best - before:+.4g}{change})"


def _shown_param(text: str) -> str:
    try:
        return _show(float(text)) if "." in text else text[:MAX_PARAM]
    except ValueError:
        return text[:MAX_PARAM]


def _show(item: object) -> str:
    if item is None:
        return "none"
    return f"{item:.6g}" if isinstance(item, float) else str(item)[:60]
