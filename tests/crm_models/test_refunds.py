"""Where the money is, and copies of invoices."""

from __future__ import annotations

from datetime import date, timedelta

from shop_fixture import (
    ADA,
    BEN,
    BENS,
    CLAIMED,
    DELIVERED,
    NOBODY,
    NOW,
    PAN_LINE,
    PENDING,
    add_order,
    rows_of,
)
from sqlalchemy import insert, update
from sqlalchemy.engine import Connection

from crm_models import tables
from crm_models.invoices import InvoiceOutcome, request_invoice_copy
from crm_models.order_changes import cancel_pending_order
from crm_models.refunds import RefundOutcome, refund_status
from crm_models.returns import return_delivered_items
from crm_models.working_days import add_working_days

REASON = "no longer needed"


def test_a_cancelled_order_is_refunded_in_working_days(shop: Connection) -> None:
    assert refund_status(shop, ADA, PENDING, NOW).outcome is RefundOutcome.NO_REFUND
    cancel_pending_order(shop, ADA, PENDING, REASON, NOW)
    result = refund_status(shop, ADA, PENDING, NOW)
    assert result.outcome is RefundOutcome.ON_ITS_WAY
    assert result.moving_cents == 12470
    assert (result.expected_from, result.expected_until) == (date(2026, 5, 20), date(2026, 5, 22))
    assert refund_status(shop, ADA, PENDING, NOW + timedelta(days=9)).outcome is RefundOutcome.ON_ITS_WAY
    assert refund_status(shop, ADA, PENDING, NOW + timedelta(days=10)).outcome is RefundOutcome.OVERDUE


def test_a_gift_card_refund_is_done(shop: Connection) -> None:
    add_order(shop, "HV-1", "pending", 0, [("PAN-28", 1, 3000)], payment_method_id="gift")
    cancel_pending_order(shop, ADA, "HV-1", REASON, NOW)
    result = refund_status(shop, ADA, "HV-1", NOW)
    assert (result.outcome, result.done_cents) == (RefundOutcome.DONE, 3000)


def test_a_return_waits_for_its_parcel_then_moves_then_is_done(shop: Connection) -> None:
    quote = return_delivered_items(shop, ADA, DELIVERED, [PAN_LINE], None, None, NOW)
    much_later = NOW + timedelta(days=30)
    waiting = refund_status(shop, ADA, DELIVERED, much_later)
    assert (waiting.outcome, waiting.waiting_cents) == (RefundOutcome.WAITING_FOR_PARCEL, quote.refund_cents)
    assert (waiting.expected_from, waiting.working_days) == (None, (5, 7))

    shop.execute(update(tables.returns).values(status="received"))
    refund = update(tables.payments).where(tables.payments.c.kind == "refund")
    shop.execute(refund.values(created_at=much_later))
    moving = refund_status(shop, ADA, DELIVERED, much_later)
    assert moving.outcome is RefundOutcome.ON_ITS_WAY
    assert moving.expected_from == add_working_days(much_later.date(), 5)

    shop.execute(refund.values(status="done", done_at=much_later))
    assert refund_status(shop, ADA, DELIVERED, much_later).outcome is RefundOutcome.DONE


def test_a_refund_from_before_the_return_does_not_wait_for_the_parcel(shop: Connection) -> None:
    before = {"kind": "refund", "amount_cents": 500, "payment_method_id": "visa", "status": "pending"}
    earlier = NOW - timedelta(days=3)
    shop.execute(insert(tables.payments).values(order_id=DELIVERED, created_at=earlier, **before))
    return_delivered_items(shop, ADA, DELIVERED, [PAN_LINE], None, "gift", NOW)
    result = refund_status(shop, ADA, DELIVERED, NOW)
    assert (result.outcome, result.moving_cents) == (RefundOutcome.ON_ITS_WAY, 500)
    assert result.expected_from == add_working_days(earlier.date(), 5)
    assert result.waiting_cents > 0


def test_refunds_of_others_stay_theirs(shop: Connection) -> None:
    assert refund_status(shop, ADA, BENS, NOW) == refund_status(shop, ADA, "HV-999999", NOW)
    assert refund_status(shop, ADA, BENS, NOW).outcome is RefundOutcome.NOT_FOUND
    for identity in (NOBODY, CLAIMED):
        assert refund_status(shop, identity, PENDING, NOW).outcome is RefundOutcome.NEEDS_VERIFICATION


def test_working_days_leave_out_weekends() -> None:
    friday = date(2026, 5, 15)
    assert add_working_days(friday, 0) == friday
    assert add_working_days(friday, 1) == date(2026, 5, 18)
    assert add_working_days(date(2026, 5, 16), 5) == date(2026, 5, 22)


def test_an_invoice_copy_is_mailed_with_its_lines(shop: Connection) -> None:
    result = request_invoice_copy(shop, ADA, DELIVERED, NOW)
    assert (result.outcome, result.recipient) == (InvoiceOutcome.SENT, "ada@example.org")
    (mail,) = rows_of(shop, tables.mails)
    assert (mail.template, mail.recipient, mail.customer_id) == (
        "invoice_copy",
        "ada@example.org",
        "C-000001",
    )
    assert [line["total_cents"] for line in mail.fields["lines"]] == [12900, 8900, 3000]
    assert mail.fields["total_cents"] == 24800 + 990 - 1001
    assert (mail.fields["name"], mail.fields["currency"]) == ("Ada Example", "EUR")


def test_an_impatient_customer_gets_one_copy(shop: Connection) -> None:
    request_invoice_copy(shop, ADA, DELIVERED, NOW)
    again = request_invoice_copy(shop, ADA, DELIVERED, NOW + timedelta(minutes=9))
    assert again.outcome is InvoiceOutcome.ALREADY_SENT
    assert request_invoice_copy(shop, ADA, PENDING, NOW).outcome is InvoiceOutcome.SENT
    tomorrow = request_invoice_copy(shop, ADA, DELIVERED, NOW + timedelta(days=1))
    assert tomorrow.outcome is InvoiceOutcome.SENT


def test_no_copy_without_right_or_address(shop: Connection) -> None:
    assert request_invoice_copy(shop, BEN, DELIVERED, NOW).outcome is InvoiceOutcome.NOT_FOUND
    assert request_invoice_copy(shop, CLAIMED, DELIVERED, NOW).outcome is InvoiceOutcome.NEEDS_VERIFICATION
    shop.execute(update(tables.customers).values(email=None))
    assert request_invoice_copy(shop, ADA, DELIVERED, NOW).outcome is InvoiceOutcome.NO_EMAIL
    assert rows_of(shop, tables.mails) == []
