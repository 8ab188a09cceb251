"""The rows are the same for the same seed, and they add up."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from pathlib import Path

from crm_models.shop_policy import ShopPolicy
from demo.generate import DemoData, generate
from demo.seed import DEFAULT_UNTIL

ROOT = Path(__file__).parents[2]
NOW = datetime.combine(DEFAULT_UNTIL, time())
SMALL = (5, date(2026, 6, 15), 80)
DIGEST = """
from datetime import date
from hashlib import sha256
from demo.generate import generate
made = generate(5, date(2026, 6, 15), 80)
print(sha256((repr(made.tables) + made.truth).encode()).hexdigest())
"""


def digest_in_a_fresh_process(hash_seed: str) -> str:
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}  # an iteration over a set would show
    run = subprocess.run([sys.executable, "-c", DIGEST], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return run.stdout.strip()


def test_same_seed_and_day_give_the_same_bytes() -> None:
    made = generate(*SMALL)
    here = hashlib.sha256((repr(made.tables) + made.truth).encode()).hexdigest()
    assert digest_in_a_fresh_process("1") == digest_in_a_fresh_process("2") == here


def test_another_seed_or_day_gives_another_shop() -> None:
    seed, until, customers = SMALL
    orders = [
        repr(generate(*arguments).tables["orders"])
        for arguments in (SMALL, (seed + 1, until, customers), (seed, until + timedelta(days=1), customers))
    ]
    assert len(set(orders)) == 3


def test_more_customers_leave_the_others_as_they_are() -> None:
    seed, until, customers = SMALL
    fewer, more = generate(*SMALL), generate(seed, until, customers + 10)
    assert more.truth.startswith(fewer.truth)


def test_nothing_happens_after_the_last_day(data: DemoData) -> None:
    for name, rows in data.tables.items():
        for row in rows:
            for key, value in row.items():
                if isinstance(value, datetime) and key != "promised_on":
                    assert value < NOW, f"{name}.{key}"


def test_order_numbers_are_unique_and_rise_with_time(data: DemoData) -> None:
    ids = [row["order_id"] for row in data.tables["orders"]]
    assert len(set(ids)) == len(ids)
    drawn = [row for row in data.tables["orders"] if not row["order_id"].startswith("HV-104")]
    assert sorted(drawn, key=lambda row: int(row["order_id"][3:])) == sorted(
        drawn, key=lambda row: (row["placed_at"], row["customer_id"])
    )


def test_every_order_is_paid_once_and_in_full(data: DemoData) -> None:
    goods: defaultdict[str, int] = defaultdict(int)
    for line in data.tables["order_lines"]:
        goods[line["order_id"]] += line["quantity"] * line["price_cents"]
    paid, back = defaultdict(int), defaultdict(int)
    for row in data.tables["payments"]:
        (paid if row["kind"] == "payment" else back)[row["order_id"]] += row["amount_cents"]
    for order in data.tables["orders"]:
        total = goods[order["order_id"]] + order["shipping_cents"] - order["discount_cents"]
        assert paid[order["order_id"]] == total
        assert back[order["order_id"]] <= total
    assert all(row["amount_cents"] > 0 for row in data.tables["payments"])
    assert all((row["balance_cents"] or 0) >= 0 for row in data.tables["payment_methods"])


def test_the_tier_follows_from_the_orders_of_twelve_months(data: DemoData) -> None:
    paid = {row["order_id"]: row["amount_cents"] for row in data.tables["payments"] if row["kind"] == "payment"}
    ordered: defaultdict[str, int] = defaultdict(int)
    for order in data.tables["orders"]:
        if order["placed_at"] >= NOW - timedelta(days=365) and order["status"] != "cancelled":
            ordered[order["customer_id"]] += paid[order["order_id"]]
    tiers = ShopPolicy().tiers
    for customer in data.tables["customers"]:
        cents = ordered[customer["customer_id"]]
        reached = [name for name, terms in tiers.items() if terms.reached_from_cents <= cents]
        assert customer["tier"] == reached[-1]
    assert {row["tier"] for row in data.tables["customers"]} == {"basic", "silver", "gold"}


def test_an_orders_dates_follow_each_other(data: DemoData) -> None:
    sent = {row["order_id"]: row for row in data.tables["shipments"]}
    signed_up = {row["customer_id"]: row["created_at"] for row in data.tables["customers"]}
    for order in data.tables["orders"]:
        assert signed_up[order["customer_id"]] < order["placed_at"]
        shipment = sent.get(order["order_id"])
        if order["status"] in ("pending", "processed", "cancelled"):
            assert shipment is None
            continue
        assert shipment is not None
        assert order["placed_at"] < shipment["shipped_at"]
        assert (order["delivered_at"] is None) == (order["status"] == "shipped")
        if order["delivered_at"]:
            assert shipment["shipped_at"] < order["delivered_at"]
            assert shipment["status"] == "delivered"
        elif order["promised_on"] < NOW:
            assert shipment["status"] == "delayed"


def test_a_line_says_what_its_return_says(data: DemoData) -> None:
    returns = {row["line_id"]: row for row in data.tables["returns"]}
    under_way = {row["order_id"] for row in returns.values() if row["status"] != "closed"}
    for line in data.tables["order_lines"]:
        assert (line["status"] == "ordered") == (line["line_id"] not in returns)
    for order in data.tables["orders"]:
        waiting = order["status"] in ("return_requested", "exchange_requested")
        assert waiting == (order["order_id"] in under_way)


def test_there_is_something_of_everything(data: DemoData) -> None:
    def seen(table: str, column: str) -> set[str]:
        return {row[column] for row in data.tables[table]}

    assert seen("orders", "status") >= {"pending", "shipped", "delivered", "cancelled", "return_requested"}
    assert seen("identities", "kind") == {"account", "chat", "email", "phone"}
    assert seen("payment_methods", "kind") == {"credit_card", "paypal", "gift_card", "invoice"}
    assert seen("browse_events", "kind") == {"view", "search", "cart"}
    assert seen("consents", "granted") == {True, False}
    assert seen("complaints", "status") == {"open", "closed"}
    assert seen("feedback", "rating") == {1, 2, 3, 4, 5}
    assert seen("loyalty_entries", "reason") == {"order", "return", "voucher"}
    assert seen("returns", "kind") == {"return", "exchange"}
    assert len({row["email"] for row in data.tables["customers"]}) == len(data.tables["customers"])
