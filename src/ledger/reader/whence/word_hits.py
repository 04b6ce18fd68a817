"""Words of a question among the names, tags, params, data and notes of the runs; dates."""

from __future__ import annotations

from ledger.reader.whence.affinity import affinity, is_whole, named, together
from ledger.reader.whence.hits import Hits, columns_of


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.reader.whence.asked import Asked, WordCue
    from ledger.reader.whence.number_hits import Names

NAMES_A_NUMBER = 0.1
"""For a word that names a metric or a param: that a text holds it too says little."""
_IN_PART = 0.3
_WORDS = r"""
SELECT t.run_id, NULL, v.cue, max(v.quality), 'word', arg_max(t.place, v.quality), NULL, NULL, NULL,
  arg_max(t.text, v.quality)
FROM texts t
JOIN (
  SELECT w.cue, k.text, w.weight * CASE
      WHEN k.squeezed = w.folded THEN 1.0
      WHEN contains(k.spaced, ' ' || w.spaced || ' ') THEN 0.95
      WHEN length(w.folded) >= 3 AND contains(k.spaced, ' ' || w.spaced) THEN 0.7
      WHEN length(w.folded) >= 3 AND starts_with(k.squeezed, w.folded) THEN 0.7
      WHEN length(w.folded) >= 3 AND k.is_short AND length(k.squeezed) >= 3
        AND starts_with(w.folded, k.squeezed) THEN 0.5
      WHEN length(w.folded) >= 4 AND contains(k.squeezed, w.folded) THEN 0.5
      WHEN length(w.folded) >= 5 AND k.is_short
        AND jaro_winkler_similarity(k.squeezed, w.folded) >= 0.93 THEN 0.5
      WHEN length(w.folded) >= 3 AND k.is_short AND k.squeezed LIKE w.skipping THEN 0.4
      ELSE 0.0 END AS quality
  FROM (
    SELECT text, replace(spaced, ' ', '') AS squeezed, spaced, length(text) <= 24 AS is_short
    FROM (SELECT DISTINCT text,
        ' ' || regexp_replace(lower(text), '[^\p{L}\p{N}]+', ' ', 'g') || ' ' AS spaced
      FROM texts)) k
  CROSS JOIN said w
  WHERE quality > 0) v ON v.text = t.text
GROUP BY t.run_id, v.cue
UNION ALL
SELECT n.run_id, NULL, w.cue,
  w.weight * max(CASE n.section WHEN 'Result' THEN 0.9 ELSE 0.6 END), 'word',
  'note.' || lower(arg_max(n.section, n.section = 'Result')), NULL, NULL, NULL, any_value(w.plain)
FROM notes n
JOIN said w ON contains(lower(n.text), w.plain) AND contains(
  ' ' || regexp_replace(lower(n.text), '[^\p{L}\p{N}]+', ' ', 'g') || ' ', ' ' || w.spaced || ' ')
GROUP BY n.run_id, w.cue, w.weight"""
_TABLES = r"""
said AS MATERIALIZED (
  SELECT unnest($said_0::INTEGER[]) AS cue, unnest($said_1::VARCHAR[]) AS folded,
  unnest($said_2::VARCHAR[]) AS plain, unnest($said_3::DOUBLE[]) AS weight,
  unnest($said_4::VARCHAR[]) AS skipping,
  trim(regexp_replace(plain, '[^\p{L}\p{N}]+', ' ', 'g')) AS spaced),
texts AS MATERIALIZED (
  SELECT run_id, 'run' AS place, run_id AS text FROM runs
  UNION ALL SELECT run_id, 'name', name FROM runs
  UNION ALL SELECT run_id, 'tag', unnest(tags) FROM runs
  UNION ALL SELECT run_id, 'branch', branch FROM runs WHERE branch IS NOT NULL
  UNION ALL SELECT run_id, 'project', project FROM runs WHERE project IS NOT NULL
  UNION ALL SELECT run_id, 'status', status FROM runs
  UNION ALL SELECT run_id, 'gpu', gpu FROM runs WHERE gpu IS NOT NULL
  UNION ALL SELECT run_id, key, text FROM params WHERE number IS NULL AND text <> ''
  UNION ALL SELECT run_id, 'data', name FROM data WHERE name IS NOT NULL
  UNION ALL SELECT run_id, 'data', path FROM data WHERE path IS NOT NULL
  UNION ALL SELECT run_id, 'artifact', name FROM artifacts
  UNION ALL SELECT run_id, 'artifact', path FROM artifacts WHERE path IS NOT NULL)"""
_DATES = """
SELECT run_id, NULL, d.cue, 0.8, 'date', 'started', NULL, NULL, NULL, strftime(started, '%Y-%m-%d')
FROM runs JOIN (SELECT unnest($dates_0::INTEGER[]) AS cue, unnest($dates_1::TIMESTAMP[]) AS lo,
  unnest($dates_2::TIMESTAMP[]) AS hi) d ON started >= d.lo AND started < d.hi"""


def word_hits(asked: Asked, names: Names) -> tuple[str, Iterator[Hits]] | None:
    """Return common table expressions and what finds the words of ``asked``; None without one."""
    if not asked.words:
        return None
    rows = [
        (word.cue, word.folded, word.text.lower(), _weight(word, asked, names), _skipping(word))
        for word in asked.words
    ]
    bound = columns_of(rows, *(f"said_{place}" for place in range(5)))
    return _TABLES, iter([Hits(statement=_WORDS, bound=bound)])


def date_hits(asked: Asked) -> Iterator[Hits]:
    """Yield what finds the runs that started on the days of ``asked``."""
    if asked.dates:
        rows = [(each.cue, each.start, each.end) for each in asked.dates]
        yield Hits(statement=_DATES, bound=columns_of(rows, "dates_0", "dates_1", "dates_2"))


def _weight(word: WordCue, asked: Asked, names: Names) -> float:
    """Return how much it says that a text holds ``word``: little, if it names a number's place."""
    for cue in asked.numbers:
        if word.text in cue.near:
            meant = named(cue.near, [*names.metrics, *names.params, "seed"])
            pairs = [each for each in together(cue.near) if each != word.text and word.text in each]
            if any(affinity([word.text], name) >= _IN_PART for name in meant) or any(
                is_whole(pair, name) for pair in pairs for name in meant
            ):
                return NAMES_A_NUMBER
    return 1.0


def _skipping(word: WordCue) -> str:
    """Return a LIKE pattern for texts that ``word`` may be short for: ``rn50`` for ``resnet50``."""
    return "%".join(word.folded) if 2 < len(word.folded) <= _LONGEST else ""  # noqa: PLR2004


_LONGEST = 12
