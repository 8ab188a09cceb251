"""The log of decisions: what was chosen, what else could have been, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection

from crm_models.next_action.choice import Choice
from crm_models.next_action.kinds import ActionKind, Moment, Reason
from crm_models.next_action.situation import Situation, situation_as_json
from crm_models.tables import decisions, offers

_BUDGET_LOCK = 0x52_41_50_42  # any number that nothing else on the database server uses

_INSERT = insert(decisions)


@dataclass(frozen=True)
class LoggedDecision:
    decision_id: int
    conversation_id: str | None
    customer_id: str
    moment: str
    action: str
    reason: str  # see `Reason`
    value_cents: float
    cost_cents: float
    propensity: float
    alternatives: tuple[Mapping[str, Any], ...]  # as `Alternative.as_json`
    policy_version: str
    model_versions: Mapping[str, str]
    offer_id: int | None
    created_at: datetime
    answer: str | None  # of the offer: shown, accepted, declined
    answered_at: datetime | None


def record_decision(
    connection: Connection,
    choice: Choice,
    situation: Situation,
    *,
    policy_version: str,
    model_versions: Mapping[str, str],
    offer_id: int | None,
) -> int:
    """Keep a decision with its alternatives, and with what it was made from; returns its number."""
    return _insert(
        connection,
        customer_id=situation.customer_id,
        conversation_id=situation.conversation_id,
        moment=situation.moment.value,
        action=choice.action.value,
        reason=choice.reason.value,
        value_cents=choice.value_cents,
        cost_cents=choice.cost_cents,
        propensity=choice.propensity,
        alternatives=[each.as_json() for each in choice.alternatives],
        situation=situation_as_json(situation),
        policy_version=policy_version,
        model_versions=dict(model_versions),
        offer_id=offer_id,
        created_at=situation.now,
    )


def record_failure(
    connection: Connection,
    *,
    customer_id: str,
    conversation_id: str | None,
    moment: Moment,
    policy_version: str,
    now: datetime,
) -> int:
    """Keep that no decision could be made, so the answer was given alone."""
    return _insert(
        connection,
        customer_id=customer_id,
        conversation_id=conversation_id,
        moment=moment.value,
        action=ActionKind.ANSWER_ONLY.value,
        reason=Reason.UNAVAILABLE.value,
        value_cents=0.0,
        cost_cents=0.0,
        propensity=1.0,
        alternatives=[],
        situation=None,
        policy_version=policy_version,
        model_versions={},
        offer_id=None,
        created_at=now,
    )


def lock_budget(connection: Connection) -> None:
    """Until the end of the transaction nobody else spends: so that what is read as left is left.

    On PostgreSQL an advisory lock; SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_BUDGET_LOCK)))


def read_decisions(
    connection: Connection,
    *,
    customer_id: str | None = None,
    conversation_id: str | None = None,
    limit: int | None = None,
) -> list[LoggedDecision]:
    """Decisions about a customer, in a conversation, or all; newest first."""
    query = (
        select(
            *(column for column in decisions.c if column.name != "situation"),
            offers.c.status.label("answer"),
            offers.c.answered_at,
        )
        .select_from(decisions.outerjoin(offers, offers.c.offer_id == decisions.c.offer_id))
        .order_by(decisions.c.created_at.desc(), decisions.c.decision_id.desc())
        .limit(limit)
    )
    if customer_id is not None:
        query = query.where(decisions.c.customer_id == customer_id)
    if conversation_id is not None:
        query = query.where(decisions.c.conversation_id == conversation_id)
    return [LoggedDecision(**{**row._mapping, "alternatives": tuple(row.alternatives)}) for row in
            connection.execute(query)]  # fmt: skip


def _insert(connection: Connection, **values: Any) -> int:
    return int(connection.execute(_INSERT, values).inserted_primary_key[0])
