"""What is due, and what is no longer true when it is to be sent."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from shop_fixture import NOW, add_order
from sqlalchemy import insert, update
from sqlalchemy.engine import Connection

from crm_models import tables
from crm_models.consents import Purpose, set_consent
from crm_models.personal_fields import PersonalField, choose
from crm_models.proactive import notices
from crm_models.proactive.kinds import Candidate, Dropped, NoticeKind
from crm_models.proactive.occasions import find_due, occasions
from crm_models.proactive.policy import NoticePolicy, read_notice_policy
from crm_models.proactive.wishes import WatchOutcome, stop_notices, watch_product, watched_products
from crm_models.shop_policy import write_fact
from crm_models.view.links import link_by_hand

ADA, BEN = "C-000001", "C-000002"
POLICY = read_notice_policy()


@pytest.fixture
def willing(shop: Connection) -> Connection:
    """The shop, whose two customers agreed to everything."""
    for customer_id in (ADA, BEN):
        for purpose in Purpose:
            set_consent(shop, customer_id, purpose, True, "shop", NOW - timedelta(days=100))
    return shop


def found(shop: Connection, now: datetime = NOW, policy: NoticePolicy = POLICY) -> list[tuple[str, str, str]]:
    find_due(shop, policy, now)
    return [(each.customer_id, each.kind.value, each.about) for each in notices.due_notices(shop)]


def look(shop: Connection, kind: NoticeKind, about: str, customer_id: str = ADA, now: datetime = NOW) -> object:
    return occasions(POLICY)[kind].look(shop, Candidate(customer_id, about), now)


def late_order(shop: Connection, days_ago: int = 10, order_id: str = "HV-200001", status: str = "shipped") -> str:
    """Promised three days after it was placed."""
    add_order(shop, order_id, status, days_ago, [("LAMP-WHITE", 1, 5990)])
    return order_id


def ship(shop: Connection, order_id: str, status: str = "in_transit") -> None:
    values = {"order_id": order_id, "tracking_id": "T9", "carrier": "DHL", "status": status, "shipped_at": NOW}
    shop.execute(insert(tables.shipments).values(values))


def score(shop: Connection, model: str, label: str, customer_id: str = BEN, days_ago: int = 1) -> None:
    shop.execute(
        insert(tables.predictions).values(
            customer_id=customer_id, model=model, label=label, value=0.5, model_version="1",
            scored_at=NOW - timedelta(days=days_ago),
        )
    )  # fmt: skip


# --- late ---


def test_an_order_is_late_from_the_day_after_the_promised_one(willing: Connection) -> None:
    order_id = late_order(willing, days_ago=4)  # promised for yesterday
    assert (ADA, "delivery_late", order_id) in found(willing)
    assert (ADA, "delivery_late", "HV-100002") not in found(willing)  # promised for tomorrow


def test_an_order_that_the_carrier_reports_as_delayed_is_late_before_its_day(willing: Connection) -> None:
    ship(willing, "HV-100002", "delayed")
    assert (ADA, "delivery_late", "HV-100002") in found(willing)
    assert look(willing, NoticeKind.DELIVERY_LATE, "HV-100002")["sentence"] == "delivery_late_carrier"  # type: ignore[index]


def test_a_late_order_tells_what_is_in_it_and_where_it_is(willing: Connection) -> None:
    order_id = late_order(willing)
    assert look(willing, NoticeKind.DELIVERY_LATE, order_id)["sentence"] == "delivery_late_not_sent"  # type: ignore[index]
    ship(willing, order_id)
    assert look(willing, NoticeKind.DELIVERY_LATE, order_id) == {
        "order_id": order_id, "items": "Lumo desk lamp", "promised": "2026-05-06",
        "sentence": "delivery_late", "carrier": "DHL", "tracking": "T9",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "delivered", "delivered_at": NOW}, Dropped.DELIVERED),
        ({"status": "cancelled"}, Dropped.CANCELLED),
        ({"promised_on": NOW + timedelta(days=2)}, Dropped.NO_LONGER_LATE),
    ],
)
def test_an_order_that_came_meanwhile_is_not_told_as_late(willing: Connection, change, reason: Dropped) -> None:
    order_id = late_order(willing)
    willing.execute(update(tables.orders).where(tables.orders.c.order_id == order_id).values(change))
    assert look(willing, NoticeKind.DELIVERY_LATE, order_id) is reason
    assert found(willing) == []


def test_an_order_promised_long_ago_is_no_occasion(willing: Connection) -> None:
    late_order(willing, days_ago=3 + POLICY.kinds.delivery_late.oldest_days + 1)
    assert found(willing) == []


def test_another_customers_order_is_never_told(willing: Connection) -> None:
    assert look(willing, NoticeKind.DELIVERY_LATE, late_order(willing), BEN) is Dropped.CANCELLED


# --- back in stock ---


def restock(shop: Connection, item_id: str, stock: int) -> None:
    shop.execute(update(tables.items).where(tables.items.c.item_id == item_id).values(stock=stock))


def test_a_product_that_somebody_waits_for_is_told_when_it_is_there(willing: Connection) -> None:
    result = watch_product(willing, BEN, "P-KETTLE", "midnight blue", None, NOW)
    assert result.outcome is WatchOutcome.WATCHING
    assert found(willing) == []
    restock(willing, "KETTLE-BLUE", 2)
    ((customer_id, kind, about),) = found(willing)
    assert (customer_id, kind) == (BEN, "back_in_stock")
    assert look(willing, NoticeKind.BACK_IN_STOCK, about, BEN) == {
        "product_id": "P-KETTLE", "name": "Solvik rapid-boil kettle",
        "options": "midnight blue, 1.7 l", "price_cents": 4490,
    }  # fmt: skip
    restock(willing, "KETTLE-BLUE", 0)
    assert look(willing, NoticeKind.BACK_IN_STOCK, about, BEN) is Dropped.OUT_OF_STOCK


def test_several_options_of_a_product_are_one_message(willing: Connection) -> None:
    for item_id in ("LAMP-WHITE", "LAMP-BLACK", "LAMP-BRASS"):
        restock(willing, item_id, 0)
    assert len(watch_product(willing, BEN, "P-LAMP", None, None, NOW).items) == 3
    restock(willing, "LAMP-BLACK", 1)
    restock(willing, "LAMP-BRASS", 1)
    ((_, _, about),) = found(willing)
    assert look(willing, NoticeKind.BACK_IN_STOCK, about, BEN)["options"] == "brass, black"  # type: ignore[index]


def test_waiting_again_is_one_wish_and_what_is_there_is_not_waited_for(willing: Connection) -> None:
    watch_product(willing, BEN, "P-KETTLE", "midnight blue", None, NOW)
    assert watch_product(willing, BEN, "P-KETTLE", "midnight blue", None, NOW).outcome is WatchOutcome.ALREADY_WATCHING
    assert watch_product(willing, BEN, "P-KETTLE", "red", None, NOW).outcome is WatchOutcome.IN_STOCK
    assert watch_product(willing, BEN, "P-KETTLE", "pink", None, NOW).outcome is WatchOutcome.UNKNOWN_OPTION


def test_a_wish_that_was_taken_back_or_is_too_old_is_none(willing: Connection) -> None:
    watch_product(willing, BEN, "P-KETTLE", "midnight blue", None, NOW)
    restock(willing, "KETTLE-BLUE", 2)
    ((_, _, about),) = found(willing)
    too_late = NOW + timedelta(days=POLICY.kinds.back_in_stock.watch_days + 1)
    assert look(willing, NoticeKind.BACK_IN_STOCK, about, BEN, too_late) is Dropped.NO_LONGER_WANTED
    assert stop_notices(willing, BEN, [NoticeKind.BACK_IN_STOCK], "chat", NOW)
    assert look(willing, NoticeKind.BACK_IN_STOCK, about, BEN) is Dropped.NO_LONGER_WANTED


def test_asking_to_be_told_is_the_consent_for_it_and_for_nothing_else(shop: Connection) -> None:
    watch_product(shop, BEN, "P-KETTLE", "midnight blue", None, NOW)
    restock(shop, "KETTLE-BLUE", 2)
    add_order(shop, "HV-200009", "shipped", 10, [("LAMP-WHITE", 1, 5990)], BEN, "bens-visa")
    assert [kind for _, kind, _ in found(shop)] == ["back_in_stock"]


# --- warranty ---


def old_order(shop: Connection, days_ago: int, cents: int = 5990) -> str:
    """Delivered two days after it was placed; Ben, who is basic, has 24 months of warranty."""
    add_order(shop, "HV-200002", "delivered", days_ago, [("LAMP-WHITE", 1, cents)], BEN, "bens-visa")
    return "HV-200002"


def test_a_warranty_is_told_of_in_the_days_before_it_ends(willing: Connection) -> None:
    order_id = old_order(willing, days_ago=730 - 20 + 2)
    assert found(willing) == [(BEN, "warranty_ends", order_id)]
    fields = look(willing, NoticeKind.WARRANTY_ENDS, order_id, BEN)
    assert fields == {"order_id": order_id, "items": "Lumo desk lamp", "ends": "2026-06-02"}


@pytest.mark.parametrize("days_ago", [730 - 40, 730 + 10])
def test_a_warranty_that_ends_later_or_is_over_is_no_occasion(willing: Connection, days_ago: int) -> None:
    old_order(willing, days_ago)
    assert found(willing) == []


def test_the_months_are_those_of_the_customers_tier(willing: Connection) -> None:
    willing.execute(update(tables.customers).where(tables.customers.c.customer_id == BEN).values(tier="gold"))
    order_id = old_order(willing, days_ago=730 - 20 + 2)
    assert found(willing) == []
    later = NOW + timedelta(days=365)  # three years after delivery, less twenty days
    assert found(willing, later) == [(BEN, "warranty_ends", order_id)]


def test_what_went_back_or_was_cheap_has_no_warranty_to_tell_of(willing: Connection) -> None:
    order_id = old_order(willing, days_ago=712, cents=1200)
    assert found(willing) == []
    lines = tables.order_lines
    willing.execute(update(lines).where(lines.c.order_id == order_id).values(price_cents=9000, status="returned"))
    assert found(willing) == []
    assert look(willing, NoticeKind.WARRANTY_ENDS, order_id, BEN) is Dropped.NOTHING_KEPT


def test_a_wish_that_could_not_be_told_in_time_is_told_later(willing: Connection) -> None:
    watch_product(willing, BEN, "P-KETTLE", "midnight blue", None, NOW)
    restock(willing, "KETTLE-BLUE", 2)
    ((_, _, about),) = found(willing)
    (notice,) = notices.due_notices(willing)
    notices.mark_dropped(willing, notice.notice_id, Dropped.EXPIRED)
    assert (BEN, "back_in_stock", about) in found(willing, NOW + timedelta(days=4))


def test_a_wish_that_was_forgotten_may_be_made_again(willing: Connection) -> None:
    years_ago = NOW - timedelta(days=POLICY.kinds.back_in_stock.watch_days + 1)
    watch_product(willing, BEN, "P-KETTLE", "midnight blue", None, years_ago)
    again = watch_product(willing, BEN, "P-KETTLE", "midnight blue", None, NOW)
    assert again.outcome is WatchOutcome.ALREADY_WATCHING
    assert watched_products(willing, BEN) == ["Solvik rapid-boil kettle"]
    restock(willing, "KETTLE-BLUE", 2)
    assert [kind for _, kind, _ in found(willing)] == ["back_in_stock"]


# --- win-back ---


def test_who_is_about_to_be_lost_and_not_driven_away_is_written_to(willing: Connection) -> None:
    score(willing, "stage", "at_risk")
    assert found(willing) == []  # no model says what a message does to Ben
    score(willing, "uplift", "persuadable")
    assert found(willing) == [(BEN, "win_back", "2026")]
    assert look(willing, NoticeKind.WIN_BACK, "2026", BEN) == {"first_name": "Ben"}


@pytest.mark.parametrize(
    ("stage", "uplift", "days_ago", "reason"),
    [
        ("at_risk", "sleeping_dog", 1, Dropped.SLEEPING_DOG),
        ("active", "persuadable", 1, Dropped.CAME_BACK),
        ("lapsed", "persuadable", 40, Dropped.NO_SCORE),
    ],
)
def test_nobody_else_is(willing: Connection, stage: str, uplift: str, days_ago: int, reason: Dropped) -> None:
    score(willing, "stage", stage, days_ago=days_ago)
    score(willing, "uplift", uplift, days_ago=days_ago)
    assert look(willing, NoticeKind.WIN_BACK, "2026", BEN) is reason
    assert found(willing) == []


def test_who_has_ordered_since_the_score_has_come_back(willing: Connection) -> None:
    score(willing, "stage", "lapsed", ADA)  # she has open orders
    score(willing, "uplift", "persuadable", ADA)
    assert look(willing, NoticeKind.WIN_BACK, "2026") is Dropped.CAME_BACK


@pytest.mark.parametrize("purpose", [Purpose.PERSONALISATION, Purpose.NOTICE_WIN_BACK])
def test_win_back_needs_both_consents(willing: Connection, purpose: Purpose) -> None:
    score(willing, "stage", "lapsed")
    score(willing, "uplift", "persuadable")
    set_consent(willing, BEN, purpose, False, "chat", NOW)
    assert found(willing) == []


def test_win_back_uses_nothing_that_the_customer_forbade(willing: Connection) -> None:
    score(willing, "stage", "lapsed")
    score(willing, "uplift", "persuadable")
    choose(willing, BEN, PersonalField.NAME, False, "chat", NOW)
    assert look(willing, NoticeKind.WIN_BACK, "2026", BEN) == {"sentence": "win_back_no_name"}
    choose(willing, BEN, PersonalField.INTERESTS, False, "chat", NOW)
    assert look(willing, NoticeKind.WIN_BACK, "2026", BEN) is Dropped.NO_CONSENT
    assert found(willing) == []


def test_two_accounts_of_one_person_are_one_customer_to_win_back(willing: Connection) -> None:
    link_by_hand(willing, ADA, BEN, "staff", NOW, "said so")
    score(willing, "stage", "lapsed")
    score(willing, "uplift", "persuadable")
    assert look(willing, NoticeKind.WIN_BACK, "2026", BEN) is Dropped.CAME_BACK, "Ada's orders are open"
    willing.execute(update(tables.orders).values(status="delivered", placed_at=NOW - timedelta(days=300)))
    assert found(willing) == [(BEN, "win_back", "2026")]
    (notice,) = notices.due_notices(willing)
    notices.mark_sent(willing, notice.notice_id, "mail", None, {}, NOW)
    score(willing, "stage", "lapsed", ADA)
    score(willing, "uplift", "persuadable", ADA)
    assert look(willing, NoticeKind.WIN_BACK, "2026", ADA) is Dropped.TOLD_ALREADY
    assert found(willing) == []


# --- one of a kind ---


def test_an_occasion_is_due_once(willing: Connection) -> None:
    late_order(willing)
    assert find_due(willing, POLICY, NOW) == 1
    assert find_due(willing, POLICY, NOW) == 0
    (notice,) = notices.due_notices(willing)
    assert notices.mark_sent(willing, notice.notice_id, "mail", None, {}, NOW)
    assert not notices.mark_sent(willing, notice.notice_id, "mail", None, {}, NOW)
    assert find_due(willing, POLICY, NOW + timedelta(days=1)) == 0


def test_what_was_dropped_for_a_reason_that_passes_is_due_again(willing: Connection) -> None:
    late_order(willing)
    find_due(willing, POLICY, NOW)
    (notice,) = notices.due_notices(willing)
    notices.mark_dropped(willing, notice.notice_id, Dropped.EXPIRED)
    assert find_due(willing, POLICY, NOW) == 0
    willing.execute(update(tables.notices).values(status="due"))
    notices.mark_dropped(willing, notice.notice_id, Dropped.NO_CONSENT)
    assert find_due(willing, POLICY, NOW + timedelta(hours=1)) == 1
    assert notices.get_notice(willing, notice.notice_id).due_at == NOW + timedelta(hours=1)


def test_a_kind_that_cannot_be_looked_for_keeps_no_other_back(willing: Connection) -> None:
    late = late_order(willing)
    write_fact(willing, "policy", {"tiers": "none"})  # which warranties need
    assert found(willing) == [(ADA, "delivery_late", late)]


def test_without_consent_nothing_is_due(shop: Connection) -> None:
    late_order(shop)
    assert found(shop) == []
