"""Charts as inline SVG: numbers in, markup out; colours come from the style sheet, values are in titles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup, escape

WIDTH, HEIGHT = 640, 190
WIDE = 1280  # for a chart across the whole page, with the same size of type
LEFT, RIGHT, TOP, BOTTOM = 36, 8, 12, 26


@dataclass(frozen=True)
class Point:
    """A day and its value; None leaves a hole in the line."""

    day: date
    value: float | None
    title: str


def bars(points: Sequence[Point], label: str, width: int = WIDTH) -> Markup:
    """One bar for each day, from zero."""
    top = _round_up(max((point.value or 0 for point in points), default=0))
    step = (width - LEFT - RIGHT) / max(1, len(points))
    thick = max(1.5, min(34.0, step * 0.72))
    marks = []
    for number, point in enumerate(points):
        height = (point.value or 0) / top * _plot_height()
        x, y = LEFT + step * (number + 0.5) - thick / 2, TOP + _plot_height() - height
        marks.append(
            f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{thick:.1f}" height="{height:.1f}" '
            f'rx="{min(3.0, thick / 3):.1f}"><title>{escape(point.title)}</title></rect>'
        )
    grid = [(0.0, "0"), (top / 2, f"{top / 2:g}"), (top, f"{top:g}")]
    return _frame(label, grid, (0.0, top), "".join(marks), [point.day for point in points], width)


def line(points: Sequence[Point], label: str, low: float = -1.0, high: float = 1.0) -> Markup:
    """A line between `low` and `high`, broken where there is no value."""
    step = (WIDTH - LEFT - RIGHT) / max(1, len(points))
    placed = [
        None
        if point.value is None
        else (LEFT + step * (number + 0.5), TOP + (high - point.value) / (high - low) * _plot_height())
        for number, point in enumerate(points)
    ]
    paths, started = [], False
    for place in placed:
        if place is None:
            started = False
            continue
        paths.append(f"{'L' if started else 'M'}{place[0]:.1f} {place[1]:.1f}")
        started = True
    dots = "".join(
        f'<circle class="dot" cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="3.2">'
        f"<title>{escape(point.title)}</title></circle>"
        for place, point in zip(placed, points, strict=True)
        if place is not None
    )
    middle = (low + high) / 2
    grid = [(low, f"{low:+g}"), (middle, f"{middle:g}"), (high, f"{high:+g}")]
    inner = f'<path class="line" d="{" ".join(paths)}"/>{dots}'
    return _frame(label, grid, (low, high), inner, [point.day for point in points], WIDTH)


def share_bar(parts: Sequence[tuple[str, str, int]]) -> Markup:
    """One bar split by counts; each part is (class, label, count)."""
    total = sum(count for _, _, count in parts) or 1
    at, marks = 0.0, []
    for name, label, count in parts:
        wide = count / total * WIDTH
        marks.append(
            f'<rect class="{escape(name)}" x="{at:.1f}" width="{max(0.0, wide - 2):.1f}" height="18" rx="5">'
            f"<title>{escape(label)}: {count}</title></rect>"
        )
        at += wide
    words = ", ".join(f"{label} {count}" for _, label, count in parts)
    return Markup(
        f'<svg class="share" viewBox="0 0 {WIDTH} 18" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(words)}">{"".join(marks)}</svg>'
    )


def meter(share: float, label: str) -> Markup:
    """A small horizontal bar, 0 to 1."""
    wide = max(0.0, min(1.0, share)) * 100
    return Markup(
        f'<svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(label)}"><rect class="track" width="100" height="8" rx="2"/>'
        f'<rect class="bar" width="{wide:.1f}" height="8" rx="2"/></svg>'
    )


def _frame(
    label: str,
    grid: Sequence[tuple[float, str]],
    span: tuple[float, float],
    inner: str,
    days: Sequence[date],
    width: int,
) -> Markup:
    low, high = span
    lines = []
    for value, text in grid:
        y = TOP + (high - value) / (high - low) * _plot_height()
        lines.append(f'<line class="grid" x1="{LEFT}" x2="{width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text class="axis" x="{LEFT - 7}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    step = (width - LEFT - RIGHT) / max(1, len(days))
    every = max(1, -(-len(days) * 80 // width))
    for number in range(0, len(days), every):
        x, name = LEFT + step * (number + 0.5), f"{days[number].day} {days[number]:%b}"
        lines.append(f'<text class="axis" x="{x:.1f}" y="{HEIGHT - 7}" text-anchor="middle">{name}</text>')
    return Markup(
        f'<svg class="chart" viewBox="0 0 {width} {HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{''.join(lines)}{inner}</svg>"
    )


def _plot_height() -> int:
    return HEIGHT - TOP - BOTTOM


def _round_up(value: float) -> float:
    """The next 2, 4, 10, 20, 40, 100, ...: an axis that ends at a round number, its middle round too."""
    size = 1.0
    while True:
        for factor in (2, 4, 10):
            if value <= factor * size:
                return factor * size
        size *= 10
