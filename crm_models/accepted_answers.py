"""Answers from the articles that helped: the customer said so or read on in the source, and nobody took them back.

An answer counts as accepted when, right after it, the customer thanked for it; or opened the link of an article that
it cites; or, where it is the only answer of the conversation, rated the conversation with 4 or 5. It does not when a
person was brought in or a complaint made next, when the conversation was rated badly afterwards, or when staff took
it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection

from crm_models.tables import (
    answer_marks,
    conversations,
    customers,
    escalations,
    feedback,
    messages,
    personal_columns,
)

_ANSWER = "utter_answer_answered"
_THANKS = "thanks"
# Said next, these speak against the answer.
_AGAINST = frozenset({"ask_person", "complaint", "insult", "deny", "nlu_unsure", "out_of_scope"})
_GOOD, _BAD = 4, 2
_OPENED, _TAKEN_BACK = "opened", "taken_back"


class Sign(StrEnum):
    """How it is known that an answer helped; the first that holds is told."""

    THANKED = "thanked"
    RATED = "rated"
    OPENED = "opened"


@dataclass(frozen=True)
class AcceptedAnswer:
    """`event_id` is the answer's message, `question` what the customer typed.

    `known` are the customer's personal values by column, as the shop knows them.
    """

    event_id: str
    question: str
    passages: tuple[str, ...]
    sign: Sign
    answered_at: datetime
    known: Mapping[str, str]


def mark_opened(connection: Connection, conversation_id: str, article_id: str, now: datetime) -> None:
    """The customer followed a link to this article."""
    connection.execute(
        insert(answer_marks).values(
            conversation_id=conversation_id, kind=_OPENED, article_id=article_id[:200], created_at=now
        )
    )


def take_back(connection: Connection, event_id: str, because: str, now: datetime) -> bool:
    """Staff says that this answer did not help; False where there is no such answer."""
    is_answer = messages.c.response == _ANSWER
    query = select(messages.c.conversation_id).where(messages.c.event_id == event_id, is_answer)
    conversation_id = connection.execute(query).scalar()
    if conversation_id is None:
        return False
    connection.execute(
        insert(answer_marks).values(
            conversation_id=conversation_id, event_id=event_id, kind=_TAKEN_BACK, because=because[:200], created_at=now
        )
    )
    return True


def accepted_answers(connection: Connection) -> list[AcceptedAnswer]:
    """All of them, by conversation, the oldest first."""
    marks = _by_conversation(connection, answer_marks)
    brought_in = _by_conversation(connection, escalations)
    rated = _by_conversation(connection, feedback)
    found: list[AcceptedAnswer] = []
    for conversation_id, rows in groupby(_logged(connection), key=lambda row: row["conversation_id"]):
        turns = list(_turns(list(rows)))
        answers = [turn for turn in turns if turn.answer is not None]
        for place, turn in enumerate(turns):
            if turn.answer is None or not turn.is_typed:
                continue
            scene = _Scene(
                turn,
                turns[place + 1 : place + 3],
                [each for each in marks.get(conversation_id, ()) if each.created_at >= turn.answered_at],
                [each for each in brought_in.get(conversation_id, ()) if each.created_at >= turn.answered_at],
                [each for each in rated.get(conversation_id, ()) if each.created_at >= turn.answered_at],
                is_only=len(answers) == 1,
            )
            sign = scene.sign()
            if sign is not None:
                found.append(turn.accepted(sign))
    return found


@dataclass(frozen=True)
class _Turn:
    """What the customer said, and the one answer from the articles that it got; None where it got none, or several."""

    said: Sequence[Mapping[str, Any]]
    answer: Mapping[str, Any] | None

    @property
    def is_typed(self) -> bool:
        return len(self.said) == 1 and bool(self.said[0]["intent_set"]) and bool(self.said[0]["text"])

    @property
    def intent(self) -> str:
        return str(self.said[-1]["intent"] or "")

    @property
    def began_at(self) -> datetime:
        began: datetime = self.said[0]["created_at"]
        return began

    @property
    def answered_at(self) -> datetime:
        assert self.answer is not None
        at: datetime = self.answer["created_at"]
        return at

    def accepted(self, sign: Sign) -> AcceptedAnswer:
        assert self.answer is not None
        known = {name: self.said[0][f"known_{name}"] for name in personal_columns(customers)}
        return AcceptedAnswer(
            event_id=self.answer["event_id"],
            question=self.said[0]["text"],
            passages=tuple(self.answer["passages"]),
            sign=sign,
            answered_at=self.answered_at,
            known={name: value for name, value in known.items() if value},
        )


@dataclass(frozen=True)
class _Scene:
    """An answer, and what came after it."""

    turn: _Turn
    next: Sequence[_Turn]
    marks: Sequence[Any]
    brought_in: Sequence[Any]
    rated: Sequence[Any]
    is_only: bool

    def sign(self) -> Sign | None:
        assert self.turn.answer is not None
        until = self.next[1].began_at if len(self.next) > 1 else datetime.max
        ratings = [each.rating for each in self.rated if each.rating is not None]
        if (
            any(mark.kind == _TAKEN_BACK and mark.event_id == self.turn.answer["event_id"] for mark in self.marks)
            or any(each.created_at < until for each in self.brought_in)
            or any(rating <= _BAD for rating in ratings)
            or (self.next and self.next[0].intent in _AGAINST)
        ):
            return None
        # Thanks among other messages may be for anything.
        if self.next and self.next[0].intent == _THANKS and len(self.next[0].said) == 1:
            return Sign.THANKED
        if self.is_only and any(rating >= _GOOD for rating in ratings):
            return Sign.RATED
        articles = {passage.rpartition("#")[0] for passage in self.turn.answer["passages"]}
        before = self.next[0].began_at if self.next else datetime.max
        opened = (mark for mark in self.marks if mark.kind == _OPENED and mark.created_at < before)
        return Sign.OPENED if any(mark.article_id in articles for mark in opened) else None


def _turns(rows: Sequence[Mapping[str, Any]]) -> Iterator[_Turn]:
    """Of one conversation."""
    said: list[Mapping[str, Any]] = []
    replies: list[Mapping[str, Any]] = []
    for row in rows:
        if row["author"] == "customer":
            if replies and said:
                yield _turn(said, replies)
                said, replies = [], []
            said.append(row)
        else:
            replies.append(row)
    if said:
        yield _turn(said, replies)


def _turn(said: Sequence[Mapping[str, Any]], replies: Sequence[Mapping[str, Any]]) -> _Turn:
    citing = [row for row in replies if row["passages"]]
    one = citing[0] if len(citing) == 1 and citing[0]["response"] == _ANSWER else None
    return _Turn(tuple(said), one)


def _logged(connection: Connection) -> Iterator[Mapping[str, Any]]:
    """The messages of conversations in which the articles answered, with the customer's personal values."""
    answered = select(messages.c.conversation_id).where(messages.c.response == _ANSWER)
    owner = func.coalesce(messages.c.customer_id, conversations.c.customer_id)
    known = [customers.c[name].label(f"known_{name}") for name in personal_columns(customers)]
    joined = messages.outerjoin(conversations, conversations.c.conversation_id == messages.c.conversation_id)
    query = (
        select(messages, *known)
        .select_from(joined.outerjoin(customers, customers.c.customer_id == owner))
        .where(messages.c.conversation_id.in_(answered))
        .order_by(messages.c.conversation_id, messages.c.created_at, messages.c.message_id)
    )
    yield from connection.execute(query).mappings()


def _by_conversation(connection: Connection, table: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for row in connection.execute(select(table).where(table.c.conversation_id.is_not(None))):
        found.setdefault(row.conversation_id, []).append(row)
    return found
