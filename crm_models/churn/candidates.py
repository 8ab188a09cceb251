"""The models that are compared, by name, and what each of them can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from crm_models.churn.encoding import Floats
from crm_models.churn.linear import Linear
from crm_models.churn.network import Network
from crm_models.churn.trees import Boosting, Forest, Growth


class Candidate(Protocol):
    """A model of the log-odds. Rows are floats (rows, columns) with NaN for what is missing."""

    @property
    def kind(self) -> str: ...

    def fit(
        self, codes: Floats, left: NDArray[np.bool_], levels: Sequence[int], directions: Sequence[int], seed: int
    ) -> Self:
        """Args:
        levels: how many categories each column has, 0 for a number; codes of a category are 0, 1, ...
        directions: 1 where more may only raise the chance, -1 where it may only lower it, 0 either.
        """

    def log_odds(self, codes: Floats) -> Floats:
        """Float (rows,)."""

    def parts(self, codes: Floats) -> Floats:
        """Shapley values in log-odds, (rows, columns); their sum and a constant are the log-odds."""

    def parameters(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]: ...

    @classmethod
    def restore(cls, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self: ...


Factory = Callable[[], Candidate]

# From the simplest on; two sizes of boosting, as small tables and large ones want different ones.
CANDIDATES: Mapping[str, Factory] = {
    "logistic": lambda: Linear(penalty=1e-3),
    "shallow boosting": lambda: Boosting(Growth(rounds=250, leaves=6, rate=0.04, least_in_leaf=30, columns=0.5)),
    "forest": lambda: Forest(Growth(rounds=150, leaves=48, least_in_leaf=12, columns=0.3, rows=0.63)),
    "deep boosting": lambda: Boosting(Growth(rounds=300, leaves=16, rate=0.06, least_in_leaf=20, columns=0.5)),
    "network": Network,
}
KINDS: Mapping[str, type[Any]] = {each.kind: each for each in (Linear, Forest, Boosting, Network)}
