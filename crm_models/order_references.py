"""Which of their orders a customer means: "the kettle order", "my last one", "the second", "4233"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.engine import Connection

from crm_models.identity import Identity
from crm_models.order_numbers import normalise_order_id
from crm_models.orders import OPEN, Order, OrderStatus, get_order, list_orders
from crm_models.product_search import CATEGORY, FEATURE, NAME, ProductIndex

# Orders further back are named by their number.
_HISTORY = 30
# A candidate this much weaker than the best one is not meant.
_MARGIN = 0.25

_NEWEST = re.compile(r"\b(last|latest|newest|most recent|recent)\b(?! (week|month|year))", re.IGNORECASE)
_OLDEST = re.compile(r"\b(oldest|very first|earliest)\b", re.IGNORECASE)
_OTHER = re.compile(r"\b(the|my) other\b|\banother order\b", re.IGNORECASE)
_NEWER_OR_OLDER = re.compile(r"\b(newer|older)\b", re.IGNORECASE)
_ORDINALS = {"first": 0, "1st": 0, "second": 1, "2nd": 1, "third": 2, "3rd": 2, "fourth": 3, "4th": 3}
_ORDINAL = re.compile(rf"\b({'|'.join(_ORDINALS)})\b(?! (time|day|of|week))", re.IGNORECASE)
_DIGITS = re.compile(r"(?<![\w.,-])#?(\d{3,12})(?![\w.,-])")
_STATUS_WORDS = {
    r"\b(pending|not (yet )?(shipped|sent)|open)\b": (OrderStatus.PENDING, OrderStatus.PROCESSED),
    r"\b(on (its|the) way|shipped|in transit)\b": (OrderStatus.SHIPPED,),
    r"\b(delivered|arrived|received|got)\b": (OrderStatus.DELIVERED,),
    r"\bcancell?ed\b": (OrderStatus.CANCELLED,),
}
# "Has my order arrived?" and "it has not arrived" do not call it arrived; "the one that has arrived" does.
_NOT_SO = re.compile(
    r"(?:\b(?:not|never|when|will|would|should|until|if|whether)\b|n['\u2019]?t\b"
    r"|(?<!that )(?<!which )(?<!one )(?<!i )\b(?:has|have|did|was|is|does)\b)[^.?!,]*$",
    re.IGNORECASE,
)
_UNDER_WAY = (OrderStatus.SHIPPED, OrderStatus.DELIVERED)
# The talk about an order says nothing about what is in it.
_ORDER_WORDS = re.compile(
    r"\b(order(ed|s)?|parcel|package|delivery|delivered|arrived|shipped|cancel(led)?|return|exchange|where|when|"
    r"has|not|yet|been|did|was|no|other|last|latest|recent|newest|mean|meant|bought|about|status|track|start(ed)?|begin|"
    r"then|please|want|like|back|send|sent|give|just|money|refund|now|will|get|how|what|why)\b",
    re.IGNORECASE,
)


class ReferenceKind(StrEnum):
    """What in the text pointed at the orders."""

    NUMBER = "number"
    POSITION = "position"
    PRODUCT = "product"
    CATEGORY = "category"  # a word of the kind of product alone: "office" of "home office"
    RECENCY = "recency"
    DATE = "date"  # placed on that day, or else delivered on it
    STATUS = "status"
    OTHER = "other"


@dataclass(frozen=True)
class OrderCandidate:
    order: Order
    kind: ReferenceKind
    score: float  # 0 to 1, 1 for what is certain


def find_order_reference(
    connection: Connection,
    identity: Identity,
    text: str,
    offered: Sequence[str] = (),
    current: str | None = None,
    products: Sequence[str] = (),
    dates: Sequence[str] = (),
) -> tuple[OrderCandidate, ...]:
    """Orders of the verified customer that `text` may mean, likeliest first; none when it points at none.

    More than one candidate means: ask which. `offered` are the order ids last shown, in that order, which
    "the second one" counts through; without them it counts through the open orders, newest first, then the
    others. `current` is the order spoken of until now, which "the other one" is not. `products` are the words of
    the text that name a product, where they are known: the rest of a long message says nothing about what was bought.
    `dates` are days, weeks or months of the text in ISO 8601.
    """
    named = normalise_order_id(text)
    if named is not None:
        order = get_order(connection, identity, named)
        return () if order is None else (OrderCandidate(order, ReferenceKind.NUMBER, 1.0),)
    history = list_orders(connection, identity, limit=_HISTORY, open_first=True)
    shown = [order for wanted in offered for order in history if order.order_id == wanted] or list(history)
    for found in (
        _by_digits(history, text),
        _by_position(shown, text, explicit=bool(offered)),
        _by_age(shown, text) if offered else (),
        *(_by_product(history, product, _NEWEST.search(text) is not None) for product in products),
        _by_product(history, text, _NEWEST.search(text) is not None),
        _by_date(history, dates),
        _by_recency(history, text),
        _by_other(shown, text, current),
        _by_status(history, text),
    ):
        if found:
            return found
    return ()


def _by_digits(history: Sequence[Order], text: str) -> tuple[OrderCandidate, ...]:
    """A number without its letters, or only its end."""
    endings = [match.group(1) for match in _DIGITS.finditer(text)]
    found = [order for order in history if any(order.order_id.endswith(digits) for digits in endings)]
    return _equal(found, ReferenceKind.NUMBER)


def _by_position(shown: Sequence[Order], text: str, explicit: bool) -> tuple[OrderCandidate, ...]:
    match = _ORDINAL.search(text)
    if match is None:
        if explicit and re.search(r"\b(the )?last (one|of (them|these))\b", text, re.IGNORECASE):
            return _equal(shown[-1:], ReferenceKind.POSITION)
        return ()
    position = _ORDINALS[match.group(1).lower()]
    return _equal(shown[position : position + 1], ReferenceKind.POSITION)


def _by_age(shown: Sequence[Order], text: str) -> tuple[OrderCandidate, ...]:
    """ "The newer one", of those that were offered."""
    match = _NEWER_OR_OLDER.search(text)
    if match is None or not shown:
        return ()
    by_date = sorted(shown, key=lambda order: order.placed_at)
    return _equal(by_date[-1:] if match.group(1).lower() == "newer" else by_date[:1], ReferenceKind.POSITION)


def _by_date(history: Sequence[Order], dates: Sequence[str]) -> tuple[OrderCandidate, ...]:
    """ "The order from yesterday", "what I bought last week"."""
    for said in dates:
        placed = [order for order in history if _is_within(order.placed_at, said)]
        delivered = [order for order in history if order.delivered_at and _is_within(order.delivered_at, said)]
        if placed or delivered:
            return _equal(placed or delivered, ReferenceKind.DATE)
    return ()


def _is_within(moment: datetime, said: str) -> bool:
    """Whether it lies in a day, week or month (ISO 8601); a year says too little."""
    form = "%G-W%V" if "W" in said else {10: "%Y-%m-%d", 7: "%Y-%m"}.get(len(said))
    return form is not None and moment.strftime(form) == said


def _by_product(history: Sequence[Order], text: str, newest: bool) -> tuple[OrderCandidate, ...]:
    """`newest`: of those in which it is, the latest ("my last kettle order")."""
    kind, wanted = ReferenceKind.PRODUCT, _ORDER_WORDS.sub(" ", text)
    index = ProductIndex()
    for order in history:
        for line in order.lines:
            index.add(order.order_id, line.product_name, NAME)
            index.add(order.order_id, line.options_text, FEATURE)
    scores = index.scores(wanted)
    if not scores:
        kind = ReferenceKind.CATEGORY
        for order in history:
            for line in order.lines:
                index.add(order.order_id, line.category, CATEGORY)
        scores = index.scores(wanted)
    if not scores:
        return ()
    best = max(scores.values())
    found = [order for order in history if scores.get(order.order_id, 0.0) >= best - _MARGIN]
    if newest:
        found = [max(found, key=lambda order: order.placed_at)]
    found.sort(key=lambda order: -scores[order.order_id])  # stable: open and newest first among equals
    return tuple(OrderCandidate(order, kind, min(scores[order.order_id], 1.0)) for order in found)


def _by_recency(history: Sequence[Order], text: str) -> tuple[OrderCandidate, ...]:
    by_date = sorted(history, key=lambda order: order.placed_at)
    if _OLDEST.search(text):
        return _equal(by_date[:1], ReferenceKind.RECENCY)
    return _equal(by_date[-1:], ReferenceKind.RECENCY) if _NEWEST.search(text) else ()


def _by_other(shown: Sequence[Order], text: str, current: str | None) -> tuple[OrderCandidate, ...]:
    if current is None or not _OTHER.search(text):
        return ()
    others = [order for order in shown if order.order_id != current]
    under_way = [order for order in others if order.status in OPEN]
    return _equal(under_way or others, ReferenceKind.OTHER)


def _by_status(history: Sequence[Order], text: str) -> tuple[OrderCandidate, ...]:
    for pattern, statuses in _STATUS_WORDS.items():
        match = re.search(pattern, text, re.IGNORECASE)
        if match and not (statuses[0] in _UNDER_WAY and _NOT_SO.search(text[: match.start()])):
            return _equal([order for order in history if order.status in statuses], ReferenceKind.STATUS)
    return ()


def _equal(found: Sequence[Order], kind: ReferenceKind) -> tuple[OrderCandidate, ...]:
    """Candidates between which the text does not choose."""
    return tuple(OrderCandidate(order, kind, 1.0 / len(found)) for order in found)
