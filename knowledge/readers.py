"""One file's bytes into a document, by the format its name tells."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

from knowledge.documents import Document, Format
from knowledge.errors import DocumentError
from knowledge.frontmatter import FrontMatter, split_front_matter
from knowledge.html_pages import html_to_markdown

_MARKDOWN = frozenset({".md", ".markdown"})
_HTML = frozenset({".html", ".htm"})
_TEXT = frozenset({".txt"})
SUFFIXES = _MARKDOWN | _HTML | _TEXT

_FIRST_HEADING = re.compile(r"^#[ \t]+(.+?)[ \t#]*$", re.MULTILINE)


def read_document(file: Path, data: bytes, root: Path) -> Document:
    """The document in `data`, the bytes of `file`; without an id of its own, its place below `root` is one.

    Its content hash is left empty. Raises DocumentError for bytes that are not text and for front matter
    that cannot be understood.
    """
    matter, body, body_format = _parse(file.suffix.lower(), _decode(data))
    return Document(
        document_id=matter.document_id or _slug(file, root),
        title=matter.title or _words(file.stem),
        body=body.strip("\n"),
        format=body_format,
        source=str(file),
        content_hash="",
        topic=matter.topic,
        language=matter.language,
        audience=matter.audience,
        countries=matter.countries,
        valid_from=matter.valid_from,
        valid_until=matter.valid_until,
        updated=matter.updated,
        questions=matter.questions,
    )


def _parse(suffix: str, text: str) -> tuple[FrontMatter, str, Format]:
    if suffix in _HTML:
        title, language, body = html_to_markdown(text)
        return FrontMatter(title=title, language=language or "en"), body, Format.MARKDOWN
    matter, body = split_front_matter(text)
    if suffix in _TEXT:
        return matter, body, Format.TEXT
    heading = _FIRST_HEADING.search(body)
    if not matter.title and heading:
        matter = replace(matter, title=heading.group(1))
    return matter, body, Format.MARKDOWN


def _decode(data: bytes) -> str:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-sig").upper()
        raise DocumentError(f"it is not {name} text (byte {error.start}); save it as UTF-8") from error
    if "\x00" in text:
        raise DocumentError("it is not text: it holds NUL characters")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _slug(file: Path, root: Path) -> str:
    relative = file.relative_to(root) if root.is_dir() else Path(file.name)
    name = relative.with_suffix("").as_posix().lower()
    return re.sub(r"[^\w]+", "-", name).strip("-") or hashlib.sha256(name.encode()).hexdigest()[:12]


def _words(stem: str) -> str:
    return re.sub(r"[-_\s]+", " ", stem).strip().capitalize()
