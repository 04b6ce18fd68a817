"""``ledger completion bash|zsh|fish``."""

from __future__ import annotations

import click

from ledger.cli import render
from ledger.cli.completion_shell import script


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    r"""Print the script that completes verbs, run ids, metrics and questions in your shell.

    \b
    bash: add  eval "$(ledger completion bash)"       to ~/.bashrc
    zsh:  add  eval "$(ledger completion zsh)"        to ~/.zshrc, after compinit
    fish: run  ledger completion fish > ~/.config/fish/completions/ledger.fish

    Questions complete word by word, with or without quotes around them.
    """
    render.put(script(shell))
