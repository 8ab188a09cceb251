"""One look at an experiment: sizes, each variant against the control, guardrails, and what follows from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.engine import Connection

from crm_models.experiments.experiment import Experiment, Guardrail, Metric, Variant
from crm_models.experiments.levels import guardrail_level, metric_level
from crm_models.experiments.outcomes import Exposed, arms_of, outcomes_of, read_exposed
from crm_models.experiments.sequences import Arm, Interval, difference
from crm_models.experiments.sizes import OFF, sizes_p
from crm_models.order_margins import Margin

_NOBODY = Arm(0, 0.0, 0.0, 0)


class Verdict(StrEnum):
    """What may be concluded of a comparison or of all of them, at any time."""

    WAIT = "wait"  # too few outcomes for an interval
    OPEN = "open"  # the interval holds both sides of zero
    BETTER = "better"
    WORSE = "worse"
    HARMED = "harmed"  # a guardrail is broken: stop
    NO_EFFECT = "no_effect"  # all planned customers are known, and it stayed open


@dataclass(frozen=True)
class Comparison:
    """A variant against the control in one metric."""

    metric: Metric
    variant: str
    control_arm: Arm
    variant_arm: Arm
    interval: Interval | None
    guardrail: Guardrail | None  # None: it is the metric of the experiment

    @property
    def customers(self) -> int:
        return self.control_arm.customers + self.variant_arm.customers

    @property
    def verdict(self) -> Verdict:
        if self.interval is None:
            return Verdict.WAIT
        low, high = self.interval.low, self.interval.high
        if self.metric.less_is_better:
            low, high = -high, -low
        if self.guardrail is not None and high < -self.guardrail.worse_by:
            return Verdict.HARMED
        if low > 0:
            return Verdict.BETTER
        return Verdict.WORSE if high < 0 else Verdict.OPEN


@dataclass(frozen=True)
class Look:
    experiment: Experiment
    at: datetime
    exposed: dict[str, int]  # persons by variant
    comparisons: tuple[Comparison, ...]  # the metric's first

    @property
    def known(self) -> int:
        """Persons whose outcome in the metric is known, all variants together."""
        mains = [each for each in self.comparisons if each.guardrail is None]
        return mains[0].control_arm.customers + sum(each.variant_arm.customers for each in mains)

    @property
    def sizes_are_off(self) -> bool:
        """Whether the variants' sizes do not go with their shares, so that the figures are not to be trusted."""
        variants = self.experiment.variants
        return sizes_p([self.exposed[each.name] for each in variants], [each.share for each in variants]) < OFF

    @property
    def harm(self) -> Comparison | None:
        """The guardrail that is broken."""
        return next((each for each in self.comparisons if each.verdict is Verdict.HARMED), None)

    @property
    def verdict(self) -> Verdict:
        """Of the whole: harm comes first, then a variant that is better."""
        if self.harm is not None:
            return Verdict.HARMED
        found = [each.verdict for each in self.comparisons if each.guardrail is None]
        if Verdict.BETTER in found:
            return Verdict.BETTER
        if all(each is Verdict.WORSE for each in found):
            return Verdict.WORSE
        if self.known >= self.experiment.planned_customers:
            return Verdict.NO_EFFECT
        return Verdict.WAIT if Verdict.WAIT in found else Verdict.OPEN


def look(connection: Connection, experiment: Experiment, now: datetime, margin: Margin) -> Look:
    """What is known at `now`; nothing is written. `margin` of a product line is asked where a metric counts it."""
    exposed = read_exposed(connection, experiment)
    counts = Counter(each.variant for each in exposed)
    found = _compare(connection, experiment, exposed, now, margin, None)
    for guardrail in experiment.guardrails:
        found += _compare(connection, experiment, exposed, now, margin, guardrail)
    return Look(experiment, now, {each.name: counts[each.name] for each in experiment.variants}, tuple(found))


def _compare(
    connection: Connection,
    experiment: Experiment,
    exposed: Sequence[Exposed],
    now: datetime,
    margin: Margin,
    guardrail: Guardrail | None,
) -> list[Comparison]:
    metric = guardrail.metric if guardrail else experiment.metric
    days = guardrail.within_days if guardrail else experiment.within_days
    arms = arms_of(outcomes_of(connection, exposed, metric, days, now, margin))
    control = arms.get(experiment.control.name, _NOBODY)
    share_level = guardrail_level if guardrail else metric_level
    level = share_level(experiment.level, len(experiment.others), len(experiment.guardrails))
    found = []
    for variant in experiment.others:
        arm = arms.get(variant.name, _NOBODY)
        planned = experiment.planned_customers * _part(experiment, variant)
        interval = difference(control, arm, level, planned, share=metric.is_share)
        found.append(Comparison(metric, variant.name, control, arm, interval, guardrail))
    return found


def _part(experiment: Experiment, variant: Variant) -> float:
    """Of the experiment's customers, those that this comparison looks at."""
    return experiment.control.share + variant.share
