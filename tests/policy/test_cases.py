"""Every folder below ``cases/<CODE>/good`` and ``bad`` is a test: adding a case is adding a folder.

A case starts from a repository with one legal, sealed run (``builders.write_run``) and lays its
own files over it: ``committed/`` before the base commit, ``staged/`` in the index. A file named
``<name>.merge`` is a JSON merge patch of ``<name>``. ``case.json`` says the rest, all optional:

- ``committed``: true when the legal run is part of the base commit, not of the commit judged;
- ``remove``: paths to remove before staging;
- ``staged``, ``tree``: what is found at either stage, as [code, path, line];
- ``range``: what is found of the branch that would be made of what is staged; judged where it is
  said, and for codes that are judged nowhere else. ``others/`` is what its base gets meanwhile,
  beside the legal run where ``others_run`` is true;
- ``is_unrelated``: the branch shares no history with its base; ``is_shallow``: it is judged in a
  clone without the older commits; ``base``: what to name as base, the branch's own unless given;
- ``severity``: the weight of all findings of a commit or range, error unless given.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ledger.ci.judge import judge
from ledger.ci.request import Request
from ledger.policy.judge import judge_staged, judge_tree
from ledger.policy.ledgers import Ledger
from ledger.settings import Settings, parse_settings
from ledger.storage.git import clean_environment, find_repository
from policy.builders import Repo, environment, write_run


if TYPE_CHECKING:
    from ledger.policy.judge import Verdict
    from ledger.storage.git import Repository

RANGE_ONLY = {"LED000", "LED100", "LED106", "LED113", "LED114"}
CASES = Path(__file__).parent / "cases"
FOLDERS = sorted(
    path for path in CASES.glob("*/*/*") if path.is_dir() and path.parent.name in {"good", "bad"}
)


@pytest.mark.parametrize("case", FOLDERS, ids=lambda path: path.relative_to(CASES).as_posix())
def test_case_finds_exactly_what_it_says(case: Path, tmp_path: Path) -> None:
    said: dict[str, Any] = {}
    if (case / "case.json").exists():
        said = json.loads((case / "case.json").read_text())
    code, kind = case.parts[-3], case.parts[-2]
    repo = build(case, said, tmp_path / "repo")
    repository = find_repository(str(repo.top), clean_environment(environment()))

    staged = judge_staged(repository, {})
    text = (repo.top / "ledger.toml").read_bytes() if (repo.top / "ledger.toml").exists() else b""
    settings = parse_settings(text, "ledger.toml") or Settings()
    ledger = Ledger(folder="ledger", settings=settings, settings_path="ledger.toml")
    tree = judge_tree(repository.top, [ledger], repository)
    verdicts = {"staged": staged, "tree": tree}
    if "range" in said or code in RANGE_ONLY:
        verdicts["range"] = judge_what_the_branch_brings(case, said, repo, repository)

    for stage, verdict in verdicts.items():
        found = [[one.code, one.path, one.line] for one in verdict.findings]
        shown = "\n".join(one.to_text() for one in verdict.findings)
        assert sorted(found, key=str) == sorted(said.get(stage, []), key=str), f"{stage}: {shown}"
    for stage in ("staged", "range"):
        weights = {one.severity for one in verdicts[stage].findings} if stage in verdicts else set()
        assert weights <= {said.get("severity", "error")}
    codes = {entry[0] for stage in verdicts for entry in said.get(stage, [])}
    assert (code in codes) == (kind == "bad")


def judge_what_the_branch_brings(
    case: Path, said: dict[str, Any], repo: Repo, repository: Repository
) -> Verdict:
    """Commit what is staged on a branch, ``others`` on its base, and return the verdict on it."""
    base = repo.git("rev-parse", "HEAD").strip()
    repo.git("commit", "-q", "--no-verify", "-m", "branch")
    head = repo.git("rev-parse", "HEAD").strip()
    repo.git("checkout", "-q", "--detach", base)
    if (case / "others").exists():
        if said.get("others_run"):
            write_run(repo.ledger)
        lay(case / "others", repo.top)
        base = repo.commit("others")
    if said.get("is_unrelated"):
        head = repo.git("commit-tree", f"{head}^{{tree}}", "-m", "alone").strip()
    if said.get("is_shallow"):
        repo.git("checkout", "-q", "-B", "judged", head)
        clone = repo.top.with_name("clone")
        repo.git("clone", "-q", "--depth=1", "--branch=judged", repo.top.as_uri(), str(clone))
        repository = find_repository(str(clone), clean_environment(environment()))
    return judge(repository, Request(base=said.get("base", base), head=head)).verdict


def build(case: Path, said: dict[str, Any], top: Path) -> Repo:
    """Return the repository that ``case`` describes, staged and ready to be judged."""
    repo = Repo(top)
    if said.get("committed"):
        write_run(repo.ledger)
    lay(case / "committed", top)
    repo.commit("base")
    repo.git("config", "ledger.base", repo.git("rev-parse", "HEAD").strip())
    if not said.get("committed"):
        write_run(repo.ledger)
    for name in said.get("remove", []):
        path = top / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    lay(case / "staged", top)
    repo.git("add", "-A")
    return repo


def lay(source: Path, top: Path) -> None:
    """Copy the files below ``source`` over those below ``top``, links and modes as they are."""
    for path in sorted(source.rglob("*")):
        target = top / path.relative_to(source)
        if path.is_dir() and not path.is_symlink():
            target.mkdir(exist_ok=True)
        elif path.suffix == ".merge":
            target = target.with_suffix("")
            document = merged(json.loads(target.read_text()), json.loads(path.read_text()))
            target.write_text(json.dumps(document, indent=2) + "\n")
        else:
            target.unlink(missing_ok=True)
            shutil.copy(path, target, follow_symlinks=False)  # a time stamp of now


def merged(document: Any, patch: Any) -> Any:  # JSON
    """Return ``document`` after the JSON merge patch ``patch`` (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for key, item in patch.items():
        if item is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), item)
    return result


def test_every_rule_has_good_and_bad_cases() -> None:
    from ledger.policy.catalogue import RULES

    for code in RULES:
        for kind in ("good", "bad"):
            assert os.listdir(CASES / code / kind), f"{code}/{kind} has no case"
