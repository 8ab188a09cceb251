"""What customers thought of the help they got: stored, always."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

from sqlalchemy import insert
from sqlalchemy.engine import Connection

from crm_models.tables import feedback


class FeedbackOutcome(Enum):
    HAPPY = "happy"  # 4 or 5
    NEUTRAL = "neutral"  # 3
    UNHAPPY = "unhappy"  # 1 or 2
    COMMENT_ONLY = "comment_only"
    OUT_OF_RANGE = "out_of_range"  # nothing stored: ask for 1 to 5
    EMPTY = "empty"  # neither rating nor comment, nothing stored


def record_feedback(
    connection: Connection,
    *,
    conversation_id: str | None,
    customer_id: str | None,
    rating: int | None,
    comment: str | None,
    sentiment: float | None,
    now: datetime,
) -> FeedbackOutcome:
    """Store a rating of 1 to 5, a comment, or both; `sentiment` of the comment is -1 to 1.

    The same window may rate again later: each answer is a row of its own.
    """
    comment = (comment or "").strip() or None
    if rating is not None and not 1 <= rating <= 5:
        return FeedbackOutcome.OUT_OF_RANGE
    if rating is None and comment is None:
        return FeedbackOutcome.EMPTY
    connection.execute(
        insert(feedback).values(
            conversation_id=conversation_id,
            customer_id=customer_id,
            rating=rating,
            comment=comment,
            sentiment=sentiment,
            created_at=now,
        )
    )
    if rating is None:
        return FeedbackOutcome.COMMENT_ONLY
    if rating == 3:
        return FeedbackOutcome.NEUTRAL
    return FeedbackOutcome.HAPPY if rating > 3 else FeedbackOutcome.UNHAPPY
