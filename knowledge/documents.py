"""What is read and what is searched: documents, and the passages they are cut into."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Format(StrEnum):
    """How a document's body is written."""

    MARKDOWN = "markdown"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Document:
    """One article.

    `source` is the file (and row) or page it came from, `content_hash` tells whether that has changed, `url` is where
    customers can read it, if anywhere but on the help pages. Empty `audience` or `countries` fit everybody; otherwise
    they name loyalty tiers and two-letter country codes.
    The days `valid_from` and `valid_until` both belong to the time in which the article holds.
    `questions` are ways in which customers are known to ask for it.
    """

    document_id: str
    title: str
    body: str
    format: Format
    source: str
    content_hash: str
    topic: str = ""
    language: str = "en"
    audience: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    updated: date | None = None
    questions: tuple[str, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one document that is found and cited as a whole; a sentence's id is its place in it.

    `position` is its place in the document, `url` where customers can read the document.
    The passage's id is made from its words, so a passage that changed is another passage, and a vector
    stored under an id always belongs to the words that id stands for.
    """

    passage_id: str
    document_id: str
    title: str
    headings: tuple[str, ...]
    sentences: tuple[str, ...]
    position: int = 0
    url: str = ""

    @property
    def text(self) -> str:
        return " ".join(self.sentences)

    @property
    def heading(self) -> str:
        """The one it stands under; empty where that is the title."""
        return next((each for each in reversed(self.headings) if each != self.title), "")

    @property
    def search_text(self) -> str:
        """Title, headings and text: what the encoder and the word index see."""
        context = [self.title, *(heading for heading in self.headings if heading != self.title)]
        return ". ".join([*context, self.text])


def make_passage(
    document_id: str,
    title: str,
    headings: tuple[str, ...],
    sentences: tuple[str, ...],
    position: int = 0,
) -> Passage:
    """A passage with the id that its words give it."""
    words = "\x1f".join([title, *headings, "\x1e", *sentences])
    digest = hashlib.sha256(words.encode("utf-8")).hexdigest()[:12]
    return Passage(f"{document_id}#{digest}", document_id, title, headings, sentences, position)
