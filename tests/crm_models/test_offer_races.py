"""Conversations that end at the same moment, on every database: one offer for a customer, and no budget exceeded."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

from shop_fixture import NOW
from sqlalchemy import func, insert, select
from sqlalchemy.engine import Engine

from crm_models.consents import Purpose, set_consent
from crm_models.next_action.decide import Asking, Means, decide
from crm_models.next_action.decision_log import read_decisions
from crm_models.next_action.kinds import Moment
from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.offers import accept_offer, decline_offer
from crm_models.shop_policy import ShopPolicy
from crm_models.tables import customers, decisions, offers, predictions

ADA = "C-000001"


def policy_with(day_cents: int) -> OfferPolicy:
    told = load_offer_policy().model_dump(by_alias=True)
    told["exploration"]["share"] = 0.0
    told["budget"]["day_cents"] = day_cents
    return OfferPolicy.model_validate(told)


def at_risk(engine: Engine, *customer_ids: str) -> None:
    with engine.begin() as connection:
        for customer_id in customer_ids:
            if customer_id != ADA:
                connection.execute(
                    insert(customers).values(customer_id=customer_id, tier="basic", created_at=NOW, language="en")
                )
            set_consent(connection, customer_id, Purpose.PERSONALISATION, True, "shop", NOW)
            for model, value in (("churn", 0.9), ("value", 20_000)):
                row = {"customer_id": customer_id, "model": model, "value": value, "label": "at_risk"}
                connection.execute(insert(predictions).values(row | {"model_version": "m-1", "scored_at": NOW}))


def at_once(count: int, work: Callable[[int, Barrier], None]) -> None:
    start = Barrier(count)
    threads = [Thread(target=work, args=(number, start)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_customer_gets_one_discount_and_gives_one_answer(shop_engine: Engine) -> None:
    at_risk(shop_engine, ADA)
    means = Means(policy_with(50_000), ShopPolicy, random.Random(1))
    made, answers = list[int](), list[bool]()

    def converse(number: int, start: Barrier) -> None:
        start.wait()
        with shop_engine.begin() as connection:
            decision = decide(connection, Asking(ADA, f"web-{number}", Moment.FEEDBACK, NOW, -0.9), means)
        if decision.offer is not None:
            made.append(decision.offer.offer_id)
        start.wait()
        with shop_engine.begin() as connection:
            answer = accept_offer if number % 2 else decline_offer
            answers.append(answer(connection, made[0], NOW))

    at_once(4, converse)
    assert len(made) == 1
    assert sorted(answers) == [False, False, False, True]
    with shop_engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(offers)).scalar_one() == 1
        assert sorted(row.action for row in read_decisions(connection)) == ["answer_only"] * 3 + ["retention_offer"]


def test_the_budget_holds_when_many_customers_are_served_at_once(shop_engine: Engine) -> None:
    whom = [ADA, *(f"C-1{number:05d}" for number in range(5))]
    at_risk(shop_engine, *whom)
    with shop_engine.begin() as connection:
        asking = Asking(whom[1], "web-x", Moment.FEEDBACK, NOW - timedelta(days=400), -0.9)
        first = decide(connection, asking, Means(policy_with(50_000), ShopPolicy, random.Random(1)))
    assert first.choice is not None and first.choice.cost_cents > 0
    budget = int(first.choice.cost_cents * 2.5)

    def converse(number: int, start: Barrier) -> None:
        start.wait()
        means = Means(policy_with(budget), ShopPolicy, random.Random(1))
        with shop_engine.begin() as connection:
            decide(connection, Asking(whom[number], f"web-{number}", Moment.FEEDBACK, NOW, -0.9), means)

    at_once(len(whom), converse)
    with shop_engine.connect() as connection:
        spent = connection.execute(
            select(func.sum(decisions.c.cost_cents)).where(decisions.c.created_at == NOW)
        ).scalar_one()
        refused = [row for row in read_decisions(connection) if row.reason == "budget_spent"]
    assert 0 < spent <= budget
    assert refused
