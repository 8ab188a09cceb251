"""What is known of each customer on a day: recency, frequency, money, service and mood.

Nothing that happened on the cut-off or later is used, so that a model fitted on the past can be asked about
the present. One row a customer with an order; every column is a finite float.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from crm_models.history import History

YEAR = timedelta(days=365)
QUARTER = timedelta(days=90)
REPEATED = timedelta(days=7)  # so soon after the last conversation, something was left unsolved
SLOW_REFUND = timedelta(days=14)  # the shop promises 5 to 7 working days after the parcel arrives
_USUAL_GAP = 120.0  # days between two orders, assumed of who ordered once

# column: what it is, as of the cut-off
FEATURES = {
    "no_order_for": "days since the last order (recency)",
    "orders": "orders in all (frequency)",
    "spent_cents": "paid for goods in all, in cents (monetary value)",
    "customer_for": "days since the account was made",
    "ordering_for": "days since the first order (T)",
    "last_gap": "days between the last two orders; 0 with fewer",
    "orders_in_a_year": "orders in the last 365 days",
    "orders_in_a_quarter": "orders in the last 90 days",
    "times_usual_gap": "days since the last order, over the customer's usual days between two orders",
    "late_deliveries": "orders of the last 365 days that came, or still are, later than promised",
    "slow_refunds": "refunds of the last 365 days that took, or wait, longer than 14 days",
    "returned": "lines sent back in the last 365 days",
    "complaints": "complaints in the last 365 days",
    "open_complaints": "complaints that are open",
    "sentiment": "mean of messages and feedback of the last 365 days, -1 to 1; 0 without any",
    "not_seen_for": "days since the last visit or order",
    "visits_in_a_quarter": "products looked at in the last 90 days",
    "discounted_percent": "orders with a discount, of 100",
    "newsletter_left": "1 when the newsletter was cancelled",
    "escalations": "conversations of the last 365 days that went to a person",
    "open_escalations": "of these, those that wait for an end",
    "open_questions": "questions of the last 365 days that were not understood or not answered, and still are not",
    "repeated_contacts": "conversations of the last 365 days begun within 7 days of the one before",
}


def features_at(history: History, cut_off: datetime, prospects: bool = False) -> pd.DataFrame:
    """The table of FEATURES on a day.

    Args:
        cut_off: the first moment that is not known, UTC without zone.
        prospects: also customers who have an account and no order. Their `orders` are 0, and `no_order_for` counts from
            the day the account was made.

    Returns:
        float64 columns as in FEATURES, index `customer_id`, sorted; only customers who had ordered, and prospects where
        they are asked for.
    """
    placed = _placed(history, cut_off)
    by_customer = placed.groupby("customer_id")
    known = set(placed["customer_id"])
    if prospects:
        known |= set(history.customers.loc[history.customers["created_at"] < cut_off, "customer_id"])
    table = pd.DataFrame(index=pd.Index(sorted(known), name="customer_id"))
    last, first = by_customer["placed_at"].max(), by_customer["placed_at"].min()
    joined = history.customers.set_index("customer_id")["created_at"].reindex(table.index)
    table["no_order_for"] = _days(cut_off - last).reindex(table.index).fillna(_days(cut_off - joined))
    table["orders"] = by_customer.size().reindex(table.index).fillna(0)
    table["spent_cents"] = by_customer["value_cents"].sum()
    table["ordering_for"] = _days(cut_off - first)
    table["customer_for"] = np.fmax(_days(cut_off - joined), table["ordering_for"])
    gaps = placed.sort_values("placed_at", kind="stable").groupby("customer_id")["placed_at"].diff()
    table["last_gap"] = _days(gaps).groupby(placed["customer_id"]).last()
    table["orders_in_a_year"] = _count(_within(placed, "placed_at", cut_off, YEAR))
    table["orders_in_a_quarter"] = _count(_within(placed, "placed_at", cut_off, QUARTER))
    # one gap of the usual length is added to those seen, so that two orders of one day do not make a rhythm
    usual = (_days(last - first).reindex(table.index).fillna(0) + _USUAL_GAP) / table["orders"].clip(lower=1)
    table["times_usual_gap"] = table["no_order_for"] / usual
    _add_service(table, history, placed, cut_off)
    _add_interest(table, history, placed, cut_off)
    _add_conversations(table, history, cut_off)
    return table[list(FEATURES)].fillna(0.0).astype(np.float64)


def bought_within(history: History, start: datetime, span: timedelta) -> frozenset[str]:
    """Ids of the customers who ordered from `start` until `start + span`, and did not cancel."""
    orders = history.orders
    chosen = (orders["placed_at"] >= start) & (orders["placed_at"] < start + span) & orders["cancelled_at"].isna()
    return frozenset(orders.loc[chosen, "customer_id"])


def _add_service(table: pd.DataFrame, history: History, placed: pd.DataFrame, cut_off: datetime) -> None:
    recent = _within(placed, "placed_at", cut_off, YEAR)
    # promised for a day: late from the day after
    arrived = recent["delivered_at"].where(recent["delivered_at"] < cut_off).fillna(cut_off)
    table["late_deliveries"] = _count(recent[arrived >= recent["promised_on"] + timedelta(days=1)])
    refunds = _within(history.refunds, "created_at", cut_off, YEAR)
    done = refunds["done_at"].where(refunds["done_at"] < cut_off).fillna(cut_off)
    table["slow_refunds"] = _count(refunds[done - refunds["created_at"] > SLOW_REFUND])
    table["returned"] = _count(_within(history.returns, "created_at", cut_off, YEAR))
    table["complaints"] = _count(_within(history.complaints, "created_at", cut_off, YEAR))
    filed = history.complaints[history.complaints["created_at"] < cut_off]
    table["open_complaints"] = _count(filed[~(filed["closed_at"] < cut_off)])
    moods = _within(history.moods, "created_at", cut_off, YEAR)
    table["sentiment"] = moods.groupby("customer_id")["sentiment"].mean()


def _add_interest(table: pd.DataFrame, history: History, placed: pd.DataFrame, cut_off: datetime) -> None:
    seen = history.visits[history.visits["created_at"] < cut_off]
    since = _days(cut_off - seen.groupby("customer_id")["created_at"].max()).reindex(table.index)
    table["not_seen_for"] = np.fmin(since, table["no_order_for"])
    table["visits_in_a_quarter"] = _count(_within(seen, "created_at", cut_off, QUARTER))
    discounted = _count(placed[placed["discount_cents"] > 0]).reindex(table.index).fillna(0)
    table["discounted_percent"] = 100 * discounted / table["orders"].clip(lower=1)
    known = history.newsletter[history.newsletter["changed_at"] < cut_off].groupby("customer_id")["granted"]
    table["newsletter_left"] = ((known.last() == 0) & (known.max() > 0)).astype(float)


def _add_conversations(table: pd.DataFrame, history: History, cut_off: datetime) -> None:
    handed_over = _within(history.escalations, "created_at", cut_off, YEAR)
    table["escalations"] = _count(handed_over)
    table["open_escalations"] = _count(handed_over[~(handed_over["closed_at"] < cut_off)])
    asked = _within(history.questions, "created_at", cut_off, YEAR)
    table["open_questions"] = _count(asked[~(asked["settled_at"] < cut_off)])
    begun = history.contacts[history.contacts["created_at"] < cut_off].sort_values(["customer_id", "created_at"])
    since = begun["created_at"] - begun.groupby("customer_id")["created_at"].shift()
    table["repeated_contacts"] = _count(_within(begun[since <= REPEATED], "created_at", cut_off, YEAR))


def _placed(history: History, cut_off: datetime) -> pd.DataFrame:
    """Orders that stood on the day."""
    orders = history.orders
    return orders[(orders["placed_at"] < cut_off) & ~(orders["cancelled_at"] < cut_off)]


def _within(frame: pd.DataFrame, column: str, cut_off: datetime, span: timedelta) -> pd.DataFrame:
    return frame[(frame[column] < cut_off) & (frame[column] >= cut_off - span)]


def _count(frame: pd.DataFrame) -> pd.Series[int]:
    return frame.groupby("customer_id").size()


def _days(span: pd.Series[pd.Timedelta]) -> pd.Series[float]:
    return span.dt.total_seconds() / 86_400
