"""The person behind a customer's record: all records that links join to it."""

from __future__ import annotations

from collections import deque
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.engine import Connection

from crm_models.tables import customer_links

LINKED = "linked"


def person_of(connection: Connection, customer_id: str) -> tuple[str, ...]:
    """All customer ids of the person, the given one's included, sorted; the first names the person.

    Read anew from the links each time, so a link that was undone has no after-effects.
    """
    found, waiting = {customer_id}, deque([customer_id])
    while waiting:
        each = waiting.popleft()
        for neighbour in _neighbours(connection, each):
            if neighbour not in found:
                found.add(neighbour)
                waiting.append(neighbour)
    return tuple(sorted(found))


def _neighbours(connection: Connection, customer_id: str) -> list[str]:
    rows = connection.execute(
        select(customer_links.c.left_id, customer_links.c.right_id).where(
            customer_links.c.status == LINKED, touches(customer_id)
        )
    )
    return [right if left == customer_id else left for left, right in rows]


def touches(customer_id: str) -> Any:
    return or_(customer_links.c.left_id == customer_id, customer_links.c.right_id == customer_id)
