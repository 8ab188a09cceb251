"""Gradient boosting and a random forest, both LightGBM's (Ke et al. 2017), kept as its text.

The forest is LightGBM's: trees of bootstrapped rows and drawn columns, averaged (Breiman 2001), so that it is text and
knows its Shapley values as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from crm_models.churn.encoding import Floats

if TYPE_CHECKING:
    from crm_models.churn.tree_shapley import ManyRows

# From so many rows on the quick way to Shapley values is quicker; below, preparing the trees takes longer.
MANY_ROWS = 1_000


@dataclass(frozen=True)
class Growth:
    rounds: int
    leaves: int
    rate: float = 0.05
    least_in_leaf: int = 20
    columns: float = 0.7  # share that a tree, or a split of the forest, may use
    rows: float = 0.8


class Trees:
    """Common to both; `parts` are TreeSHAP (Lundberg et al. 2020) in log-odds."""

    kind: ClassVar[str]
    own: ClassVar[Mapping[str, Any]]  # settings of LightGBM

    def __init__(self, growth: Growth) -> None:
        self.growth = growth

    def fit(
        self, codes: Floats, left: NDArray[np.bool_], levels: Sequence[int], directions: Sequence[int], seed: int
    ) -> Self:
        import lightgbm

        settings: dict[str, Any] = {
            "objective": "binary",
            "num_leaves": self.growth.leaves,
            "learning_rate": self.growth.rate,
            "min_data_in_leaf": min(self.growth.least_in_leaf, max(len(codes) // 20, 1)),
            "bagging_fraction": self.growth.rows,
            "bagging_freq": 1,
            "lambda_l2": 1.0,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 1,
            "seed": seed,
            "verbosity": -1,
            **self.own,
            self._share_of_columns: self.growth.columns,
        }
        categories = [number for number, count in enumerate(levels) if count]
        if any(directions):
            settings["monotone_constraints"] = list(directions)
        data = lightgbm.Dataset(codes, left.astype(np.float64), categorical_feature=categories, free_raw_data=True)
        booster = lightgbm.train(settings, data, self.growth.rounds)
        self._take(booster.model_to_string(), codes.shape[1])
        return self

    _share_of_columns: ClassVar[str] = "feature_fraction"

    def log_odds(self, codes: Floats) -> Floats:
        if not len(codes):
            return np.zeros(0)
        return np.asarray(self._booster.predict(codes, raw_score=True, num_threads=1)) * self._share

    def parts(self, codes: Floats) -> Floats:
        if not len(codes):
            return np.zeros((0, self._columns))
        if len(codes) >= MANY_ROWS:
            return self._many_rows.values(codes)
        parts = np.asarray(self._booster.predict(codes, pred_contrib=True, num_threads=1), dtype=np.float64)
        return np.asarray(parts[:, :-1] * self._share)

    def parameters(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return {"columns": self._columns, "booster": self._text}, {}

    @classmethod
    def restore(cls, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        made = cls(Growth(1, 2))
        made._take(parameters["booster"], int(parameters["columns"]))
        return made

    @cached_property
    def _many_rows(self) -> ManyRows:
        from crm_models.churn.tree_shapley import ManyRows  # takes a second, and one customer does without

        return ManyRows(self._booster, self._share)

    def _take(self, text: str, columns: int) -> None:
        import lightgbm

        self._text, self._columns = text, columns
        self._booster = lightgbm.Booster(model_str=text)
        # LightGBM sums the raw scores of a forest's trees as well
        self._share = 1.0 / self._booster.num_trees() if self.kind == "forest" else 1.0


class Boosting(Trees):
    kind = "boosting"
    own = {"boosting": "gbdt"}


class Forest(Trees):
    kind = "forest"
    own = {"boosting": "rf"}
    _share_of_columns = "feature_fraction_bynode"
