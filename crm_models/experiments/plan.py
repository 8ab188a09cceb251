"""The number of customers of an experiment, from what its metric was like until now."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from crm_models.errors import BadExperiment
from crm_models.experiments.design import Design
from crm_models.experiments.levels import metric_level
from crm_models.experiments.outcomes import Exposed, arm_of, first_of_persons, outcomes_of
from crm_models.experiments.planning import contribution_deviation, customers_needed
from crm_models.experiments.sequences import LEAST_CUSTOMERS
from crm_models.order_margins import Margin
from crm_models.tables import conversations, customers

_LEAST_KNOWN = 100  # customers from whom a baseline is taken


@dataclass(frozen=True)
class Baseline:
    """What to expect of a customer of the control."""

    mean: float
    variance: float
    customers: int = 0  # from whose outcomes it was taken; 0: it was given


@dataclass(frozen=True)
class Plan:
    customers: int  # exposed, all variants together
    baseline: Baseline


def plan(connection: Connection, design: Design, now: datetime, margin: Margin) -> Plan:
    """How many customers the smallest effect needs.

    Raises:
        BadExperiment: nothing is known of the metric yet, or the effect is not possible from there.
    """
    baseline = given_baseline(design) or _known_baseline(connection, design, now, margin)
    return Plan(customers_planned(design, baseline), baseline)


def given_baseline(design: Design) -> Baseline | None:
    if design.baseline is None:
        return None
    if design.deviation is None:
        return Baseline(design.baseline, design.baseline * (1 - design.baseline))
    return Baseline(design.baseline, design.deviation**2)


def customers_planned(design: Design, baseline: Baseline) -> int:
    """Exposed customers, all variants together, for the variant that needs most.

    Raises:
        BadExperiment: a share with the effect would not lie between 0 and 1.
    """
    variants = design.drawn()
    level = metric_level(design.level, len(variants) - 1, len(design.guardrails))
    changed = variance_with_effect(design, baseline)
    needed = 0.0
    for variant in variants[1:]:
        both = variants[0].share + variant.share
        deviation = contribution_deviation(baseline.variance, changed, variant.share / both)
        needed = max(needed, customers_needed(deviation, design.smallest_effect, level, design.power) / both)
    least = LEAST_CUSTOMERS / min(each.share for each in variants)
    return math.ceil(max(needed, least))


def variance_with_effect(design: Design, baseline: Baseline) -> float:
    """Of a customer of a variant that has the smallest effect, for the better; of the margin: because more buy."""
    if not design.metric.is_share:
        return baseline.variance * (1.0 + design.smallest_effect / baseline.mean)
    effect = -design.smallest_effect if design.metric.less_is_better else design.smallest_effect
    changed = baseline.mean + effect
    if not 0.0 <= changed <= 1.0:
        raise BadExperiment(
            f"{design.metric} is {baseline.mean:.1%} without the variant, so it cannot change by {effect:+.1%}; "
            "give a smaller smallest effect."
        )
    return changed * (1 - changed)


def _known_baseline(connection: Connection, design: Design, now: datetime, margin: Margin) -> Baseline:
    """As if everybody had been exposed at their latest conversation; where few wrote, all customers are taken."""
    until = now - timedelta(days=design.within_days)
    exposed: Sequence[Exposed] = first_of_persons(connection, _wrote(connection, until))
    if len(exposed) < _LEAST_KNOWN:
        exposed = first_of_persons(connection, _were_there(connection, until))
    outcomes = outcomes_of(connection, exposed, design.metric, design.within_days, now, margin)
    arm = arm_of([value for _, value in outcomes])
    if arm.customers < _LEAST_KNOWN or arm.variance == 0:
        raise BadExperiment(
            f"What to expect of {design.metric} within {design.within_days} days cannot be told from {arm.customers} "
            f"customers of whom {arm.events} count; give a baseline."
        )
    if arm.mean <= 0:
        raise BadExperiment(
            f"Customers bring {arm.mean:.2f} on average within {design.within_days} days, from which no size can be "
            "planned. Are the margins of the offer policy (`economy`) right? Otherwise give baseline and deviation."
        )
    return Baseline(arm.mean, arm.variance, arm.customers)


def _wrote(connection: Connection, until: datetime) -> Sequence[Exposed]:
    query = (
        select(conversations.c.customer_id, func.max(conversations.c.started_at))
        .where(conversations.c.customer_id.is_not(None), conversations.c.started_at <= until)
        .group_by(conversations.c.customer_id)
    )
    return [Exposed(customer_id, "", at) for customer_id, at in connection.execute(query)]


def _were_there(connection: Connection, until: datetime) -> Sequence[Exposed]:
    query = select(customers.c.customer_id).where(customers.c.created_at <= until)
    return [Exposed(customer_id, "", until) for customer_id in connection.execute(query).scalars()]
