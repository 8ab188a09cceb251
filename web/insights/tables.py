"""The figures of the insights page as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence

from sqlalchemy.engine import Connection

from crm_models import insights
from crm_models.insights import Period
from crm_models.offer_counts import count_offers
from crm_models.proactive.report import count_notices

Row = Sequence[object]

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_NUMBER = re.compile(r"\+?\d(?:[\s/-]?\d){5,}")


def masked(text: str | None) -> str:
    """Without e-mail addresses and long numbers, which people write into questions and comments."""
    return _NUMBER.sub("[number]", _EMAIL.sub("[e-mail]", text or ""))


def _days(connection: Connection, period: Period, _: bool) -> list[Row]:
    rows: list[Row] = [("day", "conversations", "messages", "mean_sentiment")]
    rows += [
        (each.day, each.conversations, each.messages, each.sentiment) for each in insights.by_day(connection, period)
    ]
    return rows


def _outcomes(connection: Connection, period: Period, _: bool) -> list[Row]:
    found = insights.outcomes(connection, period)
    return [
        ("conversations", "answered", "escalated", "unanswered"),
        (found.conversations, found.answered, found.escalated, found.unanswered),
    ]


def _intents(connection: Connection, period: Period, _: bool) -> list[Row]:
    rows: list[Row] = [("intent", "messages", "share", "mean_sentiment")]
    rows += [
        (each.intent, each.messages, round(each.share, 4), each.sentiment)
        for each in insights.top_intents(connection, period, limit=1000)
    ]
    return rows


def _questions(connection: Connection, period: Period, clear: bool) -> list[Row]:
    rows: list[Row] = [("question", "kind", "times", "last_asked", "conversation_id")]
    rows += [
        (
            each.text if clear else masked(each.text),
            each.kind,
            each.times,
            each.last_asked.isoformat(timespec="seconds"),
            each.conversation_id,
        )
        for each in insights.unanswered_questions(connection, period, limit=100_000)
    ]
    return rows


def _feedback(connection: Connection, period: Period, clear: bool) -> list[Row]:
    rows: list[Row] = [("created_at", "rating", "sentiment", "comment", "conversation_id")]
    rows += [
        (
            each.created_at.isoformat(timespec="seconds"),
            each.rating,
            each.sentiment,
            each.text if clear else masked(each.text),
            each.conversation_id,
        )
        for each in insights.feedback_summary(connection, period, comments=100_000).comments
    ]
    return rows


def _notices(connection: Connection, period: Period, _: bool) -> list[Row]:
    rows: list[Row] = [("kind", "sent_web", "sent_mail", "waiting", "dropped", "reasons")]
    rows += [
        (
            each.kind.value,
            each.sent_web,
            each.sent_mail,
            each.waiting,
            each.dropped,
            "; ".join(f"{reason} {count}" for reason, count in each.reasons),
        )
        for each in count_notices(connection, period.since, period.until)
    ]
    return rows


def _offers(connection: Connection, period: Period, _: bool) -> list[Row]:
    rows: list[Row] = [("kind", "made", "accepted", "declined", "unanswered", "median_seconds_to_answer")]
    rows += [
        (
            each.kind.value,
            each.made,
            each.accepted,
            each.declined,
            each.unanswered,
            None if each.answered_within is None else round(each.answered_within.total_seconds()),
        )
        for each in count_offers(connection, period.since, period.until)
    ]
    return rows


TABLES: dict[str, Callable[[Connection, Period, bool], list[Row]]] = {
    "days": _days,
    "outcomes": _outcomes,
    "intents": _intents,
    "questions": _questions,
    "feedback": _feedback,
    "notices": _notices,
    "offers": _offers,
}


def as_csv(rows: Sequence[Row]) -> str:
    """With a text cell that a spreadsheet would run as a formula made harmless."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
    return buffer.getvalue()


def _harmless(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return "'" + cell
    return "" if cell is None else cell
