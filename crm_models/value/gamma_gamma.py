"""Gamma-Gamma spend per order: Fader and Hardie (2013), "The Gamma-Gamma Model of Monetary Value".

Amounts of a customer are Gamma(p, nu) with nu from Gamma(q, v); whoever ordered little is drawn towards the average.
Assumes that how much is spent does not depend on how often: `correlation` in the model's card says how far that holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from crm_models.errors import BadTable
from crm_models.value.estimation import maximise

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class GammaGamma:
    p: float
    q: float
    v: float  # in units of money

    @classmethod
    def fit(cls, orders: Floats, mean_amount: Floats) -> Self:
        """Parameters of the greatest likelihood.

        Args:
            orders: how many amounts the mean is of, 1 or more (customers,).
            mean_amount: above 0, any currency (customers,).

        Raises:
            BadTable: a number that cannot be.
        """
        orders, mean_amount = np.asarray(orders, dtype=np.float64), np.asarray(mean_amount, dtype=np.float64)
        if len(orders) == 0:
            raise BadTable("Spend cannot be learned: no customer has an order with an amount above 0.")
        for name, values, least in (("orders", orders, 1.0), ("mean_amount", mean_amount, 1e-12)):
            bad = ~(np.isfinite(values) & (values >= least))
            if bad.any():
                rule = "1 or more" if name == "orders" else "above 0"
                raise BadTable(f"{name} must be {rule}; row {int(np.argmax(bad)) + 1} has {values[np.argmax(bad)]:g}.")
        scale = float(np.mean(mean_amount))
        p, q, v = maximise(
            lambda parameters: float(cls(*parameters).log_likelihood(orders, mean_amount / scale).mean()),
            ((2.0, 3.0, 1.0), (6.0, 4.0, 0.5)),
            "Gamma-Gamma",
        )
        return cls(float(p), float(q), float(v) * scale)

    def log_likelihood(self, orders: Floats, mean_amount: Floats) -> Floats:
        """Eq. 1a, float (customers,)."""
        from scipy.special import gammaln  # type: ignore[import-untyped]

        p, q, v, x, z = self.p, self.q, self.v, orders, mean_amount
        return np.asarray(
            gammaln(p * x + q)
            - gammaln(p * x)
            - gammaln(q)
            + q * np.log(v)
            + (p * x - 1) * np.log(z)
            + p * x * np.log(x)
            - (p * x + q) * np.log(v + x * z)
        )

    def expected(self, orders: Floats, mean_amount: Floats) -> Floats:
        """Expected amount of a later order, float (customers,): eq. 5, without orders the average of all.

        Written as a weighted mean of the customer's own average and everybody's, so that it is finite for q <= 1
        once there is an order.
        """
        px = self.p * orders
        return np.asarray(self.p * (self.v + orders * mean_amount) / np.maximum(px + self.q - 1.0, 1e-9))

    def relative_variance(self, orders: Floats) -> Floats:
        """Variance of the amount of one later order over its mean squared, float (customers,).

        Posterior nu is Gamma(p x + q, .), an amount Gamma(p, nu): E[Z^2] / E[Z]^2 - 1.
        """
        shape = np.maximum(self.p * orders + self.q, 2.0 + 1e-6)
        return np.asarray((self.p + 1) / self.p * (shape - 1) / (shape - 2) - 1)
