"""What went wrong: from what the conversation is about, what the customer says, and what the records show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from ruamel.yaml import YAML
from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from crm_models.next_action.kinds import Trouble
from crm_models.tables import orders

LATE_AGAIN_FROM = 2  # late deliveries within a year, the one at hand included
_YEAR = timedelta(days=365)
_WORDS = Path(__file__).with_name("trouble_words.yml")

_PROMISED = select(orders.c.promised_on, orders.c.delivered_at).where(
    orders.c.customer_id == bindparam("customer_id"),
    orders.c.placed_at >= bindparam("since"),
    orders.c.cancelled_at.is_(None),
    orders.c.promised_on.is_not(None),
)


def trouble_of(connection: Connection, customer_id: str, text: str, now: datetime, at_hand: Trouble) -> Trouble:
    """What went wrong for this customer.

    Args:
        text: what the customer said; looked at where the conversation does not show it.
        at_hand: what the conversation is about, `NONE` where it shows no trouble.
    """
    found = at_hand if at_hand is not Trouble.NONE else told_trouble(text)
    if found is Trouble.LATE_DELIVERY and _late_deliveries(connection, customer_id, now) >= LATE_AGAIN_FROM:
        return Trouble.LATE_AGAIN
    return found


def told_trouble(text: str) -> Trouble:
    """The trouble that the words speak of, or `NONE`."""
    return next((trouble for trouble, words in _patterns().items() if words.search(text)), Trouble.NONE)


@cache
def _patterns() -> Mapping[Trouble, re.Pattern[str]]:
    told = YAML(typ="safe").load(_WORDS.read_text(encoding="utf-8"))
    return {
        Trouble(name): re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)
        for name, words in told.items()
    }


def _late_deliveries(connection: Connection, customer_id: str, now: datetime) -> int:
    """Orders of a year that came, or still are, later than promised; as `crm_models.features` counts them."""
    rows = connection.execute(_PROMISED, {"customer_id": customer_id, "since": now - _YEAR})
    return sum((row.delivered_at or now) >= row.promised_on + timedelta(days=1) for row in rows)
