"""The ``ledger`` command: verbs are imported when they are asked for."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from ledger.cli import render
from ledger.cli.exit_codes import BUG, INTERRUPTED, USAGE
from ledger.errors import LedgerError, UnreadableError
from ledger.version import VERSION


if TYPE_CHECKING:
    from collections.abc import Mapping

    from click.shell_completion import CompletionItem

_COMPLETE_VAR = "_LEDGER_COMPLETE"
VERBS: Mapping[str, str] = {
    "init": "make this folder a project with a ledger",
    "demo": "train real models in a repository of its own and show everything",
    "run": "record any command as a run",
    "ls": "list the runs",
    "show": "show one run",
    "query": "answer a question about the runs",
    "compare": "show what differs between two runs",
    "dash": "look at runs while they go on, in a browser",
    "watch": "look at runs while they go on, in the terminal",
    "report": "write what there is to see into one file that travels",
    "results": "keep a table of the best runs in a README",
    "whence": "find the runs that a number, a file, a hash or a text comes from",
    "review": "say whether the data support a choice, and answer six questions",
    "why": "say what changed since a run's parent, and what came of it",
    "select": "record that a run was chosen, over what, and why",
    "retract": "take a run back, with a reason",
    "import": "bring past work of other tools into the ledger",
    "note": "write the note of a run",
    "triage": "walk through the notes that still wait",
    "commit": "commit exactly the code each run saw, its record and its note",
    "seal": "close the record of a run whose process is gone",
    "check": "find runs that nobody could understand or reproduce",
    "ci": "judge what a change brings, against the branch it goes to",
    "doctor": "find and mend what would make recording fail silently",
    "sync": "send finished runs to MLflow or Weights & Biases",
    "gc": "drop snapshots of committed runs, and leftovers",
    "install": "put the checks into this repository's commit hooks",
    "uninstall": "take the checks out of the commit hooks",
    "completion": "complete commands, runs and questions in bash, zsh or fish",
}


class LazyGroup(click.Group):
    """A group whose commands live in modules of their own: ``ledger.cli.<verb>``, ``command``."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Return the verbs in the order a new user meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return the command called ``cmd_name``."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"ledger.cli.{cmd_name}").command
        if _COMPLETE_VAR in os.environ:
            importlib.import_module("ledger.cli.completion_shell").attach(cmd_name, command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the verbs that begin with ``incomplete`` without importing any of them."""
        from click.shell_completion import CompletionItem  # only while a shell completes

        if incomplete[:1] == "-":
            return super().shell_complete(ctx, incomplete)
        found = ((verb, said) for verb, said in VERBS.items() if verb.startswith(incomplete))
        return [CompletionItem(verb, help=said) for verb, said in found]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of verbs without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, "--version", prog_name="ledger")
def main() -> None:
    """Every training run leaves a record in the repository; every question is one command."""


def run() -> NoReturn:
    """Run the command line and exit with the documented code; never with a traceback."""
    try:
        code = _answer()
    except UnreadableError as error:
        for line in (*error.lines, f"{error.message} ({error.hint})"):
            render.tell(f"ledger: {line}")
        code = error.exit_code
    except LedgerError as error:
        render.tell(f"ledger: {error}")
        code = error.exit_code
    except click.exceptions.Abort:
        code = INTERRUPTED
    except KeyboardInterrupt:
        code = INTERRUPTED
    except click.ClickException as error:
        render.tell(f"ledger: {error.format_message()}")
        code = USAGE
    except BrokenPipeError:
        render.abandon_stdout()
        code = 0
    except OSError as error:
        render.tell(f"ledger: {_refusal(error)}")
        _drop_stdout()
        code = USAGE
    except Exception as error:  # noqa: BLE001  # the last door: a bug becomes a report, not a traceback
        from ledger.cli.bug_report import write_report  # only for bugs

        render.tell(f"ledger: a bug of ours: {error!r}; the report is in {write_report(error)}")
        code = BUG
    sys.exit(code if isinstance(code, int) else 0)


def _answer() -> object:
    """Run the verb, or tell a shell what a half-written line may become."""
    if _COMPLETE_VAR in os.environ:
        importlib.import_module("ledger.cli.completion_shell").register()
    return main.main(standalone_mode=False)


def _refusal(error: OSError) -> str:
    """Return one line on what the system refused: the disk, a right, a folder that is gone."""
    try:
        os.getcwd()
    except OSError:
        return "the working folder is gone (change to a folder that is there)"
    what = error.filename if isinstance(error.filename, str) else "standard output or a file"
    return f"{what}: {error.strerror or error} (mend that, then run the command again)"


def _drop_stdout() -> None:
    """Make the interpreter's exit silent where stdout could not be written."""
    try:
        sys.stdout.flush()
    except OSError:
        render.abandon_stdout()
