"""The report on decisions by group: it sees a difference that is there, and none that is not."""

from __future__ import annotations

from datetime import timedelta

from shop_fixture import NOW
from sqlalchemy import insert
from sqlalchemy.engine import Connection, Engine

from crm_models.next_action.fairness import decision_fairness
from crm_models.offers import OfferKind, make_offer
from crm_models.tables import customers, decisions


def decided(connection: Connection, number: int, country: str, offered: bool, percent: int) -> None:
    customer_id = f"C-F{number:04d}"
    connection.execute(
        insert(customers).values(customer_id=customer_id, tier="basic", country=country, language="en", created_at=NOW)
    )
    offer_id = None
    if offered:
        offer_id = make_offer(
            connection, customer_id=customer_id, conversation_id=None, kind=OfferKind.RETENTION, reason="may_leave",
            model_version=None, now=NOW, valid=timedelta(days=30), percent_off=percent,
        ).offer_id  # fmt: skip
    connection.execute(
        insert(decisions).values(
            customer_id=customer_id, moment="feedback", action="retention_offer" if offered else "answer_only",
            reason="may_leave" if offered else "budget_spent", value_cents=1.0, cost_cents=100.0, propensity=1.0,
            alternatives=[], policy_version="1", model_versions={}, offer_id=offer_id, created_at=NOW,
        )
    )  # fmt: skip


def test_a_group_that_gets_less_is_seen(engine: Engine) -> None:
    with engine.begin() as connection:
        for number in range(400):
            favoured = number % 2 == 0
            got = number % 10 < 8 if favoured else number % 10 < 4
            decided(connection, number, "DE" if favoured else "FR", got, 15 if favoured else 10)
    measures, given = decision_fairness(engine, NOW + timedelta(days=1), days=30)
    by_name = {measure.name: {row.group: row for row in measure.groups} for measure in measures}
    got = by_name["got an offer"]
    assert got["DE"].share.value > got["FR"].share.value
    assert got["DE"].differs and got["FR"].differs and not got["basic"].differs
    assert by_name["got nothing because a budget was spent"]["FR"].differs
    percent = {amount.group: amount for amount in given[0].amounts}
    assert (percent["DE"].mean, percent["FR"].mean) == (15.0, 10.0)
    assert percent["DE"].differs and not percent["basic"].differs


def test_groups_that_are_treated_alike_do_not_differ_and_small_ones_are_not_shown(engine: Engine) -> None:
    with engine.begin() as connection:
        for number in range(200):
            decided(connection, number, "DE" if number % 4 < 2 else "FR", number % 2 == 0, 10)
        decided(connection, 900, "MT", True, 10)
    measures, _ = decision_fairness(engine, NOW + timedelta(days=1), days=30)
    shown = {row.group: row.differs for row in measures[0].groups}
    assert "MT" not in shown and not any(shown.values())


def test_without_decisions_there_is_nothing_to_report(engine: Engine) -> None:
    assert decision_fairness(engine, NOW, days=30) == ((), ())
