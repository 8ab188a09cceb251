"""From one float a column to what a linear model and a network read.

A number becomes its standardised self (of the logarithm when its tail is long) and ramps between quantiles, a
piecewise linear encoding (Gorishniy, Rubachev & Babenko 2022, "On embeddings for numerical features in tabular deep
learning"): with weights that are not negative the effect never falls, so a direction can be kept by bounds. A category
becomes one column a level; what is missing has a column of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_RAMPS = 6
_EDGE = 0.01  # quantile of the lowest and highest knot
_LONG_TAIL = 2.0  # skewness
_FEWEST_MISSING = 10  # rows, for a column of its own


@dataclass(frozen=True)
class Encoding:
    """Dense columns: trends first, then ramps, levels and gaps; each knows the column it comes from.

    trend: mean, scale, lowest, highest and whether it is a logarithm, float (trends, 5).
    ramp: where it begins and ends, float (ramps, 2), with the mean of training for what is missing, (ramps,).
    level: the code, float (levels,).
    """

    columns: int
    trend_of: NDArray[np.intp]
    trend: Floats
    ramp_of: NDArray[np.intp]
    ramp: Floats
    ramp_mean: Floats
    level_of: NDArray[np.intp]
    level: Floats
    gap_of: NDArray[np.intp]

    @classmethod
    def fit(cls, codes: Floats, levels: Sequence[int]) -> Self:
        """Args:
        codes: float (rows, columns), NaN for what is missing.
        levels: how many categories each column has, 0 for a number.
        """
        trend_of, trend, ramp_of, ramp, level_of, level, gap_of = [], [], [], [], [], [], []
        for number, count in enumerate(levels):
            known = codes[~np.isnan(codes[:, number]), number]
            if 0 < len(known) <= len(codes) - _FEWEST_MISSING:
                gap_of.append(number)
            if count:
                found = np.unique(known)
                level_of += [number] * len(found)
                level += found.tolist()
            elif len(np.unique(known)) > 1:
                trend_of.append(number)
                trend.append(_trend(known))
                knots = _knots(known)
                if len(knots) > 2:
                    ramp_of += [number] * (len(knots) - 1)
                    ramp += list(pairwise(knots))
        made = cls(
            len(levels),
            np.array(trend_of, dtype=np.intp), np.array(trend, dtype=np.float64).reshape(-1, 5),
            np.array(ramp_of, dtype=np.intp), np.array(ramp, dtype=np.float64).reshape(-1, 2), np.zeros(len(ramp)),
            np.array(level_of, dtype=np.intp), np.array(level, dtype=np.float64), np.array(gap_of, dtype=np.intp),
        )  # fmt: skip
        ramps = made._ramps(codes)
        mean = np.nanmean(ramps, axis=0) if len(ramps) else np.zeros(len(ramp))
        return cls(**{**made.__dict__, "ramp_mean": mean})

    @property
    def source(self) -> NDArray[np.intp]:
        """The column that each dense column comes from, (width,)."""
        return np.concatenate([self.trend_of, self.ramp_of, self.level_of, self.gap_of])

    def directions(self, of_columns: Sequence[int]) -> NDArray[np.intp]:
        """The direction of each dense column, (width,); a level or a gap has none."""
        ways = np.asarray(of_columns, dtype=np.intp)
        free = np.zeros(len(self.level_of) + len(self.gap_of), dtype=np.intp)
        return np.concatenate([ways[self.trend_of], ways[self.ramp_of], free])

    def dense(self, codes: Floats) -> Floats:
        """Float (rows, width), without NaN."""
        ramps = self._ramps(codes)
        return np.concatenate(
            [
                self._trends(codes),
                np.where(np.isnan(ramps), self.ramp_mean, ramps),
                (codes[:, self.level_of] == self.level).astype(np.float64),
                np.isnan(codes[:, self.gap_of]).astype(np.float64),
            ],
            axis=1,
        )

    def by_column(self, parts: Floats) -> Floats:
        """Sum what belongs to a column: (rows, width) -> (rows, columns)."""
        belongs = np.zeros((parts.shape[1], self.columns))
        belongs[np.arange(parts.shape[1]), self.source] = 1.0
        return np.asarray(parts @ belongs)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {name: value for name, value in self.__dict__.items() if name != "columns"}

    @classmethod
    def from_arrays(cls, columns: int, arrays: Mapping[str, NDArray[Any]]) -> Self:
        names = [name for name in cls.__dataclass_fields__ if name != "columns"]
        return cls(columns, **{name: arrays[name] for name in names})

    def _trends(self, codes: Floats) -> Floats:
        mean, scale, lowest, highest, logarithm = self.trend.T
        values = np.clip(codes[:, self.trend_of], lowest, highest)
        values = np.where(logarithm > 0, np.log1p(values - lowest), values)
        return np.asarray(np.nan_to_num((values - mean) / scale, nan=0.0))

    def _ramps(self, codes: Floats) -> Floats:
        begin, end = self.ramp.T
        return np.asarray(np.clip((codes[:, self.ramp_of] - begin) / (end - begin), 0.0, 1.0))


def _trend(known: Floats) -> tuple[float, ...]:
    lowest, highest = float(known.min()), float(known.max())
    centred = known - known.mean()
    skewness = float((centred**3).mean() / max(known.std() ** 3, 1e-300))
    logarithm = skewness > _LONG_TAIL
    values = np.log1p(known - lowest) if logarithm else known
    return float(values.mean()), max(float(values.std()), 1e-12), lowest, highest, float(logarithm)


def _knots(known: Floats) -> Floats:
    distinct = np.unique(known)
    if len(distinct) <= _RAMPS + 1:
        return np.asarray(distinct)
    places = np.concatenate([[_EDGE], np.linspace(0, 1, _RAMPS + 1)[1:-1], [1 - _EDGE]])
    return np.asarray(np.unique(np.quantile(known, places)))
