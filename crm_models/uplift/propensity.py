"""The chance of getting the offer: as it was drawn, or estimated where nobody noted it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.errors import BadTable
from crm_models.uplift.table import PROPENSITY, TREATED

_SMALLEST, _LARGEST = 0.05, 0.95  # estimates are held between (Crump et al. 2009 drop what lies beyond 0.1 and 0.9)
_TOO_CERTAIN = 0.95  # AUC above which the arms have hardly a customer in common


def propensity_of(values: NDArray[np.float64], table: pd.DataFrame) -> tuple[NDArray[np.float64], float | None]:
    """The chance of each row, float (rows,), and the AUC of the estimate; None where all were known.

    The AUC says how far the arms were from being drawn at random: 0.5 is at random.

    Raises:
        BadTable: a known chance is not between 0 and 1, or the arms cannot be compared.
    """
    known = table[PROPENSITY].to_numpy(dtype=np.float64)
    told = known[np.isfinite(known)]
    if len(told) and not ((told > 0) & (told < 1)).all():
        raise BadTable("The column propensity must lie between 0 and 1, without either: else an arm is empty.")
    if len(told) == len(known):
        return known, None
    return _estimated(values, table[TREATED].to_numpy(dtype=bool))


def _estimated(values: NDArray[np.float64], treated: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
    from sklearn.metrics import roc_auc_score  # type: ignore[import-untyped]
    from sklearn.model_selection import cross_val_predict  # type: ignore[import-untyped]

    model = LogisticRegression(C=0.1, max_iter=300)
    chance = cross_val_predict(model, values, treated, cv=5, method="predict_proba")[:, 1]
    auc = float(roc_auc_score(treated, chance))
    if auc > _TOO_CERTAIN:
        raise BadTable(
            f"Who got the offer can be told from the other columns (AUC {auc:.2f}): there is nobody to compare with. "
            "Leave out columns that were filled after the offer, or draw a control group."
        )
    return np.clip(chance, _SMALLEST, _LARGEST), auc
