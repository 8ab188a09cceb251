"""An interval over time as inline SVG: a band, its middle, and the line of no difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from web.insights.charts import BOTTOM, HEIGHT, RIGHT, TOP, WIDTH

_LEFT = 58  # values need more room than counts
_ROOM = 0.08  # of the span, above and below


@dataclass(frozen=True)
class Bounds:
    """One look."""

    at: datetime
    effect: float
    low: float
    high: float
    title: str


def interval_chart(looks: Sequence[Bounds], label: str, unit: str, scale: float = 1.0) -> Markup:
    """The looks in order of time.

    Args:
        unit: after the values at the side.
        scale: what values are multiplied with there.
    """
    if not looks:
        return Markup("")
    # The first intervals may be very wide: the later half of the looks decides what is seen in full.
    shown = looks[len(looks) // 2 :]
    bottom, top = min(0.0, *(each.low for each in shown)), max(0.0, *(each.high for each in shown))
    room = _ROOM * (top - bottom or 1.0)
    low, high = bottom - room, top + room

    def y(value: float) -> float:
        return TOP + (high - min(max(value, low), high)) / (high - low) * (HEIGHT - TOP - BOTTOM)

    xs = _places([each.at for each in looks])
    upper = [f"{x:.1f} {y(each.high):.1f}" for x, each in zip(xs, looks, strict=True)]
    lower = [f"{x:.1f} {y(each.low):.1f}" for x, each in zip(xs, looks, strict=True)]
    middle = "L".join(f"{x:.1f} {y(each.effect):.1f}" for x, each in zip(xs, looks, strict=True))
    dots = "".join(
        f'<circle class="dot" cx="{x:.1f}" cy="{y(each.effect):.1f}" r="3"><title>{escape(each.title)}</title></circle>'
        f'<line class="whisker" x1="{x:.1f}" x2="{x:.1f}" y1="{y(each.high):.1f}" y2="{y(each.low):.1f}"/>'
        for x, each in zip(xs, looks, strict=True)
    )
    grid = "".join(_line(value, y(value), unit, scale) for value in dict.fromkeys((bottom, 0.0, top)))
    return Markup(
        f'<svg class="chart interval" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">{grid}'
        f'<path class="band" d="M{"L".join([*upper, *reversed(lower)])}Z"/><path class="line" d="M{middle}"/>{dots}'
        f"{_days(xs, looks)}</svg>"
    )


def _places(times: Sequence[datetime]) -> list[float]:
    first, last = times[0], times[-1]
    span = (last - first).total_seconds()
    wide = WIDTH - _LEFT - RIGHT - 20
    if span == 0:
        return [_LEFT + 10 + wide / 2] * len(times)
    return [_LEFT + 10 + wide * (at - first).total_seconds() / span for at in times]


def _line(value: float, y: float, unit: str, scale: float) -> str:
    kind = "zero" if value == 0 else "grid"
    text = f"{value * scale:+.1f}{unit}" if value else "0"
    return (
        f'<line class="{kind}" x1="{_LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="axis" x="{_LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">{escape(text)}</text>'
    )


def _days(xs: Sequence[float], looks: Sequence[Bounds]) -> str:
    """Names of days, as many as do not touch each other."""
    found, free = [], float("-inf")
    for x, each in zip(xs, looks, strict=True):
        if x >= free:
            name = f"{each.at.day} {each.at:%b}"
            found.append(f'<text class="axis" x="{x:.1f}" y="{HEIGHT - 7}" text-anchor="middle">{name}</text>')
            free = x + 60
    return "".join(found)
