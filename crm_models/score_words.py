"""Scores of one customer as staff read them: the number in its unit, what it means, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.reason_words import reasons_in_words
from crm_models.scoring import MODELS
from crm_models.shop_policy import read_facts
from crm_models.tables import predictions

_REASONS = 4  # told of each score, the strongest
_LABELS = {"at_risk": "may leave", "steady": "stays"}
_DETAILS = {
    "expected_orders": "{:.1f} orders expected",
    "alive": "{:.0%} likely to be still a customer",
    "usual_gap_days": "{:.0f} days from one order to the next as a rule",
    "late_after_days": "late after {:.0f} days",
}


@dataclass(frozen=True)
class ScoreInWords:
    model: str
    score: str
    label: str
    reasons: str
    details: str
    version: str
    scored_at: datetime


def customer_scores(connection: Connection, customer_id: str) -> tuple[ScoreInWords, ...]:
    """All there are, by model."""
    rows = connection.execute(
        select(predictions).where(predictions.c.customer_id == customer_id).order_by(predictions.c.model)
    ).all()
    units = {kind.name: kind.unit for kind in MODELS}
    currency = read_facts(connection).currency if rows else ""
    return tuple(
        ScoreInWords(
            model=row.model,
            score=_amount(units.get(row.model, ""), row.value, currency),
            label=_LABELS.get(row.label, (row.label or "").replace("_", " ")),
            reasons=reasons_in_words(row.reasons or (), _REASONS),
            details=_told(row.details or {}, currency),
            version=row.model_version,
            scored_at=row.scored_at,
        )
        for row in rows
    )


def _amount(unit: str, value: float | None, currency: str) -> str:
    if value is None:
        return ""
    if unit == "cents":
        return f"{value / 100:,.0f} {currency}"
    return f"{value:.0%}" if unit == "probability" else f"{value:.3g} {unit}"


def _told(details: Mapping[str, Any], currency: str) -> str:
    """An interval and what else is known in words; the rest by its name."""
    told = []
    if {"low_cents", "high_cents"} <= set(details):
        low, high = (details[name] / 100 for name in ("low_cents", "high_cents"))
        told.append(f"{low:,.0f} to {high:,.0f} {currency} for four customers of five")
    for name, value in details.items():
        if name in _DETAILS and isinstance(value, int | float):
            told.append(_DETAILS[name].format(value))
        elif name not in ("low_cents", "high_cents"):
            told.append(f"{name.replace('_', ' ')} {value:.3g}" if isinstance(value, float) else f"{name} {value}")
    return ", ".join(told)
