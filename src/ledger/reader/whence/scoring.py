"""One statement that finds every hit, weighs them, and returns the runs that fit best.

What is asked weighs as much as it tells apart: a cue that fits few runs more than one that fits
many, ln(1 + runs / runs it fits) as in inverse document frequency (Spärck Jones, 1972). A run's
match is the sum over the cues of weight x quality; what speaks for a run besides breaks ties.
"""

from __future__ import annotations

import re

from ledger.reader.whence.hits import COLUMNS, Hit, Hits, columns_of
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ledger.reader.index import Index

PRIOR: Mapping[str, float] = {
    "best of its sweep": 3.0,
    "noted": 1.5,
    "note mentions it": 1.0,
    "committed and clean": 1.0,
    "finished": 1.0,
    "not retracted": 1.0,
    "best so far": 0.5,
    "later": 0.03,
}
"""What speaks for a run besides, in the unit of the matches (docs/decisions/0027)."""
UNMATCHED = 1.0
"""Weight of what is asked and fits no run at all."""
FIRM = 3.0
"""What a number or a hash weighs besides: a run of another learning rate is another run."""
CERTAIN = 20.0
"""As above, for what a file holds and for the folder of a run: nothing speaks against these."""
ALIKE = 0.9
"""Share of the best match from which on a run fits nearly as well."""
LATEST_FIRST: Mapping[str, float] = {**PRIOR, "later": 3.0}
"""For a path alone: what lies there now was written by the latest of its writers."""
_STATEMENT = """
WITH {tables},
hits ({columns}) AS MATERIALIZED ({hits}),
fits AS MATERIALIZED (SELECT run_id, cue, max(quality) AS quality FROM hits GROUP BY run_id, cue),
weights AS MATERIALIZED (
  SELECT cue, ln(1 + (SELECT count(*) FROM runs) / sum(quality))
    + coalesce(any_value(more), 0) AS weight
  FROM fits LEFT JOIN (
    SELECT unnest($firm_0::INTEGER[]) AS cue, unnest($firm_1::DOUBLE[]) AS more) USING (cue)
  GROUP BY cue),
matches AS MATERIALIZED (
  SELECT run_id, sum(weight * quality) AS match FROM fits JOIN weights USING (cue) GROUP BY run_id),
mentions AS MATERIALIZED (
  SELECT DISTINCT h.run_id FROM hits h JOIN hits n ON n.run_id = h.run_id AND n.cue = h.cue
  WHERE n.kind = 'note' AND h.kind IN ('metric', 'group', 'row')),
records AS MATERIALIZED ({records}),
alike AS MATERIALIZED (
  SELECT r.run_id, r.objective, r.data_hash, r.project, r.started,
    regexp_replace(r.name, '([_-][a-z]*[0-9][0-9.e+-]*)+$', '') AS stem,
    CASE r.goal WHEN 'max' THEN s.high WHEN 'min' THEN -s.low END AS value
  FROM runs r JOIN summary s ON s.run_id = r.run_id AND s.metric = r.objective
  WHERE isfinite(value)),
sweeps AS (
  SELECT *, sum(is_new) OVER (PARTITION BY stem, objective, data_hash, project
    ORDER BY started ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS sweep
  FROM (
    SELECT *, CASE WHEN started - lag(started) OVER (
      PARTITION BY stem, objective, data_hash, project
      ORDER BY started) > INTERVAL 7 DAY THEN 1 ELSE 0 END AS is_new
    FROM alike)),
leaders AS MATERIALIZED (
  SELECT run_id FROM (
    SELECT run_id, value >= max(value) OVER same AND count(*) OVER same > 1 AS is_leader
    FROM sweeps WINDOW same AS (PARTITION BY stem, objective, data_hash, project, sweep))
  WHERE is_leader),
noted AS MATERIALIZED (
  SELECT run_id, bool_and(is_filled) AS is_noted FROM notes
  WHERE run_id IN (SELECT run_id FROM matches) GROUP BY run_id),
judged AS (
  SELECT m.run_id, m.match, r.started,
    CASE WHEN l.run_id IS NULL THEN 0 ELSE $p_0 END
    + CASE WHEN coalesce(n.is_noted, false) THEN $p_1 ELSE 0 END
    + CASE WHEN e.run_id IS NULL THEN 0 ELSE $p_2 END
    + CASE WHEN r.commit IS NOT NULL AND NOT coalesce(r.dirty, true) THEN $p_3 ELSE 0 END
    + CASE WHEN r.status = 'finished' THEN $p_4 ELSE 0 END
    + CASE WHEN r.is_retracted THEN 0 ELSE $p_5 END
    + CASE WHEN b.run_id IS NULL THEN 0 ELSE $p_6 END
    + $p_7 * percent_rank() OVER (ORDER BY r.started) AS prior
  FROM matches m JOIN runs r USING (run_id)
  LEFT JOIN mentions e USING (run_id) LEFT JOIN noted n USING (run_id)
  LEFT JOIN records b USING (run_id) LEFT JOIN leaders l USING (run_id)),
first AS (
  SELECT *, max(match) OVER () AS most,
    count(*) FILTER (match > 0) OVER () AS n_found
  FROM judged),
counted AS (SELECT *, count(*) FILTER (match >= most * $alike) OVER () AS n_alike FROM first),
shown AS (
  SELECT * FROM counted ORDER BY match + prior DESC, started DESC, run_id LIMIT $limit)
SELECT s.run_id, s.match, s.prior, s.n_alike, s.n_found,
  (SELECT sum(weight) + $unmatched * greatest(0, $n_cues - count(*)) FROM weights) AS whole,
  list([h.cue::VARCHAR, h.quality::VARCHAR, h.kind, h.name, h.reading, h.place::VARCHAR,
    h.number::VARCHAR, h.text, h.trial_id] ORDER BY h.cue, h.quality DESC, h.text)
FROM shown s JOIN hits h USING (run_id)
GROUP BY s.run_id, s.match, s.prior, s.n_alike, s.n_found, s.started
ORDER BY s.match + s.prior DESC, s.started DESC, s.run_id"""
_RECORDS = """
  SELECT DISTINCT run_id FROM (
    SELECT run_id, metric, value >= max(value) OVER (
      PARTITION BY metric, data_hash ORDER BY started
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS is_record
    FROM (
      SELECT *, CASE direction WHEN 'min' THEN -best ELSE best END AS value FROM measured
      WHERE metric IN (SELECT DISTINCT name FROM hits WHERE kind = 'metric') AND isfinite(best)))
  WHERE is_record AND (run_id, metric) IN (SELECT run_id, name FROM hits WHERE kind = 'metric')"""
