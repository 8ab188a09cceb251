"""BG/NBD: Fader, Hardie and Lee (2005), "Counting Your Customers" the Easy Way, Marketing Science 24(2).

While alive a customer buys as a Poisson process with a rate from Gamma(r, alpha); after any purchase the customer
drops out with a probability from Beta(a, b). Equations are numbered as in the paper.
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
_LEVELS, _WEIGHTS = gauss_legendre(32)


@dataclass(frozen=True)
class BgNbd(BuyTillYouDie):
    NAME: ClassVar = "BG/NBD"
    STARTS: ClassVar = ((1.0, 10.0, 1.0, 2.0), (0.3, 3.0, 0.5, 3.0))
    IN_TIME: ClassVar = (False, True, False, False)

    r: float
    alpha: float  # in units of time
    a: float
    b: float

    def log_likelihood(self, buying: RepeatBuying) -> Floats:
        """Eq. 6, of each customer, float (customers,); A1 to A4 as in the paper's note on Excel."""
        from scipy.special import betaln, gammaln  # type: ignore[import-untyped]

        x, t_x, T = buying.frequency, buying.recency, buying.T
        shared = gammaln(self.r + x) - gammaln(self.r) + self.r * np.log(self.alpha)
        shared = shared + betaln(self.a, self.b + x) - betaln(self.a, self.b)
        alive = -(self.r + x) * np.log(self.alpha + T)
        dead = np.where(x > 0, np.log(self.a) - np.log(np.maximum(self.b + x - 1, 1e-300)), -np.inf)
        return np.asarray(shared + np.logaddexp(alive, dead - (self.r + x) * np.log(self.alpha + t_x)))

    def alive(self, buying: RepeatBuying) -> Floats:
        """Probability that the customer has not dropped out by T, from 0 to 1 (customers,).

        From the two parts of eq. 6; without a repeat it is 1, as nobody drops out before a purchase.
        """
        x, t_x, T = buying.frequency, buying.recency, buying.T
        log_odds = (self.r + x) * (np.log(self.alpha + T) - np.log(self.alpha + t_x))
        log_odds = log_odds + np.log(self.a) - np.log(np.maximum(self.b + x - 1, 1e-300))
        return np.asarray(np.where(x > 0, 0.5 * (1.0 - np.tanh(0.5 * log_odds)), 1.0))

    def expected_if_alive(self, buying: RepeatBuying, horizon: float) -> Floats:
        """Eq. 10 without its denominator, float (customers,).

        The paper's 2F1 overflows for heavy buyers and for a large a, and is 0 / 0 at a = 1. So its integral is taken:
        (1 - (1 + p t / (alpha + T))^-(r + x)) / p, averaged over the posterior Beta(a, b + x) of the dropout p, at
        32 nodes of Gauss and Legendre in the probability of p.
        """
        from scipy.special import betaincinv

        x, T = buying.frequency, buying.T
        kinds, kind = np.unique(x, return_inverse=True)
        dropout = np.maximum(betaincinv(self.a, self.b + kinds[:, None], _LEVELS), 1e-12)[kind]
        ratio = (horizon / (self.alpha + T))[:, None]
        bought = -np.expm1(-(self.r + x)[:, None] * np.log1p(dropout * ratio)) / dropout
        return np.asarray(bought @ _WEIGHTS)

    def simulate(self, T: Floats, random: np.random.Generator) -> RepeatBuying:
        rate = random.gamma(self.r, 1.0 / self.alpha, len(T))
        dropout = random.beta(self.a, self.b, len(T))
        frequency, recency = np.zeros(len(T)), np.zeros(len(T))
        for row, end in enumerate(T):
            moment = random.exponential(1.0 / rate[row])
            while moment < end:
                frequency[row], recency[row] = frequency[row] + 1, moment
                if random.random() < dropout[row]:
                    break
                moment += random.exponential(1.0 / rate[row])
        return RepeatBuying(frequency, recency, T)
