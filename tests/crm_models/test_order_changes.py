"""Cancelling and changing pending orders."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shop_fixture import (
    ADA,
    BEN,
    BENS,
    CLAIMED,
    DELIVERED,
    KETTLE_LINE,
    LAMP_LINE,
    NOBODY,
    NOW,
    PENDING,
    PROCESSED,
    add_order,
    balance,
    ledger,
    rows_of,
    stock,
)
from sqlalchemy.engine import Connection

from crm_models import tables
from crm_models.addresses import Address
from crm_models.loyalty import add_points, points_history
from crm_models.order_changes import (
    AddressOutcome,
    CancelOutcome,
    ItemsOutcome,
    PaymentOutcome,
    cancel_pending_order,
    modify_pending_order_address,
    modify_pending_order_items,
    modify_pending_order_payment,
    swap_pending_order_items,
)
from crm_models.orders import get_order
from crm_models.shop_policy import ShopPolicy, write_policy

TOTAL = 4490 + 2 * 3990
REASON = "no longer needed"
STREET = Address("Hauptstr. 5", "Berlin", "10115", "Germany")


def _untouched(connection: Connection) -> tuple[object, ...]:
    return (
        [rows_of(connection, table) for table in (tables.orders, tables.order_lines, tables.payments)],
        rows_of(connection, tables.items),
        rows_of(connection, tables.payment_methods),
        rows_of(connection, tables.mails),
    )


def test_cancelling_refunds_restocks_and_writes_a_mail(shop: Connection) -> None:
    result = cancel_pending_order(shop, ADA, PENDING, "No longer needed", NOW)
    assert result.outcome is CancelOutcome.CANCELLED
    assert result.refund_cents == TOTAL
    (refund,) = result.refunds
    assert (refund.expected_from.isoformat(), refund.expected_until.isoformat()) == (
        "2026-05-20",
        "2026-05-22",
    )  # type: ignore[union-attr]
    order = get_order(shop, ADA, PENDING)
    assert order is not None
    assert (order.status, order.cancelled_at, order.cancel_reason) == ("cancelled", NOW, "no_longer_needed")
    assert ledger(shop, PENDING)[1:] == [("refund", TOTAL, "visa", "pending")]
    assert (stock(shop, "KETTLE-RED"), stock(shop, "TOASTER-CREAM")) == (11, 9)
    assert [mail.template for mail in rows_of(shop, tables.mails)] == ["order_cancelled"]


def test_a_gift_card_has_its_money_back_at_once(shop: Connection) -> None:
    add_order(shop, "HV-1", "pending", 0, [("PAN-28", 1, 3000)], payment_method_id="gift")
    assert cancel_pending_order(shop, ADA, "HV-1", REASON, NOW).outcome is CancelOutcome.CANCELLED_REFUNDED
    assert balance(shop, "gift") == 23000
    assert ledger(shop, "HV-1")[1:] == [("refund", 3000, "gift", "done")]


def test_what_was_never_collected_is_void_and_not_refunded(shop: Connection) -> None:
    unpaid = [("PAN-28", 1, 3000)]
    add_order(shop, "HV-1", "pending", 0, unpaid, payment_method_id="invoice", payment_status="pending")
    assert cancel_pending_order(shop, ADA, "HV-1", REASON, NOW).outcome is CancelOutcome.CANCELLED_UNPAID
    assert ledger(shop, "HV-1") == [("payment", 3000, "invoice", "void")]


def test_points_spent_on_a_cancelled_order_come_back(shop: Connection) -> None:
    add_points(shop, "C-000001", -500, "voucher", NOW, PENDING)
    cancel_pending_order(shop, ADA, PENDING, REASON, NOW)
    assert points_history(shop, "C-000001")[0].points == 500


@pytest.mark.parametrize(
    ("identity", "order_id", "reason", "outcome"),
    [
        (ADA, PROCESSED, REASON, CancelOutcome.NOT_PENDING),
        (ADA, BENS, REASON, CancelOutcome.NOT_FOUND),
        (ADA, "HV-999999", REASON, CancelOutcome.NOT_FOUND),
        (BEN, PENDING, REASON, CancelOutcome.NOT_FOUND),
        (CLAIMED, PENDING, REASON, CancelOutcome.NEEDS_VERIFICATION),
        (NOBODY, PENDING, REASON, CancelOutcome.NEEDS_VERIFICATION),
        (ADA, PENDING, "the moon is full", CancelOutcome.NEEDS_REASON),
    ],
)
def test_a_refused_cancellation_changes_nothing(
    shop: Connection, identity: object, order_id: str, reason: str, outcome: CancelOutcome
) -> None:
    before = _untouched(shop)
    assert cancel_pending_order(shop, identity, order_id, reason, NOW).outcome is outcome  # type: ignore[arg-type]
    assert _untouched(shop) == before


def test_cancelling_twice_refunds_once(shop: Connection) -> None:
    cancel_pending_order(shop, ADA, PENDING, REASON, NOW)
    again = cancel_pending_order(shop, ADA, PENDING, REASON, NOW)
    assert again.outcome is CancelOutcome.ALREADY_CANCELLED
    assert len(ledger(shop, PENDING)) == 2


def test_an_address_is_changed_for_this_order_only(shop: Connection) -> None:
    assert modify_pending_order_address(shop, ADA, PENDING, STREET, NOW).outcome is AddressOutcome.CHANGED
    order = get_order(shop, ADA, PENDING)
    assert order is not None
    assert order.address == Address("Hauptstr. 5", "Berlin", "10115", "DE")
    assert rows_of(shop, tables.customers, customer_id="C-000001")[0].city == "Wien"


@pytest.mark.parametrize(
    ("order_id", "address", "outcome", "missing"),
    [
        (PENDING, replace(STREET, city=" ", postcode=""), AddressOutcome.INCOMPLETE, ("city", "postcode")),
        (PENDING, replace(STREET, address1="x" * 121), AddressOutcome.INCOMPLETE, ("address1",)),
        (PENDING, replace(STREET, country="USA"), AddressOutcome.NOT_SHIPPED_TO, ()),
        (PROCESSED, STREET, AddressOutcome.NOT_PENDING, ()),
        (BENS, STREET, AddressOutcome.NOT_FOUND, ()),
    ],
)
def test_an_address_that_cannot_be_used(
    shop: Connection, order_id: str, address: Address, outcome: AddressOutcome, missing: tuple[str, ...]
) -> None:
    before = _untouched(shop)
    result = modify_pending_order_address(shop, ADA, order_id, address, NOW)
    assert (result.outcome, result.missing) == (outcome, missing)
    assert _untouched(shop) == before


def test_a_shop_without_borders_takes_every_country(shop: Connection) -> None:
    write_policy(shop, ShopPolicy(ships_to=()))
    changed = modify_pending_order_address(shop, ADA, PENDING, replace(STREET, country="USA"), NOW)
    assert changed.outcome is AddressOutcome.CHANGED


def test_paying_with_a_gift_card_instead(shop: Connection) -> None:
    result = modify_pending_order_payment(shop, ADA, PENDING, "gift", NOW)
    assert result.outcome is PaymentOutcome.CHANGED
    assert result.charged_cents == TOTAL
    assert balance(shop, "gift") == 20000 - TOTAL
    assert ledger(shop, PENDING)[1:] == [
        ("payment", TOTAL, "gift", "done"),
        ("refund", TOTAL, "visa", "pending"),
    ]
    cancelled = cancel_pending_order(shop, ADA, PENDING, REASON, NOW)
    assert cancelled.outcome is CancelOutcome.CANCELLED_REFUNDED
    assert balance(shop, "gift") == 20000


def test_changing_the_payment_back_and_forth_moves_no_money_twice(shop: Connection) -> None:
    for method in ("paypal", "visa", "paypal"):
        assert modify_pending_order_payment(shop, ADA, PENDING, method, NOW).outcome is PaymentOutcome.CHANGED
    order = get_order(shop, ADA, PENDING)
    assert order is not None and order.payment_method is not None
    assert order.payment_method.payment_method_id == "paypal"
    live = [row for row in ledger(shop, PENDING) if row[3] != "void"]
    assert sum(cents if kind == "payment" else -cents for kind, cents, _, _ in live) == TOTAL
    assert cancel_pending_order(shop, ADA, PENDING, REASON, NOW).refund_cents == 0  # PayPal was never collected


@pytest.mark.parametrize(
    ("identity", "order_id", "method", "outcome"),
    [
        (ADA, PENDING, "visa", PaymentOutcome.SAME_METHOD),
        (ADA, PENDING, "small-gift", PaymentOutcome.BALANCE_TOO_LOW),
        (ADA, PENDING, "bens-visa", PaymentOutcome.METHOD_NOT_FOUND),
        (ADA, PENDING, "unheard-of", PaymentOutcome.METHOD_NOT_FOUND),
        (ADA, PROCESSED, "paypal", PaymentOutcome.NOT_PENDING),
        (BEN, PENDING, "bens-visa", PaymentOutcome.NOT_FOUND),
        (NOBODY, PENDING, "visa", PaymentOutcome.NEEDS_VERIFICATION),
    ],
)
def test_a_refused_payment_changes_nothing(
    shop: Connection, identity: object, order_id: str, method: str, outcome: PaymentOutcome
) -> None:
    before = _untouched(shop)
    assert modify_pending_order_payment(shop, identity, order_id, method, NOW).outcome is outcome  # type: ignore[arg-type]
    assert _untouched(shop) == before


def test_invoice_is_for_the_tiers_that_may(shop: Connection) -> None:
    add_order(shop, "HV-1", "pending", 0, [("PAN-28", 1, 3000)], "C-000002", "bens-visa")
    refused = modify_pending_order_payment(shop, BEN, "HV-1", "bens-invoice", NOW)
    assert refused.outcome is PaymentOutcome.METHOD_NOT_ALLOWED
    assert modify_pending_order_payment(shop, ADA, PENDING, "invoice", NOW).outcome is PaymentOutcome.CHANGED


def test_a_dearer_option_is_paid_and_the_stock_moves(shop: Connection) -> None:
    result = modify_pending_order_items(shop, ADA, PENDING, KETTLE_LINE, "KETTLE-BLACK", None, NOW)
    assert (result.outcome, result.difference_cents) == (ItemsOutcome.CHANGED, 500)
    order = get_order(shop, ADA, PENDING)
    assert order is not None
    assert order.lines[0].options["colour"] == "black"
    assert order.total_cents == TOTAL + 500
    assert (stock(shop, "KETTLE-RED"), stock(shop, "KETTLE-BLACK")) == (11, 1)
    assert ledger(shop, PENDING)[1:] == [("payment", 500, "visa", "pending")]


def test_a_cheaper_option_is_refunded(shop: Connection) -> None:
    result = modify_pending_order_items(shop, ADA, PENDING, KETTLE_LINE, "KETTLE-CREAM", "gift", NOW)
    assert (result.outcome, result.difference_cents) == (ItemsOutcome.CHANGED, -500)
    assert result.refund is not None and result.refund.done
    assert balance(shop, "gift") == 20500


def test_a_cheaper_option_lowers_what_was_not_collected_yet(shop: Connection) -> None:
    red = [("KETTLE-RED", 1, 4490)]
    add_order(shop, "HV-1", "pending", 0, red, payment_method_id="invoice", payment_status="pending")
    line_id = rows_of(shop, tables.order_lines, order_id="HV-1")[0].line_id
    result = modify_pending_order_items(shop, ADA, "HV-1", line_id, "KETTLE-CREAM", None, NOW)
    assert result.refund is not None and result.refund.amount_cents == 0
    assert ledger(shop, "HV-1") == [("payment", 3990, "invoice", "pending")]


def test_items_change_once(shop: Connection) -> None:
    modify_pending_order_items(shop, ADA, PENDING, KETTLE_LINE, "KETTLE-BLACK", None, NOW)
    before = _untouched(shop)
    again = modify_pending_order_items(shop, ADA, PENDING, KETTLE_LINE, "KETTLE-RED", None, NOW)
    assert again.outcome is ItemsOutcome.ALREADY_CHANGED
    assert _untouched(shop) == before


@pytest.mark.parametrize(
    ("identity", "order_id", "line_id", "item_id", "method", "outcome"),
    [
        (ADA, PENDING, KETTLE_LINE, "KETTLE-RED", None, ItemsOutcome.SAME_OPTION),
        (ADA, PENDING, KETTLE_LINE, "TOASTER-CREAM", None, ItemsOutcome.OTHER_PRODUCT),
        (ADA, PENDING, KETTLE_LINE, "NO-SUCH-ITEM", None, ItemsOutcome.OTHER_PRODUCT),
        (ADA, PENDING, KETTLE_LINE, "KETTLE-BLUE", None, ItemsOutcome.OUT_OF_STOCK),
        (ADA, PENDING, KETTLE_LINE, "KETTLE-BLACK", "small-gift", ItemsOutcome.BALANCE_TOO_LOW),
        (ADA, PENDING, KETTLE_LINE, "KETTLE-BLACK", "bens-visa", ItemsOutcome.METHOD_NOT_FOUND),
        (ADA, PENDING, LAMP_LINE, "LAMP-BLACK", None, ItemsOutcome.NOT_FOUND),
        (ADA, PROCESSED, LAMP_LINE, "LAMP-BLACK", None, ItemsOutcome.NOT_PENDING),
        (ADA, DELIVERED, LAMP_LINE, "LAMP-BLACK", None, ItemsOutcome.NOT_PENDING),
        (BEN, PENDING, KETTLE_LINE, "KETTLE-BLACK", None, ItemsOutcome.NOT_FOUND),
        (NOBODY, PENDING, KETTLE_LINE, "KETTLE-BLACK", None, ItemsOutcome.NEEDS_VERIFICATION),
    ],
)
def test_a_refused_swap_changes_nothing(
    shop: Connection,
    identity: object,
    order_id: str,
    line_id: int,
    item_id: str,
    method: str | None,
    outcome: ItemsOutcome,
) -> None:
    before = _untouched(shop)
    result = modify_pending_order_items(shop, identity, order_id, line_id, item_id, method, NOW)  # type: ignore[arg-type]
    assert result.outcome is outcome
    assert _untouched(shop) == before


def test_several_lines_swap_together_or_not_at_all(shop: Connection) -> None:
    lines = [("KETTLE-RED", 1, 4490), ("LAMP-WHITE", 2, 5990)]
    add_order(shop, "HV-1", "pending", 0, lines)
    kettle, lamp = (row.line_id for row in rows_of(shop, tables.order_lines, order_id="HV-1"))
    before = _untouched(shop)
    sold_out = swap_pending_order_items(shop, ADA, "HV-1", {lamp: "LAMP-BLACK", kettle: "KETTLE-BLUE"}, None, NOW)
    assert sold_out.outcome is ItemsOutcome.OUT_OF_STOCK
    assert _untouched(shop) == before
    done = swap_pending_order_items(shop, ADA, "HV-1", {lamp: "LAMP-BLACK", kettle: "KETTLE-CREAM"}, None, NOW)
    assert (done.outcome, done.difference_cents) == (ItemsOutcome.CHANGED, 2 * 500 - 500)


def test_more_pieces_than_there_are_cannot_be_swapped(shop: Connection) -> None:
    add_order(shop, "HV-1", "pending", 0, [("KETTLE-RED", 3, 4490)])
    line_id = rows_of(shop, tables.order_lines, order_id="HV-1")[0].line_id
    result = modify_pending_order_items(shop, ADA, "HV-1", line_id, "KETTLE-BLACK", None, NOW)
    assert result.outcome is ItemsOutcome.OUT_OF_STOCK


def test_a_shop_may_forbid_it(shop: Connection) -> None:
    write_policy(shop, ShopPolicy(changes_allowed=("items",), cancel_after_item_change=False))
    refused = modify_pending_order_payment(shop, ADA, PENDING, "paypal", NOW)
    assert refused.outcome is PaymentOutcome.NOT_OFFERED
    assert modify_pending_order_address(shop, ADA, PENDING, STREET, NOW).outcome is AddressOutcome.NOT_OFFERED
    modify_pending_order_items(shop, ADA, PENDING, KETTLE_LINE, "KETTLE-BLACK", None, NOW)
    result = cancel_pending_order(shop, ADA, PENDING, REASON, NOW)
    assert result.outcome is CancelOutcome.ITEMS_WERE_CHANGED
