"""Write the generated parts of the documentation: ``python docs/generate.py``.

The check catalogue, the command line and the record's shape each have one home in the code; a test
fails when the files written here no longer say the same.
"""
# ruff: noqa: INP001  # a script beside the pages it writes

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.ci.formats.json import schema as ci_schema
from ledger.cli.main import VERBS, main
from ledger.contract.record import record_schema
from ledger.contract.worker import worker_schema
from ledger.policy.catalogue import RULES


if TYPE_CHECKING:
    from ledger.policy.catalogue import Rule

DOCS = Path(__file__).parent

_CHECKS_HEAD = """\
# Checks

<!-- Written by docs/generate.py from src/ledger/policy/catalogue.py; do not edit. -->

Each finding has a code, a place, what is wrong, and what mends it. A code is never reused.
`error` blocks a commit and makes `ledger check` exit with 1; `warn` is told and passes; `–` is not
judged there. *staged* is what the next commit would hold (the hook, `ledger check --staged`);
*range* is what a branch brings (`ledger ci`); *tree* is every run on the disk (`ledger check`, also
as `ledger check --all`). `severity` in the settings gives a rule [another
weight](guides/checks-and-hooks.md#other-weights).

| code | what | staged | range | tree |
|---|---|---|---|---|
"""

_COMMANDS_HEAD = """\
# Commands

<!-- Written by docs/generate.py from the command line's own help; do not edit. -->

`ledger` and `git-ledger` are one program, so `git ledger ls` works too, and so does
`python -m ledger`. Answers go to standard output, everything else to standard error. Exit codes are
in [the file contract](../format.md#exit-codes).
"""


def documents() -> dict[str, str]:
    """Return the text of every generated document by its path below ``docs``."""
    return {
        "checks.md": checks(),
        "guides/commands.md": commands(),
        "schema/ci-v1.json": json.dumps(ci_schema(), indent=2) + "\n",
        "schema/run-v1.json": json.dumps(record_schema(), indent=2) + "\n",
        "schema/worker-v1.json": json.dumps(worker_schema(), indent=2) + "\n",
    }


def checks() -> str:
    """Return the page about finding codes."""
    rows = "".join(
        f"| [{rule.code}](#{rule.code.lower()}) | {rule.title} |"
        f" {_weight(rule.staged)} | {_weight(rule.range)} | {_weight(rule.tree)} |\n"
        for rule in RULES.values()
    )
    return _CHECKS_HEAD + rows + "".join(map(_check, RULES.values()))


def commands() -> str:
    """Return the page about the verbs, each with its help."""
    parent = click.Context(main, info_name="ledger", **main.context_settings)
    parts = [_COMMANDS_HEAD]
    for verb, line in VERBS.items():
        command = main.get_command(parent, verb)
        if command is not None:
            context = click.Context(
                command, info_name=verb, parent=parent, **command.context_settings
            )
            said = [command.get_help(context), *_below(command, context)]
            helps = "".join(f"```text\n{text}\n```\n\n" for text in said).removesuffix("\n")
            parts.append(f"\n## ledger {verb}\n\n{_sentence(line)}\n\n{helps}")
    return "".join(parts)


def _below(command: click.Command, context: click.Context) -> list[str]:
    """Return the help of each verb below ``command``; none of one that has no such verbs."""
    if not isinstance(command, click.Group):
        return []
    return [
        below.get_help(click.Context(below, info_name=name, parent=context))
        for name, below in command.commands.items()
    ]


def _check(rule: Rule) -> str:
    return (
        f"\n## {rule.code}\n\n{_sentence(rule.title)}\n\nWhy: {rule.why}.\n\nMend: {rule.mend}.\n"
    )


def _weight(severity: str | None) -> str:
    return severity or "–"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


if __name__ == "__main__":
    for name, text in documents().items():
        (DOCS / name).write_text(text, encoding="utf-8")
