"""Lines of orders from a table: cleaned, and returns booked against the line that was bought."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crm_models.view.changes import Changes
from crm_models.view.cleaning import (
    DEAREST,
    dates,
    drop,
    drop_missing,
    drop_repeated,
    in_shop_currency,
    numbers,
    tidy_ids,
    tidy_texts,
)

if TYPE_CHECKING:
    import pandas as pd

NEEDED = ["order_id", "customer_id", "item_id", "placed_at", "quantity", "price"]
LONGEST = {"order_id": 40, "customer_id": 60, "item_id": 40}


def clean_lines(
    table: pd.DataFrame, changes: Changes, now: datetime, *, currency: str, rates: Mapping[str, float]
) -> pd.DataFrame:
    """The lines that can be imported.

    Returns:
        order_id, customer_id, item_id (str), placed_at (datetime64), quantity (int, negative for returns), price_cents
        (int), and description, category, country where the source has them.
    """
    table = tidy_ids(tidy_texts(table.copy(), changes), ["order_id", "customer_id", "item_id"], changes)
    table = drop_missing(table, NEEDED, changes)
    table = drop_repeated(table, changes)
    table["order_id"] = table["order_id"].str.lstrip("#").str.upper()
    for name, most in LONGEST.items():
        table = drop(table, table[name].str.len() > most, f"{name} longer than {most} letters", changes)
    placed = dates(table["placed_at"], "placed_at", changes, now)
    table = drop(
        table.assign(placed_at=placed), placed.isna(), "impossible date (none, before 1900 or to come)", changes
    )
    quantity = numbers(table["quantity"])
    wrong = quantity.isna() | (quantity == 0) | (quantity % 1 != 0) | (quantity.abs() > DEAREST)
    table = drop(table.assign(quantity=quantity), wrong, "impossible quantity", changes)
    price = numbers(table["price"])
    table = table.assign(price=price)
    table = drop(table, price.isna() | (price < 0) | (price > DEAREST), "impossible price", changes)
    table = in_shop_currency(table, currency, rates, changes)
    table = table.assign(
        quantity=table["quantity"].astype("int64"),
        price_cents=(table["price"].astype(float) * 100).round().astype("int64"),
    )
    owner = table[table["quantity"] > 0].groupby("order_id")["customer_id"].first()
    other = (table["quantity"] > 0) & (table["customer_id"] != table["order_id"].map(owner))
    return drop(table, other, "the order is another customer's", changes)


@dataclass
class Stock:
    """Pieces of a line that did not come back yet; of a stored line, or of a row of the file."""

    line: int
    order_id: str
    placed_at: Any
    price_cents: int
    pieces: int
    stored: bool = False
    announced_at: Any = None  # when the customer said that they send it back, and it has not arrived

    def may_come_back(self, at: Any) -> bool:
        """Whether a return of that moment may be of it. Files often tell the day alone."""
        since = self.placed_at if self.announced_at is None else self.announced_at.normalize()
        return bool(self.pieces > 0 and since <= at)

    def unlikeness(self, back: Any) -> tuple[bool, bool, bool]:
        """The less, the rather is it what the row `back` takes back."""
        return self.order_id != back.order_id, self.announced_at is None, self.price_cents != back.price_cents


@dataclass(frozen=True)
class Taken:
    """Pieces of a line that a return takes back."""

    line: int
    pieces: int
    at: Any


@dataclass(frozen=True)
class Purchases:
    """What the shop has of the customers' earlier purchases, by customer and item."""

    kept: Mapping[tuple[str, str], list[Stock]]
    booked: Mapping[tuple[str, str, Any], int]  # pieces whose return of that moment is in the shop already


@dataclass(frozen=True)
class Booked:
    lines: pd.DataFrame  # those bought, with `returned_at` (datetime64), missing for what was kept
    stored: list[Taken]  # of lines that were in the shop before
    again: int  # returns that were in the shop already


def book_returns(lines: pd.DataFrame, earlier: Purchases, changes: Changes) -> Booked:
    """Lines bought, each with what was returned of it: a line of which a part came back becomes two.

    A negative quantity takes back the same customer's purchases of the item until then, in this file or in the shop:
    first those of the order it names, then those whose return the customer announced, then those at the same price,
    then the latest. What exceeds all purchases is refused.
    """
    import pandas as pd

    bought = lines[lines["quantity"] > 0].copy()
    bought["returned_at"] = pd.Series(pd.NaT, index=bought.index, dtype="datetime64[ns]")
    back = lines[lines["quantity"] < 0].sort_values("placed_at", kind="stable")
    if back.empty:
        return Booked(bought, [], 0)
    wanted = set(zip(back["customer_id"], back["item_id"], strict=True))
    left: defaultdict[Any, list[Stock]] = defaultdict(list, {key: list(found) for key, found in earlier.kept.items()})
    booked = dict(earlier.booked)
    row: Any
    for row in bought.itertuples():
        if (row.customer_id, row.item_id) in wanted:
            stock = Stock(row.Index, row.order_id, row.placed_at, row.price_cents, row.quantity)
            left[row.customer_id, row.item_id].append(stock)
    for each in left.values():
        each.sort(key=lambda one: one.placed_at)
    taken: dict[bool, list[Taken]] = {True: [], False: []}
    unmatched, again = [], 0
    for row in back.itertuples():
        moment = (row.customer_id, row.item_id, row.placed_at)
        known = min(booked.get(moment, 0), -row.quantity)
        if known:
            booked[moment] -= known
        if known == -row.quantity:
            again += 1
            continue
        parts = _take(left[row.customer_id, row.item_id], -row.quantity - known, row)
        for stock, pieces in parts:
            taken[stock.stored].append(Taken(stock.line, pieces, row.placed_at))
        if not parts:
            unmatched.append(row.Index)
    changes.refused("return of more than was bought until then", pd.Index(unmatched))
    return Booked(_split(bought, taken[False]), taken[True], again)


def _take(stock: list[Stock], wanted: int, back: Any) -> list[tuple[Stock, int]]:
    """Pieces that a return takes back, all or nothing."""
    able = [each for each in reversed(stock) if each.may_come_back(back.placed_at)]
    if sum(each.pieces for each in able) < wanted:
        return []
    parts = []
    for each in sorted(able, key=lambda one: one.unlikeness(back)):
        amount = min(each.pieces, wanted)
        if amount:
            each.pieces -= amount
            wanted -= amount
            parts.append((each, amount))
    return parts


def _split(bought: pd.DataFrame, taken: list[Taken]) -> pd.DataFrame:
    import pandas as pd

    if not taken:
        return bought
    parts = pd.DataFrame([(each.line, each.pieces, each.at) for each in taken], columns=["line", "amount", "at"])
    returned = bought.loc[parts["line"]].assign(quantity=parts["amount"].to_numpy(), returned_at=parts["at"].to_numpy())
    gone = parts.groupby("line")["amount"].sum()
    kept = bought.assign(quantity=bought["quantity"] - gone.reindex(bought.index).fillna(0).astype("int64"))
    return pd.concat([kept[kept["quantity"] > 0], returned]).sort_index(kind="stable")
