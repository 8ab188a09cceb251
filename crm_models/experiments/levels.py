"""How the level of an experiment is shared, so that it holds for everything that may raise an alarm together.

Each comparison of a variant with the control gets an equal part (Bonferroni): the metric's comparisons four fifths of
the level, those of the guardrails one fifth. Without guardrails the metric has all of it.
"""

from __future__ import annotations

GUARDRAILS_PART = 0.2


def metric_level(level: float, variants: int, guardrails: int) -> float:
    """Of one variant's interval.

    Args:
        variants: those that are compared with the control.
    """
    return level * (1.0 - GUARDRAILS_PART if guardrails else 1.0) / variants


def guardrail_level(level: float, variants: int, guardrails: int) -> float:
    """Of one variant's interval at one guardrail."""
    return level * GUARDRAILS_PART / (variants * guardrails)
