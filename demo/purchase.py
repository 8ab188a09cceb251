"""One order with everything that will ever happen to it, also what lies after the day the data ends.

`rows.py` writes only what has happened by then, and reads the order's status off the dates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from demo.catalogue import Item


@dataclass
class Return:
    """A line sent back. `refunded_at` of an exchange is when the new item was sent."""

    kind: str  # return, exchange
    reason: str
    created_at: datetime
    received_at: datetime
    refunded_at: datetime
    refund_cents: int = 0
    new_item: Item | None = None


@dataclass
class Line:
    item: Item
    quantity: int
    price_cents: int
    returned: Return | None = None

    @property
    def total_cents(self) -> int:
        return self.quantity * self.price_cents


@dataclass
class Complaint:
    topic: str
    text: str
    created_at: datetime
    closed_at: datetime


@dataclass
class Feedback:
    rating: int
    comment: str | None
    sentiment: float | None
    created_at: datetime


@dataclass
class Method:
    """A way to pay. Gift cards only have a balance."""

    payment_method_id: str
    kind: str  # credit_card, paypal, gift_card, invoice
    brand: str | None = None
    last_four: str | None = None
    balance_cents: int | None = None


@dataclass
class Purchase:
    customer_id: str
    placed_at: datetime
    lines: list[Line]
    method: Method
    carrier: str
    promised_on: datetime
    processed_at: datetime
    shipped_at: datetime
    delivered_at: datetime
    shipping_cents: int = 0
    discount_cents: int = 0
    points_spent: int = 0
    paid_at: datetime | None = None  # None: at once
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    refunded_at: datetime | None = None  # of a cancelled order
    address: dict[str, str | None] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    feedback: Feedback | None = None
    order_id: str | None = None  # given in order of time, unless a persona has its own

    @property
    def goods_cents(self) -> int:
        return sum(line.total_cents for line in self.lines)

    @property
    def total_cents(self) -> int:
        return self.goods_cents + self.shipping_cents - self.discount_cents

    @property
    def days_late(self) -> int:
        return max((self.delivered_at.date() - self.promised_on.date()).days, 0)

    def share_of_discount(self, line: Line) -> int:
        """Cents of the order's discount that fall on this line; the shares of all lines sum to it exactly."""
        position = next(index for index, other in enumerate(self.lines) if other is line)
        before = sum(other.total_cents for other in self.lines[:position])
        goods = max(self.goods_cents, 1)
        return self.discount_cents * (before + line.total_cents) // goods - self.discount_cents * before // goods
