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
from crm_models.experiments.experiment import Metric
from crm_models.experiments.levels import metric_level
from crm_models.experiments.outcomes import Exposed, arm_of, outcomes_of
from crm_models.experiments.planning import contribution_deviation, customers_needed
from crm_models.experiments.sequences import LEAST_CUSTOMERS
from crm_models.tables import conversations, customers

_LEAST_KNOWN = 100  # customers from whom a baseline is taken


@dataclass(frozen=True)
class Plan:
    customers: int  # exposed, all variants together
    baseline: float  # a share, or the margin's standard deviation
    from_customers: int  # whose outcomes gave the baseline; 0: it was given


def plan(connection: Connection, design: Design, now: datetime) -> Plan:
    """How many customers the smallest effect needs.

    Raises:
        BadExperiment: nothing is known of the metric yet, or the effect is not possible from there.
    """
    known = 0
    baseline = design.baseline
    if baseline is None:
        baseline, known = _baseline(connection, design, now)
    return Plan(customers_planned(design, baseline), baseline, known)


def customers_planned(design: Design, baseline: float) -> int:
    """Exposed customers, all variants together, for the variant that needs most.

    Args:
        baseline: the control's share, or the margin's standard deviation in both variants.

    Raises:
        BadExperiment: the share with the effect would not lie between 0 and 1.
    """
    variants = design.drawn()
    level = metric_level(design.level, len(variants) - 1, len(design.guardrails))
    control_variance, variant_variance = _variances(design, baseline)
    needed = 0.0
    for variant in variants[1:]:
        both = variants[0].share + variant.share
        deviation = contribution_deviation(control_variance, variant_variance, variant.share / both)
        needed = max(needed, customers_needed(deviation, design.smallest_effect, level, design.power) / both)
    least = LEAST_CUSTOMERS / min(each.share for each in variants)
    return math.ceil(max(needed, least))


def _variances(design: Design, baseline: float) -> tuple[float, float]:
    if not design.metric.is_share:
        return baseline**2, baseline**2
    effect = -design.smallest_effect if design.metric.less_is_better else design.smallest_effect
    changed = baseline + effect
    if not 0.0 <= changed <= 1.0:
        raise BadExperiment(
            f"{design.metric} is {baseline:.1%} until now, so it cannot change by {effect:+.1%}; "
            "give a smaller smallest effect."
        )
    return baseline * (1 - baseline), changed * (1 - changed)


def _baseline(connection: Connection, design: Design, now: datetime) -> tuple[float, int]:
    """As if everybody had been exposed at their latest conversation; where few wrote, all customers are taken."""
    until = now - timedelta(days=design.within_days)
    exposed = _wrote(connection, until)
    if len(exposed) < _LEAST_KNOWN:
        exposed = _were_there(connection, until)
    arm = arm_of([value for _, value in outcomes_of(connection, exposed, design.metric, design.within_days, now)])
    value = math.sqrt(arm.variance) if design.metric is Metric.MARGIN else arm.mean
    if arm.customers < _LEAST_KNOWN or arm.variance == 0:
        raise BadExperiment(
            f"What to expect of {design.metric} within {design.within_days} days cannot be told from {arm.customers} "
            f"customers of whom {arm.events} count; give a baseline, "
            + ("its share." if design.metric.is_share else "its standard deviation.")
        )
    return value, arm.customers


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
