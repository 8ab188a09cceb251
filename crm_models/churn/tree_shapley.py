"""Shapley values of LightGBM's trees for many rows at once.

LightGBM follows every path for every row. For many rows it is much quicker to find, leaf by leaf, which few patterns of
met and unmet conditions there are, and to compute each once: Woodelf (Nadel and Wettenstein 2026). The values are the
same, path-dependent ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.churn.encoding import Floats

# From so many rows on it is quicker; below, preparing the trees takes longer than LightGBM needs.
MANY_ROWS = 1_000


class ManyRows:
    """Made of a trained `lightgbm.Booster` without categorical splits.

    Raises:
        ValueError: a split asks for categories.
    """

    def __init__(self, booster: object, columns: Sequence[str]) -> None:
        from woodelf import WoodelfExplainer  # type: ignore[import-untyped]
        from woodelf.core.trees.parse_models import (  # type: ignore[import-untyped]
            load_decision_tree_ensemble_model,
        )

        self._columns = list(columns)
        self._explainer = WoodelfExplainer(load_decision_tree_ensemble_model(booster, self._columns))

    def values(self, codes: NDArray[np.float64]) -> Floats:
        """In log-odds, float64 (rows, columns), right to about 1e-6; those of a forest are averaged over its trees."""
        table = pd.DataFrame(codes, columns=self._columns)
        return np.asarray(self._explainer.shap_values(table, verbose=False), dtype=np.float64)
