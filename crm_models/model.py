"""What every model of customers can do, so that training, scoring and tests treat them alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.errors import BadModel, BadTable
from crm_models.model_files import ModelCard, read_card, read_model, write_model
from crm_models.snapshot import ShopSnapshot


class CustomerModel(ABC):
    """A score of each customer, with a label and reasons.

    A table has one row a customer, index `customer_id`; `table_of` makes it, with the columns of
    `crm_models.features.FEATURES` unless the model says otherwise. A model uses those it names in `columns`, fits
    may need more. Scores, labels and reasons of a customer
    depend on that customer's row alone, and come back in the order of the table.

    A reason is `key:value`, where the key is a column and the value the customer's, without decimals
    (`no_order_for:74`), or with one for what lies between -1 and 1 (`sentiment:-0.6`). Whoever shows it puts
    it into words.
    """

    name: ClassVar[str]  # in `predictions.model`, and the model's folder
    columns: ClassVar[tuple[str, ...]]
    labels: ClassVar[tuple[str, ...]]  # all there are
    unit: ClassVar[str] = "probability"  # of the score, for people
    score_range: ClassVar[tuple[float, float]] = (0.0, 1.0)  # no score lies outside; inf for no limit

    def __init__(self) -> None:
        self.version = ""
        self.card: ModelCard | None = None

    @abstractmethod
    def fit(self, table: pd.DataFrame) -> Self:
        """Learn from a table; the same table gives the same model.

        Raises:
            BadTable: a column is missing, a value is not finite, or there are too few rows.
        """

    @abstractmethod
    def predict(self, table: pd.DataFrame) -> pd.Series[float]:
        """Scores, within `score_range`, float64, by customer_id.

        Raises:
            BadTable: a column is missing or a value is not finite.
            BadModel: not fitted.
        """

    @abstractmethod
    def label(self, table: pd.DataFrame) -> pd.Series[str]:
        """One of `labels`, by customer_id. Raises like `predict`."""

    @abstractmethod
    def explain(self, table: pd.DataFrame) -> pd.Series[Any]:
        """What moved the score: a tuple of reasons, strongest first, by customer_id. Raises like `predict`."""

    def details(self, table: pd.DataFrame) -> pd.DataFrame:
        """What else is told with a score (an interval, its parts), a column each, by customer_id; none by default.

        Raises like `predict`.
        """
        return pd.DataFrame(index=table.index)

    @classmethod
    def table_of(cls, shop: ShopSnapshot) -> pd.DataFrame:
        """The table that scores this shop's customers: the shop's features, unless the model needs others."""
        return shop.features

    @abstractmethod
    def _parameters(self) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        """What was learned: JSON values, and arrays."""

    @abstractmethod
    def _restore(self, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """The inverse of `_parameters`; a KeyError says what is missing."""

    @property
    @abstractmethod
    def fitted(self) -> bool: ...

    def save(self, folder: Path) -> None:
        """Write the model and its card; what stood in the folder is replaced."""
        self._check_fitted()
        parameters, arrays = self._parameters()
        write_model(folder, {"kind": self.name, "version": self.version, **parameters}, arrays, self.card)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            BadModel: nothing usable is there.
        """
        parameters, arrays = read_model(folder, cls.name)
        model = cls()
        try:
            model.version = parameters["version"]
            model._restore(parameters, arrays)
        except (KeyError, TypeError, ValueError) as error:
            raise BadModel(f"{folder} holds a damaged {cls.name} model ({error}). Run `rapport train`.") from error
        model.card = read_card(folder)
        return model

    def _check_fitted(self) -> None:
        if not self.fitted:
            raise BadModel(f"The {self.name} model is not fitted; call fit or load first.")

    def _values(self, table: pd.DataFrame) -> NDArray[np.float64]:
        """The model's columns, float (rows, columns), checked."""
        self._check_fitted()
        return values_of(table, self.columns, self.name)


def values_of(table: pd.DataFrame, columns: tuple[str, ...], model: str) -> NDArray[np.float64]:
    """Columns of a table as an array.

    Raises:
        BadTable: names the columns that are missing or hold a value that is not finite.
    """
    missing = [name for name in columns if name not in table]
    if missing:
        raise BadTable(f"The table for the {model} model lacks {', '.join(missing)}.")
    # choosing columns costs more than all else for a single customer
    chosen = table if tuple(table.columns) == columns else table[list(columns)]
    try:
        values = chosen.to_numpy(dtype=np.float64)
    except (ValueError, TypeError):  # words, or blanks of a column that is not of floats
        values = chosen.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    if not np.isfinite(values).all():
        told = [
            f"{name} of {table.index[bad[0]]} ({chosen[name].iloc[bad[0]]!r})"
            for name, column in zip(columns, values.T, strict=True)
            if len(bad := np.flatnonzero(~np.isfinite(column)))
        ]
        raise BadTable(
            f"The table for the {model} model must have a finite number in every row; it has none in {', '.join(told)}."
        )
    return values


def reason(column: str, value: float) -> str:
    """A reason as it is stored."""
    return f"{column}:{value:.1f}" if column == "sentiment" else f"{column}:{round(value)}"
