"""A mean with its spread among the repeats of a variant; a number among the rows of all tables."""

from __future__ import annotations

from ledger.reader.whence.hits import Hits, columns_of
from ledger.reader.whence.number_hits import NOT_NAMED


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.reader.whence.asked import Asked

MEAN_ONLY = 0.5
"""For a group whose mean fits and whose spread does not."""
IN_ROWS = 0.6
"""For a value that a metric only had on the way."""
_GROUPS = """
SELECT m.run_id, NULL, g.cue, max(g.quality), 'group', arg_max(g.metric, g.quality),
  arg_max(g.reading, g.quality), NULL, arg_max(m.value, g.quality), arg_max(g.said, g.quality)
FROM (
  SELECT a.cue, s.variant, s.data_hash, s.metric, s.reading,
    a.quality * coalesce(f.factor, CASE WHEN a.is_named THEN $not_named ELSE 1.0 END)
    * CASE WHEN s.sample BETWEEN a.spread_lo AND a.spread_hi THEN 1.0
        WHEN s.population BETWEEN a.spread_lo AND a.spread_hi THEN 0.95
        WHEN s.of_mean BETWEEN a.spread_lo AND a.spread_hi THEN 0.8 ELSE $mean_only END
    * CASE s.reading WHEN 'last' THEN 0.9 WHEN 'final' THEN 0.95 ELSE 1.0 END AS quality,
    printf('mean %.6g, std %.3g, of %d runs', s.mean, s.sample, s.n) AS said
  FROM (
    SELECT variant, data_hash, metric, reading, count(*) AS n, avg(value) AS mean,
      stddev_samp(value) AS sample, stddev_pop(value) AS population,
      stddev_samp(value) / sqrt(count(*)) AS of_mean
    FROM repeats GROUP BY variant, data_hash, metric, reading HAVING count(*) > 1) s
  JOIN spreads a ON s.mean BETWEEN a.lo AND a.hi
  LEFT JOIN metric_factors f ON f.cue = a.cue AND f.name = s.metric) g
JOIN repeats m ON m.variant = g.variant AND m.data_hash IS NOT DISTINCT FROM g.data_hash
  AND m.metric = g.metric AND m.reading = g.reading
GROUP BY m.run_id, g.cue"""
_TABLES = """
spreads AS MATERIALIZED (
  SELECT unnest($spread_0::INTEGER[]) AS cue, unnest($spread_1::DOUBLE[]) AS lo,
  unnest($spread_2::DOUBLE[]) AS hi, unnest($spread_3::DOUBLE[]) AS spread_lo,
  unnest($spread_4::DOUBLE[]) AS spread_hi, unnest($spread_5::DOUBLE[]) AS quality,
  unnest($spread_6::BOOLEAN[]) AS is_named),
repeats AS MATERIALIZED (
  SELECT * FROM (SELECT run_id, variant, data_hash, metric,
    unnest(['best', 'final', 'last']) AS reading,
    unnest([best, final, last]) AS value
  FROM measured WHERE variant IS NOT NULL AND is_kept) WHERE isfinite(value))"""
_ROWS = """
SELECT m.run_id, m.trial_id, a.cue,
  max(a.quality * coalesce(f.factor, CASE WHEN a.is_named THEN $not_named ELSE 0.9 END)) * $in_rows,
  'row', m.metric, 'row', min(coalesce(m.epoch, -1 - m.step)), min(m.value), NULL
FROM metrics m
JOIN asked a ON a.in_metrics AND m.value BETWEEN a.lo AND a.hi
LEFT JOIN metric_factors f ON f.cue = a.cue AND f.name = m.metric
GROUP BY m.run_id, m.trial_id, a.cue, m.metric"""


def group_hits(asked: Asked) -> tuple[str, Iterator[Hits]] | None:
    """Return common table expressions and what finds the means of ``asked``; None without one."""
    rows = [
        (
            cue.cue,
            each.mean.low,
            each.mean.high,
            each.spread.low,
            each.spread.high,
            each.mean.quality,
            bool(cue.near),
        )
        for cue in asked.numbers
        for each in cue.spreads
    ]
    if not rows:
        return None
    bound = columns_of(rows, *(f"spread_{place}" for place in range(7)))
    bound |= {"mean_only": MEAN_ONLY, "not_named": NOT_NAMED}
    return _TABLES, iter([Hits(statement=_GROUPS, bound=bound)])


def row_hits(asked: Asked) -> Iterator[Hits]:
    """Yield what finds the numbers of ``asked`` in all rows; needs the layer of curves."""
    if asked.numbers:
        yield Hits(statement=_ROWS, bound={"in_rows": IN_ROWS, "not_named": NOT_NAMED})
