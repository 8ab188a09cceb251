"""Experiments that are looked at daily: how often they find what is not there, and what is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import norm

from benchmarks.experiment_runs import Days, Draw, compare, share, spend
from benchmarks.experiment_shop import EXPOSED_DAYS, PEOPLE, WITHIN, alarms_in_a_shop
from benchmarks.report import Report, Row, at_least, at_most
from bot.cli.display import step
from crm_models.experiments.design import Design, parse_design
from crm_models.experiments.experiment import Metric
from crm_models.experiments.levels import guardrail_level, metric_level
from crm_models.experiments.plan import customers_planned, given_baseline, variance_with_effect
from crm_models.experiments.planning import contribution_deviation

SEED = 7
LEVEL, POWER = 0.05, 0.8
DAYS = 28  # in which the planned customers become known
NAIVE, ONCE = "daily z-test", "z-test, one look"


@dataclass(frozen=True)
class Case:
    """An outcome as it is without the variant, and the smallest effect that shall be found."""

    title: str
    metric: Metric
    plain: Draw
    changed: Draw
    effect: float
    baseline: float
    deviation: float | None = None  # of the margin
    part: float = 0.5  # of the customers, the variant's

    def design(self, variants: int = 2, guardrails: int = 0) -> Design:
        names = ["control", *(f"variant-{number}" for number in range(1, variants))]
        shares = [1 - self.part, self.part] if variants == 2 else [None] * variants
        watched = [metric for metric in Metric if metric is not self.metric][:guardrails]
        return parse_design(
            {
                "name": "made-up",
                "subject": "offer",
                "hypothesis": "made up to see what is found",
                "variants": [
                    {"name": name, "share": part, "settings": {"n": number} if number else {}}
                    for number, (name, part) in enumerate(zip(names, shares, strict=True))
                ],
                "metric": self.metric,
                "within_days": 14,
                "smallest_effect": self.effect,
                "guardrails": [{"metric": metric, "worse_by": 0} for metric in watched],
                "level": LEVEL,
                "power": POWER,
                "baseline": self.baseline,
                "deviation": self.deviation,
            }
        )

    @property
    def planned(self) -> int:
        """Customers, for two variants without guardrails."""
        return _planned(self.design())


# A margin: 12 % buy, what they leave is log-normal, whose E[x^2] is mean^2 exp(spread^2).
_BUYERS, _MORE, _MEAN, _SPREAD = 0.12, 0.16, 20.0, 1.0
_DEVIATION = float(np.sqrt(_BUYERS * _MEAN**2 * np.exp(_SPREAD**2) - (_BUYERS * _MEAN) ** 2))

CASES = (
    Case("accepted, 20 % or 25 %", Metric.ACCEPTED, share(0.20), share(0.25), 0.05, 0.20),
    Case("ordered, 10 % or 13 %", Metric.ORDERED, share(0.10), share(0.13), 0.03, 0.10),
    Case("ordered, 10 % or 14 %, a tenth gets the variant", Metric.ORDERED, share(0.10), share(0.14), 0.04, 0.10,
         part=0.1),
    Case("complaint, 3 % or 2 %", Metric.COMPLAINT, share(0.03), share(0.02), 0.01, 0.03),
    Case("margin, 12 % or 16 % buy for 20 on average", Metric.MARGIN, spend(_BUYERS, _MEAN, _SPREAD),
         spend(_MORE, _MEAN, _SPREAD), (_MORE - _BUYERS) * _MEAN, _BUYERS * _MEAN, _DEVIATION),
)  # fmt: skip


def run(_data: Path | None, quick: bool) -> Report:
    """A/A runs and runs with an effect, looked at daily."""
    runs = 800 if quick else 4000
    rows: list[Row] = []
    for number, case in enumerate(CASES):
        with step(f"{case.title}, {runs:,} runs") as running:
            rows += _measure(case, np.random.default_rng([SEED, number]), runs)
            running.result = f"{case.planned:,} customers planned"
    with step(f"Three variants and two guardrails, {runs // 2:,} runs"):
        rows.append(_together(np.random.default_rng([SEED, 100]), runs // 2))
    shops = 3 if quick else 100
    with step(f"A/A in a shop's database, {shops} experiments") as running:
        alarms = alarms_in_a_shop(shops, LEVEL, SEED, running.count)
        rows.append(Row("A/A in a shop's database: alarms", 100 * alarms, "percent", at_most(100 * LEVEL)))
    return Report("experiments", rows, {"runs": SEED}, _notes(runs, shops, quick))


def _measure(case: Case, rng: np.random.Generator, runs: int) -> list[Row]:
    level, is_share = metric_level(LEVEL, 1, 0), case.metric.is_share
    days = Days(-(-case.planned // DAYS), DAYS)
    # A/A goes on for as long again as planned: nobody has to stop when the plan is reached.
    longer = Days(days.daily, 2 * DAYS)
    effect = -case.effect if case.metric.less_is_better else case.effect
    same, changed = (case.plain, case.plain), (case.plain, case.changed)
    nothing = [compare(rng, same, case.part, longer, level, case.planned, 0.0, is_share) for _ in range(runs)]
    something = [compare(rng, changed, case.part, days, level, case.planned, effect, is_share) for _ in range(runs)]
    found = [each.alarm is not None and each.upwards == (effect > 0) for each in something]
    used = [each.alarm or case.planned for each in something]
    return [
        Row(f"{case.title}: A/A, alarms", _percent([each.alarm is not None for each in nothing]), "percent",
            at_most(100 * LEVEL), {NAIVE: _percent([each.naive for each in nothing])}),
        Row(f"{case.title}: found until planned", _percent(found), "percent", at_least(100 * POWER)),
        Row(f"{case.title}: all daily intervals hold it", _percent([each.held for each in something]), "percent",
            at_least(100 * (1 - LEVEL))),
        Row(f"{case.title}: planned", case.planned, "customers", None, {ONCE: _fixed(case)}),
        Row(f"{case.title}: used on average", float(np.mean(used)), "customers"),
    ]  # fmt: skip


def _together(rng: np.random.Generator, runs: int) -> Row:
    """Any alarm of an experiment whose two variants and two guardrails change nothing."""
    case = CASES[1]
    planned = _planned(case.design(variants=3, guardrails=2))
    both = planned * 2 / 3  # customers of a variant and of the control
    days = Days(math.ceil(both / DAYS), 2 * DAYS)
    levels = [metric_level(LEVEL, 2, 2)] * 2 + [guardrail_level(LEVEL, 2, 2)] * 4
    same = (case.plain, case.plain)
    runs_found = [[compare(rng, same, 0.5, days, level, both, 0.0, True) for level in levels] for _ in range(runs)]
    alarms = [any(each.alarm is not None for each in found) for found in runs_found]
    naive = [any(each.naive for each in found) for found in runs_found]
    name = "two variants beside the control, two guardrails: A/A, any alarm"
    return Row(name, _percent(alarms), "percent", at_most(100 * LEVEL), {NAIVE: _percent(naive)})


def _planned(design: Design) -> int:
    baseline = given_baseline(design)
    assert baseline is not None
    return customers_planned(design, baseline)


def _fixed(case: Case) -> float:
    """Customers that a plain test at one look would need, by the usual formula."""
    design = case.design()
    baseline = given_baseline(design)
    assert baseline is not None
    deviation = contribution_deviation(baseline.variance, variance_with_effect(design, baseline), case.part)
    return float(math.ceil(((norm.isf(LEVEL / 2) + norm.ppf(POWER)) * deviation / case.effect) ** 2))


def _percent(each: Sequence[bool]) -> float:
    return 100.0 * sum(each) / len(each)


def _notes(runs: int, shops: int, quick: bool) -> list[str]:
    notes = [
        f"level {LEVEL:g} over all looks together, power {POWER:g}; {runs:,} made-up experiments a row, {DAYS} daily "
        f"looks until the planned number, {DAYS} more after it in the A/A rows; an alarm is an interval without zero",
        f"{NAIVE}: the usual two-sided test at the same level, made each day from the same outcomes",
        f"{ONCE}: what that test needs when it is made once, at the end, and never before",
        "the row with guardrails draws each comparison's outcomes by themselves; the guardrails allow nothing worse",
        f"in a database: {shops} experiments over {PEOPLE:,} customers, shares by hash, exposures over {EXPOSED_DAYS} "
        f"days, orders within {WITHIN} days, daily looks by `crm_models.experiments.analysis.look`",
    ]
    if quick:
        notes.append("--quick: few runs; the rates are rough")
    return notes
