"""What another policy would have earned: on a shop's own log, with decisions and orders in a real database."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from crm_models.consents import Purpose, set_consent
from crm_models.next_action.choice import choose
from crm_models.next_action.decide import Asking, Means, decide
from crm_models.next_action.kinds import ActionKind, Moment
from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.next_action.policy_value import policy_value, read_shop_log
from crm_models.next_action.situation import situation_of_json
from crm_models.shop_policy import ShopPolicy
from crm_models.tables import customers, decisions, items, offers, order_lines, orders, predictions, products

NOW = datetime(2026, 9, 1)
STARTED = NOW - timedelta(days=75)
CUSTOMERS = 500
GOODS, MARGIN = 10_000, 0.35
WITH_OFFER, WITHOUT = 0.7, 0.2  # chance of an order
ORDERED_IN = timedelta(days=5)


def changed(**terms: Any) -> OfferPolicy:
    """The shipped policy with some terms replaced, `actions__hand_over__on=False`."""
    told = load_offer_policy().model_dump(mode="json", by_alias=True)
    for path, value in terms.items():
        *way, last = path.split("__")
        place = told
        for part in way:
            place = place[part]
        place[last] = value
    return OfferPolicy.model_validate(told)


EXPLORING = changed(exploration__share=0.5, exploration__actions=["answer_only", "retention_offer"])
WITHOUT_OFFERS = changed(exploration__share=0.0, actions__retention_offer__on=False)


@pytest.fixture
def logged(connection: Connection) -> Connection:
    """Unhappy customers who may leave; half of the decisions are drawn. Who is offered a discount orders more often."""
    draw = random.Random(4)
    connection.execute(insert(products).values(product_id="P", name="Kettle", category="kitchen"))
    connection.execute(insert(items).values(item_id="I", product_id="P", price_cents=GOODS, stock=9))
    means = Means(EXPLORING, ShopPolicy, draw)
    for number in range(CUSTOMERS):
        who, at = f"C-{number}", STARTED + timedelta(hours=2 * number)
        connection.execute(insert(customers).values(customer_id=who, tier="basic", created_at=STARTED, language="en"))
        set_consent(connection, who, Purpose.PERSONALISATION, True, "shop", STARTED)
        for model, value in (("churn", 0.9), ("value", 30_000.0)):
            row = {"model": model, "value": value, "label": "at_risk", "model_version": "m-1", "scored_at": at}
            connection.execute(insert(predictions).values(customer_id=who, **row))
        decision = decide(connection, Asking(who, f"web-{number}", Moment.FEEDBACK, at, -0.9), means)
        offered = decision.action is ActionKind.RETENTION_OFFER
        if draw.random() < (WITH_OFFER if offered else WITHOUT):
            order(connection, who, at + ORDERED_IN, GOODS // 10 if offered else 0)
    return connection


def order(connection: Connection, who: str, at: datetime, discount: int, **more: Any) -> None:
    number = f"O-{who}-{at:%d%H}"
    row = {"order_id": number, "status": "delivered", "placed_at": at, "discount_cents": discount, **more}
    connection.execute(insert(orders).values(customer_id=who, **row))
    connection.execute(insert(order_lines).values(order_id=number, item_id="I", quantity=1, price_cents=GOODS))


def test_the_value_of_another_policy_is_what_its_action_earned(logged: Connection) -> None:
    found = policy_value(logged, WITHOUT_OFFERS, NOW, days=90)
    assert found.refusal is None and found.evaluation is not None
    assert (found.decisions, found.left_out) == (CUSTOMERS, 0)
    assert found.changed > 0.5
    without, offered = WITHOUT * GOODS * MARGIN, WITH_OFFER * (GOODS * MARGIN - GOODS // 10)
    estimate = found.evaluation.doubly_robust
    assert estimate.low < without < estimate.high < offered
    assert found.evaluation.gain.high < 0, "the discount pays in this shop"
    always = policy_value(logged, changed(exploration__share=0.0), NOW, days=90).evaluation
    assert always is not None and always.doubly_robust.low < offered < always.doubly_robust.high


def test_the_log_keeps_the_chance_of_every_action_and_what_it_was_made_from(logged: Connection) -> None:
    rows = logged.execute(select(decisions)).all()
    for row in rows[:50]:
        told = {each["action"]: each["chance"] for each in row.alternatives}
        assert sum(told.values()) == pytest.approx(1.0)
        assert told[row.action] == pytest.approx(row.propensity)
        again = choose(situation_of_json(row.situation), EXPLORING, random.Random(1))
        assert {each.action.value: each.chance for each in again.alternatives} == pytest.approx(told)


def test_only_orders_that_stand_and_came_in_time_count(logged: Connection) -> None:
    before = read_shop_log(logged, EXPLORING, NOW, 90).decisions
    order(logged, "C-0", STARTED + timedelta(days=31), 0)
    order(logged, "C-0", STARTED - timedelta(days=1), 0)
    order(logged, "C-0", STARTED + timedelta(days=2), 0, cancelled_at=NOW)
    assert read_shop_log(logged, EXPLORING, NOW, 90).decisions.reward[0] == before.reward[0]
    order(logged, "C-0", STARTED + timedelta(days=3), 500)
    assert read_shop_log(logged, EXPLORING, NOW, 90).decisions.reward[0] - before.reward[0] == GOODS * MARGIN - 500
    own = changed(economy__margin_by_line={"kitchen": 0.5})
    assert read_shop_log(logged, own, NOW, 90).decisions.reward[0] > before.reward[0] + GOODS * MARGIN


def test_points_that_were_taken_and_the_time_of_people_cost(logged: Connection) -> None:
    before = read_shop_log(logged, EXPLORING, NOW, 90).decisions.reward
    logged.execute(update(offers).where(offers.c.customer_id == "C-1").values(points=200, status="accepted"))
    logged.execute(update(decisions).where(decisions.c.customer_id == "C-2").values(action="hand_over"))
    first = logged.execute(select(decisions.c.action).where(decisions.c.customer_id == "C-1")).scalar_one()
    with pytest.raises(ValueError, match="no chance"):
        read_shop_log(logged, EXPLORING, NOW, 90)
    logged.execute(
        update(decisions)
        .where(decisions.c.customer_id == "C-2")
        .values(alternatives=[{"action": "hand_over", "chance": 1.0}])
    )
    after = read_shop_log(logged, EXPLORING, NOW, 90).decisions.reward
    assert before[1] - after[1] == (200 if first == "retention_offer" else 0)
    assert before[2] - after[2] == 400


def test_what_the_log_never_tried_is_refused(logged: Connection) -> None:
    credits = changed(
        exploration__share=0.0,
        actions__retention_offer__on=False,
        actions__apology_credit__troubles={"none": 1.0},
    )
    found = policy_value(logged, credits, NOW, days=90)
    assert found.refusal is not None and "never tried" in found.refusal


def test_failed_decisions_and_those_without_their_situation_are_left_out(logged: Connection) -> None:
    logged.execute(update(decisions).where(decisions.c.customer_id == "C-1").values(situation=None))
    logged.execute(update(decisions).where(decisions.c.customer_id == "C-2").values(reason="unavailable"))
    found = policy_value(logged, WITHOUT_OFFERS, NOW, days=90)
    assert (found.decisions, found.left_out) == (CUSTOMERS - 2, 2)


def test_an_empty_or_a_young_log_is_told(logged: Connection) -> None:
    young = policy_value(logged, WITHOUT_OFFERS, STARTED + timedelta(days=20), days=90)
    assert young.evaluation is None and young.refusal is not None
    assert "0 decisions" in young.refusal and "30 days old" in young.refusal and "--within" in young.refusal
