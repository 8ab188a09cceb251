"""The response curve: how the chance of an order grows with the discount.

Learned from the decisions in which a discount was allowed: how much was given, nothing included, and whether the
customer ordered. Each counts with one over the chance with which it was chosen, so that what the policy prefers does
not count more (Horvitz and Thompson 1952). A larger discount never makes an order less likely: the curve is the
isotonic regression of scikit-learn (pool adjacent violators, Barlow et al. 1972), straight lines between its points.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.errors import BadModel, BadTable
from crm_models.next_action.kinds import ActionKind
from crm_models.tables import decisions, offers, orders

FILE_NAME = "response_curve.json"
WITHIN_DAYS = 30  # an order so soon after the decision is an answer to it
FEWEST, FEWEST_OF_A_SIZE = 200, 30  # decisions


@dataclass(frozen=True)
class Response:
    """One decision: the discount (0: none), whether an order followed, the chance of what was chosen."""

    percent: int
    ordered: bool
    propensity: float


@dataclass(frozen=True)
class ResponseCurve:
    percents: tuple[float, ...]  # ascending, the first is 0
    rates: tuple[float, ...]  # chance of an order, never falling
    rows: tuple[int, ...]  # decisions of each
    version: str

    def rate(self, percent: float) -> float:
        """Chance of an order within WITHIN_DAYS; beyond the sizes that were tried, that of the nearest."""
        return float(np.interp(percent, self.percents, self.rates))

    def uplift(self, percent: float) -> float:
        """By how much a discount raises the chance."""
        return self.rate(percent) - self.rates[0]


def fit_curve(responses: Iterable[Response], now: datetime) -> ResponseCurve:
    """Fit the curve.

    Raises:
        BadTable: too few decisions, or too few sizes to tell a curve.
    """
    from sklearn.isotonic import IsotonicRegression  # type: ignore[import-untyped]

    found = list(responses)
    counts = {size: sum(each.percent == size for each in found) for size in sorted({each.percent for each in found})}
    enough = [size for size, count in counts.items() if count >= FEWEST_OF_A_SIZE]
    used = [each for each in found if each.percent in enough]
    if len(used) < FEWEST or 0 not in enough or len(enough) < 2:
        told = ", ".join(f"{count} with {size} %" for size, count in counts.items()) or "none at all"
        raise BadTable(
            f"The response curve needs {FEWEST} decisions in which a discount was allowed, and {FEWEST_OF_A_SIZE} of "
            f"each size and of none; there are {told}. Let the policy explore for longer: exploration.share, "
            "sizing.vary_share."
        )
    if any(not 0.0 < each.propensity <= 1.0 for each in used):
        raise BadTable("The log has a decision with a propensity that is no chance above 0; it cannot be learned from.")
    model = IsotonicRegression(increasing=True, y_min=0.0, y_max=1.0)
    model.fit(
        [each.percent for each in used],
        [float(each.ordered) for each in used],
        sample_weight=[1.0 / each.propensity for each in used],
    )
    rates = model.predict(enough)
    return ResponseCurve(
        percents=tuple(float(size) for size in enough),
        rates=tuple(float(rate) for rate in rates),
        rows=tuple(counts[size] for size in enough),
        version=f"response-{now:%Y%m%d-%H%M%S}",
    )


def read_responses(connection: Connection, now: datetime) -> list[Response]:
    """The decisions in which a discount was allowed and worth it, and whose answer is known by now."""
    rows = connection.execute(
        select(
            decisions.c.customer_id,
            decisions.c.action,
            decisions.c.propensity,
            decisions.c.alternatives,
            decisions.c.created_at,
            offers.c.percent_off,
        )
        .select_from(decisions.outerjoin(offers, offers.c.offer_id == decisions.c.offer_id))
        .where(
            decisions.c.action.in_((ActionKind.RETENTION_OFFER.value, ActionKind.ANSWER_ONLY.value)),
            decisions.c.created_at < now - timedelta(days=WITHIN_DAYS),
        )
    ).all()
    placed = _orders(connection)
    return [
        Response(
            percent=row.percent_off or 0,
            ordered=any(timedelta(0) < at - row.created_at <= timedelta(days=WITHIN_DAYS)
                        for at in placed.get(row.customer_id, ())),
            propensity=row.propensity,
        )
        for row in rows
        if _allowed(row.alternatives)
    ]  # fmt: skip


def save_curve(curve: ResponseCurve, folder: Path) -> Path:
    """Write it where decisions read it; the file is replaced at once."""
    folder.mkdir(parents=True, exist_ok=True)
    path, aside = folder / FILE_NAME, folder / f"{FILE_NAME}.new"
    aside.write_text(json.dumps(asdict(curve), indent=1) + "\n", encoding="utf-8")
    aside.replace(path)
    return path


def read_curve(folder: Path) -> ResponseCurve | None:
    """The curve in use; None where none was fitted.

    Raises:
        BadModel: the file holds no curve.
    """
    path = folder / FILE_NAME
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return ResponseCurve(tuple(told["percents"]), tuple(told["rates"]), tuple(told["rows"]), told["version"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise BadModel(f"{path} holds no response curve ({error}). Run `rapport policy fit`, or remove it.") from error


def _allowed(alternatives: Any) -> bool:
    """Whether a discount could have been chosen."""
    return any(
        each.get("action") == ActionKind.RETENTION_OFFER.value and "refused" not in each for each in alternatives or ()
    )


def _orders(connection: Connection) -> dict[str, list[datetime]]:
    """When each customer with a decision ordered, and did not cancel."""
    rows = connection.execute(
        select(orders.c.customer_id, orders.c.placed_at).where(
            orders.c.cancelled_at.is_(None), orders.c.customer_id.in_(select(decisions.c.customer_id))
        )
    )
    placed: dict[str, list[datetime]] = {}
    for row in rows:
        placed.setdefault(row.customer_id, []).append(row.placed_at)
    return placed
