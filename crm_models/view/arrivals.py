"""A return that was announced in a conversation, and that a file tells has arrived: one return, not two."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, Row

from crm_models.order_records import LineStatus, OrderStatus
from crm_models.tables import order_lines, orders, payments, returns
from crm_models.view.order_rows import CLOSED, RETURN

_REQUESTED = "requested"


def note_arrival(connection: Connection, announced_line: int, arrived_line: int, at: Any) -> int:
    """Close the return that was announced for a line; the reason and where the money goes stay what they were.

    Args:
        arrived_line: the same line, or the one that the pieces which arrived became.

    Returns:
        How many rows of `returns` are new: one, where only a part arrived and the rest is still waited for.
    """
    own = (returns.c.line_id == announced_line) & (returns.c.kind == RETURN) & (returns.c.status == _REQUESTED)
    announced = connection.execute(select(returns).where(own)).first()
    if announced is None:
        return 0
    came = {"status": CLOSED, "created_at": at.to_pydatetime()}
    is_part = arrived_line != announced_line
    if is_part:
        values = {**announced._mapping, **came, "line_id": arrived_line}
        del values["return_id"]
        connection.execute(insert(returns).values(**values))
    else:
        this = returns.c.return_id == announced.return_id
        connection.execute(update(returns).where(this).values(**came))
        line = order_lines.c.line_id == arrived_line
        connection.execute(update(order_lines).where(line).values(status=LineStatus.RETURNED.value))
    _begin_refund(connection, announced, at)
    _end_request(connection, announced.order_id)
    return int(is_part)


def _begin_refund(connection: Connection, announced: Row, at: Any) -> None:
    """The working days of a refund count from the parcel, once all that was announced with it is in."""
    together = (returns.c.order_id == announced.order_id) & (returns.c.created_at == announced.created_at)
    waits = select(returns.c.return_id).where(together, returns.c.status == _REQUESTED)
    if connection.execute(waits).first() is None:
        promised = (payments.c.order_id == announced.order_id) & (payments.c.created_at == announced.created_at)
        open_ones = (payments.c.kind == "refund") & (payments.c.status == "pending")
        connection.execute(update(payments).where(promised, open_ones).values(created_at=at.to_pydatetime()))


def _end_request(connection: Connection, order_id: str) -> None:
    """An order has one open request at a time; when its parcel is in, something else of it may go back."""
    waits = select(returns.c.return_id).where(returns.c.order_id == order_id, returns.c.status == _REQUESTED)
    if connection.execute(waits).first() is None:
        requested = (orders.c.order_id == order_id) & (orders.c.status == OrderStatus.RETURN_REQUESTED.value)
        connection.execute(update(orders).where(requested).values(status=OrderStatus.DELIVERED.value))
