"""A run against the working tree: what would be different if it were run again now."""

from __future__ import annotations

import os

from ledger.capture.code import observe
from ledger.capture.dvc_files import entry_of
from ledger.capture.environment import describe_environment
from ledger.capture.settle import settle
from ledger.contract.json_text import as_object, as_text
from ledger.contract.manifest import manifest_hash
from ledger.contract.record import RunRecord
from ledger.reader.ledger import StoredRun
from ledger.value import value


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json
    from ledger.reader.ledger import Ledger

NAME = "working tree"


@value
class WorkingTree:
    """The working tree as if a run had just been started in it."""

    run: StoredRun
    held: Mapping[str, bytes]
    """Its manifest and its package list, by the path at which a ledger would hold them."""
    untold: tuple[str, ...]
    """What cannot be said of it."""


def working_tree(
    ledger: Ledger, run: StoredRun, *, environ: Mapping[str, str], modules: Mapping[str, object]
) -> WorkingTree:
    """Return the working tree with the config and the data that ``run`` names.

    Args:
        ledger: whose project.
        run: what it will be compared with.
        environ: environment to run git in.
        modules: ``sys.modules``, of which frameworks are asked for GPU and version.

    Raises:
        NoLedgerError: the project lies in no git repository.
    """
    facts = settle(observe(ledger.project, environ, (), is_known=False), None)
    environment = describe_environment(modules)
    packages = ("\n".join(environment.packages) + "\n").encode()
    untold = [f"the config is not compared: {NAME} has none until it is run"]
    document: dict[str, Json] = {
        **run.record.document,
        "run_id": NAME,
        "name": NAME,
        "git": facts.to_json(),
        "data": _data(ledger, as_object(run.record.document.get("data")), untold),
        "extra_data": [],
        "environment": {
            key: item
            for key, item in environment.to_json("").items()
            if key in as_object(run.record.document["environment"])
        },
        "metrics": {},
        "summary": {},
        "stated": [],
        "files": {},
    }
    code = manifest_hash(facts.manifest).removeprefix("sha256:")
    freeze = str(environment.freeze_hash).removeprefix("sha256:")
    folder = ledger.settings.dir
    return WorkingTree(
        run=StoredRun(record=RunRecord(document=document), path=NAME, names=(), started=ledger.now),
        held={
            f"{folder}/code/{code}.manifest": facts.manifest,
            f"{folder}/environments/{freeze}.txt": packages,
        },
        untold=tuple(untold),
    )


def _data(ledger: Ledger, section: dict[str, Json], untold: list[str]) -> dict[str, Json]:
    """Return what is tracked now of the data that a run used; its hash stays where none is."""
    path = as_text(section.get("path"))
    if not section or path is None:
        return section
    place = os.path.realpath(os.path.join(ledger.project.root, path))
    found = entry_of(place, untold)
    if found is None:
        untold.append(f"the data {path} is not compared: no .dvc file and no dvc.lock tracks it")
        return section
    return section | {"hash": found.hash}
