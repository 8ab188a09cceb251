"""Articles whose days are over, nearly over, or not begun; and those that say next to nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from knowledge.care.facts import read_facts
from knowledge.care.findings import Evidence, Finding, Kind
from knowledge.documents import Document
from knowledge.lexical import tokens

_FEWEST_WORDS = 5


def find_by_day(documents: Iterable[Document], today: date, days_ahead: int = 30) -> list[Finding]:
    """Expired before `today`, expiring within `days_ahead` days from it, and not yet valid."""
    found = []
    for document in documents:
        last, first = document.valid_until, document.valid_from
        if last is not None and last < today:
            gone = (today - last).days
            found.append(_finding(Kind.EXPIRED, document, f"expired {_days(gone)} ago", f"valid_until: {last}", gone))
        elif last is not None and (last - today).days <= days_ahead:
            left = (last - today).days
            message = f"expires in {_days(left)}" if left else "expires today"
            found.append(_finding(Kind.EXPIRING, document, message, f"valid_until: {last}", -left))
        if first is not None and first > today:
            ahead = (first - today).days
            message = f"becomes valid in {_days(ahead)}"
            found.append(_finding(Kind.NOT_YET_VALID, document, message, f"valid_from: {first}", -ahead))
    return found


def find_short(documents: Iterable[Document]) -> list[Finding]:
    """Articles of fewer than 5 words that count (no stop words), which no question can be answered from.

    An amount answers in fewer ("Lamps have a warranty of 2 years"), and so does what is said to the title's question.
    """
    found = []
    for document in documents:
        count = len(tokens(document.body))
        asked = tokens(document.title) if count and document.title.endswith("?") else []
        if count + len(asked) < _FEWEST_WORDS and not read_facts(document.body):
            text = " ".join(document.body.split()) or "(empty)"
            found.append(
                _finding(
                    Kind.TOO_SHORT,
                    document,
                    f"says only {count} {'word' if count == 1 else 'words'} of content",
                    text,
                    -count,
                )
            )
    return found


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count:,} days"


def _finding(kind: Kind, document: Document, message: str, record: str, weight: float) -> Finding:
    evidence = (Evidence.of(document, record),)
    return Finding(kind, (document.document_id,), f"'{document.title}' {message}", evidence, weight)
