"""Token buckets, one per key, held in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class RateLimit:
    """At most `burst` at once and `per_minute` in the long run, for each key.

    Full buckets are dropped again, so the memory follows the visitors of the last minutes.
    """

    _SWEEP_AT = 10_000

    def __init__(self, per_minute: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_minute / 60
        self._burst = float(burst)
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}  # key -> (tokens left, when counted)
        self._lock = threading.Lock()

    def allow(self, key: str) -> bool:
        """Takes one token of `key`; False when none is left."""
        with self._lock:
            level = self._level(key)
            if level < 1:
                return False
            self._levels[key] = (level - 1, self._clock())
            if len(self._levels) > self._SWEEP_AT:
                self._sweep()
            return True

    def exhausted(self, key: str) -> bool:
        """Whether `allow` would refuse, without taking a token."""
        with self._lock:
            return self._level(key) < 1

    def _level(self, key: str) -> float:
        now = self._clock()
        tokens, counted = self._levels.get(key, (self._burst, now))
        return min(self._burst, tokens + (now - counted) * self._per_second)

    def _sweep(self) -> None:
        full = [key for key in self._levels if self._level(key) >= self._burst]
        for key in full:
            del self._levels[key]
        while len(self._levels) > self._SWEEP_AT:
            # Many addresses at once: the oldest go first, so that memory stays bounded.
            del self._levels[next(iter(self._levels))]
