"""Ratings as help desks write them, in numbers or words, as numbers from 0 to 1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from knowledge.errors import DocumentError

Scale = tuple[float, float]
"""The worst and the best rating."""

_WORDS = {
    1.0: "good positive satisfied happy yes true thumbs_up up 👍 helpful great excellent",
    0.5: "neutral ok",
    0.0: "bad negative unsatisfied dissatisfied unhappy no false thumbs_down down 👎 poor",
}
_BY_WORD = {word: value for value, words in _WORDS.items() for word in words.split()}
# Words for no rating.
_NONE = frozenset(("", "none", "null", "n/a", "na", "-", "offered", "unoffered", "unrated"))
_SCALE = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*-\s*(-?\d+(?:\.\d+)?)\s*")


def read_scale(text: str) -> Scale:
    """ "1-5" is (1, 5). Raises DocumentError."""
    found = _SCALE.fullmatch(text)
    if not found or float(found[1]) >= float(found[2]):
        raise DocumentError(f"the scale '{text}' is not read; write the worst and the best rating, as in 1-5")
    return float(found[1]), float(found[2])


def guess_scale(cells: Sequence[Any]) -> Scale | None:
    """The usual scale that these ratings fit, None where none is a number.

    Raises DocumentError where they fit more than one that would turn good into bad, or none.
    """
    values = {value for cell in cells if isinstance(value := _value(cell), float)}
    if not values:
        return None
    if values == {1.0}:
        raise DocumentError("every rating is 1: is that good or bad? Say the scale, such as --scale 0-1 or --scale 1-5")
    low, high = min(values), max(values)
    for worst, best in ((0.0, 1.0), (-1.0, 1.0), (1.0, 5.0), (0.0, 5.0), (1.0, 10.0), (0.0, 10.0), (0.0, 100.0)):
        if worst <= low and high <= best:
            return worst, best
    raise DocumentError(f"ratings from {low:g} to {high:g} are on no usual scale; say which, such as --scale 1-7")


def read_rating(cell: Any, scale: Scale | None) -> float | None:
    """0 to 1, None for a ticket that was not rated. Raises DocumentError."""
    value = _value(cell)
    if value is None:
        return None
    if isinstance(value, str):
        if value not in _BY_WORD:
            raise DocumentError(f"its rating '{cell}' is neither a number nor good or bad")
        return _BY_WORD[value]
    worst, best = scale or (0.0, 1.0)
    if not worst <= value <= best:
        raise DocumentError(f"its rating {value:g} is not on the scale {worst:g}-{best:g}")
    return (value - worst) / (best - worst)


def _value(cell: Any) -> float | str | None:
    """A number, a word in small letters, or nothing."""
    if isinstance(cell, (bool, int, float)):
        return float(cell)
    word = "_".join(str(cell if cell is not None else "").strip().lower().split())
    if word in _NONE:
        return None
    try:
        return float(word.replace(",", "."))
    except ValueError:
        return word
