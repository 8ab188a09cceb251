"""The satisfaction of logged conversations, as the desk and the insights read it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.sql import Select

from crm_models.database import reading
from crm_models.satisfaction.model import Satisfaction, SatisfactionModel
from crm_models.satisfaction.turns import Conversation, read_conversation
from crm_models.tables import messages, satisfaction
from crm_models.training import Progress

STILL_GOING = timedelta(minutes=30)  # since the last message: a conversation that may go on is not judged
_CHUNK = 200


def satisfaction_of(
    connection: Connection, conversation_id: str, model: SatisfactionModel | None = None
) -> Satisfaction | None:
    """The score of a conversation as it stands, with its parts; None where nothing was said.

    Args:
        model: the shop's; the shipped weights by default.
    """
    conversation = read_conversation(connection, conversation_id)
    return None if conversation is None else (model or SatisfactionModel.shipped()).satisfaction_of(conversation)


def score_conversations(
    engine: Engine, model: SatisfactionModel, now: datetime, progress: Progress | None = None
) -> int:
    """Write the scores of all conversations that ended and are not scored by this model yet.

    Returns:
        How many were scored.
    """
    with reading(engine) as connection:
        names = list(connection.execute(_unscored(model.version, now)).scalars())
    for start in range(0, len(names), _CHUNK):
        chunk = names[start : start + _CHUNK]
        with engine.begin() as connection:
            found = [each for each in (read_conversation(connection, name) for name in chunk) if each is not None]
            connection.execute(delete(satisfaction).where(satisfaction.c.conversation_id.in_(chunk)))
            connection.execute(insert(satisfaction), [_row(each, model, now) for each in found])
        if progress is not None:
            progress("conversations", start + len(chunk), len(names))
    return len(names)


def _unscored(version: str, now: datetime) -> Select:
    """Also those where something was said after they were scored."""
    last = (
        select(messages.c.conversation_id, func.max(messages.c.created_at).label("said_at"))
        .group_by(messages.c.conversation_id)
        .subquery()
    )
    scored = satisfaction.c.model_version == version
    joined = last.outerjoin(
        satisfaction,
        (satisfaction.c.conversation_id == last.c.conversation_id)
        & scored
        & (satisfaction.c.scored_at >= last.c.said_at),
    )
    return (
        select(last.c.conversation_id)
        .select_from(joined)
        .where(satisfaction.c.conversation_id.is_(None), last.c.said_at < now - STILL_GOING)
        .order_by(last.c.conversation_id)
    )


def _row(conversation: Conversation, model: SatisfactionModel, now: datetime) -> dict[str, object]:
    found = model.satisfaction_of(conversation)
    return {
        "conversation_id": conversation.conversation_id,
        "customer_id": conversation.customer_id,
        "score": found.score,
        "base": found.base,
        "parts": dict(found.parts),
        "turns": list(found.turns),
        "model_version": model.version,
        "scored_at": now,
    }
