"""By how much an offer changes what a customer does, and which customers it puts off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.errors import BadTable
from crm_models.model import CustomerModel, reason
from crm_models.uplift.averaging import averaged
from crm_models.uplift.bag import Bag, fit_bag
from crm_models.uplift.calibration import Calibration, calibrate
from crm_models.uplift.comparison import Comparison, compare
from crm_models.uplift.encoding import Encoding
from crm_models.uplift.heads import Effect, Floats, fit_logistic, head_of
from crm_models.uplift.propensity import propensity_of
from crm_models.uplift.qini import Trial
from crm_models.uplift.table import HOW_TO, OUTCOME, PROPENSITY, TREATED

FEWEST = 100  # rows in each arm
CONFIDENCE = 0.9  # with which an effect is said to be above or below zero
SEED = 7
_QUANTILE = 1.6449  # 90 % of a normal distribution lie within so many standard deviations
_EXPLAINED = 3  # of the resamples explain: each column costs an evaluation of each
_LEAST_PART = 0.002  # of the chance; less is not worth telling


class UpliftModel(CustomerModel):
    """The score is the expected change of the chance of the outcome, -1 to 1.

    `fit` takes a table as `crm_models.uplift.table` makes it: the columns of the customer, and `treated`, `outcome` and
    `propensity`.

    Labels: `sleeping_dog`, whom the offer makes less likely to come, with a confidence of CONFIDENCE or more;
    `persuadable`, more likely, with the same confidence; of the others `sure_thing`, who come without it at least as
    often as the average of the control group, and `lost_cause`, who do not.
    """

    name = "uplift"
    columns: ClassVar[tuple[str, ...]] = (
        "no_order_for",
        "orders",
        "spent_cents",
        "customer_for",
        "orders_in_a_year",
        "times_usual_gap",
        "late_deliveries",
        "complaints",
        "sentiment",
        "not_seen_for",
        "visits_in_a_quarter",
        "discounted_percent",
        "newsletter_left",
    )
    labels = ("persuadable", "sure_thing", "lost_cause", "sleeping_dog")
    unit = "change of the chance"
    score_range = (-1.0, 1.0)

    def __init__(self, columns: Sequence[str] | None = None, seed: int = SEED) -> None:
        """`columns` of a table of the user's own; those of the shop by default."""
        super().__init__()
        if columns is not None:
            self.columns = tuple(columns)  # type: ignore[misc]
        self.seed = seed
        self.comparison: Comparison | None = None
        self.served = ""
        self.treatment_auc: float | None = None  # where the propensity was estimated
        self.control_rate = 0.0  # of the outcome without the offer
        self._encoding: Encoding | None = None
        self._bag: Bag | None = None
        self.calibration: Calibration | None = None
        self._baseline: Any = None  # the head of the chance without the offer
        self._middle: Floats = np.zeros(0)

    @property
    def fitted(self) -> bool:
        return self._bag is not None

    def fit(self, table: pd.DataFrame, progress: Callable[[int, int], None] | None = None) -> Self:
        self._encoding = Encoding.of(table, self.columns)
        _check(table)
        values = self._encoding.apply(table)
        chance, self.treatment_auc = propensity_of(values, table)
        treated = table[TREATED].to_numpy(dtype=bool)
        trial = Trial(treated, table[OUTCOME].to_numpy(dtype=np.float64), chance)
        groups = np.unique(table.index.astype(str), return_inverse=True)[1]
        self.comparison = compare(values, trial, groups, self.seed, progress)
        self.served = self.comparison.best
        learner = averaged(self.comparison.shares)
        self.calibration = calibrate(learner, values, trial, groups, self.seed)
        self._bag = fit_bag(learner, values, trial, groups, self.seed)
        self._baseline = fit_logistic(values[~treated], trial.outcome[~treated])
        self.control_rate = float(trial.outcome[~treated].mean())
        self._middle = np.median(values, axis=0)
        return self

    def predict(self, table: pd.DataFrame) -> pd.Series[float]:
        return self.details(table)["effect"].rename(None)

    def details(self, table: pd.DataFrame) -> pd.DataFrame:
        """What is known of the effect, by customer_id, float64.

        Returns:
            `effect`; `low` and `high`, between which it lies with 90 %; `chance_negative`, that the offer puts the
            customer off; `baseline`, the chance of the outcome without the offer.
        """
        values = self._encoded(table)
        effect, error = self._effect(values)
        effect = np.clip(effect, -1.0, 1.0)
        told = {
            "effect": effect,
            "low": np.maximum(effect - _QUANTILE * error, -1.0),
            "high": np.minimum(effect + _QUANTILE * error, 1.0),
            "chance_negative": _normal_cdf(-effect / np.maximum(error, 1e-9)),
            "baseline": self._baseline.predict(values),
        }
        return pd.DataFrame(told, index=table.index, dtype=np.float64)

    def label(self, table: pd.DataFrame) -> pd.Series[str]:
        told = self.details(table)
        negative = told["chance_negative"]
        sure = told["baseline"] >= self.control_rate
        named = np.select(
            [negative >= CONFIDENCE, negative <= 1.0 - CONFIDENCE, sure],
            ["sleeping_dog", "persuadable", "sure_thing"],
            default="lost_cause",
        )
        return pd.Series(named, index=table.index, dtype=object)

    def explain(self, table: pd.DataFrame) -> pd.Series[Any]:
        """Columns that move the effect up or down against a customer with the median, the strongest first."""
        parts, names = self._parts(table)
        cells = {name: table[name].to_numpy() for name in names}
        told = []
        for number, row in enumerate(parts):
            order = np.argsort(-np.abs(row), kind="stable")
            told.append(
                tuple(
                    _reason(names[each], cells[names[each]][number]) for each in order if abs(row[each]) >= _LEAST_PART
                )
            )
        return pd.Series(told, index=table.index, dtype=object)

    def _parts(self, table: pd.DataFrame) -> tuple[Floats, tuple[str, ...]]:
        """By how much each column moves the effect, float (customers, columns)."""
        values = self._encoded(table)
        assert self._encoding is not None
        owners = np.asarray(self._encoding.owners)
        whole, _ = self._effect(values, _EXPLAINED)
        parts = np.zeros((len(values), len(self.columns)))
        for number, name in enumerate(self.columns):
            other = np.where(owners == name, self._middle, values)
            parts[:, number] = whole - self._effect(other, _EXPLAINED)[0]
        return parts, self.columns

    def _effect(self, values: Floats, fits: int | None = None) -> tuple[Floats, Floats]:
        """Effects and their standard errors, float (rows,) each; by the first `fits` resamples, or by all."""
        assert self._bag is not None and self.calibration is not None
        return self.calibration.apply(*Bag(self._bag.effects[:fits]).predict(values))

    def _encoded(self, table: pd.DataFrame) -> Floats:
        self._check_fitted()
        assert self._encoding is not None
        return self._encoding.apply(table)

    def _parameters(self) -> tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]:
        assert self._bag is not None and self._encoding is not None and self.calibration is not None
        parameters = {
            **self._encoding.as_json(),
            "seed": self.seed,
            "served": self.served,
            "comparison": None if self.comparison is None else asdict(self.comparison),
            "calibration": asdict(self.calibration),
            "treatment_auc": self.treatment_auc,
            "control_rate": self.control_rate,
            "bag": [effect.as_json() for effect in self._bag.effects],
            "baseline": self._baseline.as_json(),
        }
        encoding = self._encoding
        return parameters, {
            "middle": self._middle,
            "long": encoding.long,
            "mean": encoding.mean,
            "scale": encoding.scale,
        }

    def _restore(self, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        self.columns = tuple(parameters["columns"])  # type: ignore[misc]
        levels = {name: tuple(words) for name, words in parameters["levels"].items()}
        self._encoding = Encoding(self.columns, levels, arrays["long"], arrays["mean"], arrays["scale"])
        self.seed, self.served = int(parameters["seed"]), parameters["served"]
        told = parameters["comparison"]
        self.comparison = None if told is None else Comparison(**told)
        self.calibration = Calibration(**parameters["calibration"])
        self.treatment_auc, self.control_rate = parameters["treatment_auc"], float(parameters["control_rate"])
        self._bag = Bag(tuple(Effect.from_json(each) for each in parameters["bag"]))
        self._baseline = head_of(parameters["baseline"])
        self._middle = arrays["middle"]


def sleeping_dogs(model: UpliftModel, table: pd.DataFrame) -> pd.DataFrame:
    """Customers whom the offer puts off: leave them out of the next campaign.

    Returns:
        The `details` of those labelled `sleeping_dog`, the surest first, by customer_id.
    """
    told = model.details(table)[(model.label(table) == "sleeping_dog").to_numpy()]
    return told.sort_values(["chance_negative", "effect"], ascending=[False, True], kind="stable")


def _check(table: pd.DataFrame) -> None:
    missing = [name for name in (TREATED, OUTCOME, PROPENSITY) if name not in table]
    if missing:
        raise BadTable(f"The table for the uplift model lacks {', '.join(missing)}.")
    for arm, count in ((True, int(table[TREATED].sum())), (False, int((~table[TREATED].astype(bool)).sum()))):
        if count < FEWEST:
            who = "got the offer" if arm else "are in the control group"
            raise BadTable(f"Uplift needs {FEWEST} customers in each arm; {count} {who}. {HOW_TO}")
    if table[OUTCOME].nunique() < 2:
        raise BadTable("Uplift cannot be learned: all customers of the campaign did the same.")


def _reason(column: str, value: Any) -> str:
    return f"{column}:{value}" if isinstance(value, str) else reason(column, float(value))


def _normal_cdf(values: Floats) -> Floats:
    from math import erf, sqrt

    return np.asarray([0.5 * (1.0 + erf(value / sqrt(2.0))) for value in values], dtype=np.float64)
