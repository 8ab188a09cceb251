"""The size of a discount: the smallest that is worth it, the same for equal cases within a day.

What sets the size is the case, never the person: product line, tier, and the labels of churn and value. All customers
of a case get what the first one of the day was quoted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from crm_models.next_action.choice import Random
from crm_models.next_action.curve import WITHIN_DAYS, ResponseCurve
from crm_models.next_action.policy import Limits, OfferPolicy
from crm_models.next_action.redemption import over_days
from crm_models.next_action.rules import fresh_score
from crm_models.next_action.situation import CHURN, VALUE, Situation, Sized
from crm_models.tables import predictions, price_quotes

GOOD_ENOUGH = 0.95  # of the value of the best size: the smallest size that brings so much is taken


@dataclass(frozen=True)
class Case:
    """What equal customers have in common."""

    line: str
    tier: str
    churn: str
    value: str

    @property
    def key(self) -> str:
        return "|".join((self.line, self.tier, self.churn, self.value))[:160]


def size_discount(
    connection: Connection, situation: Situation, policy: OfferPolicy, curve: ResponseCurve, rng: Random
) -> Sized | None:
    """The discount of the customer's case today; None where the product line is not sized."""
    if situation.line not in policy.sizing.lines:
        return None
    limits = _limits(situation, policy)
    labels = [score.label if (score := fresh_score(model, situation, policy)) else None for model in (CHURN, VALUE)]
    case = Case(str(situation.line), situation.tier, labels[0] or "", labels[1] or "")
    percent = _quote_of(connection, case, situation.now.date())
    if percent is None:
        sizes = list(range(limits.floor, limits.cap + 1, policy.sizing.steps))
        if rng.random() < policy.sizing.vary_share:
            percent = sizes[min(int(rng.random() * len(sizes)), len(sizes) - 1)]
        else:
            percent = best_size(sizes, curve, policy, case.line, _stake_of(connection, case, policy))
        percent = _keep_quote(connection, case, situation.now.date(), percent, curve.version)
    percent = _within(percent, limits)
    usual = curve.uplift(situation.tier_percent)
    return Sized(percent, curve.uplift(percent) / usual if usual > 0.0 else 1.0, curve.version)


def best_size(sizes: Sequence[int], curve: ResponseCurve, policy: OfferPolicy, line: str, stake_cents: float) -> int:
    """The smallest size that brings GOOD_ENOUGH of what the best brings; the smallest of all where none is worth it.

    A size p with uplift u(p) = r(p) - r(0) brings u(p) (margin x order + stake) - c(p) p x order, see
    `crm_models.next_action.value`; r is of the days of the curve, c of those in which the discount holds.
    """
    order, holds = policy.economy.order_cents, policy.actions.retention_offer.valid_days

    def brings(percent: int) -> float:
        gained = curve.uplift(percent) * (policy.margin(line) * order + stake_cents)
        return gained - over_days(curve.rate(percent), WITHIN_DAYS, holds) * percent / 100 * order

    best = max(map(brings, sizes))
    return min(sizes) if best <= 0.0 else next(size for size in sorted(sizes) if brings(size) >= GOOD_ENOUGH * best)


def _limits(situation: Situation, policy: OfferPolicy) -> Limits:
    """Of the product line and of all discounts, and no more than the tier gets: the tier is a part of the case."""
    line, every = policy.sizing.lines[situation.line or ""], policy.actions.retention_offer.percent
    cap = min(line.cap, every.cap, situation.tier_percent)
    return Limits(floor=min(max(line.floor, every.floor), cap), cap=cap)


def _within(percent: int, limits: Limits) -> int:
    """A quote of this morning, within limits that may have been changed since."""
    return min(max(percent, limits.floor), limits.cap)


def _stake_of(connection: Connection, case: Case, policy: OfferPolicy) -> float:
    """Mean stake of the customers of a case."""
    churn, value = predictions.alias("churn"), predictions.alias("value")
    mean = connection.execute(
        select(func.avg(churn.c.value * value.c.value))
        .select_from(churn.join(value, value.c.customer_id == churn.c.customer_id))
        .where(churn.c.model == CHURN, churn.c.label == case.churn, value.c.model == VALUE, value.c.label == case.value)
    ).scalar_one()
    return float(mean or 0.0) * policy.margin(case.line) * policy.actions.retention_offer.stake


def _quote_of(connection: Connection, case: Case, day: date) -> int | None:
    percent: int | None = connection.execute(
        select(price_quotes.c.percent_off).where(price_quotes.c.case_key == case.key, price_quotes.c.day == day)
    ).scalar_one_or_none()
    return percent


def _keep_quote(connection: Connection, case: Case, day: date, percent: int, version: str) -> int:
    """The quote that holds: this one, or that of a conversation that was faster."""
    try:
        with connection.begin_nested():
            connection.execute(
                insert(price_quotes).values(case_key=case.key, day=day, percent_off=percent, curve_version=version)
            )
    except IntegrityError:
        faster = _quote_of(connection, case, day)
        assert faster is not None, "only a quote of the same case and day can be in the way"
        return faster
    return percent
