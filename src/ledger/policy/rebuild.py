"""Whether the code of a dirty run can be built again from what is committed: base and patch."""

from __future__ import annotations

from ledger.contract.json_text import as_text
from ledger.contract.layout import PATCH_NAME
from ledger.errors import GitError, LedgerError
from ledger.policy.code_tree import manifest_in
from ledger.settings import parse_settings
from ledger.storage.scratch_index import ScratchIndex


TYPE_CHECKING = False
if TYPE_CHECKING:
    from ledger.contract.manifest import Manifest
    from ledger.policy.evidence import Evidence
    from ledger.policy.ledgers import Ledger
    from ledger.settings import Settings
    from ledger.storage.git import Repository
    from ledger.storage.tree import IndexTree

_HEX = frozenset("0123456789abcdef")
_ID_LENGTHS = (40, 64)
# The patch is applied byte for byte, whatever a person's settings would make of white space.
_EXACTLY = ("-c", "apply.whitespace=nowarn", "-c", "apply.ignoreWhitespace=no")


def is_rebuilt(
    repository: Repository, ledger: Ledger, evidence: Evidence, manifest: Manifest
) -> bool:
    """Whether base + changes.patch, in an index of our own, recomputes ``manifest``.

    Working tree and index are not touched; the blobs of the patch stay as loose objects that git
    collects. False too where the base is not here or the patch does not apply.
    """
    record, patch = evidence.record, evidence.data.get(PATCH_NAME)
    if record is None or patch is None:
        return False
    base = as_text(record.git.get("base")) or as_text(record.git.get("commit"))
    if base is not None and not is_object_id(base):
        return False
    try:
        with ScratchIndex(repository, "rebuild") as index:
            steps = (
                (("read-tree", base or "--empty"), b""),
                ((*_EXACTLY, "apply", "--cached", "-"), patch),
            )
            for arguments, stdin in steps:
                if repository.ask(*arguments, stdin=stdin, env=index.env).code:
                    return False
            return _recomputes(ledger, index.tree(), manifest)
    except (GitError, OSError):
        return False  # what cannot be rebuilt here is not accepted


def is_object_id(text: str) -> bool:
    """Whether ``text`` of a record is a whole id, and hence no option and no name of a branch."""
    return len(text) in _ID_LENGTHS and _HEX.issuperset(text)


def _recomputes(ledger: Ledger, tree: IndexTree, manifest: Manifest) -> bool:
    if manifest_in(ledger, tree, manifest.object_format) == manifest:
        return True
    own = _settings_in(ledger, tree)  # what counted as code when the run was made
    if own is None or own == ledger.settings:
        return False
    return manifest_in(ledger, tree, manifest.object_format, own) == manifest


def _settings_in(ledger: Ledger, tree: IndexTree) -> Settings | None:
    data = tree.read([ledger.settings_path]).get(ledger.settings_path)
    try:
        return None if data is None else parse_settings(data, ledger.settings_path)
    except LedgerError:
        return None
