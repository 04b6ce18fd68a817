"""Markdown as a forge renders it: the tags, in order, and the text between them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt


if TYPE_CHECKING:
    from collections.abc import Sequence

# As GitHub's dialect: tables, raw HTML, links without brackets; a bare domain is no link there.
_RENDERER = MarkdownIt("gfm-like", {"html": True, "linkify": True})
_RENDERER.linkify.set({"fuzzy_link": False, "fuzzy_email": True})
BREAK = "\u200b"


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.comments: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append(" ".join([tag, *sorted(name for name, _ in attrs)]))

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")

    def handle_comment(self, data: str) -> None:
        self.comments.append(data.strip())

    def handle_data(self, data: str) -> None:
        self.text += data


def render(markdown: str) -> _Page:
    """Return what ``markdown`` becomes."""
    page = _Page()
    page.feed(_RENDERER.render(markdown))
    page.close()
    return page
