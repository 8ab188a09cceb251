"""Pareto/NBD: Schmittlein, Morrison and Colombo (1987), "Counting Your Customers", Management Science 33(1).

While alive a customer buys as a Poisson process with a rate from Gamma(r, alpha), and lives for an exponential time
with a rate from Gamma(s, beta). The likelihood is the integral form of Fader and Hardie (2005), "A Note on Deriving the
Pareto/NBD Model and Related Expressions", eq. 14: two positive terms, where the closed form subtracts two
hypergeometric functions that are nearly equal once a customer bought lately.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from crm_models.value.buy_till_you_die import BuyTillYouDie
from crm_models.value.estimation import gauss_legendre
from crm_models.value.repeat_buying import RepeatBuying

Floats = NDArray[np.float64]
_NODES, _WEIGHTS = gauss_legendre(24)


@dataclass(frozen=True)
class ParetoNbd(BuyTillYouDie):
    NAME: ClassVar = "Pareto/NBD"
    STARTS: ClassVar = ((1.0, 10.0, 1.0, 10.0), (0.5, 5.0, 0.3, 3.0))
    IN_TIME: ClassVar = (False, True, False, True)

    r: float
    alpha: float  # in units of time
    s: float
    beta: float  # in units of time

    def log_likelihood(self, buying: RepeatBuying) -> Floats:
        """Of each customer, float (customers,)."""
        from scipy.special import gammaln  # type: ignore[import-untyped]

        shared = gammaln(self.r + buying.frequency) - gammaln(self.r)
        shared = shared + self.r * np.log(self.alpha) + self.s * np.log(self.beta)
        return np.asarray(shared + np.logaddexp(self._log_alive(buying), self._log_dead(buying)))

    def alive(self, buying: RepeatBuying) -> Floats:
        """Probability of being alive at T, from 0 to 1 (customers,): Schmittlein et al., eq. 11 to 13."""
        log_odds = self._log_dead(buying) - self._log_alive(buying)
        return np.asarray(0.5 * (1.0 - np.tanh(0.5 * log_odds)))

    def expected_if_alive(self, buying: RepeatBuying, horizon: float) -> Floats:
        """Posterior mean rate times the expected time alive within the horizon, float (customers,)."""
        rate = (self.r + buying.frequency) / (self.alpha + buying.T)
        return np.asarray(rate * self.time_alive(buying, horizon))

    def time_alive(self, buying: RepeatBuying, horizon: float) -> Floats:
        """E[min(rest of life, horizon)] of who is alive at T; s = 1 is a limit, not an exception."""
        age = self.beta + buying.T
        grown = np.log1p(horizon / age)
        exponent = self.s - 1.0
        if abs(exponent) < 1e-9:
            return np.asarray(age * grown)
        return np.asarray(age * -np.expm1(-exponent * grown) / exponent)

    def _log_alive(self, buying: RepeatBuying) -> Floats:
        """Log of 1 / ((alpha + T)^(r + x) (beta + T)^s)."""
        power = self.r + buying.frequency
        return np.asarray(-power * np.log(self.alpha + buying.T) - self.s * np.log(self.beta + buying.T))

    def _log_dead(self, buying: RepeatBuying) -> Floats:
        """Log of s times the integral over the moment y of death, from t_x to T, of

        (alpha + y)^-(r + x) (beta + y)^-(s + 1).

        With u = ((alpha + t_x) / (alpha + y))^k, k = r + s + x, the integrand becomes
        ((alpha + y) / (beta + y))^(s + 1): bounded and monotone, so that 24 nodes of Gauss and Legendre do.
        """
        k = self.r + self.s + buying.frequency
        start = self.alpha + buying.recency
        shrunk = -k * np.log((self.alpha + buying.T) / start)  # log of u at y = T
        # u from exp(shrunk) to 1
        width = -np.expm1(shrunk)
        u = 1.0 - width[:, None] * _NODES
        shifted = start[:, None] * np.exp(-np.log(u) / k[:, None])  # alpha + y
        height = np.exp((self.s + 1.0) * np.log(shifted / (shifted + (self.beta - self.alpha))))
        area = width * (height @ _WEIGHTS)
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(self.s) - np.log(k) - k * np.log(start) + np.log(area))

    def simulate(self, T: Floats, random: np.random.Generator) -> RepeatBuying:
        rate = random.gamma(self.r, 1.0 / self.alpha, len(T))
        life = random.exponential(1.0, len(T)) / random.gamma(self.s, 1.0 / self.beta, len(T))
        time = np.minimum(life, T)
        frequency = random.poisson(rate * time).astype(np.float64)
        # the last of x uniform moments is the greatest: Beta(x, 1)
        last = random.random(len(T)) ** (1.0 / np.maximum(frequency, 1.0))
        return RepeatBuying(frequency, np.where(frequency > 0, last * time, 0.0), T)
