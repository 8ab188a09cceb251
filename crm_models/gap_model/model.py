"""The gap between interest and purchases: what a customer looks at, searches and asks about, and does not buy.

x is the share of each category in what the customer looked at, x_hat what a variational autoencoder expects of the
customer's purchases, g = x - x_hat the gap; the fewer looks there are, the nearer it is drawn to 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.errors import BadTable
from crm_models.gap_model.behaviour import BOUGHT, LOOKED, behaviour_at
from crm_models.gap_model.portraits import BALANCED, nearest, portrait_of, portraits
from crm_models.gap_model.vae import Autoencoder, Floats
from crm_models.model import CustomerModel, reason, values_of
from crm_models.snapshot import ShopSnapshot

FEWEST_CUSTOMERS = 50
SEED = 7
_LOOKS = 5.0  # looks that are added as expected ones: so many make half of the gap believed
_TOLD = 0.05  # excess of a category, from which on it is a reason


class GapModel(CustomerModel):
    """The score is the size of the gap: half the sum of |g|, 0 to 1. The label is the portrait."""

    name = "gap"
    columns: tuple[str, ...] = ()  # type: ignore[misc]  # of the shop's categories, see `behaviour_at`
    labels: tuple[str, ...] = (BALANCED,)  # type: ignore[misc]
    unit = "size of the gap"

    def __init__(self) -> None:
        super().__init__()
        self._vae: Autoencoder | None = None
        self._centres: Floats = np.zeros((1, 0))
        self._leading: tuple[int, ...] = ()  # the category of each centre but the first

    @property
    def fitted(self) -> bool:
        return self._vae is not None

    @property
    def categories(self) -> tuple[str, ...]:
        """As they end the names of the columns: `coffee_and_tea`."""
        return tuple(name.removeprefix(LOOKED) for name in self.columns if name.startswith(LOOKED))

    @classmethod
    def table_of(cls, shop: ShopSnapshot) -> pd.DataFrame:
        return behaviour_at(shop.history, shop.now)

    def fit(self, table: pd.DataFrame) -> Self:
        """Learn from `looked_...` and `bought_...` counts, see `behaviour_at`."""
        categories = sorted(name.removeprefix(LOOKED) for name in map(str, table.columns) if name.startswith(LOOKED))
        columns = tuple(start + name for start in (LOOKED, BOUGHT) for name in categories)
        if len(categories) < 2:
            raise BadTable("The gap model needs looks at two categories or more, as columns named looked_...")
        values = values_of(table, columns, self.name)
        looked, bought = np.split(values, 2, axis=1)
        used = (looked.sum(axis=1) > 0) & (bought.sum(axis=1) > 0)
        if used.sum() < FEWEST_CUSTOMERS:
            raise BadTable(
                f"The gap model needs {FEWEST_CUSTOMERS} customers who looked at something and bought something "
                f"within a year; there are {used.sum()}."
            )
        self.columns = columns
        self._vae = Autoencoder.fit(looked[used], bought[used], SEED)
        gaps = self._gaps(values[used])
        self._centres, self._leading = portraits(gaps, SEED)
        self.labels = self._names()
        return self

    def predict(self, table: pd.DataFrame) -> pd.Series[float]:
        gaps = self._gaps(self._values(table))
        return pd.Series(np.abs(gaps).sum(axis=1) / 2, index=table.index, dtype=np.float64)

    def label(self, table: pd.DataFrame) -> pd.Series[str]:
        values = self._values(table)
        bought = values[:, len(self.categories) :]
        told = []
        for row, number in enumerate(nearest(self._gaps(values), self._centres)):
            category = self._leading[number - 1] if number else 0
            name = self.categories[category].replace("_", " ")
            told.append(portrait_of(name, bought[row, category]) if number else BALANCED)
        return pd.Series(told, index=table.index, dtype=object)

    def explain(self, table: pd.DataFrame) -> pd.Series[Any]:
        """The categories that are looked at more than the purchases let expect, with the number of looks."""
        values = self._values(table)
        told = []
        for row, gap in zip(values, self._gaps(values), strict=True):
            strongest = [number for number in np.argsort(-gap, kind="stable") if gap[number] >= _TOLD]
            told.append(tuple(reason(self.columns[number], row[number]) for number in strongest))
        return pd.Series(told, index=table.index, dtype=object)

    def gaps(self, table: pd.DataFrame) -> pd.DataFrame:
        """g by category, float (customers, categories): above 0 looked at more than the purchases let expect."""
        return pd.DataFrame(self._gaps(self._values(table)), index=table.index, columns=list(self.categories))

    def category_boosts(self, table: pd.DataFrame) -> pd.DataFrame:
        """By what factor to raise a category in recommendations: 1 + g / x_hat where interest is in excess, else 1.

        Args:
            table: as from `behaviour_at`, or `GapModel.table_of(shop)`.

        Returns:
            Float >= 1 and at most 3, (customers, categories), the categories as in `categories`.
        """
        values = self._values(table)
        expected = self._served().expected(values[:, len(self.categories) :])[0]
        boosts = np.clip(1.0 + self._gaps(values) / np.maximum(expected, 0.05), 1.0, 3.0)
        return pd.DataFrame(boosts, index=table.index, columns=list(self.categories))

    def churn_inputs(self, table: pd.DataFrame) -> Floats:
        """The size of the gap, and the excess in categories of which nothing was bought, (customers, 2)."""
        values = self._values(table)
        gaps = self._gaps(values)
        none = values[:, len(self.categories) :] == 0
        return np.column_stack([np.abs(gaps).sum(axis=1) / 2, (np.maximum(gaps, 0.0) * none).sum(axis=1)])

    def _gaps(self, values: Floats) -> Floats:
        looked, bought = np.split(values, 2, axis=1)
        expected = self._served().expected(bought)[0]
        looks = looked.sum(axis=1, keepdims=True)
        return np.asarray((looked - looks * expected) / (looks + _LOOKS))

    def _names(self) -> tuple[str, ...]:
        """Of the portraits: those that buy none and those that buy less of each leading category."""
        leading = [self.categories[number].replace("_", " ") for number in self._leading]
        return (BALANCED, *(portrait_of(name, bought) for name in leading for bought in (0.0, 1.0)))

    def _served(self) -> Autoencoder:
        self._check_fitted()
        assert self._vae is not None
        return self._vae

    def _parameters(self) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        arrays = {"centres": self._centres, **{f"vae.{name}": layer for name, layer in self._served().layers.items()}}
        return {"columns": list(self.columns), "leading": list(self._leading)}, arrays

    def _restore(self, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        self.columns, self._leading = tuple(parameters["columns"]), tuple(parameters["leading"])
        self.labels = self._names()
        self._centres = arrays["centres"]
        layers = {name.removeprefix("vae."): array for name, array in arrays.items() if name.startswith("vae.")}
        if not layers:
            raise ValueError("it has no autoencoder")
        self._vae = Autoencoder(len(self.categories), layers)
