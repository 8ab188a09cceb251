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
# The rest of the columns as they are, and those with a long tail as a logarithm.
_AS_THEY_ARE = ("sentiment", "newsletter_left", "discounted_percent")


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


def covariates_of(values: Floats, expected: Floats) -> Floats:
    """What the regression takes: all columns, long tails as logarithms, the amount of an order and what the
    probability model expects, float (customers, columns + 2)."""
    tailed = [number for number, name in enumerate(COLUMNS) if name not in _AS_THEY_ARE]
    taken = values.copy()
    taken[:, tailed] = np.log1p(np.maximum(taken[:, tailed], 0.0))
    amount = np.log1p(money_of(values)[1])
    return np.column_stack([taken, amount, np.log(np.maximum(expected, 1e-6))])
