"""PDF into Markdown: text in reading order, headings by the size of their letters."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from knowledge.errors import DocumentError

# What it says of a broken file stands beside our own reason, without the file's name.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#])")
_BULLET = re.compile(r"^[\u2022\u2023\u25aa\u25cf\u2013\u00b7*-]\s+")
_NUMBER = re.compile(r"^\d{1,2}[.)]\s+")
# A line is a heading when its letters are so much larger than most of the text, and it is no longer than this.
_HEADING_FROM = 1.15
_LONGEST_HEADING = 120
# Two lines of one paragraph stand no farther apart than this many letter heights.
_LINE_SPACING = 1.6


@dataclass(slots=True)
class _Line:
    text: str
    size: float
    y: float
    page: int


def pdf_to_markdown(data: bytes) -> tuple[str, str, date | None]:
    """Title ("" where the file does not say), Markdown body and the day of the last change.

    Raises DocumentError for a file that is broken, encrypted, or has no text (a scan).
    """
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise DocumentError("it is encrypted; save it without a password")
        lines = [line for number, page in enumerate(reader.pages) for line in _lines(page, number)]
        title, changed = _about(reader)
    except DependencyError as error:
        raise DocumentError("it is encrypted; save it without a password") from error
    # pypdf lets many kinds of error through for files that are cut off or forged.
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OSError) as error:
        raise DocumentError(
            f"it is not a readable PDF: {str(error).splitlines()[0] if str(error) else error!r}; "
            "save it as a PDF again where it was written"
        ) from error
    if not any(line.text for line in lines):
        raise DocumentError("it holds no text, only pictures; run a text recognition on it first")
    body_size = _letters_by_size(lines)
    usual = body_size.most_common(1)[0][0]
    larger = sorted((size for size in body_size if size >= usual * _HEADING_FROM), reverse=True)
    return title, "\n\n".join(_blocks(lines, larger)), changed


def _about(reader: PdfReader) -> tuple[str, date | None]:
    about = reader.metadata
    if about is None:
        return "", None
    changed = about.modification_date or about.creation_date
    return " ".join((about.title or "").split()), changed.date() if changed else None


def _lines(page: Any, number: int) -> list[_Line]:
    """The page's lines; the parts of one line stand at one height."""
    lines: list[_Line] = []

    def visit(text: str, matrix: Any, text_matrix: Any, font: Any, size: float) -> None:
        # The letter size of the file is scaled by both matrices.
        scale = abs(float(text_matrix[3]) * float(matrix[3])) or 1.0
        y = float(text_matrix[5]) * float(matrix[3]) + float(matrix[5])
        for place, part in enumerate(text.split("\n")):
            same = place == 0 and lines and abs(lines[-1].y - y) < 1.0
            if same:
                lines[-1].text += part
            elif part.strip():
                lines.append(_Line(part, round(float(size) * scale, 1), y, number))

    page.extract_text(visitor_text=visit)
    for line in lines:
        line.text = " ".join(line.text.split())
    return [line for line in lines if line.text]


def _letters_by_size(lines: list[_Line]) -> Counter[float]:
    found: Counter[float] = Counter()
    for line in lines:
        found[line.size] += len(line.text)
    return found


def _blocks(lines: list[_Line], larger: list[float]) -> list[str]:
    blocks: list[str] = []
    before: _Line | None = None
    for line in lines:
        heading = line.size in larger and len(line.text) <= _LONGEST_HEADING
        text = _BULLET.sub("", line.text)
        numbered = _NUMBER.match(line.text)
        if heading:
            blocks.append("#" * min(larger.index(line.size) + 1, 6) + " " + _escape(line.text))
        elif text != line.text:
            blocks.append("- " + _escape(text))
        elif numbered:
            blocks.append("1. " + _escape(line.text[numbered.end() :]))
        elif before is None or not _goes_on(before, line):
            blocks.append(_escape(line.text))
        elif blocks[-1].endswith("-") and line.text[:1].islower():
            blocks[-1] = blocks[-1][:-1] + _escape(line.text)
        else:
            blocks[-1] += " " + _escape(line.text)
        before = line
    return blocks


def _goes_on(before: _Line, line: _Line) -> bool:
    if before.size != line.size:
        return False
    if before.page != line.page:  # a sentence may go on over the page
        return not before.text.endswith((".", "!", "?", ":"))
    return abs(before.y - line.y) <= _LINE_SPACING * line.size


def _escape(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
