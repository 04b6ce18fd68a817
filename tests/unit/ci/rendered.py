"""Markdown as a forge renders it: the tags, in order, and the text between them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options
from markdown_it import MarkdownIt


if TYPE_CHECKING:
    from collections.abc import Sequence

_OTHER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_RAW = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES
BREAK = "\u200b"


class Page(HTMLParser):
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


def render(markdown: str) -> Page:
    """Return what GitHub's own parser makes of ``markdown``; its HTML is not sanitised here."""
    return _page(github_flavored_markdown_to_html(markdown, options=_RAW))


def render_elsewhere(markdown: str) -> Page:
    """Return what another parser makes of ``markdown``."""
    return _page(_OTHER.render(markdown))


def _page(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    return page
