"""The files that go with a run: its record, and what it made where that is still the same.

A record may come from anybody's branch, and names files of this machine. Only a file that still has
the hash which the record states is sent: whoever wrote the record knew its content already.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from ledger.capture.data import hash_artifact, public_address
from ledger.contract.json_text import as_object, as_text, dump_json
from ledger.contract.layout import is_temporary
from ledger.contract.redaction import is_secret_file
from ledger.reader.detail import artifacts
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.reader.ledger import Ledger, StoredRun


@value
class Attachment:
    """A small file that is sent with every run."""

    path: str
    """Its name there."""
    data: bytes


@value
class Model:
    """A file or folder that the run made: a model, plots, predictions."""

    name: str
    path: str
    """As the record has it; relative to the project or absolute."""
    hash: str
    """"" where the record states none."""
    source: Path
    """Where it would be here."""

    @property
    def is_place(self) -> bool:
        """Whether it is the folder a run wrote into: told, but nobody meant its content."""
        return not self.hash and self.name == "output"

    def why_not(self) -> str | None:
        """Return why it cannot be sent, None where it can; reads it whole."""
        if public_address(self.path) is not None:
            return "is not on this machine"
        if is_secret_file(self.source.name):
            return "may hold credentials by its name"
        if not self.hash:
            return "has no hash in the record"
        if not os.path.lexists(self.source):
            return "is missing here (`dvc pull` brings what DVC tracks)"
        found, _ = hash_artifact(self.source)
        return None if found == self.hash else "is no longer what the run made"

    def files(self) -> Iterator[tuple[Path, str]]:
        """Yield (file, its place below the model's name) of all files; links are not followed."""
        if not self.source.is_dir():
            yield self.source, self.source.name
            return
        for folder, names, files in os.walk(self.source):
            names.sort()
            for name in sorted(files):
                file = Path(folder, name)
                if not file.is_symlink() and not is_secret_file(name):
                    yield file, file.relative_to(self.source).as_posix()


def record_files(ledger: Ledger, run: StoredRun) -> tuple[Attachment, ...]:
    """Return the record's files, the whole config, the environment and its packages."""
    found = {}
    for name in run.names:
        path = f"{run.path}/{name}"
        data = None if is_temporary(name) or _is_linked(ledger, path) else ledger.read(path)
        if data is not None:
            found[name] = data
    found["config.json"] = dump_json(dict(run.record.config))
    environment = as_object(run.record.document["environment"])
    found["environment.json"] = dump_json(environment)
    packages = _packages(ledger, as_text(environment.get("pip_freeze_hash")))
    if packages is not None:
        found["packages.txt"] = packages
    return tuple(Attachment(path=path, data=found[path]) for path in sorted(found))


def models_of(ledger: Ledger, run: StoredRun) -> tuple[Model, ...]:
    """Return what the run made, by name."""
    root = Path(ledger.project.root)
    return tuple(
        Model(name=name, path=path, hash=content, source=root / path)
        for name, path, content, _ in artifacts(run)
    )


def _is_linked(ledger: Ledger, path: str) -> bool:
    """Whether the file ``path``, or a folder above it, is a link to something else."""
    root = os.path.realpath(ledger.project.root)
    full = os.path.normpath(os.path.join(root, path))
    return os.path.realpath(full) != full


def _packages(ledger: Ledger, content: str | None) -> bytes | None:
    """Return the frozen package list called ``content``, whatever path a record claims."""
    digest = (content or "").removeprefix("sha256:")
    data = ledger.shared("environments", f"{digest}.txt") if digest.isalnum() else None
    is_right = data is not None and hashlib.sha256(data).hexdigest() == digest
    return data if is_right else None
