"""The situation of a customer as the database has it, in a few small queries.

What only a decision about money needs (usual order, budget) is read by functions of its own, so that the usual
decision, which the rules end, costs three queries.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from math import isfinite
from typing import Any

from sqlalchemy import bindparam, case, exists, func, literal, null, or_, select, union_all
from sqlalchemy.engine import Connection, Row

from crm_models.campaigns import CampaignOutcome
from crm_models.consents import Purpose
from crm_models.next_action.kinds import ActionKind
from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.situation import PastAction, Score
from crm_models.offers import OfferKind
from crm_models.tables import (
    campaigns,
    complaints,
    consents,
    customers,
    decisions,
    escalations,
    items,
    offers,
    order_lines,
    orders,
    predictions,
    products,
)

# What stands in `offers`, as the policy calls it.
OFFER_ACTIONS: Mapping[OfferKind, ActionKind] = {
    OfferKind.RETENTION: ActionKind.RETENTION_OFFER,
    OfferKind.RECOMMENDATION: ActionKind.RECOMMENDATION,
    OfferKind.APOLOGY: ActionKind.APOLOGY_CREDIT,
    OfferKind.PERK: ActionKind.LOYALTY_PERK,
}
_WITHOUT_OFFER = (ActionKind.ASK_FEEDBACK.value, ActionKind.HAND_OVER.value)
_LOOK_BACK = 50  # past actions


# Statements are built once: building them costs more than running them.
_WHOM = bindparam("customer_id")
_AGREED = [
    select(consents.c.granted)
    .where(consents.c.customer_id == _WHOM, consents.c.purpose == purpose.value)
    .order_by(consents.c.changed_at.desc(), consents.c.consent_id.desc())
    .limit(1)
    .scalar_subquery()
    .label(purpose.value)
    for purpose in Purpose
]
_COMPLAINTS = (
    select(func.count())
    .where(complaints.c.customer_id == _WHOM, complaints.c.status == "open")
    .scalar_subquery()
    .label("open_complaints")
)
_PERSONS = (
    select(func.count())
    .where(escalations.c.conversation_id == bindparam("conversation_id"), escalations.c.status != "closed")
    .scalar_subquery()
    .label("persons_asked")
)
# The uplift model learns from all campaigns: of one about visits its effect is no effect on orders.
_VISITS = (
    select(func.count())
    .where(campaigns.c.outcome == CampaignOutcome.VISIT.value)
    .scalar_subquery()
    .label("campaigns_about_visits")
)
_PERSON = (
    select(customers.c.tier, _COMPLAINTS, _PERSONS, _VISITS, *_AGREED)
    .where(customers.c.customer_id == _WHOM)
    .with_for_update(of=customers)
)
_SCORES = select(predictions).where(
    predictions.c.customer_id == _WHOM, predictions.c.model.in_(bindparam("models", expanding=True))
)
# A suggestion without a decision was asked for: that is an answer, and no addition.
_DECIDED = exists().where(decisions.c.customer_id == offers.c.customer_id, decisions.c.offer_id == offers.c.offer_id)
_ADDED = or_(offers.c.kind != OfferKind.RECOMMENDATION.value, _DECIDED)
_HISTORY = union_all(
    select(
        offers.c.kind.label("what"),
        offers.c.conversation_id,
        offers.c.created_at,
        offers.c.status,
        offers.c.expires_at,
    ).where(offers.c.customer_id == _WHOM, _ADDED),
    select(
        decisions.c.action.label("what"),
        decisions.c.conversation_id,
        decisions.c.created_at,
        literal("shown").label("status"),
        null().label("expires_at"),
    ).where(decisions.c.customer_id == _WHOM, decisions.c.action.in_(_WITHOUT_OFFER)),
).subquery()
_LATEST = select(_HISTORY).order_by(_HISTORY.c.created_at.desc()).limit(_LOOK_BACK)
_STOOD = (orders.c.customer_id == _WHOM) & orders.c.cancelled_at.is_(None)
_WHOLE = (
    select(func.sum(order_lines.c.price_cents * order_lines.c.quantity).label("cents"))
    .join(orders, orders.c.order_id == order_lines.c.order_id)
    .where(_STOOD)
    .group_by(orders.c.order_id)
    .subquery()
)
_LINE = (
    select(products.c.category)
    .join(items, items.c.product_id == products.c.product_id)
    .join(order_lines, order_lines.c.item_id == items.c.item_id)
    .join(orders, orders.c.order_id == order_lines.c.order_id)
    .where(_STOOD)
    .order_by(orders.c.placed_at.desc(), order_lines.c.price_cents.desc(), order_lines.c.line_id)
    .limit(1)
    .scalar_subquery()
)
_USUAL_ORDER = select(func.avg(_WHOLE.c.cents), _LINE)


def read_person(connection: Connection, customer_id: str, conversation_id: str) -> Row | None:
    """Tier, consents, open complaints, persons asked into the conversation, campaigns about visits.

    The customer's row is locked until the end of the transaction.

    The lock makes two conversations of one customer take turns on PostgreSQL; SQLite has one writer anyway.
    """
    return connection.execute(_PERSON, {"customer_id": customer_id, "conversation_id": conversation_id}).one_or_none()


def read_scores(connection: Connection, customer_id: str, models: Collection[str]) -> dict[str, Score]:
    """Scores by model; what of a score is not as it should be is left out."""
    rows = connection.execute(_SCORES, {"customer_id": customer_id, "models": list(models)})
    return {
        row.model: Score(
            value=row.value,
            label=row.label,
            scored_at=row.scored_at,
            version=row.model_version,
            details=_numbers(row.details),
            reasons=tuple(str(each) for each in row.reasons or ()),
        )
        for row in rows
    }


def read_history(connection: Connection, customer_id: str) -> tuple[PastAction, ...]:
    """What was offered unasked, and what else was done, newest first."""
    rows = connection.execute(_LATEST, {"customer_id": customer_id})
    return tuple(
        PastAction(_action(row.what), row.conversation_id, row.created_at, row.status, row.expires_at) for row in rows
    )


def read_usual_order(connection: Connection, customer_id: str) -> tuple[float | None, str | None]:
    """Mean value of the customer's orders in cents, and the product line of the latest; None without one."""
    row = connection.execute(_USUAL_ORDER, {"customer_id": customer_id}).one()
    return (None if row[0] is None else float(row[0])), row[1]