_PARAMETER = re.compile(r"\$([a-z_0-9]+)")
_NO_RECORDS = "SELECT NULL::VARCHAR AS run_id WHERE false"


@value
class Candidate:
    """A run that fits, and why."""

    run_id: str
    score: float
    """0..1, higher where more of what was asked fits; not a probability."""
    hits: tuple[Hit, ...]
    """By cue, the best first."""


@value
class Found:
    """The runs that fit best, and how many others do."""

    candidates: tuple[Candidate, ...]
    n_alike: int
    """Runs that fit what was asked (nearly) as well as the best one."""
    n_found: int


@value
class Search:
    """What is searched for."""

    tables: tuple[str, ...]
    """Common table expressions that the parts need."""
    parts: tuple[Hits, ...]
    """What finds hits."""
    n_cues: int
    """How many things are looked for."""
    firm: Mapping[int, float] = {}
    """What cues weigh besides that a run hardly is the one without."""
    prior: Mapping[str, float] = PRIOR


def search(index: Index, asked: Search, limit: int) -> Found:
    """Return the ``limit`` runs of ``index``, with the layer of notes, that fit best."""
    bound: dict[str, object] = {f"p_{n}": gain for n, gain in enumerate(asked.prior.values())}
    bound |= {"alike": ALIKE, "limit": limit, "unmatched": UNMATCHED, "n_cues": asked.n_cues}
    bound |= columns_of([*asked.firm.items()], "firm_0", "firm_1")
    for part in asked.parts:
        bound |= part.bound
    hits = [part.statement for part in asked.parts if part.statement]
    if not hits:
        return Found(candidates=(), n_alike=0, n_found=0)
    statement = _STATEMENT.format(
        tables=", ".join(asked.tables or ("nothing AS (SELECT 1)",)),
        columns=COLUMNS,
        hits=" UNION ALL ".join(f"({each})" for each in hits),
        records=_RECORDS if "goals_0" in bound else _NO_RECORDS,
    )
    used = set(_PARAMETER.findall(statement))
    return _found(index.rows(statement, {name: bound[name] for name in used}), asked.prior)


def score(match: float, prior: float, whole: float, most_prior: float) -> float:
    """Return how well a run fits, 0..1: its match and prior as a share of all there could be.

    It grows with either; ``whole`` and ``most_prior`` are those of a run that fits everything and
    has everything else that speaks for a run.
    """
    most = whole + most_prior
    return min(1.0, max(0.0, (match + prior) / most)) if most > 0 else 0.0


def _found(rows: Sequence[Sequence[Any]], prior: Mapping[str, float]) -> Found:
    most_prior = sum(prior.values())
    return Found(
        candidates=tuple(
            Candidate(
                run_id=run_id,
                score=score(match, gain, float(whole), most_prior),
                hits=tuple(map(_hit, hits)),
            )
            for run_id, match, gain, _, _, whole, hits in rows
        ),
        n_alike=rows[0][3] if rows else 0,
        n_found=rows[0][4] if rows else 0,
    )


def _hit(cells: Sequence[str | None]) -> Hit:
    cue, quality, kind, name, reading, at, number, text, trial_id = cells
    return Hit(
        cue=int(cue or 0),
        quality=float(quality or 0),
        kind=kind or "",
        name=name,
        reading=reading,
        at=None if at is None else int(at),
        number=None if number is None else float(number),
        text=text,
        trial_id=trial_id,
    )
