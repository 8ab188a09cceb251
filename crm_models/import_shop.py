"""Bringing a shop that somebody else wrote into the same tables.

`import_shop` reads the whole folder and checks it before the first row is written, and writes in the
caller's transaction: all or nothing. What the layout does not say is assumed, and the report says what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Table, delete, func, insert, select
from sqlalchemy.engine import Connection

from crm_models.errors import ShopNotEmpty
from crm_models.retail_files import read_retail_folder
from crm_models.retail_rows import (
    ASSUMED_DATE,
    ASSUMED_STOCK,
    CATEGORY,
    TIER,
    UNKNOWN_CARRIER,
    return_rows,
    shop_rows,
)
from crm_models.shop_policy import ShopFacts, ShopPolicy, TierTerms, write_facts, write_policy
from crm_models.tables import cursors, customers, metadata, order_lines, orders, products, returns, staff

Progress = Callable[[str, int, int], None]  # what, rows done, rows in all

# The layout has one policy page, in prose. These are its rules.
RETAIL_POLICY = ShopPolicy(
    tiers={
        TIER: TierTerms(
            return_days=None,
            return_label_cents=None,
            standard_shipping_cents=None,
            free_shipping_from_cents=None,
            express_shipping_cents=None,
            large_item_shipping_cents=None,
            points_per_unit=0,
            warranty_months=None,
            retention_percent=0,
        )
    },
    cancel_reasons=("no_longer_needed", "ordered_by_mistake"),
    changes_allowed=("address", "items", "payment"),
    item_changes_per_order=1,
    cancel_after_item_change=False,
    ships_to=(),
    invoice_tiers=(),
    exchanges_allowed=True,
    refund_targets=("original", "gift_card"),
    refund_working_days=(5, 7),
    price_match_days=0,
    points_expire_months=None,
    recommendations=False,
)

# Who works here and how far the event logs were read is not the shop's data.
_KEPT = (staff, cursors)


@dataclass(frozen=True)
class ImportReport:
    rows: dict[str, int]  # written, by table
    assumptions: tuple[str, ...]
    policy_page: Path | None  # for the articles
    replaced: dict[str, int]  # removed, by table; empty when the database was


def import_shop(
    connection: Connection,
    folder: Path,
    *,
    replace: bool = False,
    currency: str = "USD",
    progress: Progress | None = None,
) -> ImportReport:
    """Write the shop in `folder` (tau-bench retail layout) into an empty database.

    Args:
        replace: first remove the shop that is there, with its conversations; staff accounts stay.
        progress: called after each table with its name, and rows done and rows in all.

    Raises:
        BadShop: the folder is broken; names file, record and rule. Nothing was written.
        ShopNotEmpty: there is a shop already, and `replace` was not asked for.
    """
    shop = read_retail_folder(folder)
    replaced = _make_room(connection, replace)
    written = _write(connection, shop_rows(shop), progress)
    # A return names the line it is of, and the database numbers the lines.
    written |= _write(connection, [(returns, return_rows(shop, _lines_by_order(connection)))], None)
    write_facts(connection, ShopFacts(name="imported shop", currency=currency, source="imported"))
    write_policy(connection, RETAIL_POLICY)
    return ImportReport(
        rows={name: count for name, count in written.items() if count},
        assumptions=_assumptions(currency),
        policy_page=shop.policy_page,
        replaced=replaced,
    )


def _write(
    connection: Connection, tables: Sequence[tuple[Table, list[dict[str, Any]]]], progress: Progress | None
) -> dict[str, int]:
    total = sum(len(rows) for _, rows in tables)
    done = 0
    for table, rows in tables:
        if rows:
            connection.execute(insert(table), rows)
        done += len(rows)
        if progress is not None:
            progress(table.name, done, total)
    return {table.name: len(rows) for table, rows in tables}


def _lines_by_order(connection: Connection) -> dict[str, list[tuple[int, str]]]:
    """(line id, item id) of each order's lines."""
    lines: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    rows = connection.execute(
        select(order_lines.c.line_id, order_lines.c.order_id, order_lines.c.item_id).order_by(order_lines.c.line_id)
    )
    for line_id, order_id, item_id in rows:
        lines[order_id].append((line_id, item_id))
    return lines


def _assumptions(currency: str) -> tuple[str, ...]:
    return (
        f"amounts are in {currency}",
        f"every order was placed, and every customer joined, on {ASSUMED_DATE:%Y-%m-%d}; "
        "when a parcel was sent or delivered is left open",
        f"an available item has {ASSUMED_STOCK} in stock, another none",
        f"every product is in the category {CATEGORY}, every customer in the tier {TIER}",
        f"the carrier is {UNKNOWN_CARRIER}",
        "all past payments and refunds are done",
        "nobody has consented to a newsletter or to personal suggestions",
    )


def _make_room(connection: Connection, replace: bool) -> dict[str, int]:
    shop_is_there = any(_count(connection, table) for table in (customers, products, orders))
    if shop_is_there and not replace:
        raise ShopNotEmpty(
            f"The database already holds a shop ({_count(connection, customers)} customers, "
            f"{_count(connection, orders)} orders). Import with --replace to remove it first, "
            "or set RAPPORT_HOME to another folder."
        )
    removed = {}
    for table in reversed(metadata.sorted_tables):
        if table not in _KEPT:
            removed[table.name] = connection.execute(delete(table)).rowcount
    return {name: count for name, count in removed.items() if count}


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
