"""Whether what is due may be sent: each rule by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from shop_fixture import NOW, add_order
from sqlalchemy import insert, update
from sqlalchemy.engine import Connection

from crm_models import tables
from crm_models.complaints import close_complaint, open_complaint
from crm_models.consents import Purpose, set_consent
from crm_models.errors import BadPolicy
from crm_models.escalations import request_person, take
from crm_models.identity import Trust, open_conversation
from crm_models.proactive import notices
from crm_models.proactive.channel import MAIL, WEB, Channel
from crm_models.proactive.hours import is_quiet, zone_of
from crm_models.proactive.kinds import Dropped, Held, Notice, NoticeKind
from crm_models.proactive.occasions import find_due
from crm_models.proactive.policy import NoticePolicy, read_notice_policy
from crm_models.proactive.rules import Go, decide
from crm_models.proactive.wishes import stop_notices
from crm_models.shop_policy import ShopPolicy, write_policy

BEN, ORDER = "C-000002", "HV-200001"
POLICY = read_notice_policy()
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def due(shop: Connection) -> Connection:
    """Ben wants to hear of late deliveries, and has one. It is noon where he lives."""
    set_consent(shop, BEN, Purpose.NOTICE_DELIVERY_LATE, True, "chat", NOW - timedelta(days=1))
    add_order(shop, ORDER, "shipped", 10, [("LAMP-WHITE", 1, 5990)], BEN, "bens-visa")
    find_due(shop, POLICY, NOW)
    return shop


def decided(shop: Connection, now: datetime = NOW, policy: NoticePolicy = POLICY) -> Go | Held | Dropped:
    (notice,) = notices.due_notices(shop)
    return decide(shop, notice, policy, now)


def channel(shop: Connection, now: datetime = NOW) -> Channel:
    decision = decided(shop, now)
    assert isinstance(decision, Go), decision
    return decision.channel


def marketing(shop: Connection) -> Notice:
    """A win-back message to Ben that may be sent."""
    for purpose in (Purpose.NOTICE_WIN_BACK, Purpose.PERSONALISATION):
        set_consent(shop, BEN, purpose, True, "chat", NOW - timedelta(days=1))
    for model, label in (("stage", "lapsed"), ("uplift", "persuadable")):
        shop.execute(
            insert(tables.predictions).values(
                customer_id=BEN, model=model, label=label, value=0.2, model_version="1", scored_at=NOW
            )
        )
    find_due(shop, POLICY, NOW)
    (notice,) = notices.due_notices(shop)
    assert isinstance(decide(shop, notice, POLICY, NOW), Go)
    return notice


def open_window(shop: Connection, opened: datetime = NOW, trusted_for: timedelta = timedelta(hours=4)) -> str:
    open_conversation(shop, "web-ben", "web", opened, BEN, Trust.VERIFIED, opened + trusted_for)
    return "web-ben"


def write(shop: Connection, at: datetime) -> None:
    shop.execute(
        insert(tables.inbox).values(
            conversation_id="web-ben", client_id=at.isoformat(), text="hello", status="done", received_at=at
        )
    )


def sent(shop: Connection, at: datetime, number: int, customer_id: str = BEN) -> None:
    shop.execute(
        insert(tables.notices).values(
            customer_id=customer_id, kind="back_in_stock", about=f"{number}", status="sent", channel="mail",
            fields={}, due_at=at, sent_at=at,
        )
    )  # fmt: skip


# --- consent, truth, age ---


def test_consent_that_was_withdrawn_after_it_became_due_drops_it(due: Connection) -> None:
    assert isinstance(decided(due), Go)
    stop_notices(due, BEN, [NoticeKind.DELIVERY_LATE], "link", NOW)
    assert decided(due) is Dropped.NO_CONSENT


def test_an_order_that_was_delivered_after_it_became_due_drops_it(due: Connection) -> None:
    due.execute(update(tables.orders).where(tables.orders.c.order_id == ORDER).values(status="delivered"))
    assert decided(due) is Dropped.DELIVERED


def test_what_could_not_be_sent_for_too_long_expires(due: Connection) -> None:
    hours = POLICY.kinds.delivery_late.expires_hours
    assert isinstance(decided(due, NOW + timedelta(hours=hours - 1)), Go)
    assert decided(due, NOW + timedelta(hours=hours)) is Dropped.EXPIRED


def test_a_kind_that_is_switched_off_is_not_sent(due: Connection, tmp_path: Path) -> None:
    (tmp_path / "notices.yml").write_text("kinds: {delivery_late: {enabled: false}}")
    policy = read_notice_policy(tmp_path)
    assert decided(due, policy=policy) is Dropped.SWITCHED_OFF


# --- marketing ---


def test_nothing_is_advertised_while_a_complaint_is_open(shop: Connection) -> None:
    notice = marketing(shop)
    _, number = open_complaint(shop, customer_id=BEN, conversation_id=None, topic="service", text="Bad.", now=NOW)
    assert decide(shop, notice, POLICY, NOW) is Held.COMPLAINT_OPEN
    close_complaint(shop, int(number or 0), NOW)
    assert isinstance(decide(shop, notice, POLICY, NOW), Go)


def test_nothing_is_advertised_to_the_holdout(shop: Connection) -> None:
    ada = replace(marketing(shop), customer_id="C-000001")
    write_policy(shop, ShopPolicy(holdout_share=0.25))
    assert decide(shop, ada, POLICY, NOW) is Dropped.NO_CONSENT
    write_policy(shop, ShopPolicy(holdout_share=0.3))  # she is at 0.27
    assert decide(shop, ada, POLICY, NOW) is Dropped.HOLDOUT


def test_nothing_is_advertised_while_a_person_is_asked_for(shop: Connection) -> None:
    notice = marketing(shop)
    request_person(shop, "web-ben", BEN, "asked_for_person", NOW)
    assert decide(shop, notice, POLICY, NOW) is Held.WITH_A_PERSON


def test_a_late_order_is_told_all_the_same(due: Connection) -> None:
    open_complaint(due, customer_id=BEN, conversation_id=None, topic="service", text="Bad.", now=NOW)
    assert isinstance(decided(due), Go)


# --- channel ---


def test_it_goes_by_mail_when_no_window_is_open(due: Connection) -> None:
    assert channel(due) == Channel(MAIL)


def test_it_goes_into_the_window_that_is_in_use(due: Connection) -> None:
    conversation_id = open_window(due, NOW - timedelta(minutes=5))
    assert channel(due) == Channel(WEB, conversation_id)


def test_a_window_that_was_left_a_while_ago_is_no_channel(due: Connection) -> None:
    open_window(due, NOW - timedelta(minutes=45))
    assert channel(due) == Channel(MAIL)
    write(due, NOW - timedelta(minutes=10))
    assert channel(due).name == WEB


def test_a_window_in_which_the_proof_has_run_out_gets_nothing_personal(due: Connection) -> None:
    open_window(due, NOW - timedelta(minutes=10), trusted_for=timedelta(minutes=5))
    assert channel(due) == Channel(MAIL)


def test_a_customer_who_is_writing_is_not_interrupted(due: Connection) -> None:
    open_window(due, NOW - timedelta(minutes=10))
    write(due, NOW - timedelta(seconds=30))
    assert decided(due) is Held.IN_CONVERSATION
    assert channel(due, NOW + timedelta(minutes=2)).name == WEB


def test_where_a_person_speaks_the_bot_does_not(due: Connection) -> None:
    conversation_id = open_window(due, NOW - timedelta(minutes=5))
    member = due.execute(
        insert(tables.staff).values(username="mia", display_name="Mia", password_hash="x", role="agent", active=True)
    ).inserted_primary_key[0]
    _, escalation_id = request_person(due, conversation_id, BEN, "asked_for_person", NOW)
    take(due, escalation_id, member, NOW)
    assert channel(due) == Channel(MAIL)


def test_who_has_no_window_and_no_address_cannot_be_reached(due: Connection) -> None:
    due.execute(update(tables.customers).where(tables.customers.c.customer_id == BEN).values(email=None))
    assert decided(due) is Held.NO_CHANNEL


# --- hours ---


def test_the_hours_are_those_of_the_customers_country(due: Connection) -> None:
    customers = tables.customers
    night = NOW.replace(hour=6, minute=30)  # 8:30 in Vienna, 7:30 in Dublin
    assert isinstance(decided(due, night), Go)
    due.execute(update(customers).where(customers.c.customer_id == BEN).values(country="IE"))
    assert decided(due, night) is Held.QUIET_HOURS


def test_an_open_window_is_no_disturbance_at_night(due: Connection) -> None:
    night = NOW.replace(hour=1)
    assert decided(due, night) is Held.QUIET_HOURS
    open_window(due, night)
    assert channel(due, night).name == WEB


@pytest.mark.parametrize(
    ("utc", "quiet"),
    [
        ("2026-05-13T18:59", False),  # 20:59 in Berlin
        ("2026-05-13T19:00", True),
        ("2026-05-13T23:30", True),
        ("2026-05-14T05:59", True),
        ("2026-05-14T06:00", False),  # 8:00
        # clocks go forward at 1:00 UTC, from 2:00 to 3:00: what was 8:00 at 7:00 UTC is 8:00 at 6:00 UTC
        ("2026-03-28T06:30", True),
        ("2026-03-29T05:30", True),
        ("2026-03-29T06:30", False),
        # and back: 8:00 is at 7:00 UTC again
        ("2026-10-24T06:30", False),
        ("2026-10-25T06:30", True),
        ("2026-10-25T07:00", False),
    ],
)
def test_quiet_hours_go_over_midnight_and_follow_the_clock_on_the_wall(utc: str, quiet: bool) -> None:
    assert is_quiet(POLICY, BERLIN, datetime.fromisoformat(utc)) is quiet


def test_quiet_days_are_quiet_from_midnight_to_midnight_there(tmp_path: Path) -> None:
    (tmp_path / "notices.yml").write_text("quiet_days: [sunday]\nquiet_from: '00:00'\nquiet_until: '00:00'\n")
    policy = read_notice_policy(tmp_path)
    for utc, quiet in (("2026-05-16T21:59", False), ("2026-05-16T22:00", True), ("2026-05-17T22:00", False)):
        assert is_quiet(policy, BERLIN, datetime.fromisoformat(utc)) is quiet, utc


def test_an_unknown_country_has_the_shops_hours() -> None:
    assert zone_of(POLICY, "ie").key == "Europe/Dublin"
    assert zone_of(POLICY, "USA").key == zone_of(POLICY, None).key == "Europe/Berlin"


# --- caps ---


def test_one_a_day_over_all_kinds(due: Connection) -> None:
    sent(due, NOW - timedelta(hours=23), 1)
    assert decided(due) is Held.CAP_PER_DAY
    assert isinstance(decided(due, NOW + timedelta(hours=1)), Go)


def test_so_many_a_week(due: Connection) -> None:
    for number in range(POLICY.most_per_week):
        sent(due, NOW - timedelta(days=2 + number), number)
    assert decided(due) is Held.CAP_PER_WEEK


def test_two_accounts_of_one_person_share_the_cap(due: Connection) -> None:
    sent(due, NOW - timedelta(hours=1), 1, "C-000001")
    assert isinstance(decided(due), Go)
    due.execute(
        insert(tables.customer_links).values(
            left_id="C-000001",
            right_id=BEN,
            status="linked",
            method="rule",
            evidence=[],
            created_at=NOW,
            changed_at=NOW,
        )
    )
    assert decided(due) is Held.CAP_PER_DAY


# --- the file ---


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("most_per_dya: 1", "there is no rule most_per_dya; did you mean most_per_day?"),
        ("kinds: {delivery_late: {grace: 1}}", "kinds.delivery_late.grace"),
        ("time_zone: Berlin", "Europe/Berlin"),
        ("quiet_from: 9pm", '"21:00"'),
        ("quiet_from: '25:00'", '"21:00"'),
        ("most_per_week: 0", "most_per_week is 0: input should be greater than or equal to 1"),
        ("kinds: {win_back: {consents: [notice_win_back]}}", "must name personalisation"),
        ("kinds: {back_in_stock: {consents: [newsletter]}}", "must name notice_back_in_stock"),
        ("silence_minutes: 45", "below window_minutes"),
        ("time_zones: {Germany: Europe/Berlin}", "give its two letters, such as DE"),
        ("quiet_days: [sonntag]", "quiet_days.0 is 'sonntag'"),
        ("- a list", "names and values"),
        ("a: [", "cannot be read"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_name_and_what_to_do(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "notices.yml").write_text(text)
    with pytest.raises(BadPolicy) as refusal:
        read_notice_policy(tmp_path)
    assert told in str(refusal.value)
    assert "notices.yml" in str(refusal.value)


@pytest.mark.parametrize("written", ["gb", "GB"])
def test_a_country_is_known_by_its_letters_however_they_are_written(tmp_path: Path, written: str) -> None:
    (tmp_path / "notices.yml").write_text(f"time_zones: {{{written}: Europe/London}}")
    assert zone_of(read_notice_policy(tmp_path), "GB").key == "Europe/London"


def test_a_file_of_comments_alone_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "notices.yml").write_text("# most_per_day: 2\n")
    assert read_notice_policy(tmp_path) == POLICY


def test_the_data_folders_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "notices.yml").write_text("most_per_day: 2\nkinds: {delivery_late: {grace_days: 1}}\n")
    policy = read_notice_policy(tmp_path)
    assert (policy.most_per_day, policy.kinds.delivery_late.grace_days) == (2, 1)
    assert policy.most_per_week == POLICY.most_per_week
    assert policy.kinds.win_back == POLICY.kinds.win_back
