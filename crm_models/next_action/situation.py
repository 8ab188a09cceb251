"""All that a decision is made from: one frozen value, so that the same situation gives the same decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from crm_models.next_action.kinds import ActionKind, Moment, Trouble

# The models whose scores decide.
CHURN, VALUE, UPLIFT = "churn", "value", "uplift"


@dataclass(frozen=True)
class Score:
    """A row of `predictions`."""

    value: float | None
    label: str | None
    scored_at: datetime
    version: str = ""
    details: Mapping[str, float] = field(default_factory=dict)  # see `UpliftModel.details`
    reasons: tuple[str, ...] = ()  # strongest first


@dataclass(frozen=True)
class Candidate:
    """The product that would be recommended."""

    product_id: str
    price_cents: int
    probability: float | None = None  # that it is bought because it is recommended; None: the policy's assumption
    stock: int = 1
    line: str | None = None  # product line, for its margin


@dataclass(frozen=True)
class PastAction:
    """What was done for this customer before, newest first in a `Situation`."""

    action: ActionKind
    conversation_id: str | None
    at: datetime
    status: str = "shown"  # shown, accepted, declined
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Sized:
    """A discount that was sized by the response curve."""

    percent: int
    effect_factor: float  # its effect, as a share of that of the discount the tier would get
    curve_version: str = ""


@dataclass(frozen=True)
class Situation:
    """One customer at one moment. Money in cents, times UTC without zone."""

    customer_id: str
    moment: Moment
    now: datetime
    conversation_id: str | None = None
    mood: float = 0.0  # -1 to 1
    trouble: Trouble = Trouble.NONE
    verified: bool = True
    holdout: bool = False  # one of those that get no offers, to measure what offers bring
    consents: frozenset[str] = frozenset()  # purposes agreed to, see `crm_models.consents.Purpose`
    forbidden: frozenset[str] = frozenset()  # what of them the customer forbade, see `crm_models.personal_fields`
    open_complaint: bool = False
    person_asked: bool = False  # one was asked into this conversation, or is in it
    tier: str = "basic"
    tier_percent: int = 10  # the discount that the terms of the tier allow; 0: none
    scores: Mapping[str, Score] = field(default_factory=dict)  # by model: churn, value, uplift, ...
    unusable: Mapping[str, str] = field(default_factory=dict)  # models that are left out, and why, for the log
    order_cents: float | None = None  # usual value of an order; None: the policy's assumption
    line: str | None = None  # product line that the order or the talk is about, for its margin and sizing
    margin: float | None = None  # share of the price that is earned; None: the policy's
    point_cents: float = 1.0  # what a loyalty point is worth
    candidate: Candidate | None = None  # the recommendation to consider
    sized: Sized | None = None  # None: no sizing for this product line
    history: tuple[PastAction, ...] = ()
    budget_left_cents: Mapping[ActionKind, float] = field(default_factory=dict)  # an action left out: no limit


_adapter = TypeAdapter(Situation)


def situation_as_json(situation: Situation) -> Any:
    """As the log keeps it: values that JSON can hold."""
    return _adapter.dump_python(situation, mode="json")


def situation_of_json(told: Any) -> Situation:
    """The inverse; what a later version added has its default."""
    return _adapter.validate_python(told, strict=False)
