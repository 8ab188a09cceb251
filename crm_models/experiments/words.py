"""Figures and verdicts of experiments in words, for the people who run them."""

from __future__ import annotations

from crm_models.experiments.analysis import Comparison, Look, Verdict
from crm_models.experiments.experiment import Experiment, Guardrail, Metric

_METRICS = {
    Metric.ACCEPTED: "accepted an offer",
    Metric.ORDERED: "ordered",
    Metric.MARGIN: "margin",
    Metric.COMPLAINT: "complained",
    Metric.CHURN: "ordered nothing",
}


def metric_in_words(metric: Metric, within_days: int) -> str:
    """`ordered within 14 days`."""
    return f"{_METRICS[metric]} within {within_days} day{'' if within_days == 1 else 's'}"


def level_of(metric: Metric, value: float, currency: str) -> str:
    """A mean: `12.3 %`, or `4.20 EUR`."""
    return f"{100 * value:.1f} %" if metric.is_share else f"{value:.2f} {currency}"


def change_of(metric: Metric, value: float, currency: str) -> str:
    """A difference: `+1.4 points` of a share, or `+0.80 EUR`."""
    return f"{100 * value:+.1f} points" if metric.is_share else f"{value:+.2f} {currency}"


def comparison_in_words(comparison: Comparison) -> str:
    """What one comparison says so far."""
    guardrail = comparison.guardrail is not None
    return {
        Verdict.WAIT: "too few outcomes are known yet",
        Verdict.OPEN: "holds" if guardrail else "not decided: the interval holds zero",
        Verdict.BETTER: "better",
        Verdict.WORSE: "worse, within what is allowed" if guardrail else "worse",
        Verdict.HARMED: "broken",
    }[comparison.verdict]


def decision_in_words(look: Look) -> str:
    """What to do, as a sentence."""
    experiment = look.experiment
    best = [each.variant for each in look.comparisons if each.guardrail is None and each.verdict is Verdict.BETTER]
    planned = f"{experiment.planned_customers:,}"
    return {
        Verdict.WAIT: "Wait: too few outcomes are known for an interval.",
        Verdict.OPEN: f"Go on: nothing is decided, and {look.known:,} of {planned} planned customers are known.",
        Verdict.BETTER: f"Better than the control: {', '.join(best)}. Stop it, and make that the rule.",
        Verdict.WORSE: "Every variant is worse than the control. Stop it.",
        Verdict.HARMED: "A guardrail is broken.",
        Verdict.NO_EFFECT: f"All {planned} planned customers are known, and an effect of the size planned for was not "
        "found. Stop it, and keep things as they are.",
    }[look.verdict]


def guardrail_in_words(guardrail: Guardrail, currency: str) -> str:
    """`complained within 7 days, not worse by more than 2.0 points`."""
    name = metric_in_words(guardrail.metric, guardrail.within_days)
    return f"{name}, not worse by more than {_allowed(guardrail, currency)}"


def harm_in_words(comparison: Comparison, currency: str) -> str:
    """Why an experiment was stopped by a guardrail."""
    interval, guardrail = comparison.interval, comparison.guardrail
    assert interval is not None and guardrail is not None
    low, high = (change_of(comparison.metric, value, currency) for value in (interval.low, interval.high))
    name = metric_in_words(guardrail.metric, guardrail.within_days)
    return f"guardrail: {name}, {comparison.variant} {low} to {high}; {_allowed(guardrail, currency)} were allowed"


def _allowed(guardrail: Guardrail, currency: str) -> str:
    return change_of(guardrail.metric, guardrail.worse_by, currency).lstrip("+")


def part_in_words(experiment: Experiment) -> str:
    """`0 % to 50 % of offers`."""
    return f"{experiment.layer_from:.0%} to {experiment.layer_to:.0%} of {experiment.layer}".replace("%", " %")
