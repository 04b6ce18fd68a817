"""Whole jobs, which install the program for real: GitHub's under act, GitLab's, and plain shell.

The runners are the group `runners` of pyproject.toml, with which .ci/run runs this module.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from ci.events import Case, checkout, event, run
from ci.scenes import build


if TYPE_CHECKING:
    from policy.builders import Repo

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "ci"
SHIPPED = ("src", "hooks", "README.md", "LICENSE", "pyproject.toml", "action.yml")
COPIED = "OWNER/experiment-ledger@" + "0" * 40
STUB = """\
name: stub
description: stands for an action of GitHub's
inputs: {%s}
runs:
  using: composite
  steps:
    - shell: bash
      env: { FOLDER: "${{ inputs.path }}" }
      run: |
        [ -z "$FOLDER" ] || echo "ATTACHED $(cd "$FOLDER" && echo *)"
"""


def tool(name: str) -> str | None:
    """Return the program ``name`` of this environment, else the one on the path."""
    return shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")


if tool("act") is None or tool("bitrab") is None:
    pytest.skip(
        "NOT TESTED: whole jobs; `uv run --group test --group runners pytest -m slow tests/ci` has"
        " act and bitrab",
        allow_module_level=True,
    )


pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]  # each job installs the program


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = build(tmp_path_factory.mktemp("scene") / "repo")
    repo.git("remote", "add", "origin", f"file://{repo.top}")
    return repo


@dataclass(frozen=True)
class Supply:
    """What a job installs the program from."""

    source: Path
    """The files of this repository that the action needs, as a checkout of it has them."""
    variables: dict[str, str]
    """Let pip take everything else from files."""


@pytest.fixture(scope="module")
def supply(tmp_path_factory: pytest.TempPathFactory) -> Supply:
    folder = tmp_path_factory.mktemp("supply")
    source, house = folder / "source", folder / "house"
    source.mkdir()
    for name in SHIPPED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        copy(ROOT / name, source / name)
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    pip = [str(folder / "venv" / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--quiet", "--wheel-dir", str(house), str(source), "hatchling"], check=True
    )
    variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(house), "PIP_NO_COMPILE": "1"}
    return Supply(source, variables)


def bare_environment(home: Path) -> dict[str, str]:
    home.mkdir()
    return {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"}


def test_action_installs_itself_where_the_workspace_has_modules_of_the_same_names(
    repo: Repo, supply: Supply, tmp_path: Path
) -> None:
    case = Case(branch="shadows", variables=supply.variables, is_attached=True)

    done = run(repo, case, tmp_path, action=supply.source, is_installed=False)

    assert (1, "fail") == (done.code, done.outputs["verdict"]), done.said
    assert not list(tmp_path.rglob("marker"))
    control = [sys.executable, "-c", "import json"]
    subprocess.run(control, cwd=tmp_path / "work", env={"HOME": str(tmp_path)}, check=False)
    assert (tmp_path / "marker").exists(), "the modules leave no trace: nothing was tested"


def test_action_says_which_python_it_needs(repo: Repo, tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)

    done = run(repo, Case(inputs={"python": str(old)}), tmp_path / "job", is_installed=False)

    assert 2 == done.code
    ((kind, _, said),) = done.annotations
    assert kind == "error"
    assert "Python 3.11 or newer" in said
    assert done.uses == []


JOBS = {
    "a change with its run": (Case(), "pass"),
    "a change without a run": (Case(branch="uncovered", code=1), "fail"),
    "a merge group": (Case(event="merge_group"), "pass"),
}


@pytest.mark.parametrize(("case", "verdict"), JOBS.values(), ids=JOBS)
def test_job_on_github(
    case: Case, verdict: str, repo: Repo, supply: Supply, tmp_path: Path
) -> None:
    """The example as it stands, in a local runner; actions of GitHub's are stood in for."""
    workspace = tmp_path / "work"
    checkout(repo, case, workspace)
    workflow = workspace / ".github" / "workflows" / "ledger.yml"
    workflow.parent.mkdir(parents=True)
    shutil.copyfile(EXAMPLES / "github.yml", workflow)
    payload = tmp_path / "event.json"
    payload.write_text(json.dumps(event(repo, case)), encoding="utf-8")
    places = {COPIED: str(supply.source)} | stubs(
        tmp_path / "stubs", workflow, supply.source / "action.yml"
    )
    arguments = ["--platform=ubuntu-24.04=-self-hosted", "--no-cache-server"]
    arguments += [f"--eventpath={payload}"]
    arguments += [f"--local-repository={name}={path}" for name, path in places.items()]
    arguments += [f"--env={name}={setting}" for name, setting in supply.variables.items()]

    done = subprocess.run(
        [str(tool("act")), case.event, *arguments],
        cwd=workspace,
        env=bare_environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        check=False,
    )

    said = done.stdout + done.stderr
    assert case.code == done.returncode, said
    assert re.search(rf"::set-output:: verdict={verdict}$", said, re.MULTILINE), said
    assert "ATTACHED report.md verdict.json" in said
    assert bool(re.search(r"::error.*LED100", said)) == (verdict == "fail")


