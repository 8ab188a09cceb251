"""What an experiment is: variants of one thing, shown to customers drawn by chance, and what is measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Subject(StrEnum):
    OFFER = "offer"  # settings: keys of the policy for offers, with another value
    REPLY = "reply"  # settings: the name of a response, with the one that is said instead
    ARTICLE = "article"  # settings: `show` and `hide`, lists of articles
    MODEL = "model"  # settings: the name of a customer model, with the version that is used


class Metric(StrEnum):
    """What came of it, counted from the exposure for so many days."""

    ACCEPTED = "accepted"  # 1: said yes to an offer made in these days
    ORDERED = "ordered"  # 1: placed an order and did not cancel it in these days
    MARGIN = "margin"  # in the shop's currency: what those orders earned, see `crm_models.order_margins`
    COMPLAINT = "complaint"  # 1: complained
    CHURN = "churn"  # 1: placed no order

    @property
    def is_share(self) -> bool:
        """Whether a customer's outcome is 1 or 0."""
        return self is not Metric.MARGIN

    @property
    def less_is_better(self) -> bool:
        return self in (Metric.COMPLAINT, Metric.CHURN)


class Status(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Variant:
    name: str
    share: float  # of the experiment's customers, 0 to 1
    settings: Mapping[str, Any]  # see Subject; nothing: as it is without the experiment


@dataclass(frozen=True)
class Guardrail:
    """What must not get worse: the experiment stops once it is known to be worse by more than `worse_by`."""

    metric: Metric
    worse_by: float  # in the metric's unit, 0 or more
    within_days: int


@dataclass(frozen=True)
class Experiment:
    experiment_id: str
    subject: Subject
    hypothesis: str
    variants: tuple[Variant, ...]  # the control first
    layer: str
    layer_from: float  # of the layer's customers, 0 to 1: from here
    layer_to: float  # to here
    metric: Metric
    within_days: int
    level: float  # chance of any false alarm, over all looks, variants and guardrails together
    planned_customers: int  # exposed, all variants together
    smallest_effect: float  # in the metric's unit, absolute
    guardrails: tuple[Guardrail, ...]
    status: Status
    started_at: datetime
    stopped_at: datetime | None = None
    stopped_because: str | None = None

    @property
    def control(self) -> Variant:
        return self.variants[0]

    @property
    def others(self) -> tuple[Variant, ...]:
        """The variants that are compared with the control."""
        return self.variants[1:]

    @property
    def keys(self) -> frozenset[str]:
        """What its variants change."""
        return keys_of(self.subject, self.variants)


def keys_of(subject: Subject, variants: Iterable[Variant]) -> frozenset[str]:
    """What the variants change: responses, keys of the policy, models, articles."""
    settings = [each.settings for each in variants]
    if subject is Subject.ARTICLE:
        return frozenset(article for each in settings for articles in each.values() for article in articles)
    return frozenset(key for each in settings for key in each)
