"""Events that reach the action, and the machine that a job for one of them finds."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ci.emulator import Done, Runner


if TYPE_CHECKING:
    from policy.builders import Repo

ROOT = Path(__file__).parents[2]
ZEROS, ABSENT = "0" * 40, "d" * 40
EVENT = "pull_request"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One event, and what is to come of it."""

    branch: str = "ok"
    event: str = EVENT
    payload: dict[str, Any] = field(default_factory=dict)
    """What differs from an ordinary pull request, or the whole event for another kind."""
    raw: bytes | None = None
    """What the file of the event holds instead of an event."""
    inputs: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    is_attached: bool = False
    """Whether the report is to be an artefact, which takes a second judgement."""
    depth: int | None = None
    code: int = 0
    findings: set[str] | None = field(default_factory=set)
    """Codes that are annotated; None where they do not matter."""
    runs: str | None = None
    """The output n-new-runs."""
    told: str = ""
    """What the report says, too."""


def event(repo: Repo, case: Case) -> dict[str, Any]:
    """Return the payload that GitHub would send."""
    base, head = (repo.git("rev-parse", name).strip() for name in ("main", case.branch))
    told = case.payload
    if case.event == "merge_group":
        refs = {"base_ref": "refs/heads/main", "head_ref": f"refs/heads/gh/{case.branch}"}
        return {
            "action": "checks_requested",
            "merge_group": refs | {"base_sha": base, "head_sha": head},
        }
    if case.event == "push":
        return {"ref": "refs/heads/main", "before": base, "after": head, "forced": False} | told
    if case.event != EVENT:
        return {}
    own = {"full_name": "o/r", "fork": False}
    return {
        "action": told.get("action", "opened"),
        "number": 7,
        "pull_request": {
            "number": 7,
            "title": told.get("title", "a change"),
            "draft": told.get("draft", False),
            "user": told.get("user", {"login": "ada", "type": "User"}),
            "labels": told.get("labels", []),
            "base": {"sha": told.get("base", base), "ref": "main", "repo": own},
            "head": {
                "sha": head,
                "ref": told.get("ref", case.branch),
                "repo": told.get("repo", own),
            },
        },
        "repository": {"full_name": "o/r", "default_branch": "main"},
    }


def checkout(repo: Repo, case: Case, workspace: Path) -> None:
    """Check out what actions/checkout would: the merge of a pull request, else the head."""
    ref = f"refs/pull/{case.branch}/merge"
    depth = [f"--depth={case.depth}"] if case.depth else []
    workspace.mkdir(parents=True)
    for arguments in (
        ["init", "-q"],
        ["fetch", "-q", *depth, f"file://{repo.top}", f"+{ref}:{ref}", "+refs/heads/*:refs/heads/*"]
        if not case.depth
        else ["fetch", "-q", *depth, f"file://{repo.top}", f"+{ref}:{ref}"],
        ["checkout", "-q", "--detach", ref if case.event != "push" else f"{ref}^2"],
    ):
        repo.git(*arguments, cwd=workspace)


def run(
    repo: Repo,
    case: Case,
    folder: Path,
    *,
    action: Path = ROOT,
    is_installed: bool = True,
    before: str = "",
) -> Done:
    """Run the action for ``case`` on a machine below ``folder``.

    Unless it is to install itself, its environment is the one of the tests; ``before`` is a line
    of shell that runs first whenever its Python starts.
    """
    workspace = folder / "work"
    checkout(repo, case, workspace / case.inputs.get("path", "."))
    payload = folder / "event.json"
    payload.write_bytes(case.raw or json.dumps(event(repo, case)).encode())
    if is_installed:
        python = folder / "temp" / "ledger-venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(f'#!/bin/sh\n{before}\nexec {shlex.quote(sys.executable)} "$@"\n')
        python.chmod(0o755)
    runner = Runner(
        action=action,
        workspace=workspace,
        folder=folder,
        event_name=case.event,
        event=payload,
        variables={"GITHUB_REPOSITORY": "o/r", **case.variables},
    )
    inputs = case.inputs if case.is_attached else case.inputs | {"artifact": ""}
    return runner.run(inputs, without=("install",) if is_installed else ())
