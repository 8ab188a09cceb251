"""Maximum likelihood over positive parameters, for the probability models of this package."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from crm_models.errors import BadTable

Floats = NDArray[np.float64]
_LARGEST = 12.0  # |log parameter|; beyond it the data do not say anything about a parameter


def maximise(log_likelihood: Callable[[Floats], float], starts: Sequence[Sequence[float]], what: str) -> Floats:
    """The parameters with the greatest mean log-likelihood, searched in their logarithms by L-BFGS-B.

    Args:
        log_likelihood: mean over the customers, of parameters float (parameters,).
        starts: first guesses; the best end counts, so that a bad start does not decide.
        what: the model, for the message.

    Raises:
        BadTable: no start leads to a finite likelihood.
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    def loss(logs: Floats) -> float:
        with np.errstate(all="ignore"):
            value = -log_likelihood(np.exp(logs))
        return value if np.isfinite(value) else 1e10

    bounds = [(-_LARGEST, _LARGEST)] * len(starts[0])
    found = [
        minimize(loss, np.log(start), method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-13, "gtol": 1e-8})
        for start in starts
    ]
    best = min(found, key=lambda each: float(each.fun))
    if best.fun >= 1e10:
        raise BadTable(f"{what} cannot be fitted on these purchases: no parameters explain them.")
    return np.asarray(np.exp(best.x), dtype=np.float64)


def distinct(*columns: Floats) -> tuple[tuple[Floats, ...], Floats]:
    """Rows without repetition, and how often each occurs: a likelihood then costs what is different."""
    rows, counts = np.unique(np.column_stack(columns), axis=0, return_counts=True)
    return tuple(rows.T), counts.astype(np.float64)


def gauss_legendre(nodes: int) -> tuple[Floats, Floats]:
    """Nodes between 0 and 1 and their weights, float (nodes,) each: f at the nodes @ weights is the integral of f."""
    place, weight = np.polynomial.legendre.leggauss(nodes)  # type: ignore[no-untyped-call]
    return np.asarray(0.5 + 0.5 * place), np.asarray(0.5 * weight)
