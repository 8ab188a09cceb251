"""Money on its way: what an order was paid with, and what goes back.

A row of `payments` is `pending` until the shop's payment provider has moved the money, then `done`. Gift
cards are the shop's own, so their rows are done at once. A payment that was never collected, such as an
unpaid invoice, is lowered or becomes `void`; nothing is refunded for it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, insert, select, update
from sqlalchemy.engine import Connection, Row

from crm_models.shop_policy import ShopPolicy
from crm_models.tables import payment_methods, payments
from crm_models.working_days import add_working_days

GIFT_CARD = "gift_card"
INVOICE = "invoice"


@dataclass(frozen=True)
class PaymentMethod:
    payment_method_id: str
    kind: str  # credit_card, paypal, gift_card, invoice
    brand: str | None
    last_four: str | None
    balance_cents: int | None  # gift cards only

    @property
    def is_gift_card(self) -> bool:
        return self.kind == GIFT_CARD


@dataclass(frozen=True)
class Refund:
    """Money that goes back to one payment method."""

    amount_cents: int
    payment_method_id: str | None
    done: bool  # already there
    expected_from: date | None = None  # None: done, or it first waits for a parcel
    expected_until: date | None = None


def method_of(row: Row) -> PaymentMethod:
    return PaymentMethod(row.payment_method_id, row.kind, row.brand, row.last_four, row.balance_cents)


def list_payment_methods(connection: Connection, customer_id: str) -> tuple[PaymentMethod, ...]:
    query = (
        select(payment_methods)
        .where(payment_methods.c.customer_id == customer_id)
        .order_by(payment_methods.c.payment_method_id)
    )
    return tuple(method_of(row) for row in connection.execute(query))


def find_method(connection: Connection, customer_id: str, payment_method_id: str | None) -> PaymentMethod | None:
    """The customer's own payment method; None when it is not theirs or does not exist."""
    row = connection.execute(
        select(payment_methods).where(
            payment_methods.c.payment_method_id == payment_method_id,
            payment_methods.c.customer_id == customer_id,
        )
    ).one_or_none()
    return None if row is None else method_of(row)


def net_by_method(connection: Connection, order_id: str) -> dict[str | None, int]:
    """Cents that each payment method carries of the order: payments less refunds, done or not."""
    net: dict[str | None, int] = {}
    query = (
        select(payments)
        .where(payments.c.order_id == order_id, payments.c.status != "void")
        .order_by(payments.c.payment_id)
    )
    for row in connection.execute(query):
        sign = 1 if row.kind == "payment" else -1
        net[row.payment_method_id] = net.get(row.payment_method_id, 0) + sign * row.amount_cents
    return net


def charge(connection: Connection, order_id: str, method: PaymentMethod, amount_cents: int, now: datetime) -> bool:
    """Have `amount_cents` paid; False, and nothing written, when a gift card does not hold that much."""
    if amount_cents <= 0:
        return True
    if method.is_gift_card:
        enough = and_(
            payment_methods.c.payment_method_id == method.payment_method_id,
            payment_methods.c.balance_cents >= amount_cents,
        )
        paid = connection.execute(
            update(payment_methods).where(enough).values(balance_cents=payment_methods.c.balance_cents - amount_cents)
        )
        if paid.rowcount == 0:
            return False
    _write(connection, order_id, "payment", amount_cents, method.payment_method_id, method.is_gift_card, now)
    return True


def pay_back(
    connection: Connection,
    order_id: str,
    payment_method_id: str | None,
    amount_cents: int,
    policy: ShopPolicy,
    now: datetime,
) -> Refund:
    """Send `amount_cents` back to a method: at once to a gift card, else in some working days.

    What was never collected from that method is not refunded but no longer asked for, so the refund may
    be smaller than `amount_cents`, down to nothing.
    """
    amount_cents -= _lower_uncollected(connection, order_id, payment_method_id, amount_cents)
    if amount_cents <= 0:
        return Refund(0, payment_method_id, done=True)
    credited = connection.execute(
        update(payment_methods)
        .where(
            payment_methods.c.payment_method_id == payment_method_id,
            payment_methods.c.kind == GIFT_CARD,
        )
        .values(balance_cents=payment_methods.c.balance_cents + amount_cents)
    )
    at_once = credited.rowcount == 1
    _write(connection, order_id, "refund", amount_cents, payment_method_id, at_once, now)
    if at_once:
        return Refund(amount_cents, payment_method_id, done=True)
    return Refund(amount_cents, payment_method_id, False, *refund_days(policy, now))


def promise_refund(
    connection: Connection, order_id: str, payment_method_id: str | None, amount_cents: int, now: datetime
) -> Refund:
    """Note a refund that is paid once the returned parcel has arrived; gift cards wait for it too."""
    if amount_cents > 0:
        _write(connection, order_id, "refund", amount_cents, payment_method_id, False, now)
    return Refund(max(amount_cents, 0), payment_method_id, done=False)


def refund_days(policy: ShopPolicy, started: datetime) -> tuple[date, date]:
    """First and last day on which a refund that was started then should arrive."""
    earliest, latest = policy.refund_working_days
    return add_working_days(started.date(), earliest), add_working_days(started.date(), latest)


def split_refund(
    connection: Connection,
    order_id: str,
    amount_cents: int,
    gift_cards: Collection[str],
    otherwise: str | None,
) -> list[tuple[str | None, int]]:
    """Shares of a refund by the methods the order was paid with; what a gift card paid comes last.

    What no recorded payment covers goes to `otherwise`.
    """
    carried = [(method, cents) for method, cents in net_by_method(connection, order_id).items() if cents > 0]
    carried.sort(key=lambda part: part[0] in gift_cards)
    shares: list[tuple[str | None, int]] = []
    for method, cents in carried:
        share = min(cents, amount_cents)
        if share > 0:
            shares.append((method, share))
            amount_cents -= share
    if amount_cents > 0:
        shares.append((otherwise, amount_cents))
    return shares


def _lower_uncollected(connection: Connection, order_id: str, payment_method_id: str | None, amount_cents: int) -> int:
    """Cents, up to `amount_cents`, that the method need no longer pay."""
    query = select(payments).where(
        payments.c.order_id == order_id,
        payments.c.kind == "payment",
        payments.c.status == "pending",
        payments.c.payment_method_id == payment_method_id,
    )
    lowered = 0
    for row in connection.execute(query).all():
        part = min(row.amount_cents, amount_cents - lowered)
        if part <= 0:
            break
        left: dict[str, Any] = (
            {"status": "void"} if part == row.amount_cents else {"amount_cents": row.amount_cents - part}
        )
        connection.execute(update(payments).where(payments.c.payment_id == row.payment_id).values(**left))
        lowered += part
    return lowered


def _write(
    connection: Connection,
    order_id: str,
    kind: str,
    amount_cents: int,
    payment_method_id: str | None,
    done: bool,
    now: datetime,
) -> None:
    connection.execute(
        insert(payments).values(
            order_id=order_id,
            kind=kind,
            amount_cents=amount_cents,
            payment_method_id=payment_method_id,
            status="done" if done else "pending",
            created_at=now,
            done_at=now if done else None,
        )
    )
