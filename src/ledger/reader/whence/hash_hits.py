"""Hashes, commits, ids and paths of a question among those that runs recorded."""

from __future__ import annotations

from ledger.reader.whence.hits import Hits, columns_of


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.reader.whence.asked import Asked
    from ledger.reader.whence.content import Found

_HEX = "regexp_replace(regexp_replace(lower({}), '^(md5|sha256|sha1):', ''), '[.]dir$', '')"
PLACES = {
    "artifact": (1.0, "artifacts", "name", "hash"),
    "commit": (0.98, "runs", "NULL", "commit"),
    "data": (0.96, "data", "name", "hash"),
    "config": (0.94, "runs", "NULL", "config_hash"),
    "variant": (0.92, "runs", "NULL", "variant"),
    "code": (0.9, "runs", "NULL", "code"),
    "packages": (0.8, "runs", "NULL", "packages"),
}
"""Where a hash may stand: quality, view, the name it has there, its column."""
_PLACE = """
SELECT run_id, NULL, h.cue, {quality} * CASE WHEN length(stands) = length(h.prefix) THEN 1.0
  ELSE 0.99 END, 'hash', coalesce({name}, '{place}'), '{place}', NULL, NULL, written
FROM (SELECT *, {column} AS written, {hex} AS stands FROM {view} WHERE {column} IS NOT NULL)
JOIN prefixes h ON starts_with(stands, h.prefix)"""
_TABLES = """
prefixes AS MATERIALIZED (
  SELECT unnest($prefix_0::INTEGER[]) AS cue, unnest($prefix_1::VARCHAR[]) AS prefix)"""
_IDS = """
SELECT run_id, NULL, $id_cue, CASE WHEN lower(run_id) = $id THEN 1.0
    WHEN split_part(lower(run_id), '-', -1) = $id THEN 0.98
    WHEN starts_with(lower(run_id), $id) THEN 0.9 ELSE 0.85 END,
  'id', 'run', NULL, NULL, NULL, run_id
FROM runs WHERE starts_with(lower(run_id), $id) OR (length(split_part(run_id, '-', -1)) = 8
  AND starts_with(split_part(lower(run_id), '-', -1), $id))"""
_PATHS = """
SELECT run_id, NULL, $path_cue, CASE WHEN path = $path THEN $same_path
    WHEN starts_with($path, path || '/') THEN $same_path * 0.8 ELSE $same_path * 0.6 END,
  $path_kind, name, place, NULL, NULL, path
FROM (SELECT run_id, name, 'artifact' AS place, rtrim(path, '/') AS path, hash FROM artifacts
  UNION ALL SELECT run_id, name, 'data', rtrim(path, '/'), hash FROM data)
WHERE path <> '' AND (path = $path OR starts_with($path, path || '/')
  OR ends_with(path, '/' || $path))"""
_SAME_CONTENT = """
SELECT run_id, NULL, $content_cue, quality, 'hash', name, place, NULL, NULL, hash
FROM (SELECT run_id, name, 'artifact' AS place, 1.0 AS quality, hash FROM artifacts
  UNION ALL SELECT run_id, name, 'data', 0.9, hash FROM data)
WHERE list_contains($contents::VARCHAR[], lower(hash))"""
_RUN = """
SELECT run_id, NULL, $run_cue, 1.0, 'id', 'run', NULL, NULL, NULL, run_id
FROM runs WHERE run_id = $run_id"""


def hash_hits(asked: Asked) -> tuple[str, Iterator[Hits]] | None:
    """Return common table expressions and what finds the hashes of ``asked``; None without one."""
    if not asked.hashes:
        return None
    rows = [(cue.cue, cue.prefix) for cue in asked.hashes]
    bound = columns_of(rows, "prefix_0", "prefix_1")
    return _TABLES, (
        Hits(statement=_at(place), bound=bound if first else {})
        for first, place in zip((True, *[False] * len(PLACES)), PLACES, strict=False)
    )


def id_hits(asked: Asked) -> Iterator[Hits]:
    """Yield what finds a run by its id, the beginning of it or of the characters at its end."""
    text = asked.text.lower()
    if asked.is_one and len(text) >= 4 and text.replace("-", "").replace("_", "").isalnum():  # noqa: PLR2004
        yield Hits(statement=_IDS, bound={"id": text, "id_cue": asked.n_cues})


def file_hits(found: Found, cue: int) -> Iterator[Hits]:
    """Yield what finds the runs of a file: by what it holds (``cue``), where it lies (the next)."""
    if found.run_id is not None:
        yield Hits(statement=_RUN, bound={"run_id": found.run_id, "run_cue": cue})
    if found.hashes:
        yield Hits(
            statement=_SAME_CONTENT,
            bound={"contents": [*found.hashes], "content_cue": cue},
        )
    if found.path:
        yield Hits(
            statement=_PATHS,
            bound={
                "path": found.path,
                "path_cue": cue + 1,
                "path_kind": "rewritten" if found.hashes else "path",
                "same_path": OTHER_CONTENT if found.hashes else SAME_PATH,
            },
        )


SAME_PATH = 0.8
OTHER_CONTENT = 0.4
"""For a run that wrote the path, where what it holds now was told too and is not what it wrote."""


def _at(place: str) -> str:
    quality, view, name, column = PLACES[place]
    return _PLACE.format(
        quality=quality, view=view, name=name, column=column, place=place, hex=_HEX.format(column)
    )
