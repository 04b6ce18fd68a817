"""Where a verb that asks looks: the files here, branches, a commit, everything, another clone."""

from __future__ import annotations

import functools
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from ledger.reader.where import open_place
from ledger.storage.bare import find_bare
from ledger.value import value


if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.reader.ledger import Ledger

F = TypeVar("F", bound="Callable[..., object]")


@value
class Place:
    """What a question is asked of, as the options say."""

    repo: Path | None = None
    """Another clone, worktree or bare repository; None for the working folder."""
    refs: tuple[str, ...] = ()
    at: str | None = None
    all_refs: bool = False
    csv: Path | None = None
    """A table of another tool; nothing else is then asked."""

    @property
    def is_here(self) -> bool:
        """Whether the files of the working folder's own project are asked, and nothing else."""
        is_said = self.repo is not None or self.refs or self.at is not None or self.all_refs
        is_said = is_said or self.csv is not None
        return not is_said and find_bare(os.getcwd()) is None

    def ledger(self) -> Ledger:
        """Return the ledger of this place.

        Raises:
            NoLedgerError: no project there.
            LedgerError: no such branch or commit, or the ledger cannot be read.
        """
        if self.csv is not None:
            return self._foreign(self.csv)
        start = Path.cwd() if self.repo is None else self.repo
        ledger = open_place(
            start, refs=self.refs, at=self.at, all_refs=self.all_refs, now=datetime.now(tz=UTC)
        )
        ledger.processes = 2
        return ledger

    def _foreign(self, csv: Path) -> Ledger:
        """Return the table ``csv`` as a ledger, and tell what was inferred."""
        from ledger.cli import render
        from ledger.reader.foreign.opened import open_table

        if self.repo is not None or self.refs or self.at is not None or self.all_refs:
            message = "a table is asked alone"
            raise click.UsageError(message)
        opened = open_table(csv, datetime.now(tz=UTC))
        for line in opened.said:
            render.tell(f"ledger: {line}")
        return opened.ledger


def place_options(command: F) -> F:
    """Add the options that name a place; the command is given a ``place``."""

    @functools.wraps(command)
    def placed(
        *arguments: object,
        repo: Path | None,
        ref: tuple[str, ...],
        at: str | None,
        all_refs: bool,
        csv: Path | None,
        **options: object,
    ) -> object:
        place = Place(repo=repo, refs=ref, at=at, all_refs=all_refs, csv=csv)
        return command(*arguments, place=place, **options)

    options = (
        click.option(
            "--ref", metavar="BRANCH", multiple=True, help="Ask this branch or tag; repeatable."
        ),
        click.option("--at", metavar="COMMIT", help="Ask this commit: a hash, main~3, a tag."),
        click.option("--all-refs", is_flag=True, help="Ask the files here and every branch."),
        click.option(
            "--repo",
            metavar="PATH",
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help="Ask another clone, a worktree or a bare repository.",
        ),
        click.option(
            "--csv",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Ask a table of another tool: one row per epoch per trial; or its manifest.",
        ),
    )
    for option in reversed(options):
        placed = option(placed)
    return placed  # type: ignore[return-value]  # a command takes what it took, and options