def read_budget_left(connection: Connection, policy: OfferPolicy, now: datetime) -> dict[ActionKind, float]:
    """What each action may still cost, in cents: the least of the day's, its own and its campaigns' budgets."""
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    running = [each for each in policy.budget.campaigns if each.runs_on(now.date())]
    begins = min([start, *(datetime.combine(each.begins, datetime.min.time()) for each in running)])
    today = func.sum(case((decisions.c.created_at >= start, decisions.c.cost_cents), else_=0.0))
    of_campaigns = [
        func.sum(case((decisions.c.created_at >= datetime.combine(each.begins, datetime.min.time()),
                       decisions.c.cost_cents), else_=0.0))
        for each in running
    ]  # fmt: skip
    rows = connection.execute(
        select(decisions.c.action, today, *of_campaigns)
        .where(decisions.c.created_at >= begins, decisions.c.cost_cents > 0)
        .group_by(decisions.c.action)
    ).all()
    spent: dict[str, Any] = {row[0]: row[1:] for row in rows}
    day_left = policy.budget.day_cents - sum(each[0] for each in spent.values())
    left: dict[ActionKind, float] = {}
    for kind in ActionKind:
        if kind is ActionKind.ANSWER_ONLY:
            continue
        least = [day_left]
        own = policy.terms(kind).day_cents
        if own is not None:
            least.append(own - spent.get(kind, (0.0,))[0])
        for number, campaign in enumerate(running, start=1):
            if kind in campaign.actions:
                least.append(campaign.cents - sum(spent[each][number] for each in campaign.actions if each in spent))
        left[kind] = min(least)
    return left


def _action(what: str) -> ActionKind:
    return OFFER_ACTIONS[OfferKind(what)] if what in {kind.value for kind in OfferKind} else ActionKind(what)


def _numbers(details: Any) -> dict[str, float]:
    """The finite numbers of a JSON object."""
    told = details if isinstance(details, dict) else {}
    return {name: float(each) for name, each in told.items() if isinstance(each, int | float) and isfinite(each)}
