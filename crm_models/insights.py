"""What the logged conversations say: how many, how well answered, in what mood, about what.

A range of days includes `since` and excludes `until`; days are UTC. Only messages that reached the log count.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from crm_models.tables import escalations, feedback, gaps, messages


@dataclass(frozen=True)
class Period:
    """Days from `since`, up to but without `until`."""

    since: date
    until: date

    def __post_init__(self) -> None:
        if self.since >= self.until:
            raise ValueError(f"since must be before until, not {self.since} and {self.until}")

    @property
    def days(self) -> list[date]:
        return [self.since + timedelta(days=number) for number in range((self.until - self.since).days)]


@dataclass(frozen=True)
class Day:
    """One day; `sentiment` is the mean of the customers' messages (-1 to 1), None on a day without any."""

    day: date
    conversations: int
    messages: int
    sentiment: float | None


@dataclass(frozen=True)
class Outcomes:
    """What became of the conversations: each counts once, in the first of the three that holds.

    escalated: a person was asked for or stepped in. unanswered: something was asked that no article and no
    skill covers. answered: the rest.
    """

    conversations: int
    answered: int
    escalated: int
    unanswered: int

    def share(self, count: int) -> float | None:
        return count / self.conversations if self.conversations else None


@dataclass(frozen=True)
class IntentCount:
    intent: str
    messages: int
    share: float  # of the customers' messages
    sentiment: float | None


@dataclass(frozen=True)
class Question:
    """Something asked that could not be answered; the same words count as one question."""

    text: str
    kind: str  # missing, out_of_scope
    times: int
    last_asked: datetime
    conversation_id: str | None


@dataclass(frozen=True)
class Comment:
    rating: int | None
    text: str
    sentiment: float | None
    conversation_id: str | None
    created_at: datetime


@dataclass(frozen=True)
class FeedbackSummary:
    """`ratings` maps 1 to 5 to how many gave it."""

    ratings: dict[int, int] = field(default_factory=dict)
    comments: tuple[Comment, ...] = ()

    @property
    def count(self) -> int:
        return sum(self.ratings.values())

    @property
    def mean(self) -> float | None:
        return sum(stars * count for stars, count in self.ratings.items()) / self.count if self.count else None


def by_day(connection: Connection, period: Period) -> list[Day]:
    """Every day of the period, also those on which nobody wrote."""
    day = func.date(messages.c.created_at)
    rows = connection.execute(
        select(
            day,
            func.count(messages.c.conversation_id.distinct()),
            func.count(),
            func.avg(messages.c.sentiment),
        )
        .where(_said_by_customers(period))
        .group_by(day)
    )
    # SQLite gives the day as text, PostgreSQL as a date.
    found = {str(row[0])[:10]: row for row in rows}
    return [
        Day(each, row[1], row[2], None if row[3] is None else float(row[3]))
        if (row := found.get(each.isoformat()))
        else Day(each, 0, 0, None)
        for each in period.days
    ]


def outcomes(connection: Connection, period: Period) -> Outcomes:
    """Outcomes of the conversations in which a customer wrote within the period."""
    active = select(messages.c.conversation_id).where(_said_by_customers(period)).distinct().subquery()
    everyone = connection.execute(select(func.count()).select_from(active)).scalar_one()
    escalated = select(escalations.c.conversation_id).where(
        escalations.c.created_at >= _start(period), escalations.c.created_at < _end(period)
    )
    handed_over = connection.execute(
        select(func.count()).select_from(active).where(active.c.conversation_id.in_(escalated))
    ).scalar_one()
    open_questions = select(gaps.c.conversation_id).where(_unanswered(period), gaps.c.conversation_id.is_not(None))
    unanswered = connection.execute(
        select(func.count())
        .select_from(active)
        .where(active.c.conversation_id.in_(open_questions), active.c.conversation_id.not_in(escalated))
    ).scalar_one()
    return Outcomes(everyone, everyone - handed_over - unanswered, handed_over, unanswered)


