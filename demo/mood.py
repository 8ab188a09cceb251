"""How content a customer is: bad service wears it down, and in the end the customer drifts away."""

from __future__ import annotations

import heapq
from datetime import datetime

from numpy.random import Generator

from demo.traits import Traits

_START = 0.8  # experience of a new customer, 0 to 1
_GOOD = 0.08  # share of the way to 1 that a smooth order goes
_WEAR = 0.55  # how much an incident takes from the experience, at full severity
_COOLING = 0.45  # how much an incident takes from the wish to buy, for the least patient
_LEAVE = 1.5  # chance of leaving over an incident, at full severity, for the least patient in a bad mood
_LEAVE_ANYWAY = 0.01  # after any order: moved, died, found another shop
_RESTING = 0.015  # what is left of the rate after drifting away


class Mood:
    """Events are told in any order and felt in order of time."""

    def __init__(self, traits: Traits) -> None:
        self._patience = traits.patience
        self._coming: list[tuple[datetime, int, float]] = []
        self._told = 0
        self.experience = _START
        self.engagement = 1.0  # factor of the rate of buying
        self.left_at: datetime | None = None

    def tell(self, at: datetime, severity: float) -> None:
        """Something will be felt at that moment: 0 a smooth order, to 1 the worst there is."""
        heapq.heappush(self._coming, (at, self._told, severity))
        self._told += 1

    def feel(self, random: Generator, until: datetime) -> None:
        """Let everything that was told for before `until` take effect."""
        while self._coming and self._coming[0][0] < until:
            at, _, severity = heapq.heappop(self._coming)
            if severity > 0:
                self._suffer(random, at, severity)
            else:
                self.experience += _GOOD * (1 - self.experience)
                self._maybe_leave(random, at, _LEAVE_ANYWAY)

    @property
    def drift(self) -> float:
        """0: as keen as on the first day, 1: gone."""
        return 1.0 - (self.engagement if self.left_at is None else _RESTING)

    @property
    def pace(self) -> float:
        """Factor of the rate of buying, now."""
        return 1.0 - self.drift

    def _suffer(self, random: Generator, at: datetime, severity: float) -> None:
        impatience = 1 - self._patience
        self.experience -= _WEAR * severity * self.experience
        self.engagement *= 1 - _COOLING * severity * impatience
        self._maybe_leave(random, at, _LEAVE * severity * impatience * (1.2 - self.experience))

    def _maybe_leave(self, random: Generator, at: datetime, chance: float) -> None:
        if self.left_at is None and random.random() < chance:
            self.left_at = at
