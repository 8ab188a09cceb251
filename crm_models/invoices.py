"""A copy of an order's invoice, by mail to the address the shop has of the customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.identity import Identity
from crm_models.mailbox import queue_mail
from crm_models.order_records import Order
from crm_models.orders import get_order
from crm_models.ownership import verified_customer
from crm_models.shop_policy import read_facts
from crm_models.tables import customers, mails

TEMPLATE = "invoice_copy"
# Asked again within this time the first mail is still on its way: a second one would only confuse.
_JUST_SENT = timedelta(minutes=10)


class InvoiceOutcome(StrEnum):
    SENT = "sent"
    ALREADY_SENT = "already_sent"  # minutes ago
    NO_EMAIL = "no_email"
    NEEDS_VERIFICATION = "needs_verification"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class InvoiceResult:
    outcome: InvoiceOutcome
    recipient: str | None = None


def request_invoice_copy(connection: Connection, identity: Identity, order_id: str, now: datetime) -> InvoiceResult:
    """Queue the mail `invoice_copy`, with lines and totals in its fields."""
    customer_id = verified_customer(identity)
    if customer_id is None:
        return InvoiceResult(InvoiceOutcome.NEEDS_VERIFICATION)
    order = get_order(connection, identity, order_id)
    if order is None:
        return InvoiceResult(InvoiceOutcome.NOT_FOUND)
    recipient = _just_sent_to(connection, customer_id, order_id, now)
    if recipient is not None:
        return InvoiceResult(InvoiceOutcome.ALREADY_SENT, recipient)
    recipient = queue_mail(connection, customer_id, TEMPLATE, _fields(connection, customer_id, order), now)
    if recipient is None:
        return InvoiceResult(InvoiceOutcome.NO_EMAIL)
    return InvoiceResult(InvoiceOutcome.SENT, recipient)


def _just_sent_to(connection: Connection, customer_id: str, order_id: str, now: datetime) -> str | None:
    query = select(mails.c.recipient, mails.c.fields).where(
        mails.c.customer_id == customer_id,
        mails.c.template == TEMPLATE,
        mails.c.created_at > now - _JUST_SENT,
        mails.c.created_at <= now,
    )
    for row in connection.execute(query):
        if row.fields.get("order_id") == order_id:
            return str(row.recipient)
    return None


def _fields(connection: Connection, customer_id: str, order: Order) -> dict[str, Any]:
    customer = connection.execute(select(customers).where(customers.c.customer_id == customer_id)).one()
    return {
        "order_id": order.order_id,
        "status": order.status.value,
        "placed_on": order.placed_at.date().isoformat(),
        "name": " ".join(filter(None, (customer.first_name, customer.last_name))),
        "address": order.address.columns(),
        "lines": [
            {
                "name": line.product_name,
                "options": line.options_text,
                "quantity": line.quantity,
                "price_cents": line.price_cents,
                "total_cents": line.total_cents,
            }
            for line in order.lines
        ],
        "items_cents": order.items_cents,
        "shipping_cents": order.shipping_cents,
        "discount_cents": order.discount_cents,
        "total_cents": order.total_cents,
        "currency": read_facts(connection).currency,
        "paid_with": order.payment_method.kind if order.payment_method else None,
    }
