"""Documents and passages as rows of the tables, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from knowledge.documents import Document, Format, Passage

DOCUMENT = (
    "document_id, title, body, format, source, content_hash, topic, language, audience, countries, "
    "valid_from, valid_until, updated, questions, url, learnt"
)
PASSAGE = "p.passage_id, p.document_id, d.title, p.headings, p.sentences, p.position, d.url"
_BESIDE = "+"


def hash_with(content_hash: str, learnt: str) -> str:
    """Of the file, and of the questions learnt beside it: another one where any of them changed."""
    return (
        content_hash if learnt == "[]" else f"{content_hash}{_BESIDE}{hashlib.sha256(learnt.encode()).hexdigest()[:12]}"
    )


def hash_of_file(content_hash: str) -> str:
    """What was put in of it, without the questions learnt."""
    return content_hash.partition(_BESIDE)[0]


def document_row(document: Document) -> tuple[Any, ...]:
    """Values for the columns of DOCUMENT, without the questions that were learnt."""
    return (
        document.document_id,
        document.title,
        document.body,
        document.format.value,
        document.source,
        document.content_hash,
        document.topic,
        document.language,
        json.dumps(document.audience),
        json.dumps(document.countries),
        *(day.isoformat() if day else None for day in (document.valid_from, document.valid_until, document.updated)),
        json.dumps(document.questions, ensure_ascii=False),
        document.url,
    )


def read_document(row: Sequence[Any]) -> Document:
    """Of the columns of DOCUMENT."""
    days = [date.fromisoformat(day) if day else None for day in row[10:13]]
    return Document(
        document_id=row[0],
        title=row[1],
        body=row[2],
        format=Format(row[3]),
        source=row[4],
        content_hash=hash_with(row[5], row[15]),
        topic=row[6],
        language=row[7],
        audience=tuple(json.loads(row[8])),
        countries=tuple(json.loads(row[9])),
        valid_from=days[0],
        valid_until=days[1],
        updated=days[2],
        questions=tuple(dict.fromkeys([*json.loads(row[13]), *json.loads(row[15])])),
        url=row[14],
    )


def read_passage(row: Sequence[Any]) -> Passage:
    """Of the columns of PASSAGE."""
    return Passage(
        passage_id=row[0],
        document_id=row[1],
        title=row[2],
        headings=tuple(json.loads(row[3])),
        sentences=tuple(json.loads(row[4])),
        position=row[5],
        url=row[6],
    )
