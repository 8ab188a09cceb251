"""Public collections of questions and answering texts: as documents for the knowledge base, and who answers what."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.errors import MissingData
from knowledge.chunk import chunk
from knowledge.documents import Document, Format, Passage

_BLANK_LINES = re.compile(r"\n{2,}")
_NO_WORD = re.compile(r"\W+")
# Titles of doc2dial name the part of a page behind a '#'.
_PART = re.compile(r"#\d+_\d+$")


@dataclass(frozen=True)
class Asked:
    """A question, what was said before it (the latest first), and what answers it: ids of documents, or of passages
    where `by_passage` of the collection says so.
    """

    text: str
    relevant: frozenset[str]
    earlier: tuple[str, ...] = ()

    @property
    def whole(self) -> str:
        """Question and history in one text, as peers without a notion of history get it."""
        return " ".join((self.text, *self.earlier))


@dataclass(frozen=True)
class Collection:
    name: str
    documents: tuple[Document, ...]
    asked: tuple[Asked, ...]
    by_passage: bool = False

    def first(self, count: int) -> Collection:
        """The first questions, with every document."""
        return replace(self, asked=self.asked[:count])


def read_xquad(data: Path) -> Collection:
    """240 English paragraphs and 1,190 questions. Artetxe, Ruder & Yogatama 2020."""
    documents, asked = [], []
    for article in _json(data, "xquad/xquad.en.json", "github.com/deepmind/xquad")["data"]:
        for paragraph in article["paragraphs"]:
            name = f"p{len(documents)}"
            documents.append(_document(name, article["title"].replace("_", " "), paragraph["context"], Format.TEXT))
            asked += [Asked(each["question"], frozenset({name})) for each in paragraph["qas"]]
    return Collection("xquad", tuple(documents), tuple(asked))


def read_stackfaq(data: Path) -> Collection:
    """125 threads, their 719 answers as the documents, and 1,249 ways to ask. Karan & Snajder 2018.

    The title is the thread's own question; see `without_questions` and `with_paraphrases`.
    """
    threads = _json(data, "stackfaq/stackExchange-FAQ.json", "github.com/ML-Recipes/BERT-FAQ")["root"]["qapair"]
    documents, asked = [], []
    for number, thread in enumerate(threads):
        name = f"t{number:03}"
        answers = thread["answer"] if isinstance(thread["answer"], list) else [thread["answer"]]
        body = "\n\n".join(answer.strip() for answer in answers if answer)
        documents.append(_document(name, thread["question"], body, Format.TEXT))
        said = [text.strip() for text in thread["rephr"] if text]
        asked += [Asked(text, frozenset({name})) for text in said if text != "*"]
    return Collection("stackfaq", tuple(documents), tuple(asked))


def without_questions(collection: Collection) -> Collection:
    """The answers alone: what a thread was called is not known."""
    return replace(collection, documents=tuple(replace(each, title="Answers") for each in collection.documents))


def with_paraphrases(collection: Collection, known: Sequence[Asked]) -> Collection:
    """The documents with these questions as known ways to ask for them."""
    questions: dict[str, list[str]] = {}
    for each in known:
        for name in each.relevant:
            questions.setdefault(name, []).append(each.text)
    return replace(
        collection,
        documents=tuple(
            replace(each, questions=tuple(questions.get(each.document_id, ())), content_hash=f"{len(known)}")
            for each in collection.documents
        ),
    )


def read_doc2dial(data: Path) -> Collection:
    """272 pages of public services cut into passages, and 3,972 turns of customers. Feng et al. 2020.

    Relevant is the passage that holds most of the spans which the agent answered from.
    """
    rows = _doc2dial_rows(data)
    documents: dict[str, Document] = {}
    for row in rows:
        if row["title"] not in documents:
            name = f"d{len(documents):03}"
            title, body = _PART.sub("", row["title"]), _markdown(row["context"])
            documents[row["title"]] = _document(name, title, body, Format.MARKDOWN)
    passages = {title: chunk(document) for title, document in documents.items()}
    asked = []
    for row in rows:
        relevant = _holding(passages[row["title"]], ast.literal_eval(row["answers"]))
        if relevant:
            text, *earlier = (turn.partition(":")[2].strip() for turn in row["question"].split("\t"))
            asked.append(Asked(text, relevant, tuple(earlier)))
    return Collection("doc2dial", tuple(documents.values()), tuple(asked), by_passage=True)


READERS: Mapping[str, Callable[[Path], Collection]] = {
    "stackfaq": read_stackfaq,
    "doc2dial": read_doc2dial,
    "xquad": read_xquad,
}


def _document(name: str, title: str, body: str, form: Format) -> Document:
    return Document(name, title, body, form, source=name, content_hash="1")


def _json(data: Path, name: str, source: str) -> dict:
    path = data / name
    if not path.is_file():
        raise MissingData(f"There is no {path}. The data can be had from {source}; put it there.")
    return json.loads(path.read_text(encoding="utf-8"))


def _doc2dial_rows(data: Path) -> list[dict[str, str]]:
    path = data / "doc2dial_val" / "doc2dial_rc_val.csv.zip"
    if not path.is_file():
        raise MissingData(f"There is no {path}. The data can be had from doc2dial.github.io; put it there.")
    csv.field_size_limit(sys.maxsize)
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
        return list(csv.DictReader(io.TextIOWrapper(file, "utf-8")))


def _markdown(context: str) -> str:
    """A page of doc2dial: what stands alone in the first line after a blank one is a heading."""
    blocks = []
    for block in _BLANK_LINES.split(context):
        heading, lines, text = block.partition("\n")
        if lines and heading.strip():
            blocks.append(f"## {heading.strip()}")
        blocks.append(text.strip().replace("\n", "\n\n") if lines else block.strip())
    return "\n\n".join(block for block in blocks if block)


def _holding(passages: Sequence[Passage], answers: dict) -> frozenset[str]:
    """Ids of the passages with most of the spans' letters; none where no passage has a whole span."""
    spans = [_letters(span) for span in answers["spans"].values()]
    texts = {passage.passage_id: _letters(" ".join((*passage.headings, *passage.sentences))) for passage in passages}
    held = {name: sum(len(span) for span in spans if span and span in text) for name, text in texts.items()}
    most = max(held.values(), default=0)
    return frozenset(name for name, count in held.items() if count == most > 0)


def _letters(text: str) -> str:
    return _NO_WORD.sub("", text).lower()
