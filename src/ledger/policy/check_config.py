"""LED104: the config of a record is the one that its hash was taken of."""

from __future__ import annotations

from ledger.contract.config import config_hash
from ledger.contract.json_text import as_object, as_text, parse_json
from ledger.contract.layout import RECORD_NAME
from ledger.contract.redaction import REDACTED
from ledger.errors import MalformedError
from ledger.policy.evidence import line_of
from ledger.policy.mend import restore


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ledger.contract.json_text import Json
    from ledger.policy.evidence import Evidence
    from ledger.policy.finding import Finding
    from ledger.policy.scene import Scene

_SHA256 = "sha256:"


def check_config(scene: Scene, evidence: Evidence) -> Iterator[Finding]:
    """LED104: the hash of the config, computed again, is the recorded one.

    A config in which something is redacted cannot be judged where the hashes differ: a person who
    takes a credential out of a record, as LED107 asks, cannot be told from one who edits it.
    """
    record, run = evidence.record, evidence.run
    if record is None or evidence.is_imported:
        return
    section = as_object(record.document.get("config"))
    told = as_text(section.get("hash"))
    if told is None or not told.startswith(_SHA256):
        return
    config = _whole(evidence, section)
    if config is None or config_hash(config) == told or _is_redacted(config):
        return
    path = run.path_of(RECORD_NAME)
    line = line_of(evidence.data[RECORD_NAME], "resolved")
    message = "config.hash is not the hash of the config, which is not what the run began with"
    fix = restore(scene, run, path)
    yield scene.finding("LED104", path, message, fix, run_id=run.run_id, line=line)


def _whole(evidence: Evidence, section: Mapping[str, Json]) -> Json:
    """Return the whole config, from its own file where it has one; None where it is not there."""
    name = as_text(section.get("resolved_path"))
    if name is None:
        return section.get("resolved")
    try:
        return parse_json(evidence.data[name])
    except (KeyError, MalformedError):
        return None  # LED104 tells that it is missing or changed; YAML of others is not judged


def _is_redacted(item: Json) -> bool:
    if isinstance(item, str):
        return REDACTED in item
    if isinstance(item, dict):
        return any(map(_is_redacted, item.values()))
    return isinstance(item, list) and any(map(_is_redacted, item))
