"""Pieces in the warehouse."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import update
from sqlalchemy.engine import Connection

from crm_models.tables import items


def move_stock(connection: Connection, changes: Mapping[str, int]) -> bool:
    """Add pieces to items, or take them with a negative number; False as soon as one has not enough.

    After False earlier items of this call are already moved: undo with the surrounding savepoint. Items are
    touched in the order of their ids, so that two customers cannot wait for each other.
    """
    for item_id in sorted(changes):
        pieces = changes[item_id]
        if pieces == 0:
            continue
        moved = connection.execute(
            update(items)
            .where(items.c.item_id == item_id, items.c.stock + pieces >= 0)
            .values(stock=items.c.stock + pieces)
        )
        if moved.rowcount == 0:
            return False
    return True
