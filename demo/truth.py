"""The traits behind the demo customers: what a model may be checked against, and must never read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime

from demo.campaigns import offer_effect
from demo.life import Life

FILE_NAME = "demo_truth.csv"
_TRAITS = ("rate_per_year", "price_sensitivity", "patience", "service_experience", "drift", "offer_effect")
_FATE = ("churned", "churned_on")


def truth_csv(lives: Iterable[Life], categories: Sequence[str], until: datetime) -> str:
    """One line a customer, as of `until`; numbers have four decimals, so that the file is the same on every machine."""
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    tastes = [f"taste_{name.replace(' ', '_')}" for name in categories]
    writer.writerow(["customer_id", *tastes, *_TRAITS, *_FATE])
    for life in lives:
        numbers = [
            *life.traits.taste,
            life.traits.rate,
            life.traits.price_sensitivity,
            life.traits.patience,
            life.mood.experience,
            life.mood.drift,
            offer_effect(life, until),
        ]
        left_at = life.mood.left_at
        left_on = left_at.date().isoformat() if left_at else ""
        told = [f"{number:.4f}" for number in numbers]
        writer.writerow([life.person.customer_id, *told, int(left_at is not None), left_on])
    return output.getvalue()
