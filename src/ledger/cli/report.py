"""``ledger report [RUN | CSV] -o FILE``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ledger.cli import render
from ledger.cli.looking import chosen_metric, places_of
from ledger.cli.output import write_file


if TYPE_CHECKING:
    from ledger.report.boards.board import Board
    from ledger.report.boards.places import Places

_FORMATS = {".html": "html", ".htm": "html", ".md": "md", ".svg": "svg"}


@click.command()
@click.argument("run", required=False, metavar="[RUN | CSV]")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report into FILE, whole or not at all; its ending tells the form.",
)
@click.option(
    "--format", "output_format", type=click.Choice(["html", "md", "svg"]), help="The form."
)
@click.option("--latest", is_flag=True, help="Report on the newest run of any project.")
@click.option("--metric", metavar="M", help="Ranked and shown first, instead of the objective.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Rows of md, curves of svg.")
def command(  # noqa: PLR0913  # one parameter for each option
    run: str | None,
    *,
    output: Path | None,
    output_format: str | None,
    latest: bool,
    metric: str | None,
    limit: int | None,
) -> None:
    """Write what `ledger dash` shows into one file that needs no server and no network.

    Without an argument it reports on all runs of this project; with RUN on one run, or the trials
    of a sweep; with CSV on a table of another tool. HTML is the page itself with its data; md is a
    table with curves of blocks, for a pull request; svg is a picture of the best curves.
    """
    form = output_format or _FORMATS.get(output.suffix.lower() if output else "", "md")
    places = places_of(run, latest=latest)
    board = places.open(places.first, is_alone=True)
    board.look()
    text = _text(places, board, form, chosen_metric(board, metric), limit)
    if output is None:
        render.put(text.rstrip("\n"))
    else:
        write_file(output, text.encode("utf-8"))
        render.tell(f"ledger: {output}: {len(text.encode('utf-8')):,} bytes")


def _text(places: Places, board: Board, form: str, metric: str, limit: int | None) -> str:
    options = {} if limit is None else {"limit": limit}
    if form == "md":
        from ledger.report.markdown import report_markdown

        return report_markdown(board, metric=metric, **options)
    if form == "svg":
        from ledger.report.drawing import report_svg

        return report_svg(board, metric=metric, **options)
    from ledger.report.page import report_html
    from ledger.report.travelling import documents_of

    made = f"{datetime.now(tz=UTC):%Y-%m-%d %H:%M} UTC"
    return report_html(
        board, metric=metric, documents=documents_of(places, board, metric), made=made
    )
