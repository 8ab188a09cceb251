"""From the columns of a table of customers to what the models of this package take."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from crm_models.features import FEATURES
from crm_models.value.repeat_buying import RepeatBuying, repeat_buying

Floats = NDArray[np.float64]
COLUMNS = tuple(FEATURES)
# Columns that a model of frequency and recency is made of.
BUYING = ("no_order_for", "orders", "ordering_for")
# What happened to the customer, counted over the last year.
_COUNTS = (
    "late_deliveries",
    "slow_refunds",
    "returned",
    "complaints",
    "open_complaints",
    "escalations",
    "open_escalations",
    "open_questions",
    "repeated_contacts",
)
# What the regression takes, and the column that each is about. All are ratios, shares or counts of the last year, so
# that what was learned on a shorter history goes over to a longer one.
COVARIATES = {
    "silence": "no_order_for",  # as a share of T
    "age": "ordering_for",  # T as a share of what is known of the shop
    "gap": "last_gap",  # as a share of T
    "year": "orders_in_a_year",  # against the customer's own average, in logarithms, as is the next
    "quarter": "orders_in_a_quarter",
    "amount": "spent_cents",  # of an order, in logarithms
    "count": "orders",  # in logarithms
    "alive": "no_order_for",  # probability
    "unseen": "not_seen_for",  # against the days since the last order, in logarithms
    "sentiment": "sentiment",
    "discounted_percent": "discounted_percent",
    "newsletter_left": "newsletter_left",
    "visits": "visits_in_a_quarter",  # in logarithms, as are the rest
    **{name: name for name in _COUNTS},
}


def column(values: Floats, name: str) -> Floats:
    return values[:, COLUMNS.index(name)]


def buying_of(values: Floats) -> RepeatBuying:
    """Frequency, recency and T in days, of a table's COLUMNS, float (customers, columns).

    Two orders of the same moment are one purchase: they show no rhythm. Raises BadTable where a customer is impossible.
    """
    T, since = column(values, "ordering_for"), column(values, "no_order_for")
    recency = T - since
    recency = np.where(np.abs(recency) < 1e-9, 0.0, recency)
    frequency = np.where(recency > 0, column(values, "orders") - 1.0, 0.0)
    return repeat_buying(frequency, recency, T)


def money_of(values: Floats, paid_only: bool = False) -> tuple[Floats, Floats]:
    """Number of orders, and their mean amount in cents, float (customers,) each.

    Args:
        paid_only: leave out who paid nothing so far; a Gamma distribution has no zero.
    """
    orders, spent = column(values, "orders"), column(values, "spent_cents")
    mean = np.maximum(spent, 0.0) / np.maximum(orders, 1.0)
    if paid_only:
        paid = mean > 0
        return orders[paid], mean[paid]
    return orders, mean


def with_column(values: Floats, name: str, value: float) -> Floats:
    """The same customers with one column set to a value, and made possible again where that contradicts another."""
    other = values.copy()
    other[:, COLUMNS.index(name)] = value
    orders, since, T = (COLUMNS.index(each) for each in ("orders", "no_order_for", "ordering_for"))
    other[:, T] = np.maximum(other[:, T], other[:, since])
    once = other[:, orders] <= 1
    other[once, since] = other[once, T]
    return other


def covariates_of(values: Floats, alive: Floats, known_days: float) -> Floats:
    """COVARIATES, float (customers, covariates).

    Args:
        alive: probability that the customer is still one, by the probability model.
        known_days: how long the history is.
    """
    T, orders, since = (column(values, name) for name in ("ordering_for", "orders", "no_order_for"))
    T, orders = np.maximum(T, 1.0), np.maximum(orders, 1.0)

    def against_average(name: str, window: float) -> Floats:
        usual = orders * np.minimum(window, T) / T
        return np.asarray(np.log((column(values, name) + 0.5) / (usual + 0.5)))

    found = {
        "silence": since / T,
        "age": T / known_days,
        "gap": column(values, "last_gap") / T,
        "year": against_average("orders_in_a_year", 365.0),
        "quarter": against_average("orders_in_a_quarter", 90.0),
        "amount": np.log1p(money_of(values)[1]),
        "count": np.log(orders),
        "alive": alive,
        "unseen": np.log1p(column(values, "not_seen_for")) - np.log1p(since),
    }
    for name in ("sentiment", "discounted_percent", "newsletter_left"):
        found[name] = column(values, name)
    for name, about in COVARIATES.items():
        if name not in found:
            found[name] = np.log1p(np.maximum(column(values, about), 0.0))
    return np.column_stack([found[name] for name in COVARIATES])


def known_days_of(values: Floats) -> float:
    """How long the history is: since the first order of anybody."""
    return max(float(column(values, "ordering_for").max()), 1.0)
