"""How far what happens may lie from what is expected: quantiles of one customer's orders and spend.

Orders are zero for who is gone, and negative binomial for who is not: Poisson with a rate from the Gamma posterior of
the probability model, whose shape is divided by an `inflation` fitted on a held-out period. Spend is zero without
orders, and Gamma with the mean and variance of a compound sum with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Outlook:
    """What is expected of each customer over the horizon, float (customers,) each."""

    alive: Floats  # probability
    orders: Floats  # expected
    shape: Floats  # of the posterior of the rate
    amount: Floats  # expected of an order
    amount_variance: Floats  # of an order, over the squared mean

    @property
    def spend(self) -> Floats:
        return np.asarray(self.orders * self.amount)

    def none(self) -> Floats:
        """Probability of no order."""
        success = self.shape / (self.shape + self._if_alive)
        return np.asarray(1.0 - self.alive + self.alive * success**self.shape)

    @property
    def _if_alive(self) -> Floats:
        return np.asarray(self.orders / np.maximum(self.alive, 1e-9))

    def order_quantile(self, level: float) -> Floats:
        """Orders that are not exceeded with this probability, whole numbers (customers,)."""
        from scipy.stats import nbinom  # type: ignore[import-untyped]

        rest = (level - (1.0 - self.alive)) / np.maximum(self.alive, 1e-9)
        success = self.shape / (self.shape + np.maximum(self._if_alive, 1e-9))
        found = nbinom.ppf(np.clip(rest, 0.0, 1.0), self.shape, success)
        return np.asarray(np.where(rest <= 0, 0.0, np.maximum(found, 0.0)))

    def spend_quantile(self, level: float) -> Floats:
        """Spend that is not exceeded with this probability (customers,)."""
        from scipy.special import gammaincinv  # type: ignore[import-untyped]

        some = 1.0 - self.none()
        mean = self.spend / np.maximum(some, 1e-9)
        square = self._second_moment() / np.maximum(some, 1e-9)
        variance = np.maximum(square - mean**2, 1e-9 * np.maximum(mean, 1.0) ** 2)
        shape = mean**2 / variance
        rest = (level - (1.0 - some)) / np.maximum(some, 1e-9)
        found = gammaincinv(np.maximum(shape, 1e-6), np.clip(rest, 0.0, 1.0)) * variance / np.maximum(mean, 1e-9)
        return np.asarray(np.where((rest <= 0) | (mean <= 0), 0.0, found))

    def _second_moment(self) -> Floats:
        """E[S^2] of a sum of X amounts: E[X] Var Z + E[X^2] E[Z]^2."""
        rate = self._if_alive
        orders_squared = self.alive * (rate + rate**2 * (1.0 + 1.0 / self.shape))
        return np.asarray(self.amount**2 * (self.orders * self.amount_variance + orders_squared))

    def log_likelihood(self, orders: Floats) -> Floats:
        """Of numbers of orders that came, float (customers,)."""
        from scipy.special import gammaln

        rate, k = np.maximum(self._if_alive, 1e-9), self.shape
        counted = gammaln(k + orders) - gammaln(k) - gammaln(orders + 1)
        counted = counted + k * np.log(k / (k + rate)) + orders * np.log(rate / (k + rate))
        gone = np.where(orders == 0, np.log(np.maximum(1.0 - self.alive, 1e-12)), -np.inf)
        return np.asarray(np.logaddexp(gone, np.log(np.maximum(self.alive, 1e-12)) + counted))
