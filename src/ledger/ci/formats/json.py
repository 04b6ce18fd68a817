"""A judgement for programs: one object, whose schema is published (docs/schema/ci-v1.json)."""

from __future__ import annotations

from ledger.ci.arrival_json import schema as arrivals_schema
from ledger.ci.arrival_json import to_json as arrivals_json
from ledger.ci.formats.plain import finding_document, json_text, wellformed
from ledger.policy.finding import ERROR, NOTICE, WARN


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.ci.arrival import Arrivals
    from ledger.ci.judged import Judged, Waiver
    from ledger.contract.json_text import Json

CANNOT_JUDGE = "cannot judge"
VERDICTS = ("pass", "fail", CANNOT_JUDGE)


def to_json(judged: Judged, arrivals: Arrivals | None = None) -> str:
    """Return the answer; ASCII, so that no terminal acts on what it shows."""
    return json_text(document(judged, arrivals))


def verdict_word(judged: Judged) -> str:
    """Return one of VERDICTS."""
    return CANNOT_JUDGE if judged.cannot_judge is not None else judged.verdict.word


def document(judged: Judged, arrivals: Arrivals | None = None) -> dict[str, Json]:
    """Return the answer as an object; ``new_runs`` is null where nobody could look for them."""
    request = judged.request
    return {
        "answer_version": 1,
        "verb": "ci",
        "verdict": verdict_word(judged),
        "provider": request.provider,
        "event": wellformed(request.event),
        "base": request.base,
        "head": request.head or None,
        "is_integrity_only": request.is_integrity_only,
        "n_runs": judged.verdict.n_runs,
        "findings": [finding_document(one) for one in judged.verdict.findings],
        "waived": [_waiver(one) for one in judged.waived],
        "new_runs": None if arrivals is None else arrivals_json(arrivals),
        "cannot_judge": None if judged.cannot_judge is None else wellformed(judged.cannot_judge),
    }


def _waiver(waiver: Waiver) -> Json:
    return {
        "kind": waiver.kind,
        "text": wellformed(waiver.text),
        "commit": waiver.commit,
        "findings": [finding_document(one) for one in waiver.findings],
    }


def schema() -> dict[str, Json]:
    """Return the JSON Schema of the answer."""
    text: Json = {"type": "string"}
    maybe_text: Json = {"type": ["string", "null"]}
    commit: Json = {"type": ["string", "null"], "pattern": "^[0-9a-f]{40}([0-9a-f]{24})?$"}
    findings: Json = {"type": "array", "items": {"$ref": "#/$defs/finding"}}
    count: Json = {"type": "integer", "minimum": 0}
    finding = _object(
        {
            "code": {"type": "string", "pattern": "^LED[0-9]{3}$"},
            "severity": {"enum": [ERROR, WARN, NOTICE]},
            "run_id": maybe_text,
            "path": text,
            "line": {"type": ["integer", "null"], "minimum": 1},
            "message": text,
            "fix": text,
        }
    )
    waiver = _object(
        {
            "kind": {"enum": ["label", "trailer"]},
            "text": text,
            "commit": commit,
            "findings": findings,
        }
    )
    answer = _object(
        {
            "answer_version": {"const": 1},
            "verb": {"const": "ci"},
            "verdict": {"enum": [*VERDICTS]},
            "provider": {"enum": ["github", "gitlab", "none"]},
            "event": text,
            "base": commit,
            "head": commit,
            "is_integrity_only": {"type": "boolean"},
            "n_runs": count,
            "findings": findings,
            "waived": {"type": "array", "items": waiver},
            "new_runs": {"anyOf": [arrivals_schema(), {"type": "null"}]},
            "cannot_judge": maybe_text,
        }
    )
    head: dict[str, Json] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "The answer of `ledger ci --format json`, version 1",
    }
    return head | answer | {"$defs": {"finding": finding}}


def _object(properties: dict[str, Json]) -> dict[str, Json]:
    """Return the schema of an object with ``properties``; later versions may add more."""
    return {"type": "object", "properties": properties, "required": [*properties]}
