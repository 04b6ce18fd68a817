"""New runs for programs: ``new_runs`` of ``ledger ci --format json``, and its schema."""

from __future__ import annotations

from ledger.ci.arrival import BEST, BETTER, EQUAL, PARENT, UNKNOWN, WORSE
from ledger.ci.safe_text import clip
from ledger.contract.json_text import encode_number
from ledger.value import as_dict


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.ci.arrival import Arrival, Arrivals, Detail, Standing
    from ledger.contract.json_text import Json

_MAX_CHARS = 10_000
"""Of any one text; a change may bring values of megabytes."""


def to_json(found: Arrivals) -> list[Json]:
    """Return the new runs as ``new_runs`` of ``ledger ci --format json`` holds them.

    Each has ``run_id``, ``name``, ``ledger`` and ``path`` (relative to the top of the
    repository), ``started``, ``status``, ``dirty`` (null: cannot tell), ``marks`` (a list of
    words), ``last`` ({metric: value}), ``same_data`` (as the best run; null: cannot tell),
    ``sweep`` (null, or ``n_trials`` and ``best_trial``), and ``standing``: ``metric``,
    ``goal``, ``value``, ``best_run_id``, ``best_value``, ``change``, ``percent``, ``verdict``
    (better, worse, equal or unknown) and ``why`` (of an unknown one). ``on_same_data`` is null,
    or the same against the best run with the same data, where the best of all has other data.
    ``detail`` is null beyond the first runs, else: ``against`` (a run id or null),
    ``against_is`` (best or parent), ``config`` (a list of ``key``, ``old``, ``new``,
    ``in_old``, ``in_new``, of the first 200) and ``n_config``, ``same_code`` (null: cannot
    tell), ``code_paths`` (the first 50) and ``n_code_paths`` (null: cannot tell),
    ``same_environment`` (likewise), ``hypothesis``, ``result``, and ``trial_params`` of the
    best trial. Numbers that are not finite are "nan", "inf", "-inf".
    """
    return [_plain(_run_json(run)) for run in found.runs]


def _run_json(run: Arrival) -> dict[str, Json]:
    return {
        "run_id": run.run_id,
        "name": run.name,
        "ledger": run.ledger,
        "path": run.path,
        "started": run.started,
        "status": run.status,
        "dirty": run.is_dirty,
        "marks": list(run.marks),
        "standing": _standing(run.standing),
        "same_data": run.is_same_data,
        "on_same_data": None if run.on_same_data is None else _standing(run.on_same_data),
        "last": dict(run.last),
        "sweep": None
        if run.sweep is None
        else {"n_trials": run.sweep.n_trials, "best_trial": run.sweep.best_trial},
        "detail": None if run.detail is None else _detail_json(run.detail),
    }


def _standing(standing: Standing) -> dict[str, Json]:
    names = {"word": "verdict"}
    return {names.get(key, key): item for key, item in as_dict(standing).items()}  # type: ignore[misc]  # plain fields


def _detail_json(detail: Detail) -> dict[str, Json]:
    keys = ("key", "old", "new", "in_old", "in_new")
    config: list[Json] = [{key: getattr(each, key) for key in keys} for each in detail.config]
    return {
        "against": detail.against,
        "against_is": detail.against_is,
        "config": config,
        "n_config": detail.n_config,
        "same_code": detail.is_same_code,
        "code_paths": list(detail.code_paths),
        "n_code_paths": detail.n_code_paths,
        "same_environment": detail.is_same_environment,
        "hypothesis": detail.hypothesis,
        "result": detail.result,
        "trial_params": dict(detail.trial_params),
    }


def schema() -> dict[str, Json]:
    """Return the JSON Schema of the list."""
    sweep = _object(n_trials={"type": "integer"}, best_trial=_MAYBE_TEXT)
    run = _object(
        run_id=_TEXT,
        name=_TEXT,
        ledger=_TEXT,
        path=_TEXT,
        started=_TEXT,
        status=_TEXT,
        dirty=_MAYBE,
        marks=_array(_TEXT),
        standing=_standing_schema(),
        same_data=_MAYBE,
        on_same_data=_or_null(_standing_schema()),
        last={"type": "object", "additionalProperties": _NUMBER},
        sweep=_or_null(sweep),
        detail=_or_null(_detail_schema()),
    )
    return _array(run)


def _standing_schema() -> dict[str, Json]:
    return _object(
        metric=_MAYBE_TEXT,
        goal={"enum": ["min", "max", None]},
        value=_NUMBER,
        best_run_id=_MAYBE_TEXT,
        best_value=_NUMBER,
        change=_NUMBER,
        percent=_NUMBER,
        verdict={"enum": [BETTER, WORSE, EQUAL, UNKNOWN]},
        why=_MAYBE_TEXT,
    )


def _detail_schema() -> dict[str, Json]:
    flag: Json = {"type": "boolean"}
    changed = _object(key=_TEXT, old=True, new=True, in_old=flag, in_new=flag)
    return _object(
        against=_MAYBE_TEXT,
        against_is={"enum": [BEST, PARENT, None]},
        config=_array(changed),
        n_config={"type": "integer", "minimum": 0},
        same_code=_MAYBE,
        code_paths=_array(_TEXT),
        n_code_paths={"type": ["integer", "null"]},
        same_environment=_MAYBE,
        hypothesis=_TEXT,
        result=_TEXT,
        trial_params={"type": "object"},
    )


_TEXT: Json = {"type": "string"}
_MAYBE_TEXT: Json = {"type": ["string", "null"]}
_MAYBE: Json = {"type": ["boolean", "null"]}
_NUMBER: Json = {"anyOf": [{"type": ["number", "null"]}, {"enum": ["nan", "inf", "-inf"]}]}


def _object(**properties: Json) -> dict[str, Json]:
    """Return the schema of an object with ``properties``; later versions may add more."""
    return {"type": "object", "properties": properties, "required": [*properties]}


def _array(items: Json) -> dict[str, Json]:
    return {"type": "array", "items": items}


def _or_null(item: Json) -> dict[str, Json]:
    return {"anyOf": [item, {"type": "null"}]}


def _plain(item: Json) -> Json:
    r"""Return ``item`` as strict parsers take it.

    Bytes of paths that are no UTF-8, surrogates in Python, are spelled out: ``\udcff``.
    """
    if isinstance(item, str):
        return clip(item, _MAX_CHARS).encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(item, float):
        return encode_number(item)
    if isinstance(item, list):
        return [_plain(each) for each in item]
    if isinstance(item, dict):
        return {str(_plain(key)): _plain(each) for key, each in item.items()}
    return item
