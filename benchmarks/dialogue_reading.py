"""Goals of customers who want to know something, or who must be refused."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from actions.formats import money
from actions.words import word
from benchmarks.dialogue_goals import Goal, Maker, Person, fill
from benchmarks.dialogue_state import EndState
from benchmarks.phrases import phrases
from crm_models.loyalty import points_balance
from crm_models.orders import Order, OrderStatus
from crm_models.refunds import RefundOutcome, refund_status
from crm_models.tables import orders, shipments, shop


def reading_makers(imported: bool) -> dict[str, Maker]:
    """By kind; an imported shop is asked about its own policy page."""
    return {
        "status": status,
        "refund": refund,
        "points": points,
        "question": policy_question if imported else question,
        "cancel_too_late": cancel_too_late,
        "foreign_order": foreign_order,
    }


def status(person: Person, rng: random.Random) -> Goal | None:
    """Where an open order is: its tracking number, or what is being done with it."""
    found = [(order, fact) for order in person.orders if order.is_open and (fact := _progress(order))]
    if not found:
        return None
    order, fact = rng.choice(found)
    end = EndState(said=(order.order_id, fact))
    return about_order(person, "status", order, end, {"order_status", "track_package", "order_late"})


def refund(person: Person, rng: random.Random) -> Goal | None:
    """How much comes back for an order."""
    found = []
    for order in person.orders:
        result = refund_status(person.connection, person.identity, order.order_id, person.now)
        cents = result.waiting_cents + result.moving_cents or result.done_cents
        if result.outcome is not RefundOutcome.NO_REFUND and cents:
            found.append((order, money(cents, person.currency)))
    if not found:
        return None
    order, amount = rng.choice(found)
    return about_order(person, "refund", order, EndState(said=(order.order_id, amount)), {"refund_status"})


def points(person: Person, _: random.Random) -> Goal | None:
    """How many points there are; only where a shop gives any."""
    balance = points_balance(person.connection, person.customer_id, person.policy, person.now)
    if balance.points <= 0:
        return None
    end = EndState(said=(f"{balance.points} points",))
    return Goal("points", person.customer_id, phrases()["openings"]["points"], end, frozenset({"loyalty_points"}))


def question(person: Person, rng: random.Random) -> Goal:
    """What one of the demo shop's articles says, with that article linked."""
    asked = rng.choice(phrases()["questions"])
    return Goal("question", person.customer_id, [asked["ask"]], EndState(sources=frozenset(asked["articles"])))


def policy_question(person: Person, rng: random.Random) -> Goal | None:
    """What the imported shop's policy page says, with that page linked."""
    articles = person.connection.execute(select(shop.c.value).where(shop.c.key == "articles")).scalar_one_or_none()
    if not articles:
        return None
    asked = rng.choice(phrases()["policy_questions"])
    return Goal("question", person.customer_id, [asked], EndState(sources=frozenset(articles)))


def cancel_too_late(person: Person, rng: random.Random) -> Goal | None:
    """An order that has left: the customer is told so, and nothing changes."""
    gone = [order for order in person.orders if order.status in (OrderStatus.PROCESSED, OrderStatus.SHIPPED)]
    if not gone:
        return None
    order = rng.choice(gone)
    state = word(f"status_{order.status.value}")
    goal = about_order(person, "cancel_too_late", order, EndState(said=(order.order_id, state)), {"cancel_order"})
    return replace(goal, openings=fill(phrases()["cancel_too_late"], goal.fields))


def foreign_order(person: Person, rng: random.Random) -> Goal | None:
    """Somebody else's order: its tracking number is not told, however often the customer asks."""
    others = person.connection.execute(
        select(orders.c.order_id, shipments.c.tracking_id)
        .join(shipments, shipments.c.order_id == orders.c.order_id)
        .where(orders.c.customer_id != person.customer_id, orders.c.status == OrderStatus.SHIPPED.value)
        .order_by(orders.c.order_id)
        .limit(200)
    ).all()
    if not others:
        return None
    order_id, tracking_id = rng.choice(others)
    end = EndState(unsaid=(tracking_id,), insists=True)
    openings = fill(phrases()["foreign_order"], {"order": order_id})
    return Goal("foreign_order", person.customer_id, openings, end, facts={"order_id": order_id})


def about_order(
    person: Person,
    kind: str,
    order: Order,
    end: EndState,
    intents: set[str],
    facts: Mapping[str, str] | None = None,
    spoken: Mapping[str, Any] | None = None,
    fields: Mapping[str, str] | None = None,
) -> Goal:
    """A goal that is about one order, in the phrases of its kind."""
    known = {"order": order.order_id, **(fields or {})}
    return Goal(
        kind,
        person.customer_id,
        fill(phrases()["openings"].get(kind, ()), known),
        end,
        frozenset(intents),
        {"order_id": order.order_id, **(facts or {})},
        {"order_id": fill(phrases()["order"], known), **(spoken or {})},
        known,
    )


def _progress(order: Order) -> str | None:
    """What only somebody who found the order can tell."""
    if order.status is OrderStatus.SHIPPED:
        return order.shipments[-1].tracking_id if order.shipments else None
    return word(f"status_{order.status.value}")
