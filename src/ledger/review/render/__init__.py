"""A review as text, Markdown and HTML: three renderings of one value, none of which decides."""

from __future__ import annotations

from ledger.review.render.html import html_of
from ledger.review.render.markdown import markdown_of
from ledger.review.render.text import text_of


__all__ = ["html_of", "markdown_of", "text_of"]
