from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pandas as pd
import pytest
from people import NOW, add_customer, add_order
from sqlalchemy import delete, insert, update
from sqlalchemy.engine import Connection, Engine

from crm_models import tables
from crm_models.database import create_engine, migrate, reading
from crm_models.features import FEATURES, bought_within, features_at
from crm_models.gaps import GapCloser, GapKind, GapSort, GapStatus, advance_gap, record_gap
from crm_models.history import read_history
from demo.seed import seed_shop

ADA = "C-000001"


def days_ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def features(connection: Connection, cut_off: datetime = NOW) -> pd.Series:
    return features_at(read_history(connection), cut_off).loc[ADA]


@pytest.fixture
def ada(connection: Connection) -> Connection:
    """Ada, customer for 400 days, ordered 200 and 50 days ago."""
    add_customer(connection, ADA)
    for order_id, days, price in (("HV-1", 200, 3000), ("HV-2", 50, 1000)):
        add_order(connection, order_id, status="delivered", placed_at=days_ago(days))
        connection.execute(
            update(tables.orders)
            .where(tables.orders.c.order_id == order_id)
            .values(promised_on=days_ago(days - 4).replace(hour=0), delivered_at=days_ago(days - 4))
        )
        connection.execute(insert(tables.products).values(product_id=f"P-{order_id}", name="x", category="y"))
        connection.execute(
            insert(tables.items).values(item_id=f"I-{order_id}", product_id=f"P-{order_id}", price_cents=price)
        )
        connection.execute(
            insert(tables.order_lines).values(order_id=order_id, item_id=f"I-{order_id}", quantity=2, price_cents=price)
        )
    return connection


def change(connection: Connection, order_id: str, **values: object) -> None:
    connection.execute(update(tables.orders).where(tables.orders.c.order_id == order_id).values(**values))


def test_recency_frequency_and_money(ada: Connection) -> None:
    change(ada, "HV-2", discount_cents=500)
    found = features(ada)
    assert list(found.index) == list(FEATURES)
    assert found["no_order_for"] == 50
    assert (found["orders"], found["orders_in_a_year"]) == (2, 2)
    assert found["spent_cents"] == 2 * 3000 + 2 * 1000 - 500
    assert found["customer_for"] == 400
    assert found["discounted_percent"] == 50
    assert found["times_usual_gap"] == pytest.approx(50 / ((150 + 120) / 2))


def test_a_day_in_the_past_knows_nothing_of_later(ada: Connection) -> None:
    found = features(ada, days_ago(100))
    assert (found["no_order_for"], found["orders"], found["spent_cents"]) == (100, 1, 6000)


def test_an_order_counts_until_it_is_cancelled(ada: Connection) -> None:
    change(ada, "HV-2", cancelled_at=days_ago(40), status="cancelled")
    assert features(ada, days_ago(45))["orders"] == 2
    assert features(ada)["orders"] == 1


def test_who_never_ordered_has_no_row(ada: Connection) -> None:
    add_customer(ada, "C-000002", email="b@example.com")
    assert list(features_at(read_history(ada), NOW).index) == [ADA]
    assert features_at(read_history(ada), days_ago(300)).empty


@pytest.mark.parametrize(
    ("delivered_days_ago", "late"),
    [
        (46, 0),  # on the day it was promised for
        (45, 1),
        (None, 1),  # still on its way
    ],
)
def test_late_is_after_the_promised_day(ada: Connection, delivered_days_ago: int | None, late: int) -> None:
    change(ada, "HV-2", delivered_at=days_ago(delivered_days_ago) if delivered_days_ago else None)
    assert features(ada)["late_deliveries"] == late


def test_a_parcel_that_came_late_was_not_late_before_the_promised_day(ada: Connection) -> None:
    change(ada, "HV-2", delivered_at=days_ago(30))
    assert features(ada, days_ago(47))["late_deliveries"] == 0
    assert features(ada, days_ago(40))["late_deliveries"] == 1


def test_a_refund_is_slow_once_it_waited_two_weeks(ada: Connection) -> None:
    ada.execute(
        insert(tables.payments).values(
            order_id="HV-2",
            kind="refund",
            amount_cents=1,
            status="done",
            created_at=days_ago(30),
            done_at=days_ago(10),
        )
    )
    assert features(ada, days_ago(20))["slow_refunds"] == 0
    assert features(ada, days_ago(15))["slow_refunds"] == 1
    assert features(ada)["slow_refunds"] == 1


def test_a_complaint_is_open_until_it_is_closed(ada: Connection) -> None:
    ada.execute(
        insert(tables.complaints).values(
            customer_id=ADA, topic="other", status="closed", created_at=days_ago(30), closed_at=days_ago(10)
        )
    )
    assert [features(ada, days_ago(day))["open_complaints"] for day in (31, 20, 5)] == [0, 1, 0]
    assert [features(ada, days_ago(day))["complaints"] for day in (31, 20, 5)] == [0, 1, 1]


def test_mood_is_the_mean_of_what_was_said_and_rated(ada: Connection) -> None:
    ada.execute(
        insert(tables.messages),
        [
            {"event_id": str(n), "conversation_id": "w", "customer_id": ADA, "author": author}
            | {"sentiment": sentiment, "created_at": days_ago(3)}
            for n, (author, sentiment) in enumerate([("customer", -0.8), ("bot", 1.0), ("customer", None)])
        ],
    )
    ada.execute(insert(tables.feedback).values(customer_id=ADA, rating=2, sentiment=-0.2, created_at=days_ago(2)))
    assert features(ada)["sentiment"] == pytest.approx(-0.5)
    assert features(ada, days_ago(4))["sentiment"] == 0


