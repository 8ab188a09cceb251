"""Bringing a table of customers, orders or events in: clean, compare with what is there, write.

In the caller's transaction: all or nothing. The same again changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Column, select
from sqlalchemy.engine import Connection

from crm_models.tables import browse_events, customers, orders, products
from crm_models.view.changes import Changes
from crm_models.view.customer_plan import plan_customers
from crm_models.view.customer_rows import clean_customers
from crm_models.view.event_rows import clean_events, new_events
from crm_models.view.import_facts import keep_facts
from crm_models.view.import_marks import CUSTOMER, EVENT, MADE, ORDER, read_marks, stamp
from crm_models.view.importing import Import, ImportReport, Progress
from crm_models.view.mapping import Kind
from crm_models.view.order_lines import book_returns, clean_lines
from crm_models.view.order_plan import plan_orders
from crm_models.view.order_rows import buyers
from crm_models.view.order_writing import write_orders
from crm_models.view.own_row import follow_facts
from crm_models.view.stored_purchases import read_purchases, write_returns
from crm_models.view.writing import write

if TYPE_CHECKING:
    import pandas as pd


def import_table(
    connection: Connection, table: pd.DataFrame, how: Import, progress: Progress | None = None
) -> ImportReport:
    """Clean and write a table whose columns are named as fields (`crm_models.view.mapping`).

    Args:
        table: texts, missing values None.
        progress: called with a table's name, and rows done and rows in all.
    """
    table = table.reset_index(drop=True)
    changes = Changes(table)
    say = progress or (lambda _name, _done, _all: None)
    say("cleaning", 0, len(table))
    bring = {Kind.CUSTOMERS: _customers, Kind.ORDERS: _orders, Kind.EVENTS: _events}[how.kind]
    return bring(connection, table, how, changes, say)


def _customers(
    connection: Connection, table: pd.DataFrame, how: Import, changes: Changes, say: Progress
) -> ImportReport:
    rows = clean_customers(table, changes, how.now, how.country)
    marks = read_marks(connection, CUSTOMER)
    plan = plan_customers(rows, marks, _all(connection, customers.c.customer_id), how)
    write(connection, customers, plan.new, say)
    stamp(connection, MADE, [(each["customer_id"], "") for each in plan.new], (), how)
    facts = keep_facts(connection, plan.said, how, say)
    stamp(connection, CUSTOMER, plan.stamps, marks.keys(), how)
    followed = follow_facts(connection, {each.customer_id for each in plan.said}, plan.since, how)
    new = {each["customer_id"] for each in plan.new}
    return ImportReport(
        len(table),
        changes,
        _some({"customers": len(new), "profile_facts": facts}),
        plan.unchanged,
        customers_changed=len(followed.changed - new),
        customers_held=len(followed.held),
    )


def _orders(connection: Connection, table: pd.DataFrame, how: Import, changes: Changes, say: Progress) -> ImportReport:
    lines = clean_lines(table, changes, how.now, currency=how.currency, rates=how.rates or {})
    booked = book_returns(lines, read_purchases(connection, lines), changes)
    lines = booked.lines
    marks = read_marks(connection, ORDER)
    plan = plan_orders(connection, lines, marks, _all(connection, orders.c.order_id), changes)
    heads = lines[lines["order_id"].isin(plan.digests.keys())].sort_values("placed_at").drop_duplicates("order_id")
    new, said = buyers(heads, _all(connection, customers.c.customer_id))
    write(connection, customers, new, say)
    stamp(connection, MADE, [(each["customer_id"], "") for each in new], (), how)
    facts = keep_facts(connection, said, how, say)
    follow_facts(connection, {each.customer_id for each in said}, {}, how)
    written = {"customers": len(new), "profile_facts": facts, **write_orders(connection, plan, say)}
    back, arrived = write_returns(connection, booked.stored)
    for name, count in back.items():
        written[name] += count
    stamp(connection, ORDER, sorted(plan.digests.items()), marks.keys(), how)
    kept = sum(each.kept for each in plan.line_changes.values())
    return ImportReport(
        len(table),
        changes,
        _some(written),
        plan.unchanged + booked.again,
        orders_changed=len(plan.line_changes),
        returns_kept=kept,
        returns_arrived=arrived + sum(len(each.arrived) for each in plan.line_changes.values()),
    )


def _events(connection: Connection, table: pd.DataFrame, how: Import, changes: Changes, say: Progress) -> ImportReport:
    who, what = _all(connection, customers.c.customer_id), _all(connection, products.c.product_id)
    marks = read_marks(connection, EVENT)
    rows, stamps, unchanged = new_events(clean_events(table, changes, how.now, who, what), marks, how.source)
    count = write(connection, browse_events, rows, say)
    stamp(connection, EVENT, stamps, (), how)
    return ImportReport(len(table), changes, _some({"browse_events": count}), unchanged)


def _all(connection: Connection, column: Column) -> set[str]:
    return set(connection.execute(select(column)).scalars())


def _some(rows: dict[str, int]) -> dict[str, int]:
    """Without the tables that nothing was written into."""
    return {name: count for name, count in rows.items() if count}
