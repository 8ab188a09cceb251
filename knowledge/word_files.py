"""DOCX into Markdown: headings, lists and tables where they stand, and what the file says about itself."""

from __future__ import annotations

import io
import re
from zipfile import BadZipFile

from docx import Document as open_word
from docx.document import Document as WordDocument
from docx.opc.exceptions import OpcError
from docx.table import Table
from docx.text.paragraph import Paragraph

from knowledge.errors import DocumentError
from knowledge.file_kinds import COMPOUND_FILE
from knowledge.frontmatter import FrontMatter

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")
_LEVEL = re.compile(r"(\d+)$")


def word_to_markdown(data: bytes) -> tuple[FrontMatter, str]:
    """What the core properties say, and the Markdown body. Raises DocumentError for a file that cannot be read."""
    if data.startswith(COMPOUND_FILE):
        raise DocumentError("it is encrypted, or of an old format; save it as DOCX without a password")
    try:
        document = open_word(io.BytesIO(data))
        body = "\n\n".join(_blocks(document))
    except (OpcError, BadZipFile, KeyError, ValueError, SyntaxError) as error:
        raise DocumentError(f"it is not a readable DOCX file: {error}; open it in Word and save it again") from error
    about = document.core_properties
    language = (about.language or "").split("-")[0].lower()
    matter = FrontMatter(
        title=" ".join((about.title or "").split()),
        topic=" ".join((about.category or "").split()),
        language=language,
        updated=about.modified.date() if about.modified else None,
    )
    return matter, body


def _blocks(document: WordDocument) -> list[str]:
    blocks: list[str] = []
    for part in document.iter_inner_content():
        text = _table(part) if isinstance(part, Table) else _paragraph(part)
        if text:
            blocks.append(text)
    return blocks


def _paragraph(paragraph: Paragraph) -> str:
    text = _escape(paragraph.text)
    if not text:
        return ""
    style = (paragraph.style.name or "") if paragraph.style is not None else ""
    level = int(found.group(1)) if (found := _LEVEL.search(style)) else 1
    if style == "Title":
        return f"# {text}"
    if style.startswith("Heading"):
        return f"{'#' * min(level, 6)} {text}"
    if style.startswith("List Number"):
        return f"{'   ' * (level - 1)}1. {text}"
    if style.startswith("List"):
        return f"{'  ' * (level - 1)}- {text}"
    return text


def _table(table: Table) -> str:
    rows = [[_escape(cell.text) for cell in row.cells] for row in table.rows]
    rows = [row for row in rows if any(row)]
    if not rows:
        return ""
    width = max(map(len, rows))
    lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))
