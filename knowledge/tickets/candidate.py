"""What a history of tickets proposes for the articles, and what became of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """A new article, or ways in which customers ask for one that there is."""

    ARTICLE = "article"
    QUESTIONS = "questions"


class Status(StrEnum):
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Evidence:
    """`agreement` is the share of the answers, of those not rated badly, that say the same as the one proposed.

    `good` of `rated` tickets were liked; `ticket_ids` are some of the tickets, `found` says of how many `asked` ways of
    asking the article is found today without doubt.
    """

    tickets: int
    good: int
    rated: int
    agreement: float
    first: date | None
    last: date | None
    ticket_ids: tuple[str, ...]
    asked: int = 0
    found: int = 0

    def to_json(self) -> dict[str, Any]:
        values = asdict(self)
        return values | {name: day.isoformat() if (day := values[name]) else None for name in ("first", "last")}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Evidence:
        days = {name: date.fromisoformat(values[name]) if values[name] else None for name in ("first", "last")}
        return cls(**{**values, **days, "ticket_ids": tuple(values["ticket_ids"])})


@dataclass(frozen=True, slots=True)
class Candidate:
    """`questions` are ways of asking, the one that stands for all first; `answer` is what agents answered.

    `document_id` is the article that the questions are for, empty while there is none.
    """

    candidate_id: str
    kind: Kind
    status: Status
    question: str
    answer: str
    questions: tuple[str, ...]
    document_id: str
    evidence: Evidence
    reason: str = ""
