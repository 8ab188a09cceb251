"""Filling a database with the demo shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Integer, Table, func, insert, select, text
from sqlalchemy.engine import Connection, Engine

from crm_models.database import reading
from crm_models.errors import ShopNotEmpty
from crm_models.shop_policy import ShopFacts, ShopPolicy, write_fact, write_facts, write_policy
from crm_models.tables import customers as customers_table
from crm_models.tables import metadata, orders, products
from demo.generate import DemoData, Progress, generate

DEFAULT_SEED = 7
DEFAULT_UNTIL = date(2026, 11, 1)  # for tests and benchmarks; a running shop is seeded up to today
SHOP_NAME = "Hearth & Volt"

# Survive a replacement: who may log in, and how far a log was read.
_KEPT = frozenset({"staff", "cursors"})


@dataclass(frozen=True)
class SeedReport:
    seed: int
    until: date
    rows: dict[str, int]  # by table
    open_orders: int
    truth_file: Path | None


def seed_shop(
    engine: Engine,
    seed: int = DEFAULT_SEED,
    until: date = DEFAULT_UNTIL,
    customers: int = 2000,
    progress: Progress | None = None,
    *,
    replace: bool = False,
    truth_file: Path | None = None,
) -> SeedReport:
    """Write the demo shop into a migrated database, all of it or nothing.

    Args:
        until: the first day that is not in the data; today, if open orders shall be fresh.
        progress: called with what is being done, how many are done, and of how many.
        replace: empty the shop first. Staff accounts stay; conversations and messages go too.
        truth_file: where to write the traits behind the customers, `{home}/demo_truth.csv`.

    Raises:
        ShopNotEmpty: there are customers, orders or products, and `replace` is not set.
    """
    if not replace:
        with reading(engine) as connection:
            _refuse_used(connection)
    data = generate(seed, until, customers, progress)
    with engine.begin() as connection:
        if replace:
            _empty(connection)
        else:  # again: telling the stories took a while
            _refuse_used(connection)
        _insert(connection, data, progress)
        write_facts(connection, ShopFacts(name=SHOP_NAME, currency="EUR", source="demo"))
        write_policy(connection, ShopPolicy())
        write_fact(connection, "is_demo", True)
        write_fact(connection, "demo", {"seed": seed, "until": until.isoformat(), "customers": customers})
    if truth_file is not None:
        truth_file.parent.mkdir(parents=True, exist_ok=True)
        truth_file.write_text(data.truth, encoding="utf-8", newline="")
    return SeedReport(
        seed=seed,
        until=until,
        rows={name: len(rows) for name, rows in data.tables.items()},
        open_orders=sum(row["status"] in ("pending", "processed", "shipped") for row in data.tables["orders"]),
        truth_file=truth_file,
    )


def _refuse_used(connection: Connection) -> None:
    for table in (customers_table, orders, products):
        count = connection.execute(select(func.count()).select_from(table)).scalar_one()
        if count:
            raise ShopNotEmpty(
                f"The database already holds {count} {table.name}. "
                "Use another RAPPORT_HOME, or replace them: `rapport seed --replace`."
            )


def _empty(connection: Connection) -> None:
    for table in reversed(metadata.sorted_tables):
        if table.name not in _KEPT:
            connection.execute(table.delete())


def _insert(connection: Connection, data: DemoData, progress: Progress | None) -> None:
    filled = [table for table in metadata.sorted_tables if data.tables.get(table.name)]
    for number, table in enumerate(filled, start=1):
        connection.execute(insert(table), data.tables[table.name])
        _move_sequence(connection, table, len(data.tables[table.name]))
        if progress is not None:
            progress("tables", number, len(filled))


def _move_sequence(connection: Connection, table: Table, last: int) -> None:
    """PostgreSQL numbers new rows from a sequence, which does not notice numbers given by hand."""
    if connection.dialect.name != "postgresql":
        return
    key = list(table.primary_key.columns)
    if len(key) == 1 and isinstance(key[0].type, Integer):
        connection.execute(
            text("SELECT setval(pg_get_serial_sequence(:name, :key), :last)"),
            {"name": table.name, "key": key[0].name, "last": last},
        )
