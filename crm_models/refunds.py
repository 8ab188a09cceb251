"""Where a customer's money is.

A refund of a cancelled or changed order is on its way from the moment it is written. A refund of a return
waits for the parcel: when that arrives, the shop's warehouse sets the rows in `returns` to received and
the refund's `created_at` to that moment, because the working days count from there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from crm_models.identity import Identity
from crm_models.ownership import owned_status, verified_customer
from crm_models.payments import Refund, refund_days
from crm_models.shop_policy import ShopPolicy, read_policy
from crm_models.tables import payments, returns


class RefundOutcome(StrEnum):
    NO_REFUND = "no_refund"  # the customer's order, and no money is due back
    WAITING_FOR_PARCEL = "waiting_for_parcel"
    ON_ITS_WAY = "on_its_way"
    OVERDUE = "overdue"  # should have arrived: somebody must look
    DONE = "done"
    NEEDS_VERIFICATION = "needs_verification"
    NOT_FOUND = "not_found"


@dataclass(frozen=True)
class RefundResult:
    """The outcome is that of the refund that most needs a word; the amounts are of all of them."""

    outcome: RefundOutcome
    waiting_cents: int = 0  # until a parcel arrives
    moving_cents: int = 0  # on its way or overdue
    done_cents: int = 0
    expected_from: date | None = None  # of what is on its way, earliest
    expected_until: date | None = None  # of what is on its way, latest
    working_days: tuple[int, int] = (0, 0)  # fewest and most, from start or arrival of the parcel
    refunds: tuple[Refund, ...] = ()  # oldest first


def refund_status(connection: Connection, identity: Identity, order_id: str, now: datetime) -> RefundResult:
    """The refunds of the customer's own order."""
    customer_id = verified_customer(identity)
    if customer_id is None:
        return RefundResult(RefundOutcome.NEEDS_VERIFICATION)
    if owned_status(connection, customer_id, order_id) is None:
        return RefundResult(RefundOutcome.NOT_FOUND)
    policy = read_policy(connection)
    refunds = _refunds(connection, order_id, policy)
    waiting = [refund for refund in refunds if not refund.done and refund.expected_until is None]
    moving = [refund for refund in refunds if refund.expected_until is not None]
    last_days = [refund.expected_until for refund in moving if refund.expected_until is not None]
    first_days = [refund.expected_from for refund in moving if refund.expected_from is not None]
    if any(day < now.date() for day in last_days):
        outcome = RefundOutcome.OVERDUE
    elif moving:
        outcome = RefundOutcome.ON_ITS_WAY
    elif waiting:
        outcome = RefundOutcome.WAITING_FOR_PARCEL
    else:
        outcome = RefundOutcome.DONE if refunds else RefundOutcome.NO_REFUND
    return RefundResult(
        outcome,
        waiting_cents=sum(refund.amount_cents for refund in waiting),
        moving_cents=sum(refund.amount_cents for refund in moving),
        done_cents=sum(refund.amount_cents for refund in refunds if refund.done),
        expected_from=min(first_days, default=None),
        expected_until=max(last_days, default=None),
        working_days=policy.refund_working_days,
        refunds=refunds,
    )


def _refunds(connection: Connection, order_id: str, policy: ShopPolicy) -> tuple[Refund, ...]:
    announced = _parcel_announced_at(connection, order_id)
    query = (
        select(payments)
        .where(payments.c.order_id == order_id, payments.c.kind == "refund", payments.c.status != "void")
        .order_by(payments.c.created_at, payments.c.payment_id)
    )
    refunds = []
    for row in connection.execute(query):
        done = row.status == "done"
        waits = not done and announced is not None and row.created_at >= announced
        days = (None, None) if done or waits else refund_days(policy, row.created_at)
        refunds.append(Refund(row.amount_cents, row.payment_method_id, done, *days))
    return tuple(refunds)


def _parcel_announced_at(connection: Connection, order_id: str) -> datetime | None:
    """When the parcel that is still expected was announced: every later refund is for what is in it."""
    announced: datetime | None = connection.execute(
        select(func.min(returns.c.created_at)).where(returns.c.order_id == order_id, returns.c.status == "requested")
    ).scalar_one()
    return announced
