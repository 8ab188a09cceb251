"""Purchases that are in the shop before a file is imported: what its returns may take back, and their booking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from crm_models.order_records import LineStatus, OrderStatus
from crm_models.tables import order_lines, orders, returns
from crm_models.view.arrivals import note_arrival
from crm_models.view.order_lines import Purchases, Stock, Taken
from crm_models.view.order_rows import line_row, return_row
from crm_models.view.writing import parts

if TYPE_CHECKING:
    import pandas as pd

# An order stays one that was delivered when something of it is on its way back.
_DELIVERED = tuple(
    each.value for each in (OrderStatus.DELIVERED, OrderStatus.RETURN_REQUESTED, OrderStatus.EXCHANGE_REQUESTED)
)


def read_purchases(connection: Connection, lines: pd.DataFrame) -> Purchases:
    """Delivered pieces of the items that the customers of the file's returns bought, but for the orders of which the
    file tells itself: there the file counts, and `changed_orders` keeps what came back.

    Args:
        lines: cleaned, of purchases and returns.
    """
    import pandas as pd

    back = lines[lines["quantity"] < 0]
    wanted = set(zip(back["customer_id"], back["item_id"], strict=True))
    told = set(lines.loc[lines["quantity"] > 0, "order_id"])
    kept: defaultdict[tuple[str, str], list[Stock]] = defaultdict(list)
    booked: defaultdict[tuple[str, str, Any], int] = defaultdict(int)
    for row in _lines_of(connection, {customer_id for customer_id, _ in wanted}):
        key = (row.customer_id, row.item_id)
        if key not in wanted or row.order_id in told:
            continue
        announced = row.returned_at is not None and row.status == LineStatus.RETURN_REQUESTED.value
        if row.returned_at is not None and not announced:
            booked[(*key, pd.Timestamp(row.returned_at))] += row.quantity
        elif announced or row.status == LineStatus.ORDERED.value:
            at = pd.Timestamp(row.placed_at)
            said = pd.Timestamp(row.returned_at) if announced else None
            kept[key].append(
                Stock(row.line_id, row.order_id, at, row.price_cents, row.quantity, stored=True, announced_at=said)
            )
    return Purchases(kept, booked)


def _lines_of(connection: Connection, customer_ids: Collection[str]) -> Iterable[Any]:
    columns = (orders.c.customer_id, orders.c.placed_at, *order_lines.c, returns.c.created_at.label("returned_at"))
    joined = orders.join(order_lines, order_lines.c.order_id == orders.c.order_id)
    joined = joined.outerjoin(returns, returns.c.line_id == order_lines.c.line_id)
    for some in parts(sorted(customer_ids)):
        own = orders.c.customer_id.in_(list(some)) & orders.c.status.in_(_DELIVERED)
        found = select(*columns).select_from(joined).where(own).order_by(orders.c.placed_at, order_lines.c.line_id)
        yield from connection.execute(found).all()


def write_returns(connection: Connection, taken: Iterable[Taken]) -> tuple[dict[str, int], int]:
    """Rows written by table, and how many returns had been announced: a line of which a part came back becomes two."""
    written, arrived = {"order_lines": 0, "returns": 0}, 0
    for each in taken:
        line = order_lines.c.line_id == each.line
        row = connection.execute(select(order_lines).where(line)).one()
        line_id = row.line_id
        if each.pieces < row.quantity:
            connection.execute(update(order_lines).where(line).values(quantity=row.quantity - each.pieces))
            values = line_row(row.order_id, row.item_id, each.pieces, row.price_cents, returned=True)
            (line_id,) = connection.execute(insert(order_lines).values(**values)).inserted_primary_key
            written["order_lines"] += 1
        if row.status == LineStatus.RETURN_REQUESTED.value:
            written["returns"] += note_arrival(connection, row.line_id, line_id, each.at)
            arrived += 1
            continue
        this = order_lines.c.line_id == line_id
        connection.execute(update(order_lines).where(this).values(status=LineStatus.RETURNED.value))
        connection.execute(insert(returns).values(**return_row(row.order_id, line_id, each.at)))
        written["returns"] += 1
    return written, arrived
