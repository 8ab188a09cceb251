"""Links from one article to another that lead nowhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit

from knowledge.blocks import markdown_parser
from knowledge.care.findings import Evidence, Finding, Kind
from knowledge.documents import Document, Format
from knowledge.ingest import file_of

# The web pages show an article under this path.
_PAGES = "/help/"


def find_broken_links(documents: Mapping[str, Document]) -> list[Finding]:
    """Links to a page of the help or to a file beside the article, where no article is.

    Links to other sites, and to places that only the web pages know, are not followed.
    """
    files = {str(Path(file_of(each.source)).resolve()) for each in documents.values() if each.source}
    found = []
    for document in documents.values():
        for text, target in _links(document):
            if not _leads_somewhere(document, target, documents, files):
                evidence = (Evidence.of(document, f"[{text}]({target})"),)
                message = f"'{document.title}' links to {target}, where no article is"
                found.append(Finding(Kind.BROKEN_LINK, (document.document_id,), message, evidence))
    return found


def _links(document: Document) -> Iterator[tuple[str, str]]:
    """Text and target of each link, once."""
    if document.format is not Format.MARKDOWN:
        return
    seen = set()
    for token in markdown_parser().parse(document.body):
        children = token.children or []
        for place, child in enumerate(children):
            target = str(child.attrGet("href") or "") if child.type == "link_open" else ""
            if target and target not in seen:
                seen.add(target)
                yield children[place + 1].content, target


def _leads_somewhere(document: Document, target: str, documents: Mapping[str, Document], files: set[str]) -> bool:
    parts = urlsplit(target)
    path = unquote(parts.path)
    if parts.scheme or parts.netloc or not path:
        return True
    if path.startswith(_PAGES):
        return path.removeprefix(_PAGES).rstrip("/") in documents
    if path.startswith("/"):
        return True
    if path in documents or not document.source:
        return True
    beside = (Path(file_of(document.source)).parent / path).resolve()
    return str(beside) in files or beside.exists()
