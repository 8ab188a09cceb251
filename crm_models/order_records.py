"""An order as a reply needs it: what was bought, where it is, what was paid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from crm_models.addresses import Address
from crm_models.payments import PaymentMethod


class OrderStatus(StrEnum):
    PENDING = "pending"  # packing has not started: may be cancelled and changed
    PROCESSED = "processed"  # being packed
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURN_REQUESTED = "return_requested"
    EXCHANGE_REQUESTED = "exchange_requested"


OPEN = (OrderStatus.PENDING, OrderStatus.PROCESSED, OrderStatus.SHIPPED)


class LineStatus(StrEnum):
    ORDERED = "ordered"
    RETURN_REQUESTED = "return_requested"
    RETURNED = "returned"
    EXCHANGE_REQUESTED = "exchange_requested"
    EXCHANGED = "exchanged"


class StatusOutcome(StrEnum):
    FOUND = "found"
    NOT_FOUND = "not_found"  # no such order, or not this customer's
    NEEDS_VERIFICATION = "needs_verification"


@dataclass(frozen=True)
class Shipment:
    tracking_id: str
    carrier: str
    status: str  # shipped, in_transit, delayed, delivered
    shipped_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True)
class OrderLine:
    line_id: int
    item_id: str
    product_id: str
    product_name: str
    category: str
    options: Mapping[str, Any]
    quantity: int
    price_cents: int  # of one piece, when bought
    status: LineStatus

    @property
    def options_text(self) -> str:
        return options_text(self.options)

    @property
    def total_cents(self) -> int:
        return self.quantity * self.price_cents


@dataclass(frozen=True)
class Payment:
    kind: str  # payment, refund
    amount_cents: int
    status: str  # pending, done, void
    method: PaymentMethod | None
    created_at: datetime
    done_at: datetime | None


@dataclass(frozen=True)
class OrderProgress:
    """How far an order is: all that a visitor without a proof of identity may learn."""

    order_id: str
    status: OrderStatus
    promised_on: datetime | None
    delivered_at: datetime | None
    shipments: tuple[Shipment, ...]

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    def is_late(self, now: datetime) -> bool:
        """Whether the promised day is over and the parcel is not there."""
        return self.is_open and self.promised_on is not None and self.promised_on.date() < now.date()


@dataclass(frozen=True)
class Order(OrderProgress):
    placed_at: datetime
    cancelled_at: datetime | None
    cancel_reason: str | None
    items_modified: bool
    lines: tuple[OrderLine, ...]
    payments: tuple[Payment, ...]
    payment_method: PaymentMethod | None
    address: Address
    shipping_cents: int
    discount_cents: int

    @property
    def items_cents(self) -> int:
        return sum(line.total_cents for line in self.lines)

    @property
    def total_cents(self) -> int:
        return self.items_cents + self.shipping_cents - self.discount_cents

    def summary(self, names: int = 2) -> str:
        """What is in it, short enough for a button: "Kettle Aria, Toaster Duo +1"."""
        shown = ", ".join(line.product_name for line in self.lines[:names])
        more = len(self.lines) - names
        return f"{shown} +{more}" if more > 0 else shown


@dataclass(frozen=True)
class StatusResult:
    outcome: StatusOutcome
    progress: OrderProgress | None = None


def options_text(options: Mapping[str, Any]) -> str:
    """As said aloud: "red, 1.7 l"; an option that is only yes or no keeps its name: "timer: yes"."""
    parts = []
    for name, value in options.items():
        text = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
        parts.append(f"{name}: {text}" if text.lower() in ("yes", "no", "none") else text)
    return ", ".join(parts)
