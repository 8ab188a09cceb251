"""What another policy would have earned, from this shop's own log: decisions, and the orders that followed them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import select
from sqlalchemy.engine import Connection, Row

from crm_models.next_action.kinds import ActionKind, Reason
from crm_models.next_action.off_policy import Evaluation, LoggedDecisions, evaluate
from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.replay import ACTIONS, context_of, table_of_chances
from crm_models.next_action.situation import Situation, situation_of_json
from crm_models.order_margins import order_margins
from crm_models.tables import decisions, offers, orders

WITHIN_DAYS = 30
FEWEST = 2  # decisions, for a mean with an error


@dataclass(frozen=True)
class ShopLog:
    """Decisions whose time is over, with what they earned."""

    decisions: LoggedDecisions
    situations: tuple[Situation, ...]
    left_out: int  # decisions that failed, or were logged without the situation


@dataclass(frozen=True)
class PolicyValue:
    """`evaluation` is None where nothing can be said; `refusal` tells why."""

    decisions: int
    left_out: int
    changed: float  # share of the decisions in which the other policy's likeliest action is another one
    evaluation: Evaluation | None
    refusal: str | None


def policy_value(
    connection: Connection, other: OfferPolicy, now: datetime, days: int, within_days: int = WITHIN_DAYS
) -> PolicyValue:
    """Estimate what `other` would have earned a decision, beside the policy that was in force.

    The margin of a customer's orders within `within_days` counts, less their discounts and what the action cost itself.
    Margins are those of `other`, for both policies.

    Args:
        now: the present, UTC without zone.
        days: how far back the log is read.
        within_days: how long orders count; decisions that are younger are not read.
    """
    log = read_shop_log(connection, other, now, days, within_days)
    count = len(log.decisions)
    if count < FEWEST:
        said = (
            f"There are {count} decisions from the last {days} days that are {within_days} days old. "
            "Let the policy decide for longer, or count orders for fewer days: `--within`."
        )
        return PolicyValue(count, log.left_out, 0.0, None, said)
    target = table_of_chances(log.situations, other)
    found = evaluate(log.decisions, target)
    changed = float((target.argmax(axis=1) != log.decisions.action).mean())
    return PolicyValue(count, log.left_out, changed, found, found.overlap.refusal)


def read_shop_log(
    connection: Connection, policy: OfferPolicy, now: datetime, days: int, within_days: int = WITHIN_DAYS
) -> ShopLog:
    """Decisions of the last `days` days that are `within_days` old, oldest first."""
    until = now - timedelta(days=within_days)
    rows = connection.execute(
        select(decisions, offers.c.status.label("answer"), offers.c.points)
        .select_from(decisions.outerjoin(offers, offers.c.offer_id == decisions.c.offer_id))
        .where(decisions.c.created_at >= now - timedelta(days=days), decisions.c.created_at < until)
        .order_by(decisions.c.created_at, decisions.c.decision_id)
    ).all()
    kept = [row for row in rows if row.situation is not None and row.reason != Reason.UNAVAILABLE.value]
    situations = tuple(situation_of_json(row.situation) for row in kept)
    earned = _margins(connection, policy, kept, timedelta(days=within_days))
    cost = [_own_cost(row, situation, policy) for row, situation in zip(kept, situations, strict=True)]
    names = {customer: number for number, customer in enumerate(sorted({row.customer_id for row in kept}))}
    logged = LoggedDecisions(
        reward=np.array(earned, dtype=np.float64) - np.array(cost, dtype=np.float64),
        action=np.array([ACTIONS.index(ActionKind(row.action)) for row in kept], dtype=np.int64),
        chance=np.array([_chances(row) for row in kept]).reshape(len(kept), len(ACTIONS)),
        context=np.array([context_of(each) for each in situations]).reshape(len(kept), -1)
        if kept
        else np.zeros((0, 1)),
        customer=np.array([names[row.customer_id] for row in kept], dtype=np.int64),
    )
    return ShopLog(logged, situations, len(rows) - len(kept))


def _chances(row: Row) -> list[float]:
    """Of each action, as it was logged; actions that the rules refused have none."""
    told = {each["action"]: float(each.get("chance", 0.0)) for each in row.alternatives}
    return [told.get(kind.value, 0.0) for kind in ACTIONS]


def _own_cost(row: Row, situation: Situation, policy: OfferPolicy) -> float:
    """Of doing it, and of points that were taken; what comes off an order is in the order."""
    kind = ActionKind(row.action)
    cost = 0.0 if kind is ActionKind.ANSWER_ONLY else float(policy.terms(kind).cost_cents)
    return cost + (row.points * situation.point_cents if row.points and row.answer == "accepted" else 0.0)


def _margins(connection: Connection, policy: OfferPolicy, rows: Sequence[Row], span: timedelta) -> list[float]:
    """Of each decision, what the customer's orders of the time after it earned, in cents."""
    if not rows:
        return []
    which = (
        orders.c.placed_at >= rows[0].created_at,
        orders.c.placed_at < rows[-1].created_at + span,
        orders.c.cancelled_at.is_(None),
        orders.c.customer_id.in_(select(decisions.c.customer_id).distinct()),
    )
    margins = order_margins(connection, policy.margin, *which)
    placed: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
    for order in connection.execute(select(orders.c.customer_id, orders.c.order_id, orders.c.placed_at).where(*which)):
        placed[order.customer_id][order.order_id] = order.placed_at
    return [
        sum(
            margins[order_id]
            for order_id, at in placed.get(row.customer_id, {}).items()
            if row.created_at <= at < row.created_at + span
        )
        for row in rows
    ]
