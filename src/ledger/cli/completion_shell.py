"""Completion in the shell: what each argument may become, and how bash is told."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from click.shell_completion import (
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    split_arg_string,
)


if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import click

    from ledger.reader.ledger import Ledger

PROGRAM = "ledger"
COMPLETE_VAR = "_LEDGER_COMPLETE"
# Arguments that name runs, by verb.
_RUNS = {
    "show": ("run",),
    "note": ("run",),
    "seal": ("run",),
    "compare": ("old", "new", "runs"),
    "check": ("runs",),
    "commit": ("runs",),
    "sync": ("runs",),
    "review": ("what",),
    "select": ("run",),
}
_QUESTIONS = {"query": "question", "select": "over"}
# Bash cuts words at these unless they stand in quotes, and replaces only what follows the last.
_BREAKS = re.compile(r"[\s@=:<>(|&;]")
_BASH = """\
_ledger_completion() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        [[ -n $line ]] && COMPREPLY+=("$line")
    done < <(COMP_LINE="$COMP_LINE" COMP_POINT="$COMP_POINT" %(complete_var)s=bash_complete \\
        "$1" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]]; then
        compopt -o nospace
    fi
}
complete -o default -F _ledger_completion %(prog_name)s
"""


class BashCompletion(ShellComplete):
    """Bash, told of the line itself: its own words end at ``@`` and ``:``."""

    name = "bash"
    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the complete arguments and the one that is being written."""
        line = os.environ.get("COMP_LINE", "")
        line = line[: int(os.environ.get("COMP_POINT", len(line)))]
        words = split_arg_string(line)[1:]
        is_quoted = _is_quoted(line)
        written = words.pop() if words and (is_quoted or not line[-1:].isspace()) else ""
        breaks = [] if is_quoted else [found.end() for found in _BREAKS.finditer(written)]
        self._n_kept = breaks[-1] if breaks else 0
        return words, written

    def format_completion(self, item: CompletionItem) -> str:
        """Return the part of the item that bash puts in."""
        return str(item.value)[self._n_kept :]


def script(shell: str) -> str:
    """Return the script that ``shell`` reads to complete our commands."""
    from ledger.cli.main import main  # it imports this module only while it completes

    kinds: dict[str, type[ShellComplete]] = {
        "bash": BashCompletion,
        "zsh": ZshComplete,
        "fish": FishComplete,
    }
    return kinds[shell](main, {}, PROGRAM, COMPLETE_VAR).source().rstrip()


def register() -> None:
    """Let click answer bash in our way."""
    add_completion_class(BashCompletion)


def attach(verb: str, command: click.Command) -> None:
    """Make the arguments of ``command`` complete what they are."""
    for param in command.params:
        if param.name in _RUNS.get(verb, ()):
            param.shell_complete = _runs  # type: ignore[method-assign]  # of this argument
        elif param.name == _QUESTIONS.get(verb):
            param.shell_complete = _questions  # type: ignore[method-assign]  # as above


def _runs(ctx: click.Context, incomplete: str) -> list[CompletionItem]:  # noqa: ARG001  # click's
    from ledger.reader.asking.completions import complete_run

    return _silently(lambda ledger: complete_run(ledger, incomplete))


def _questions(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    from ledger.reader.asking.completions import complete_question

    head, blank, written = incomplete.rpartition(" ")
    said: Sequence[str] = ctx.params.get("question") or ()
    before = " ".join([*said, head]) + " "
    return _silently(
        lambda ledger: [head + blank + word for word in complete_question(ledger, before, written)]
    )


def _silently(complete: Callable[[Ledger], list[str]]) -> list[CompletionItem]:
    """Return the completions; whatever goes wrong, nobody has asked a question yet."""
    from ledger.cli.asking import ledger_here

    try:
        return [CompletionItem(each) for each in complete(ledger_here())]
    except Exception:  # noqa: BLE001  # a shell's line is no place for complaints
        return []


def _is_quoted(line: str) -> bool:
    """Whether the end of ``line`` lies inside quotes."""
    mark = ""
    is_escaped = False
    for char in line:
        if is_escaped:
            is_escaped = False
        elif char == "\\" and mark != "'":
            is_escaped = True
        elif mark:
            mark = "" if char == mark else mark
        elif char in "\"'":
            mark = char
    return bool(mark)
