"""What customers did, as tables in memory: read once, looked at as of many days. For training and scoring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
from sqlalchemy import case, func, or_, select, union_all
from sqlalchemy.engine import Connection
from sqlalchemy.sql import Select

from crm_models.consents import Purpose
from crm_models.gaps import GapSort, GapStatus
from crm_models.interest import read_bought, read_looks
from crm_models.order_records import OrderStatus
from crm_models.tables import (
    browse_events,
    complaints,
    consents,
    customers,
    escalations,
    feedback,
    gaps,
    messages,
    order_lines,
    orders,
    payments,
    returns,
)


@dataclass(frozen=True)
class History:
    """One row an event, each with `customer_id`; times are UTC without zone, NaT for what has not happened."""

    customers: pd.DataFrame  # customer_id, created_at
    orders: pd.DataFrame  # placed_at, promised_on, delivered_at, cancelled_at, discount_cents, value_cents
    refunds: pd.DataFrame  # created_at, done_at
    returns: pd.DataFrame  # created_at
    complaints: pd.DataFrame  # created_at, closed_at
    moods: pd.DataFrame  # created_at, sentiment (-1 to 1), of messages and feedback
    visits: pd.DataFrame  # created_at, of everything looked at
    newsletter: pd.DataFrame  # changed_at, granted
    looks: pd.DataFrame  # created_at, category, of products viewed, and of searches and questions that name one
    bought: pd.DataFrame  # created_at, category, cancelled_at, of order lines
    contacts: pd.DataFrame  # created_at, of each conversation's first message
    escalations: pd.DataFrame  # created_at, closed_at
    questions: pd.DataFrame  # created_at, settled_at, of gaps in requests and knowledge

    @property
    def first_order(self) -> datetime | None:
        """When the first order was placed; None without any."""
        first = self.orders["placed_at"].min()
        return None if pd.isna(first) else first.to_pydatetime()


def read_history(connection: Connection) -> History:
    """All there is. A customer's events of every table are about the same customer id."""
    return History(
        customers=_frame(connection, select(customers.c.customer_id, customers.c.created_at)),
        orders=_frame(connection, _orders()),
        refunds=_frame(connection, _of_orders(payments, "created_at", "done_at").where(payments.c.kind == "refund")),
        returns=_frame(connection, _of_orders(returns, "created_at")),
        complaints=_frame(
            connection,
            select(complaints.c.customer_id, complaints.c.created_at, complaints.c.closed_at).where(
                complaints.c.customer_id.is_not(None)
            ),
        ),
        moods=_frame(connection, _moods()),
        visits=_frame(connection, select(browse_events.c.customer_id, browse_events.c.created_at)),
        newsletter=_frame(
            connection,
            select(consents.c.customer_id, consents.c.changed_at, consents.c.granted)
            .where(consents.c.purpose == Purpose.NEWSLETTER.value)
            .order_by(consents.c.changed_at, consents.c.consent_id),
        ),
        looks=read_looks(connection),
        bought=read_bought(connection),
        contacts=_frame(connection, _contacts()),
        escalations=_frame(
            connection,
            select(escalations.c.customer_id, escalations.c.created_at, escalations.c.closed_at).where(
                escalations.c.customer_id.is_not(None)
            ),
        ),
        questions=_frame(connection, _questions()),
    )


_TIMES = (
    "created_at",
    "placed_at",
    "promised_on",
    "delivered_at",
    "cancelled_at",
    "done_at",
    "closed_at",
    "changed_at",
    "settled_at",
)


def _frame(connection: Connection, query: Select) -> pd.DataFrame:
    result = connection.execute(query)
    columns = [str(name) for name in result.keys()]  # noqa: SIM118
    frame: pd.DataFrame = pd.DataFrame([tuple(row) for row in result], columns=columns)
    for name in columns:
        if name in _TIMES:
            frame[name] = pd.to_datetime(frame[name])
        elif name != "customer_id":
            frame[name] = frame[name].astype(float)
    return frame


def _orders() -> Select:
    goods = (
        select(
            order_lines.c.order_id,
            func.sum(order_lines.c.quantity * order_lines.c.price_cents).label("cents"),
        )
        .group_by(order_lines.c.order_id)
        .subquery()
    )
    # a shop that does not say when an order was cancelled: as if it had never been
    known = or_(orders.c.status != OrderStatus.CANCELLED.value, orders.c.cancelled_at.is_not(None))
    query = select(
        orders.c.customer_id,
        orders.c.placed_at,
        orders.c.promised_on,
        orders.c.delivered_at,
        orders.c.cancelled_at,
        orders.c.discount_cents,
        (func.coalesce(goods.c.cents, 0) - orders.c.discount_cents).label("value_cents"),
    ).select_from(orders.outerjoin(goods, goods.c.order_id == orders.c.order_id))
    return query.where(known)


def _of_orders(table: Select, *columns: str) -> Select:
    """Columns of a table that knows the order, with the order's customer."""
    return select(orders.c.customer_id, *(table.c[name] for name in columns)).select_from(
        table.join(orders, orders.c.order_id == table.c.order_id)
    )


def _contacts() -> Select:
    """A row a conversation in which the customer wrote."""
    said = messages.c.author == "customer"
    return (
        select(messages.c.customer_id, func.min(messages.c.created_at).label("created_at"))
        .where(said, messages.c.customer_id.is_not(None))
        .group_by(messages.c.customer_id, messages.c.conversation_id)
    )


def _questions() -> Select:
    """What was asked and not understood, or had no answer. A gap tells when it changed last: one that was closed and
    verified later counts as open until it was verified."""
    unsettled = gaps.c.status.in_((GapStatus.DETECTED.value, GapStatus.ASKED.value))
    return select(
        gaps.c.customer_id,
        gaps.c.created_at,
        case((unsettled, None), else_=gaps.c.changed_at).label("settled_at"),
    ).where(gaps.c.customer_id.is_not(None), gaps.c.sort.in_((GapSort.REQUEST.value, GapSort.KNOWLEDGE.value)))


def _moods() -> Select:
    said = select(messages.c.customer_id, messages.c.created_at, messages.c.sentiment).where(
        messages.c.author == "customer", messages.c.customer_id.is_not(None), messages.c.sentiment.is_not(None)
    )
    rated = select(feedback.c.customer_id, feedback.c.created_at, feedback.c.sentiment).where(
        feedback.c.customer_id.is_not(None), feedback.c.sentiment.is_not(None)
    )
    return union_all(said, rated)
