"""Whom and when a passage is for: loyalty tier, country, days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Scope = tuple[tuple[str, ...], tuple[str, ...], date | None, date | None]
"""Tiers, countries, first and last day; empty or None where everybody, or every day, is meant."""


class ScopeTable:
    """The scopes of passages, by place.

    A passage without audience (or countries) is for everybody. One for certain tiers is for these; to a
    person whose tier is not known it may be shown, after the general ones. Countries likewise.
    """

    def __init__(self, owners: NDArray[np.int32], scopes: Sequence[Scope | None]) -> None:
        """`owners` holds each passage's document, a row of `scopes`; None there is a document for nobody."""
        numbers: dict[Scope | None, int] = {}
        codes = np.array([numbers.setdefault(scope, len(numbers)) for scope in scopes], dtype=np.int32)
        self._codes = codes[owners] if len(scopes) else np.zeros(0, dtype=np.int32)
        self._scopes = list(numbers)
        self.tiers = frozenset(tier for scope in numbers if scope is not None for tier in scope[0])
        self._weigh = lru_cache(maxsize=256)(self._weigh_all)

    def weigh(
        self, tiers: frozenset[str], countries: frozenset[str], today: date
    ) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
        """By place, whether a passage may be shown, and whether it is meant for this very person.

        `tiers` and `countries` empty stand for not known. The second array holds 1 for a variant that
        fits, -1 for a variant of which it is not known whether it does, 0 for a general passage.
        """
        return self._weigh(tiers, countries, today)

    def _weigh_all(
        self, tiers: frozenset[str], countries: frozenset[str], today: date
    ) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
        allowed = np.zeros(max(1, len(self._scopes)), dtype=np.bool_)
        fit = np.zeros(max(1, len(self._scopes)), dtype=np.int8)
        for code, scope in enumerate(self._scopes):
            if scope is None:
                continue
            audience, places, first, last = scope
            fits = _both(_fits(audience, tiers), _fits(places, countries))
            in_time = (first is None or first <= today) and (last is None or today <= last)
            allowed[code] = in_time and fits is not None
            fit[code] = fits or 0
        return allowed[self._codes], fit[self._codes]


def scope_fit(
    audience: tuple[str, ...], countries: tuple[str, ...], tier: str | None, country: str | None
) -> int | None:
    """Whether an article is for a person: 1 written for them, 0 for all, -1 not known, None for others."""
    by_country = _fits(countries, _one(country.upper() if country else None))
    return _both(_fits(audience, _one(tier.lower() if tier else None)), by_country)


def _one(name: str | None) -> frozenset[str]:
    return frozenset({name} if name else ())


def _both(by_tier: int | None, by_country: int | None) -> int | None:
    if by_tier is None or by_country is None:
        return None
    return -1 if -1 in (by_tier, by_country) else max(by_tier, by_country)


def _fits(names: tuple[str, ...], wanted: frozenset[str]) -> int | None:
    """0 for all, 1 for the wanted, -1 where it is not known what is wanted, None for others."""
    if not names:
        return 0
    if not wanted:
        return -1
    return 1 if wanted.intersection(names) else None
