"""Pictures of the segments: where customers stand, and what each segment is like. PNG, beside the model."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from crm_models.segments.model import Segmentation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCATTER, PROFILE = "scatter.png", "profile.png"
_MOST_POINTS = 4_000
_COLOURS = {
    "new": "#4c9be8",
    "best": "#1a7f37",
    "loyal": "#7cb342",
    "occasional": "#e0a100",
    "drifting": "#e2711d",
    "lost": "#8d99a6",
}
_AXES = {"no_order_for": "days since the last order", "orders": "orders", "spent_cents": "spent in all"}


def draw(model: Segmentation, table: pd.DataFrame) -> dict[str, bytes]:
    """Both pictures, by file name: a scatter of recency against money with the orders as size, and the profile of each
    segment.

    Args:
        table: the customers that the model was fitted on.
    """
    return {SCATTER: _png(_scatter(model, table)), PROFILE: _png(profile_figure(model, table))}


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    return file.getvalue()


def _scatter(model: Segmentation, table: pd.DataFrame) -> Figure:
    from matplotlib.figure import Figure

    step = max(len(table) // _MOST_POINTS, 1)
    shown = table.iloc[::step]
    label = model.label(shown)
    figure = Figure(figsize=(8, 5))
    axes = figure.subplots()
    for name in (each for each in model.labels if (label == each).any()):
        part = shown[label == name]
        axes.scatter(
            part["no_order_for"] + 1,
            np.maximum(part["spent_cents"], 1) / 100,
            s=6 + 3 * part["orders"].clip(upper=30),
            c=_COLOURS[name],
            alpha=0.5,
            linewidths=0,
            label=f"{name} ({(label == name).mean():.0%})",
        )
    axes.set(xscale="log", yscale="log", xlabel="days since the last order", ylabel="spent in all", title="Segments")
    axes.legend(title="dot size: orders", markerscale=1.2, frameon=False)
    return figure


def profile_figure(model: Segmentation, table: pd.DataFrame) -> Figure:
    """The medians of each segment: days, orders, money in whole currency."""
    from matplotlib.figure import Figure

    profile = model.profile(table)
    figure = Figure(figsize=(10, 3.6))
    for axes, (column, title) in zip(figure.subplots(1, 3), _AXES.items(), strict=True):
        unit = 100 if column == "spent_cents" else 1  # money in whole currency, as in the other picture
        axes.barh(profile.index, profile[column] / unit, color=[_COLOURS[name] for name in profile.index])
        axes.axvline(table[column].median() / unit, color="#333333", linestyle=":", linewidth=1)
        axes.set_title(f"median {title}", fontsize=9)
        axes.invert_yaxis()
    figure.suptitle("Profile of the segments; dotted: all customers", fontsize=10)
    figure.tight_layout()
    return figure