def stubs(folder: Path, *files: Path) -> dict[str, str]:
    """Return what stands for the actions that ``files`` name, but for those that act knows."""
    found: dict[str, str] = {}
    for path in files:
        spec = yaml.safe_load(path.read_text(encoding="utf-8"))
        steps = spec["runs"]["steps"] if "runs" in spec else spec["jobs"]["runs"]["steps"]
        for step in steps:
            name = step.get("uses", COPIED)
            if name == COPIED or name.startswith("actions/checkout@"):
                continue
            stub = folder / str(len(found))
            stub.mkdir(parents=True)
            inputs = ", ".join(f"{one}: {{ description: {one} }}" for one in step["with"])
            (stub / "action.yml").write_text(STUB % inputs, encoding="utf-8")
            found[name] = str(stub)
    return found


GITLAB = """\
include: {{ local: ci/ledger.yml }}
variables:
  GITLAB_CI: "true"
  CI_PIPELINE_SOURCE: merge_request_event
  CI_MERGE_REQUEST_DIFF_BASE_SHA: {base}
  CI_COMMIT_SHA: {head}
  CI_MERGE_REQUEST_LABELS: "{labels}"
  CI_COMMIT_BRANCH: ""
  CI_DEFAULT_BRANCH: main
  LEDGER_PACKAGE: experiment-ledger
"""
MERGE_REQUESTS: dict[str, tuple[str, str, int, list[str]]] = {
    "a change without a run": ("uncovered", "other", 1, ["LED100"]),
    "its label is set": ("uncovered", "other,no-experiment", 0, []),
}


@pytest.mark.parametrize("asked", MERGE_REQUESTS.values(), ids=MERGE_REQUESTS)
def test_job_on_gitlab(
    asked: tuple[str, str, int, list[str]], repo: Repo, supply: Supply, tmp_path: Path
) -> None:
    """The template, included, in a local runner of GitLab's jobs."""
    branch, labels, code, found = asked
    workspace = tmp_path / "work"
    checkout(repo, Case(branch=branch), workspace)
    base, head = (repo.git("rev-parse", name).strip() for name in ("main", branch))
    (workspace / "ci").mkdir()
    shutil.copyfile(EXAMPLES / "gitlab.yml", workspace / "ci" / "ledger.yml")
    (workspace / ".gitlab-ci.yml").write_text(GITLAB.format(base=base, head=head, labels=labels))

    done = subprocess.run(
        [str(tool("bitrab")), "run", "--no-tui", "--serial"],
        cwd=workspace,
        env=bare_environment(tmp_path / "home") | supply.variables,
        capture_output=True,
        text=True,
        check=False,
    )

    said = done.stdout + done.stderr
    assert (code == 0) == (done.returncode == 0), said
    assert f"exit code {code}" in said or code == 0
    quality = json.loads((workspace / "ledger-codequality.json").read_bytes())
    assert found == [one["check_name"] for one in quality]
    assert "<testsuite" in (workspace / "ledger-junit.xml").read_text(encoding="utf-8")
    assert (workspace / "ledger-report.md").stat().st_size > 0


def test_plain_shell(repo: Repo, supply: Supply, tmp_path: Path) -> None:
    workspace = tmp_path / "work"
    checkout(repo, Case(branch="no-note", event="push"), workspace)

    done = subprocess.run(
        ["sh", str(EXAMPLES / "ledger.sh"), "main"],
        cwd=workspace,
        env=bare_environment(tmp_path / "home") | supply.variables | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert 1 == done.returncode, done.stderr
    assert done.stdout.startswith("LED102 ")
    assert "LED102" in (workspace / "ledger-report.md").read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "work"]
