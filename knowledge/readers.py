"""One file's bytes into documents, by the format its name tells."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

from knowledge.documents import Document, Format
from knowledge.errors import DocumentError
from knowledge.frontmatter import FrontMatter, split_front_matter
from knowledge.html_pages import html_to_markdown
from knowledge.language import language_of
from knowledge.question_rows import Entries, read_csv, read_json, read_xlsx

_MARKDOWN = frozenset({".md", ".markdown"})
_HTML = frozenset({".html", ".htm"})
_TEXT = frozenset({".txt"})
_ROWS = frozenset({".csv", ".xlsx", ".json"})
SUFFIXES = _MARKDOWN | _HTML | _TEXT | _ROWS | {".pdf", ".docx"}

_FIRST_HEADING = re.compile(r"^#[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
# Between a file and a row of it in a document's source.
ROW_MARK = "#row:"


@dataclass(frozen=True, slots=True)
class Reading:
    """The documents of one file, and a sentence for each row of it that could not be read."""

    documents: tuple[Document, ...]
    problems: tuple[str, ...] = ()


def read_documents(file: Path, data: bytes, root: Path) -> Reading:
    """The documents in `data`, the bytes of `file`: one, or one for each row of a table of questions and answers.

    Without an id of its own, the file's place below `root` is one; a row's is made from its question, so that it
    stays the same when rows are put before it. The content hashes are left empty. Raises DocumentError for what
    cannot be read at all.
    """
    suffix = file.suffix.lower()
    if suffix in _ROWS:
        return _read_rows(file, read_xlsx(data) if suffix == ".xlsx" else _text_rows(suffix, decode(data)), root)
    matter, body, body_format = _parse(suffix, data)
    return Reading((_document(matter, body.strip("\n"), body_format, str(file), _slug(file, root), _words(file.stem)),))


def read_page(suffix: str, data: bytes, source: str, name: str) -> Document:
    """The document in a page of the web; `name` is its id and, without a title of its own, its title.

    Raises DocumentError.
    """
    matter, body, body_format = _parse(suffix, data)
    # What a page says is its id could be another article's.
    return _document(replace(matter, document_id=""), body.strip("\n"), body_format, source, name, name)


def _text_rows(suffix: str, text: str) -> Entries:
    return read_csv(text) if suffix == ".csv" else read_json(text)


def _read_rows(file: Path, entries: Entries, root: Path) -> Reading:
    documents = []
    for entry in entries.found:
        digest = hashlib.sha256(entry.matter.title.casefold().encode()).hexdigest()[:8]
        name = entry.matter.document_id or f"{_slug(file, root)}-{digest}"
        source = f"{file}{ROW_MARK}{name}"
        documents.append(_document(entry.matter, entry.answer, Format.TEXT, source, name, entry.matter.title))
    if not documents and entries.problems:
        raise DocumentError(f"none of its rows can be read; {entries.problems[0]}")
    return Reading(tuple(documents), entries.problems)


def _document(matter: FrontMatter, body: str, body_format: Format, source: str, name: str, title: str) -> Document:
    title = matter.title or title
    return Document(
        document_id=matter.document_id or name,
        title=title,
        body=body,
        format=body_format,
        source=source,
        content_hash="",
        topic=matter.topic,
        language=matter.language or language_of(f"{title}\n{body}"),
        audience=matter.audience,
        countries=matter.countries,
        valid_from=matter.valid_from,
        valid_until=matter.valid_until,
        updated=matter.updated,
        questions=matter.questions,
        url=matter.url,
    )


def _parse(suffix: str, data: bytes) -> tuple[FrontMatter, str, Format]:
    if suffix == ".pdf":
        from knowledge.pdf_files import pdf_to_markdown

        title, body, updated = pdf_to_markdown(data)
        return _titled(FrontMatter(title=title, updated=updated), body), body, Format.MARKDOWN
    if suffix == ".docx":
        from knowledge.word_files import word_to_markdown

        matter, body = word_to_markdown(data)
        return _titled(matter, body), body, Format.MARKDOWN
    text = decode(data)
    if suffix in _HTML:
        title, language, body = html_to_markdown(text)
        return FrontMatter(title=title, language=language), body, Format.MARKDOWN
    matter, body = split_front_matter(text)
    if suffix in _TEXT:
        return matter, body, Format.TEXT
    return _titled(matter, body), body, Format.MARKDOWN


def _titled(matter: FrontMatter, body: str) -> FrontMatter:
    heading = _FIRST_HEADING.search(body)
    return replace(matter, title=heading.group(1)) if not matter.title and heading else matter


def decode(data: bytes) -> str:
    """Text in UTF-8, or UTF-16 with its mark, with line feeds alone. Raises DocumentError."""
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
