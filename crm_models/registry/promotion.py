"""Whether a model that has just been trained is to be used: not when it is clearly worse than the one in use.

Both score the same customers on the latest day whose outcome is known. The losses are compared customer by customer,
so that what is hard for both does not blur the difference. Both may have learned from that day: this is a guard
against a training that went wrong (a broken import, a column that lost its meaning), not a contest.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.errors import BadModel, BadTable
from crm_models.model import CustomerModel
from crm_models.outcomes import OUTCOME
from crm_models.registry.decision import Decision

CLEARLY = 0.02  # of the older loss; a smaller difference is not worth an older model
_Z = 1.96  # of a two-sided 95 % interval


def decide(new: CustomerModel, old: CustomerModel | None, outcomes: pd.DataFrame | None) -> Decision:
    """Args:
    old: the one in use; None where there is none that this program can read.
    outcomes: see `crm_models.outcomes`; None where nothing is known.
    """
    if old is None:
        return Decision(True, "There is no older version to compare it with.")
    if outcomes is None:
        return Decision(True, "There is no outcome to compare it on.", old.version)
    try:
        before = _losses(old, outcomes)
    except (BadTable, BadModel) as error:
        return Decision(True, f"The older version cannot score this table: {error}", old.version)
    difference = _losses(new, outcomes) - before
    mean, error_of_mean = float(difference.mean()), float(difference.std() / np.sqrt(len(difference)))
    low, high = mean - _Z * error_of_mean, mean + _Z * error_of_mean
    told = (
        f"on {len(outcomes):,} customers whose outcome is known its loss differs from that of {old.version} by "
        f"{mean:+.3g} (95 % interval {low:+.3g} to {high:+.3g}; the older loss is {before.mean():.3g})"
    )
    if low > 0 and mean > CLEARLY * float(before.mean()):
        return Decision(False, f"It is clearly worse: {told}.", old.version)
    return Decision(True, f"It is not clearly worse: {told}.", old.version)


def _losses(model: CustomerModel, outcomes: pd.DataFrame) -> NDArray[np.float64]:
    """Logarithmic loss of a probability, else the absolute error in the model's unit, float (rows,)."""
    scores = model.predict(outcomes).to_numpy()
    truth = outcomes[OUTCOME].to_numpy(dtype=np.float64)
    if model.unit != "probability":
        return np.asarray(np.abs(scores - truth))
    kept = np.clip(scores, 1e-6, 1 - 1e-6)
    return np.asarray(-np.where(truth > 0.5, np.log(kept), np.log1p(-kept)))
