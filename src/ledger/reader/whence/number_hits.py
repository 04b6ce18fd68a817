"""Numbers of a question among the numbers of the runs: metrics first, params, notes."""

from __future__ import annotations

from itertools import takewhile

from ledger.reader.whence.affinity import named
from ledger.reader.whence.hits import Hits, columns_of
from ledger.reader.whence.number import OF_METRICS, OF_NOTES, OF_PARAMS
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ledger.reader.whence.asked import Asked, NumberCue
    from ledger.reader.whence.number import Range

NAMED_ELSEWHERE = 0.95
"""For a metric that the question names, but not beside the number."""
NOT_NAMED = 0.3
"""For a metric where the question names another one."""
UNNAMED_PARAM = 0.25
IN_NOTE = 0.45
"""For a number that only the note of a run holds."""
IF_A_MEAN = 0.3
"""For the value of one run, where a mean with its spread is asked for."""
_METRICS = """
SELECT run_id, NULL::VARCHAR AS trial_id, cue,
  quality * factor * CASE reading WHEN 'best' THEN 1.0 WHEN 'final' THEN 1.0 WHEN 'last' THEN 0.9
    WHEN 'highest' THEN other WHEN 'lowest' THEN other ELSE 0.0 END AS quality,
  'metric' AS kind, metric AS name, reading,
  CASE reading WHEN 'best' THEN best_place WHEN 'highest' THEN high_place
    WHEN 'lowest' THEN low_place END
    AS place,
  CASE reading WHEN 'best' THEN best WHEN 'final' THEN final WHEN 'last' THEN last
    WHEN 'highest' THEN high ELSE low END AS number,
  how AS text
FROM (
  SELECT *, CASE
      WHEN is_stated AND final BETWEEN lo AND hi THEN 'final'
      WHEN best BETWEEN lo AND hi THEN 'best'
      WHEN last BETWEEN lo AND hi OR final BETWEEN lo AND hi THEN 'last'
      WHEN high BETWEEN lo AND hi THEN 'highest'
      WHEN low BETWEEN lo AND hi THEN 'lowest' END AS reading
  FROM (
    SELECT s.*, a.cue, a.lo, a.hi, a.how, a.quality,
      CASE WHEN s.direction IS NULL THEN 0.9 ELSE 0.5 END AS other,
      coalesce(f.factor, CASE WHEN a.is_named THEN $not_named
        WHEN s.metric = s.objective OR s.is_stated THEN 1.0 ELSE 0.9 END) AS factor
    FROM measured s
    JOIN asked a ON a.in_metrics AND (s.high BETWEEN a.lo AND a.hi OR s.low BETWEEN a.lo AND a.hi
      OR s.last BETWEEN a.lo AND a.hi OR s.final BETWEEN a.lo AND a.hi)
    LEFT JOIN metric_factors f ON f.cue = a.cue AND f.name = s.metric))
WHERE quality * factor > 0"""
_PARAMS = """
SELECT p.run_id, NULL, a.cue, a.quality * coalesce(f.factor, a.param_factor), 'param', p.key, NULL,
  NULL, p.number, a.how
FROM params p
JOIN asked a ON a.in_params AND p.number BETWEEN a.lo AND a.hi
LEFT JOIN param_factors f ON f.cue = a.cue AND f.name = p.key
WHERE coalesce(f.factor, a.param_factor) > 0
UNION ALL
SELECT r.run_id, NULL, a.cue, a.quality * f.factor, 'param', 'seed', NULL, NULL, r.seed, a.how
FROM runs r
JOIN asked a ON a.in_params AND r.seed BETWEEN a.lo AND a.hi
JOIN param_factors f ON f.cue = a.cue AND f.name = 'seed'"""
_NOTES = """
SELECT run_id, NULL, cue, $in_note * max(quality) * max(CASE section WHEN 'Result' THEN 1.0
  ELSE 0.7 END), 'note', arg_max(section, section = 'Result'), NULL, NULL, any_value(said), NULL
FROM (
  SELECT run_id, section, try_cast(unnest(regexp_extract_all(text,
    '[+-]?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')) AS DOUBLE) AS said
  FROM notes WHERE regexp_matches(text, $in_notes)) n
JOIN asked a ON a.in_notes AND n.said BETWEEN a.lo AND a.hi
GROUP BY run_id, cue"""


@value
class Names:
    """Names that may stand beside a number."""

    metrics: Sequence[str]
    params: Sequence[str]
    goals: Mapping[str, str]
    """Direction by metric, of the settings or by the closed list of names."""