def top_intents(connection: Connection, period: Period, limit: int = 12) -> list[IntentCount]:
    """What customers wanted, most frequent first."""
    rows = connection.execute(
        select(messages.c.intent, func.count(), func.avg(messages.c.sentiment))
        .where(_said_by_customers(period), messages.c.intent.is_not(None))
        .group_by(messages.c.intent)
        .order_by(func.count().desc(), messages.c.intent)
    ).all()
    total = sum(row[1] for row in rows)
    return [
        IntentCount(row[0], row[1], row[1] / total, None if row[2] is None else float(row[2])) for row in rows[:limit]
    ]


def unanswered_questions(connection: Connection, period: Period, limit: int = 50) -> list[Question]:
    """Questions without an answer, most often asked first."""
    rows = connection.execute(
        select(gaps.c.evidence, gaps.c.kind, gaps.c.created_at, gaps.c.conversation_id)
        .where(_unanswered(period))
        .order_by(gaps.c.created_at.desc())
    ).all()
    times: Counter[tuple[str, str]] = Counter()
    newest: dict[tuple[str, str], Question] = {}
    for evidence, kind, created_at, conversation_id in rows:
        text = _words_of(evidence)
        key = (" ".join(text.lower().split()).rstrip("?!. "), kind)
        times[key] += 1
        newest.setdefault(key, Question(text, kind, 1, created_at, conversation_id))
    ranked = sorted(newest, key=lambda key: (-times[key], -newest[key].last_asked.timestamp()))
    return [
        Question(found.text, found.kind, times[key], found.last_asked, found.conversation_id)
        for key in ranked[:limit]
        for found in [newest[key]]
    ]


def feedback_summary(connection: Connection, period: Period, comments: int = 20) -> FeedbackSummary:
    """Ratings of the period, and its newest comments."""
    within = and_(feedback.c.created_at >= _start(period), feedback.c.created_at < _end(period))
    counted = connection.execute(
        select(feedback.c.rating, func.count())
        .where(within, feedback.c.rating.is_not(None))
        .group_by(feedback.c.rating)
    )
    ratings = {stars: 0 for stars in range(1, 6)} | {stars: count for stars, count in counted}
    said = connection.execute(
        select(
            feedback.c.rating,
            feedback.c.comment,
            feedback.c.sentiment,
            feedback.c.conversation_id,
            feedback.c.created_at,
        )
        .where(within, feedback.c.comment.is_not(None))
        .order_by(feedback.c.created_at.desc(), feedback.c.feedback_id.desc())
        .limit(comments)
    )
    return FeedbackSummary(ratings, tuple(Comment(*row) for row in said))


def _start(period: Period) -> datetime:
    return datetime.combine(period.since, datetime.min.time())


def _end(period: Period) -> datetime:
    return datetime.combine(period.until, datetime.min.time())


def _said_by_customers(period: Period) -> ColumnElement[bool]:
    return and_(
        messages.c.author == "customer",
        messages.c.created_at >= _start(period),
        messages.c.created_at < _end(period),
    )


def _unanswered(period: Period) -> ColumnElement[bool]:
    return and_(
        or_(
            and_(gaps.c.sort == "knowledge", gaps.c.kind == "missing"),
            and_(gaps.c.sort == "request", gaps.c.kind == "out_of_scope"),
        ),
        gaps.c.status.in_(("detected", "asked")),
        gaps.c.created_at >= _start(period),
        gaps.c.created_at < _end(period),
    )


def _words_of(evidence: object) -> str:
    """What the customer said, out of a gap's evidence."""
    if isinstance(evidence, dict):
        for key in ("text", "said", "question", "message"):
            if isinstance(evidence.get(key), str):
                return str(evidence[key])
        return "; ".join(f"{key}: {value}" for key, value in evidence.items())
    return str(evidence)
