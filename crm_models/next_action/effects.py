"""What became of decisions: the answer to an offer, the person who took over, the next order, a complaint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.next_action.curve import WITHIN_DAYS
from crm_models.next_action.decision_log import LoggedDecision
from crm_models.next_action.kinds import ActionKind
from crm_models.tables import complaints, escalations, orders

WITHIN = timedelta(days=WITHIN_DAYS)


@dataclass(frozen=True)
class Effect:
    """As far as it is known by now; days are counted from the decision."""

    answer: str | None  # of the offer: shown, accepted, declined
    answered_after: timedelta | None
    person: str | None  # of a conversation that was handed over: waiting, taken, closed
    ordered_after_days: int | None  # first order within WITHIN that was not cancelled
    complained_after_days: int | None


def effects_of(connection: Connection, decisions: Sequence[LoggedDecision]) -> list[Effect]:
    """One effect for each decision, in their order."""
    customers = {each.customer_id for each in decisions}
    placed = _times(connection, orders.c.customer_id, orders.c.placed_at, customers, orders.c.cancelled_at.is_(None))
    said = _times(connection, complaints.c.customer_id, complaints.c.created_at, customers)
    persons = _persons(connection, {str(each.conversation_id) for each in decisions})
    return [
        Effect(
            answer=each.answer,
            answered_after=None if each.answered_at is None else each.answered_at - each.created_at,
            person=persons.get(str(each.conversation_id)) if each.action == ActionKind.HAND_OVER else None,
            ordered_after_days=_days_until(each.created_at, placed.get(each.customer_id, ())),
            complained_after_days=_days_until(each.created_at, said.get(each.customer_id, ())),
        )
        for each in decisions
    ]


def _times(connection: Connection, whose: Any, when: Any, customers: set[str], *also: Any) -> dict[str, list[datetime]]:
    """When something happened, by customer."""
    found: dict[str, list[datetime]] = {}
    for customer_id, at in connection.execute(select(whose, when).where(whose.in_(customers), *also)):
        found.setdefault(customer_id, []).append(at)
    return found


def _persons(connection: Connection, conversations: set[str]) -> dict[str, str]:
    """The state of the latest escalation of each conversation."""
    rows = connection.execute(
        select(escalations.c.conversation_id, escalations.c.status)
        .where(escalations.c.conversation_id.in_(conversations))
        .order_by(escalations.c.escalation_id)
    )
    return {row.conversation_id: row.status for row in rows}


def _days_until(at: datetime, times: Iterable[datetime]) -> int | None:
    later = [each - at for each in times if timedelta(0) < each - at <= WITHIN]
    return min(later).days if later else None
