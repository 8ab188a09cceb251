"""What the models of customers who buy until they drop out have in common: the fit, and the expectation.

Each has four positive parameters; some are in units of time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from crm_models.value.estimation import distinct, maximise
from crm_models.value.repeat_buying import RepeatBuying

Floats = NDArray[np.float64]


class BuyTillYouDie(ABC):
    """A frozen dataclass of the parameters, in the order of `STARTS`."""

    NAME: ClassVar[str]
    STARTS: ClassVar[tuple[tuple[float, ...], ...]]  # first guesses
    IN_TIME: ClassVar[tuple[bool, ...]]  # which parameters are in units of time

    @classmethod
    def fit(cls, buying: RepeatBuying) -> Self:
        """Parameters of the greatest likelihood; times are scaled first, so that any unit will do.

        Raises:
            BadTable: no parameters explain the purchases.
        """
        scale = max(float(np.mean(buying.T)), 1e-12) / 10.0
        columns, counts = distinct(buying.frequency, buying.recency / scale, buying.T / scale)
        rows = RepeatBuying(*columns)
        total = counts.sum()

        def mean(parameters: Floats) -> float:
            return float(counts @ cls(*parameters).log_likelihood(rows) / total)

        found = maximise(mean, cls.STARTS, cls.NAME)
        return cls(*(float(each) * (scale if timed else 1.0) for each, timed in zip(found, cls.IN_TIME, strict=True)))

    @abstractmethod
    def log_likelihood(self, buying: RepeatBuying) -> Floats:
        """Of each customer, float (customers,)."""

    @abstractmethod
    def alive(self, buying: RepeatBuying) -> Floats:
        """Probability that the customer has not dropped out by T, from 0 to 1 (customers,)."""

    @abstractmethod
    def expected_if_alive(self, buying: RepeatBuying, horizon: float) -> Floats:
        """Expected purchases from T to T + horizon of who is alive at T, float (customers,)."""

    @abstractmethod
    def simulate(self, T: Floats, random: np.random.Generator) -> RepeatBuying:
        """Draw customers as the model says they behave, observed for T each; for tests and planning."""

    def expected(self, buying: RepeatBuying, horizon: float) -> Floats:
        """Expected purchases from T to T + horizon, float (customers,)."""
        return self.alive(buying) * self.expected_if_alive(buying, horizon)