def test_interest_visits_and_newsletter(ada: Connection) -> None:
    ada.execute(
        insert(tables.browse_events),
        [{"customer_id": ADA, "kind": "view", "created_at": days_ago(day)} for day in (120, 12)],
    )
    for day, granted in ((300, True), (9, False)):
        ada.execute(
            insert(tables.consents).values(
                customer_id=ADA, purpose="newsletter", granted=granted, changed_at=days_ago(day), source="shop"
            )
        )
    found = features(ada)
    assert (found["not_seen_for"], found["visits_in_a_quarter"], found["newsletter_left"]) == (12, 1, 1)
    assert features(ada, days_ago(10))["newsletter_left"] == 0


def talk(connection: Connection, conversation_id: str, *days: float) -> None:
    """The customer writes on these days, the bot answers."""
    for day in days:
        for author in ("customer", "bot"):
            connection.execute(
                insert(tables.messages).values(
                    event_id=f"{conversation_id}-{day}-{author}", conversation_id=conversation_id, customer_id=ADA,
                    author=author, created_at=days_ago(day),
                )
            )  # fmt: skip


def test_contacts_are_repeated_within_a_week_of_the_one_before(ada: Connection) -> None:
    talk(ada, "first", 40, 39)
    talk(ada, "second", 33)  # 7 days after the first began
    talk(ada, "third", 20)
    talk(ada, "fourth", 15)
    assert [features(ada, days_ago(day))["repeated_contacts"] for day in (33, 32, 19, 14)] == [0, 1, 1, 2]


def test_an_escalation_is_open_until_it_is_closed(ada: Connection) -> None:
    ada.execute(
        insert(tables.escalations).values(
            conversation_id="w", customer_id=ADA, reason="asked", status="closed", created_at=days_ago(30),
            closed_at=days_ago(10),
        )
    )  # fmt: skip
    assert [features(ada, days_ago(day))["open_escalations"] for day in (31, 20, 5)] == [0, 1, 0]
    assert [features(ada, days_ago(day))["escalations"] for day in (31, 20, 5)] == [0, 1, 1]


def test_a_question_is_open_until_it_is_answered(ada: Connection) -> None:
    asked = record_gap(
        ada, GapSort.KNOWLEDGE, GapKind.MISSING, {"said": "Do you repair lamps?"}, days_ago(30), customer_id=ADA
    )
    record_gap(ada, GapSort.DATA, GapKind.STALE, {"field": "phone"}, days_ago(30), customer_id=ADA)
    assert features(ada)["open_questions"] == 1
    advance_gap(ada, asked, GapStatus.CLOSED, days_ago(10), closed_by=GapCloser.STAFF)
    assert [features(ada, days_ago(day))["open_questions"] for day in (31, 20, 5)] == [0, 1, 0]


def test_who_bought_within_a_span(ada: Connection) -> None:
    history = read_history(ada)
    span = timedelta(days=30)
    assert bought_within(history, days_ago(50), span) == {ADA}
    assert bought_within(history, days_ago(49), span) == frozenset()
    assert bought_within(history, days_ago(80), span) == frozenset()


@pytest.fixture(scope="module")
def busy_shop() -> Engine:
    engine = create_engine("sqlite://")
    migrate(engine)
    seed_shop(engine, customers=150)
    return engine


def forget_after(connection: Connection, cut_off: datetime) -> None:
    """Undo everything from the cut-off on, as if the database had been copied that day."""
    gone = tables.orders.c.placed_at >= cut_off
    ids = tables.orders.select().with_only_columns(tables.orders.c.order_id).where(gone)
    for table in (tables.payments, tables.returns, tables.shipments, tables.order_lines, tables.loyalty_entries):
        connection.execute(delete(table).where(table.c.order_id.in_(ids)))
    for table in (tables.complaints, tables.feedback, tables.browse_events, tables.payments, tables.returns):
        connection.execute(delete(table).where(table.c.created_at >= cut_off))
    connection.execute(delete(tables.orders).where(gone))
    connection.execute(delete(tables.consents).where(tables.consents.c.changed_at >= cut_off))
    for column in (
        tables.orders.c.delivered_at,
        tables.orders.c.cancelled_at,
        tables.payments.c.done_at,
        tables.complaints.c.closed_at,
    ):
        connection.execute(update(column.table).where(column >= cut_off).values({column.name: None}))
    connection.execute(
        update(tables.orders)
        .where(tables.orders.c.status == "cancelled", tables.orders.c.cancelled_at.is_(None))
        .values(status="pending")
    )


def test_nothing_leaks_from_the_future(busy_shop: Engine) -> None:
    """The features of a past day are the same, whether the shop knows what came later or not."""
    cut_off = datetime(2026, 3, 10, 15, 0)

    def read(prepare: Callable[[Connection], None]) -> pd.DataFrame:
        with busy_shop.connect() as connection:
            prepare(connection)
            found = features_at(read_history(connection), cut_off)
            connection.rollback()
        return found

    knowing = read(lambda _: None)
    ignorant = read(lambda connection: forget_after(connection, cut_off))
    assert len(knowing) > 100 and (knowing["late_deliveries"] > 0).any()
    pd.testing.assert_frame_equal(knowing, ignorant)
    with reading(busy_shop) as connection:
        later = features_at(read_history(connection), datetime(2026, 11, 1))
    assert later["orders"].sum() > knowing["orders"].sum()
