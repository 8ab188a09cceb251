"""Writing imported orders: new ones as they are, changed ones line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from crm_models.order_records import LineStatus
from crm_models.tables import items, order_lines, orders, products, returns
from crm_models.view.arrivals import note_arrival
from crm_models.view.changed_orders import LineChanges
from crm_models.view.importing import Progress
from crm_models.view.order_plan import OrderPlan
from crm_models.view.order_rows import item_rows, line_row, line_rows, order_rows, product_rows, return_row, return_rows
from crm_models.view.writing import parts, write

if TYPE_CHECKING:
    import pandas as pd


def write_orders(connection: Connection, plan: OrderPlan, say: Progress) -> dict[str, int]:
    """Rows written by table; the customers must be there."""
    import pandas as pd

    every = pd.concat([plan.new, plan.changed])
    sold = set(connection.execute(select(items.c.item_id)).scalars())
    named = sold | set(connection.execute(select(products.c.product_id)).scalars())
    written = {
        "products": write(connection, products, product_rows(every, named), say),
        "items": write(connection, items, item_rows(every, sold), say),
        "orders": write(connection, orders, order_rows(_heads(plan.new)), say),
        "order_lines": write(connection, order_lines, line_rows(plan.new), say),
    }
    written["returns"] = write(connection, returns, return_rows(plan.new, _returned(connection, plan.new)), say)
    row: Any
    for row in _heads(plan.changed).itertuples():
        lines, back = _change(connection, row.order_id, row.customer_id, row.placed_at, plan.line_changes[row.order_id])
        written["order_lines"] += lines
        written["returns"] += back
    return written


def _heads(lines: pd.DataFrame) -> pd.DataFrame:
    """The earliest line of each order."""
    return lines.sort_values("placed_at").drop_duplicates("order_id")


def _change(
    connection: Connection, order_id: str, customer_id: str, placed_at: pd.Timestamp, changes: LineChanges
) -> tuple[int, int]:
    """How many lines and returns are new."""
    here = orders.c.order_id == order_id
    connection.execute(update(orders).where(here).values(customer_id=customer_id, placed_at=placed_at.to_pydatetime()))
    for line_id, quantity, price_cents in changes.update:
        line = order_lines.c.line_id == line_id
        connection.execute(update(order_lines).where(line).values(quantity=quantity, price_cents=price_cents))
    for line_id, at in changes.arrived:
        note_arrival(connection, line_id, line_id, at)
    for some in parts(changes.remove):
        connection.execute(delete(order_lines).where(order_lines.c.line_id.in_(list(some))))
    back = 0
    for item_id, pieces in changes.add:
        returned = pieces.returned_at is not None
        row = line_row(order_id, item_id, pieces.quantity, pieces.price_cents, returned)
        (line_id,) = connection.execute(insert(order_lines).values(**row)).inserted_primary_key
        if returned:
            connection.execute(insert(returns).values(**return_row(order_id, line_id, pieces.returned_at)))
            back += 1
    return len(changes.add), back


def _returned(connection: Connection, lines: pd.DataFrame) -> list[Any]:
    """The returned lines of these orders, as the database wrote them."""
    found: list[Any] = []
    for some in parts(sorted(set(lines.loc[lines["returned_at"].notna(), "order_id"]))):
        own = order_lines.c.order_id.in_(list(some)) & (order_lines.c.status == LineStatus.RETURNED.value)
        found += connection.execute(select(order_lines).where(own).order_by(order_lines.c.line_id)).all()
    return found
