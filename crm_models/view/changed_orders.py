"""An imported order whose lines changed: what came back of it, told by the file or in a conversation, stays.

A line that came back, or is on its way back, keeps its number, so that its return and the refund stay with it. Its
pieces are taken out of what the file says now: first out of those that came back by the file as well, then out of the
others, at the same price where there is one. An order with fewer pieces than came back of it contradicts that, and is
not changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from crm_models.order_records import LineStatus

CONTRADICTS = "fewer pieces than came back of the order already"


@dataclass
class Pieces:
    """Pieces of one item in one order, as the file tells it now."""

    quantity: int
    price_cents: int
    returned_at: Any  # None: kept


@dataclass(frozen=True)
class StoredLine:
    line_id: int
    item_id: str
    quantity: int
    price_cents: int
    status: str
    has_return: bool
    announced_at: datetime | None = None  # when the customer said that they send it back, where it is waited for

    @property
    def came_back(self) -> bool:
        return self.has_return or self.status != LineStatus.ORDERED.value


@dataclass
class LineChanges:
    """What to do about an order's lines."""

    update: list[tuple[int, int, int]] = field(default_factory=list)  # line_id, quantity, price_cents
    add: list[tuple[str, Pieces]] = field(default_factory=list)  # item_id, pieces
    remove: list[int] = field(default_factory=list)
    arrived: list[tuple[int, Any]] = field(default_factory=list)  # line_id, when: announced before, and told to be in
    kept: int = 0  # lines that came back, of which the file does not say so


def changed_lines(stored: Iterable[StoredLine], told: Iterable[tuple[str, Pieces]]) -> LineChanges | None:
    """Bring what is stored of an order in line with what the file tells now.

    Args:
        told: (item_id, pieces) of every line of the order in the file.

    Returns:
        None where more came back than the file says was bought.
    """
    lines: defaultdict[str, list[StoredLine]] = defaultdict(list)
    for line in stored:
        lines[line.item_id].append(line)
    pieces: defaultdict[str, list[Pieces]] = defaultdict(list)
    for item_id, each in told:
        pieces[item_id].append(Pieces(each.quantity, each.price_cents, each.returned_at))
    changes = LineChanges()
    for item_id in sorted(lines.keys() | pieces.keys()):
        if not _change_item(item_id, lines[item_id], pieces[item_id], changes):
            return None
    return changes


def _change_item(item_id: str, lines: list[StoredLine], pieces: list[Pieces], changes: LineChanges) -> bool:
    for line in (each for each in lines if each.came_back):
        price = _price_of(line, pieces)
        if price is None:
            return False
        returned_at = _take(line.quantity, price, pieces)
        changes.kept += returned_at is None
        if line.announced_at and returned_at is not None and returned_at.date() >= line.announced_at.date():
            changes.arrived.append((line.line_id, returned_at))
        changes.update.append((line.line_id, line.quantity, price))
    free = [each for each in lines if not each.came_back]
    for each in (one for one in pieces if one.quantity > 0):
        if each.returned_at is not None or not free:
            changes.add.append((item_id, each))
            continue
        nearest = min(free, key=lambda one: one.price_cents != each.price_cents)
        free.remove(nearest)
        changes.update.append((nearest.line_id, each.quantity, each.price_cents))
    changes.remove += [line.line_id for line in free]
    return True


def _price_of(line: StoredLine, pieces: Sequence[Pieces]) -> int | None:
    """The price at which the file has as many pieces as came back; the line's own if it does."""
    there: defaultdict[int, int] = defaultdict(int)
    for each in pieces:
        there[each.price_cents] += each.quantity
    enough = [price for price, quantity in there.items() if quantity >= line.quantity]
    return min(enough, key=lambda price: (price != line.price_cents, -there[price], price), default=None)


def _take(wanted: int, price_cents: int, pieces: Sequence[Pieces]) -> Any | None:
    """Take so many pieces, first those that came back; when the last of them did, None where others had to be taken."""
    times: list[Any] = []
    for each in sorted(
        (one for one in pieces if one.price_cents == price_cents), key=lambda one: one.returned_at is None
    ):
        amount = min(each.quantity, wanted)
        each.quantity -= amount
        wanted -= amount
        if amount > 0:
            times.append(each.returned_at)
    return None if None in times else max(times, default=None)
