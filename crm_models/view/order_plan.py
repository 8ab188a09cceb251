"""What a file of orders means for the shop: which are new, which changed and how, and which cannot be taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.order_records import LineStatus
from crm_models.tables import order_lines, returns
from crm_models.view.changed_orders import CONTRADICTS, LineChanges, Pieces, StoredLine, changed_lines
from crm_models.view.changes import Changes
from crm_models.view.cleaning import drop
from crm_models.view.import_marks import digest
from crm_models.view.writing import parts

if TYPE_CHECKING:
    import pandas as pd

NOT_FROM_A_FILE = "the order is in the shop already, and not from a file"


@dataclass(frozen=True)
class OrderPlan:
    new: pd.DataFrame  # lines of orders that are not in the shop
    changed: pd.DataFrame  # lines of orders that were imported before and say something else now
    line_changes: dict[str, LineChanges]  # by order, of those that changed
    digests: dict[str, str]  # of the new and the changed ones
    unchanged: int


def plan_orders(
    connection: Connection, lines: pd.DataFrame, marks: Mapping[str, str], known: Collection[str], changes: Changes
) -> OrderPlan:
    """Compare cleaned lines (`order_lines`) with what was imported before.

    Args:
        marks: of orders, as `import_marks` keeps them.
        known: ids of the orders that are in the shop.
        changes: takes the lines that are refused.
    """
    own = set(known) - set(marks)
    lines = drop(lines, lines["order_id"].isin(own), NOT_FROM_A_FILE, changes)
    digests = _digests(lines)
    fresh = {order_id: value for order_id, value in digests.items() if marks.get(order_id) != value}
    lines = lines[lines["order_id"].isin(fresh.keys())]
    was_there = lines["order_id"].isin(marks.keys())
    found = _line_changes(connection, lines[was_there])
    refused = {order_id for order_id, change in found.items() if change is None}
    changed = drop(lines[was_there], lines.loc[was_there, "order_id"].isin(refused), CONTRADICTS, changes)
    return OrderPlan(
        lines[~was_there],
        changed,
        {order_id: change for order_id, change in found.items() if change is not None},
        {order_id: value for order_id, value in fresh.items() if order_id not in refused},
        len(digests) - len(fresh),
    )


def _digests(lines: pd.DataFrame) -> dict[str, str]:
    names = ["order_id", "customer_id", "placed_at", "item_id", "quantity", "price_cents", "returned_at"]
    columns = [lines[name].astype(str) for name in names]
    text = ["|".join(each) for each in zip(*columns, strict=True)]
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for order_id, line in zip(lines["order_id"], text, strict=True):
        grouped[order_id].append(line)
    return {order_id: digest(*sorted(each)) for order_id, each in grouped.items()}


def _line_changes(connection: Connection, lines: pd.DataFrame) -> dict[str, LineChanges | None]:
    told: defaultdict[str, list[tuple[str, Pieces]]] = defaultdict(list)
    columns = ("order_id", "item_id", "quantity", "price_cents", "returned_at")
    for order_id, item_id, quantity, price, at in zip(*(lines[name] for name in columns), strict=True):
        back = at if at == at else None  # a missing time is not equal to itself
        told[order_id].append((item_id, Pieces(int(quantity), int(price), back)))
    stored = _stored(connection, sorted(told))
    return {order_id: changed_lines(stored[order_id], each) for order_id, each in told.items()}


def _stored(connection: Connection, order_ids: list[str]) -> defaultdict[str, list[StoredLine]]:
    found: defaultdict[str, list[StoredLine]] = defaultdict(list)
    for some in parts(order_ids):
        back = select(returns).where(returns.c.order_id.in_(list(some)))
        with_return = {row.line_id: row for row in connection.execute(back)}
        own = select(order_lines).where(order_lines.c.order_id.in_(list(some))).order_by(order_lines.c.line_id)
        for row in connection.execute(own):
            own_return = with_return.get(row.line_id)
            waits = own_return is not None and row.status == LineStatus.RETURN_REQUESTED.value
            found[row.order_id].append(
                StoredLine(
                    row.line_id,
                    row.item_id,
                    row.quantity,
                    row.price_cents,
                    row.status,
                    own_return is not None,
                    own_return.created_at if own_return is not None and waits else None,
                )
            )
    return found
