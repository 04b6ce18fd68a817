"""A report: the page itself in one file with its data, which asks nobody for anything."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json

from ledger.report.bundle import asset, script
from ledger.report.document import texts
from ledger.report.pack import packed


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.contract.json_text import Json
    from ledger.report.boards.board import Board

BUDGET = 200_000
"""Bytes of a report into which the curves of further metrics must fit."""
_START = """(async () => {
const bytes = Uint8Array.from(atob(document.getElementById("code").text), (c) => c.charCodeAt());
const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
const script = document.createElement("script");
script.textContent = await new Response(stream).text();
document.body.append(script);
})();"""
"""Unpacks the page's script: its hash is in the policy, so that it runs and nothing else does."""


_STYLED = """const style = document.createElement("style");
style.textContent = %s;
document.head.append(style);
"""
"""Puts the style sheet into the page: compressed with the script, it takes half the bytes."""
_HERE = "\0data\0"


def report_html(board: Board, *, metric: str, documents: Mapping[str, Json], made: str) -> str:
    """Return one self-contained HTML file that shows ``board`` as the live page does.

    Args:
        board: looked at already.
        metric: shown first; its curves are always part of the report.
        documents: what the page may ask for beside: review, run and the like, by its name.
        made: when, for a person.
    """
    about = board.document()
    page = _page(str(about.get("title")), metric)
    size = len(page) + len(_compressed({**documents, "board": about}))
    curves, left_out = _curves(board, texts(about.get("metrics")), metric, BUDGET - size)
    said = [*texts(about.get("said")), *_left_out(left_out)]
    about |= {"version": 0, "axes": ["epoch"], "said": [*said], "written_text": f"report of {made}"}
    data = _compressed({**documents, "board": about, "curves": curves})
    return page.replace(_HERE, data)


def _curves(
    board: Board, names: list[str], metric: str, budget: int
) -> tuple[dict[str, Json], list[str]]:
    """Return the packed curves by metric, and the metrics that would take too many bytes."""
    found: dict[str, Json] = {}
    left_out: list[str] = []
    for name in dict.fromkeys([metric, *_partners(metric, names), *names]):
        curves = packed(board.curves(name, "epoch"))
        size = len(_compressed(curves))
        if size > budget and name != metric:
            left_out.append(name)
        else:
            found[name] = curves
            budget -= size
    return found, left_out


def _partners(metric: str, names: list[str]) -> list[str]:
    """Return the training metric of a validation metric, or the other way round."""
    bare = metric.removeprefix("val_")
    return [name for name in (bare, f"val_{bare}", f"train_{bare}") if name in names]


def _page(title: str, metric: str) -> str:
    """Return the file with _HERE in the place of the data."""
    styles = asset("uplot.css") + asset("style.css")
    code = f"{_STYLED % json.dumps(styles)}{asset('uplot.js')}\n{script()}"
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(_START)} {_hash(code)}",
            f"style-src {_hash(styles)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{_escaped(title)}</title>\n'
        '<link rel="icon" href="data:,">\n</head>\n<body>\n'
        '<header id="head"></header>\n<main id="page" tabindex="-1"></main>\n'
        '<footer id="said"></footer>\n'
        f'<script type="text/plain" id="inlined" data-form="gzip" data-metric="{_escaped(metric)}">'
        f"{_HERE}</script>\n"
        f'<script type="text/plain" id="code">{_packed_text(code)}</script>\n'
        f"<script>{_START}</script>\n</body>\n</html>\n"
    )


def _compressed(document: Mapping[str, Json]) -> str:
    return _packed_text(json.dumps(document, separators=(",", ":"), ensure_ascii=False))


def _packed_text(text: str) -> str:
    # no time and no name in the bytes: the same runs give the same file
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), 9, mtime=0)).decode()


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _escaped(text: str) -> str:
    for char, entity in (("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;")):
        text = text.replace(char, entity)
    return text


def _left_out(names: list[str]) -> list[str]:
    return [f"curves that would make the report too large: {', '.join(names)}"] if names else []
