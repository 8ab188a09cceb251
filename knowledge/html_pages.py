"""HTML pages into Markdown: the words and their structure, nothing that could run.

The parser is Python's own; a page's navigation, scripts and styles are left out.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_SKIPPED = frozenset(
    {"script", "style", "nav", "header", "footer", "noscript", "template", "svg", "form", "aside", "iframe"}
)
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
_BREAKS = frozenset(
    {"p", "div", "section", "article", "main", "ul", "ol", "table", "blockquote", "pre", "dl", "dt", "dd"} | {"figure"}
)
_LISTS = frozenset({"ul", "ol"})
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")
_LIST_MARK = re.compile(r"^(\d+)([.)])|^([-+])")


def html_to_markdown(text: str) -> tuple[str, str, str]:
    """Title, language ("" where the page does not say) and Markdown body of an HTML page."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.finish()


class _Reader(HTMLParser):
    """Gathers text into the block that is open and closes blocks at structural tags."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[str] = []
        self._text: list[str] = []
        self._prefix = ""
        self._skipping: list[str] = []
        self._lists: list[str] = []
        self._rows: list[list[str]] | None = None
        self._in_title = False
        self._title = ""
        self._heading = ""
        self._language = ""

    def finish(self) -> tuple[str, str, str]:
        self._close_block()
        title = " ".join((self._title or self._heading).split())
        return title, self._language, "\n\n".join(self._blocks)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SKIPPED:
            self._skipping.append(tag)
        elif tag == "html":
            self._language = (dict(attrs).get("lang") or "").split("-")[0].lower()
        elif tag == "title":
            self._in_title = True
        elif tag == "br":
            self._text.append(" ")
        elif tag in ("td", "th"):
            self._text = []
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag in _HEADINGS or tag == "li" or tag in _BREAKS:
            self._close_block()
            if tag in _HEADINGS:
                self._prefix = f"{_HEADINGS[tag]} "
            elif tag == "li":
                self._prefix = "1. " if self._lists[-1:] == ["ol"] else "- "
            elif tag in _LISTS:
                self._lists.append(tag)
            elif tag == "table":
                self._rows = []

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            if tag in self._skipping:
                del self._skipping[self._skipping.index(tag) :]
        elif tag == "title":
            self._in_title = False
        elif tag in ("td", "th") and self._rows:
            self._rows[-1].append(_clean(self._text))
            self._text = []
        elif tag == "table" and self._rows is not None:
            self._close_table(self._rows)
        elif tag in _HEADINGS or tag == "li" or tag in _BREAKS:
            if tag == "h1" and not self._heading:
                self._heading = "".join(self._text)
            self._close_block()
            self._prefix = ""
            if tag in _LISTS and tag in self._lists:
                del self._lists[len(self._lists) - 1 - self._lists[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if self._skipping:
            return
        if self._in_title:
            self._title += data
        else:
            self._text.append(data)

    def _close_block(self) -> None:
        if self._rows is not None:
            return
        text = _clean(self._text)
        self._text = []
        if text:
            self._blocks.append(self._prefix + (text if self._prefix else _LIST_MARK.sub(_escape_mark, text)))

    def _close_table(self, rows: list[list[str]]) -> None:
        self._rows, self._text = None, []
        rows = [row for row in rows if any(row)]
        if not rows:
            return
        width = max(len(row) for row in rows)
        lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
        self._blocks.append("\n".join([lines[0], "|" + "---|" * width, *lines[1:]]))


def _clean(parts: list[str]) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join("".join(parts).split()))


def _escape_mark(match: re.Match[str]) -> str:
    return f"{match.group(1)}\\{match.group(2)}" if match.group(1) else f"\\{match.group(3)}"
