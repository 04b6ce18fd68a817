"""Runs the bash steps of an action.yml as a runner would, and returns what came of it as data.

It knows what our action uses of the format and fails on anything else: `${{ }}` inside a script is
refused, whatever it names, since the runner would paste the text of a stranger into the shell.
"""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ci.commands import Command, obeyed, parse_values


if TYPE_CHECKING:
    from collections.abc import Mapping

_EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")
_FORBIDDEN = re.compile(r"\$\{\{|\binputs\.|\bgithub\.event\b")


@dataclass
class Done:
    """What the action left behind."""

    code: int = 0
    said: str = ""
    """stdout and stderr of every step, as the log shows them."""
    steps: dict[str, dict[str, str]] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    path: str = ""
    summary: str = ""
    commands: list[Command] = field(default_factory=list)
    """Workflow commands that the runner would obey: name, properties, data, all unescaped."""
    uses: list[dict[str, Any]] = field(default_factory=list)
    """Steps that call another action and whose condition holds, with what they were given."""

    @property
    def annotations(self) -> list[Command]:
        return [one for one in self.commands if one[0] in {"error", "warning", "notice"}]


@dataclass(kw_only=True)
class Runner:
    """One job on a machine of its own, below ``folder``."""

    action: Path
    workspace: Path
    folder: Path
    event_name: str
    event: Path
    variables: Mapping[str, str]
    """What the job sets beside the GITHUB_ variables named here."""

    def run(self, inputs: Mapping[str, str], *, without: tuple[str, ...] = ()) -> Done:
        """Run every step but those whose id is in ``without``; a failed one stops the next."""
        spec = yaml.safe_load((self.action / "action.yml").read_text(encoding="utf-8"))
        assert not set(inputs) - set(spec["inputs"])
        given = {name: str(one.get("default", "")) for name, one in spec["inputs"].items()}
        given.update(inputs)
        done = Done()
        for number, step in enumerate(spec["runs"]["steps"]):
            if step.get("id") in without:
                continue
            if not _holds(step.get("if", "success()"), given, done):
                continue
            if "uses" in step:
                told = {k: _filled(str(v), given, done) for k, v in step["with"].items()}
                done.uses.append({"uses": step["uses"], "with": told})
                continue
            self._step(number, step, given, done)
        done.outputs = {k: _filled(v["value"], given, done) for k, v in spec["outputs"].items()}
        return done

    def _step(self, number: int, step: dict[str, Any], given: dict[str, str], done: Done) -> None:
        assert step["shell"] == "bash"
        assert not _FORBIDDEN.search(step["run"]), f"untrusted text is pasted into {step['run']}"
        script = self.folder / f"step_{number}.sh"
        script.write_text(step["run"], encoding="utf-8")
        files = {
            name: self.folder / f"{name.lower()}_{number}"
            for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
        }
        for path in files.values():
            path.touch()
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        ran = subprocess.run(
            shell,
            cwd=self.workspace,
            env=self._environment(done)
            | {name: str(path) for name, path in files.items()}
            | {k: _filled(str(v), given, done) for k, v in step.get("env", {}).items()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        said = ran.stdout.decode("utf-8", "backslashreplace")
        done.said += said
        done.code = done.code or ran.returncode
        done.commands += obeyed(said)
        done.steps[step.get("id", str(number))] = parse_values(_text(files["GITHUB_OUTPUT"]))
        done.env |= parse_values(_text(files["GITHUB_ENV"]))
        done.path += _text(files["GITHUB_PATH"])
        done.summary += _text(files["GITHUB_STEP_SUMMARY"])

    def _environment(self, done: Done) -> dict[str, str]:
        temporary = self.folder / "temp"
        temporary.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(self.action),
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_EVENT_NAME": self.event_name,
            "GITHUB_EVENT_PATH": str(self.event),
            "RUNNER_TEMP": str(temporary),
            **self.variables,
            **done.env,
        }


def _filled(text: str, given: Mapping[str, str], done: Done) -> str:
    return _EXPRESSION.sub(lambda match: _value(match[1], given, done), text)


def _value(name: str, given: Mapping[str, str], done: Done) -> str:
    parts = name.split(".")
    if parts[0] == "inputs":
        return given[parts[1]]
    assert (parts[0], parts[2]) == ("steps", "outputs"), f"this runner does not know {name}"
    return done.steps.get(parts[1], {}).get(parts[3], "")


def _holds(condition: str, given: Mapping[str, str], done: Done) -> bool:
    terms = [one.strip() for one in condition.removeprefix("${{").removesuffix("}}").split("&&")]
    if not {"always()", "success()"} & set(terms):
        terms.append("success()")
    return all(_term(one, given, done) for one in terms)


def _term(term: str, given: Mapping[str, str], done: Done) -> bool:
    if term in {"always()", "success()"}:
        return term == "always()" or done.code == 0
    name, differs, nothing = term.partition(" != ")
    assert (differs, nothing) == (" != ", "''"), f"this runner does not know {term}"
    return _value(name, given, done) != ""


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8")
