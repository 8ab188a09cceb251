"""What is found in the articles, and what shows it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from knowledge.documents import Document


class Kind(StrEnum):
    """In the order in which they are shown: what gives customers a wrong answer comes first."""

    CONTRADICTION = "contradiction"
    EXPIRED = "expired"
    BROKEN_LINK = "broken link"
    DEMAND = "demand"
    DUPLICATE = "duplicate"
    EXPIRING = "expiring"
    NOT_YET_VALID = "not yet valid"
    TOO_SHORT = "too short"
    NEVER_CITED = "never cited"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence, a passage or a record, and where to look: the article's file (and row), or its page."""

    text: str
    article: str = ""
    where: str = ""

    @classmethod
    def of(cls, document: Document, text: str) -> Evidence:
        return cls(text, document.document_id, document.source or document.url)


@dataclass(frozen=True, slots=True)
class Finding:
    """`articles` are document ids; `weight` sorts within a kind, the highest first."""

    kind: Kind
    articles: tuple[str, ...]
    message: str
    evidence: tuple[Evidence, ...]
    weight: float = 0.0

    @property
    def key(self) -> str:
        """The same for the same finding in another run, until the words that show it change."""
        shown = sorted(f"{each.article}\x1f{each.text}" for each in self.evidence)
        return hashlib.sha256("\x1e".join([self.kind.value, *sorted(self.articles), *shown]).encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "articles": list(self.articles),
            "message": self.message,
            "evidence": [{"text": each.text, "article": each.article, "where": each.where} for each in self.evidence],
        }


def sort_findings(findings: Sequence[Finding]) -> list[Finding]:
    """By kind, then by weight."""
    order = {kind: place for place, kind in enumerate(Kind)}
    return sorted(findings, key=lambda each: (order[each.kind], -each.weight, each.articles))