def number_tables(asked: Asked, names: Names) -> Hits:
    """Return common table expressions: ``asked``, ``goals`` and how much a name beside counts."""
    ranges: list[tuple[object, ...]] = []
    by_metric: list[tuple[object, ...]] = []
    by_param: list[tuple[object, ...]] = []
    elsewhere = named([word.text for word in asked.words], names.metrics)
    elsewhere = {name: share * NAMED_ELSEWHERE for name, share in elsewhere.items()}
    for cue in asked.numbers:
        metrics, params = named(cue.near, names.metrics), named(cue.near, [*names.params, "seed"])
        if not metrics and not params and not cue.is_named_only:
            metrics = elsewhere
        by_metric += [(cue.cue, name, share) for name, share in metrics.items()]
        by_param += [(cue.cue, name, share) for name, share in params.items()]
        is_named = bool(metrics or params)
        ranges += [_row(cue, each, is_named=is_named) for each in cue.ranges]
    return Hits(
        statement=_TABLES,
        bound={
            **columns_of(ranges, *(f"asked_{place}" for place in range(9))),
            **columns_of(by_metric, "by_metric_0", "by_metric_1", "by_metric_2"),
            **columns_of(by_param, "by_param_0", "by_param_1", "by_param_2"),
            **columns_of([*names.goals.items()], "goals_0", "goals_1"),
        },
    )


_TABLES = """
asked AS MATERIALIZED (SELECT unnest($asked_0::INTEGER[]) AS cue, unnest($asked_1::DOUBLE[]) AS lo,
  unnest($asked_2::DOUBLE[]) AS hi, unnest($asked_3::DOUBLE[]) AS quality,
  unnest($asked_4::VARCHAR[]) AS how, unnest($asked_5::BOOLEAN[]) AS in_metrics,
  unnest($asked_6::DOUBLE[]) AS param_factor, unnest($asked_7::BOOLEAN[]) AS in_notes,
  unnest($asked_8::BOOLEAN[]) AS is_named, param_factor IS NOT NULL AS in_params),
metric_factors AS MATERIALIZED (SELECT unnest($by_metric_0::INTEGER[]) AS cue,
  unnest($by_metric_1::VARCHAR[]) AS name, unnest($by_metric_2::DOUBLE[]) AS factor),
param_factors AS MATERIALIZED (SELECT unnest($by_param_0::INTEGER[]) AS cue,
  unnest($by_param_1::VARCHAR[]) AS name, unnest($by_param_2::DOUBLE[]) AS factor),
goals AS MATERIALIZED (
  SELECT unnest($goals_0::VARCHAR[]) AS metric, unnest($goals_1::VARCHAR[]) AS goal),
measured AS MATERIALIZED (
  SELECT s.run_id, s.metric, s.last, s.final, s.low, s.high, s.is_stated, r.objective, r.variant,
    r.data_hash, r.started, r.status = 'finished' AND NOT r.is_retracted AS is_kept,
    CASE WHEN s.is_by_epoch THEN s.low_at ELSE -1 - s.low_at END AS low_place,
    CASE WHEN s.is_by_epoch THEN s.high_at ELSE -1 - s.high_at END AS high_place,
    coalesce(CASE WHEN r.objective = s.metric THEN r.goal END, s.goal, g.goal) AS direction,
    CASE direction WHEN 'max' THEN s.high WHEN 'min' THEN s.low END AS best,
    CASE direction WHEN 'max' THEN high_place WHEN 'min' THEN low_place END AS best_place
  FROM summary s JOIN runs r ON r.run_id = s.run_id LEFT JOIN goals g ON g.metric = s.metric)"""


def number_hits(asked: Asked) -> Iterator[Hits]:
    """Yield what finds the numbers of ``asked``; needs ``number_tables``."""
    if not asked.numbers:
        return
    yield Hits(statement=_METRICS, bound={"not_named": NOT_NAMED})
    yield Hits(statement=_PARAMS, bound={})
    yield Hits(statement=_NOTES, bound={"in_note": IN_NOTE, "in_notes": _digits(asked)})


def _row(cue: NumberCue, each: Range, *, is_named: bool) -> tuple[object, ...]:
    """Return a row of ``asked``; a number joined to a name counts nowhere else."""
    unnamed = 0.0 if cue.is_named_only else UNNAMED_PARAM
    is_free = not cue.is_named_only
    return (
        cue.cue,
        each.low,
        each.high,
        each.quality * (IF_A_MEAN if cue.spreads else 1.0),
        each.how,
        bool(each.places & OF_METRICS) and is_free,
        unnamed if each.places & OF_PARAMS else None,
        bool(each.places & OF_NOTES) and is_free and each.how != "truncated" and not cue.spreads,
        is_named,
    )


def _digits(asked: Asked) -> str:
    """Return a pattern that every text matches which holds one of the numbers in plain digits."""
    found = {
        _common(each) for cue in asked.numbers for each in cue.ranges if each.places & OF_NOTES
    }
    return "|".join(sorted(found)) if "" not in found else "[0-9]"


def _common(each: Range) -> str:
    """Return the digits that all numbers of a range begin with, as a pattern."""
    low, high = sorted((abs(each.low), abs(each.high)))
    digits = zip(f"{low:.15f}", f"{high:.15f}", strict=False)
    prefix = "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], digits))
    return prefix.lstrip("0.").rstrip(".").replace(".", "[.]")
