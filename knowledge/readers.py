"""One file's bytes into documents, by the format its name tells."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

from knowledge.documents import Document, Format
from knowledge.errors import DocumentError
from knowledge.file_kinds import refuse_other_kind
from knowledge.frontmatter import FrontMatter, split_front_matter
from knowledge.html_pages import html_to_markdown
from knowledge.language import language_of
from knowledge.question_rows import Entries, Entry, read_csv, read_json, read_xlsx

_MARKDOWN = frozenset({".md", ".markdown"})
_HTML = frozenset({".html", ".htm"})
_TEXT = frozenset({".txt"})
_ROWS = frozenset({".csv", ".xlsx", ".json"})
SUFFIXES = _MARKDOWN | _HTML | _TEXT | _ROWS | {".pdf", ".docx"}

_TAGS = re.compile(r"</(?:p|div|ul|ol|table|h[1-6]|b|strong|em|i|a|span)>|<br ?/?>", re.IGNORECASE)
_FIRST_HEADING = re.compile(r"^#[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_NO_ROWS = "it names its columns and holds no question with an answer; add rows to it"
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
    refuse_other_kind(suffix, data)
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
    problems = list(entries.problems)
    for entry in entries.found:
        try:
            documents.append(_row_document(entry, file, root))
        except DocumentError as error:
            problems.append(f"row {entry.number}: {error}")
    if not documents:
        raise DocumentError(f"none of its rows can be read; {problems[0]}" if problems else _NO_ROWS)
    return Reading(tuple(documents), tuple(problems))


def _row_document(entry: Entry, file: Path, root: Path) -> Document:
    _refuse_half_characters(entry.matter.title)
    digest = hashlib.sha256(entry.matter.title.casefold().encode()).hexdigest()[:8]
    name = entry.matter.document_id or f"{_slug(file, root)}-{digest}"
    body, body_format = entry.answer, Format.TEXT
    if _TAGS.search(body):  # help desks export the HTML of their editor
        body, body_format = html_to_markdown(body)[2], Format.MARKDOWN
    return _document(entry.matter, body, body_format, f"{file}{ROW_MARK}{name}", name, entry.matter.title)


def _document(matter: FrontMatter, body: str, body_format: Format, source: str, name: str, title: str) -> Document:
    title = matter.title or title
    _refuse_half_characters(f"{title} {matter.document_id} {matter.topic} {' '.join(matter.questions)} {body}")
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


def _refuse_half_characters(text: str) -> None:
    """Escapes such as "\\ud800" make a text that cannot be written down."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        around = text[max(0, error.start - 20) : error.end + 20].encode("ascii", "backslashreplace").decode()
        raise DocumentError(f"it holds half a character, in '{around}'; write that anew") from error


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
        if not body.strip():
            raise DocumentError(
                "there is no text in it beside scripts, forms and navigation; save it from a browser that has loaded it"
            )
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
    if encoding != "utf-16" and b"\x00" in data:
        raise DocumentError("it is not text: it holds NUL characters; give the file the suffix of what it is")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-sig").upper()
        raise DocumentError(
            f"it is not {name} text: {_undecoded(data, error.start)}; save it as UTF-8 (in Excel 'CSV UTF-8')"
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _undecoded(data: bytes, place: int) -> str:
    """Where the bytes are no UTF-8, and the word there as programs on Windows write it."""
    line, start = data.count(b"\n", 0, place) + 1, data.rfind(b"\n", 0, place) + 1
    before, after = data[start:place].split(b" ")[-1], re.match(rb"[^\s;,\t]*", data[place:])
    word = (before + (after[0] if after else b""))[-40:].decode("cp1252", errors="replace")
    return f"line {line} holds '{word}' in another encoding, probably Windows-1252"


def _slug(file: Path, root: Path) -> str:
    relative = file.relative_to(root) if root.is_dir() else Path(file.name)
    name = relative.with_suffix("").as_posix().lower()
    return re.sub(r"[^\w]+", "-", name).strip("-") or hashlib.sha256(name.encode()).hexdigest()[:12]


def _words(stem: str) -> str:
    return re.sub(r"[-_\s]+", " ", stem).strip().capitalize()
