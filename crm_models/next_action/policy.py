"""The shop's policy of next best actions, as it is in force: every term checked, with a version of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from crm_models.next_action.kinds import OFFERS, ActionKind, Moment, Mood, Trouble
from crm_models.next_action.situation import CHURN, UPLIFT, VALUE

Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Cents = Annotated[int, Field(ge=0, le=100_000_000)]
Days = Annotated[int, Field(ge=0, le=3650)]
Percent = Annotated[int, Field(ge=1, le=90)]


class _Terms(BaseModel):
    """Nothing unknown, nothing changed later; a switch is true or false and nothing that looks like it."""

    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))


class Economy(_Terms):
    margin: Share
    margin_by_line: Mapping[str, Share]
    order_cents: Cents
    baseline: Share


class Rules(_Terms):
    offers_per_conversation: Annotated[int, Field(ge=0, le=10)]
    days_between_gifts: Days
    no_offers_while_complaint_open: bool
    none_to_sleeping_dogs: bool
    sleeping_dog_from: Annotated[float, Field(gt=0.5, le=1.0)]


class Moods(_Terms):
    unhappy_below: Annotated[float, Field(ge=-1.0, le=1.0)]
    happy_from: Annotated[float, Field(ge=-1.0, le=1.0)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.unhappy_below >= self.happy_from:
            raise ValueError(f"unhappy_below must be less than happy_from, which is {self.happy_from}")
        return self

    def of(self, mood: float) -> Mood:
        if mood <= self.unhappy_below:
            return Mood.UNHAPPY
        return Mood.HAPPY if mood >= self.happy_from else Mood.NEUTRAL


class Scores(_Terms):
    stale_after_days: Annotated[int, Field(ge=1, le=3650)]
    stale_after_days_by_model: Mapping[str, Annotated[int, Field(ge=1, le=3650)]]

    def is_stale(self, model: str, scored_at: datetime, now: datetime) -> bool:
        days = self.stale_after_days_by_model.get(model, self.stale_after_days)
        return now - scored_at > timedelta(days=days)


class Exploration(_Terms):
    share: Annotated[float, Field(ge=0.0, le=0.5)]
    actions: tuple[ActionKind, ...]


class Campaign(_Terms):
    """A budget for some actions over some days, both ends included."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    begins: date = Field(alias="from")
    until: date
    actions: Annotated[tuple[ActionKind, ...], Field(min_length=1)]
    cents: Cents

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until < self.begins:
            raise ValueError(f"until is {self.until}, before from, which is {self.begins}")
        return self

    def runs_on(self, day: date) -> bool:
        return self.begins <= day <= self.until


class Budget(_Terms):
    day_cents: Cents
    campaigns: tuple[Campaign, ...]


class Effect(_Terms):
    model: str | None = None
    assumed: Share
    doubt: Share = 0.0  # standard deviation of what is assumed


class Limits(_Terms):
    """Of a discount, in percent."""

    floor: Percent
    cap: Percent

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.floor > self.cap:
            raise ValueError(f"floor is {self.floor}, more than cap, which is {self.cap}")
        return self


class ActionTerms(_Terms):
    on: bool = True
    moments: tuple[Moment, ...]
    moods: tuple[Mood, ...]
    troubles: Mapping[Trouble, Annotated[float, Field(gt=0.0, le=2.0)]]
    consent: Literal["personalisation", "newsletter", "none"]
    labels: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    effect: Effect
    stake: Share
    cost_cents: Cents
    cooling_off_days: Days
    day_cents: Cents | None
    always_at: tuple[Moment, ...] = ()

    @model_validator(mode="after")
    def _always_is_sometimes(self) -> Self:
        more = [moment.value for moment in self.always_at if moment not in self.moments]
        if more:
            raise ValueError(f"always_at has {', '.join(more)}, which must also be in moments")
        return self


class RecommendationTerms(ActionTerms):
    least_stock: Annotated[int, Field(ge=1)]


class _TimedTerms(ActionTerms):
    valid_days: Annotated[int, Field(ge=1, le=3650)]


class RetentionTerms(_TimedTerms):
    percent: Limits


class CreditTerms(_TimedTerms):
    credit_cents: Annotated[int, Field(ge=1)]


class PerkTerms(_TimedTerms):
    points: Annotated[int, Field(ge=1)]


class Actions(_Terms):
    recommendation: RecommendationTerms
    retention_offer: RetentionTerms
    apology_credit: CreditTerms
    loyalty_perk: PerkTerms
    ask_feedback: ActionTerms
    hand_over: ActionTerms

    @model_validator(mode="after")
    def _offers_are_worth_it(self) -> Self:
        for kind in OFFERS:
            if getattr(self, kind).always_at:
                raise ValueError(f"{kind}.always_at must be empty: an offer is made only where it is worth its cost")
        return self


class Sizing(_Terms):
    steps: Annotated[int, Field(ge=1, le=30)]
    vary_share: Share
    lines: Mapping[str, Limits]


class OfferPolicy(_Terms):
    """Everything that `choose` goes by; `crm_models/next_action/policy.yml` says what each term means."""

    economy: Economy
    rules: Rules
    moods: Moods
    scores: Scores
    exploration: Exploration
    budget: Budget
    actions: Actions
    sizing: Sizing

    @cached_property
    def version(self) -> str:
        """The same terms have the same version, on every machine."""
        told = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The models whose scores it looks at."""
        found = dict.fromkeys((CHURN, VALUE, UPLIFT))
        for kind in ActionKind:
            if kind is not ActionKind.ANSWER_ONLY and self.terms(kind).on:
                model = self.terms(kind).effect.model
                found |= dict.fromkeys((*self.terms(kind).labels, *((model,) if model else ())))
        return tuple(found)

    @property
    def holds_days(self) -> int:
        """How long the longest of its discounts and credits holds: until then, what was given may be used."""
        given = (self.actions.retention_offer, self.actions.apology_credit)
        return max((each.valid_days for each in given if each.on), default=0)

    def terms(self, kind: ActionKind) -> ActionTerms:
        """Of any action but `answer_only`, which has none."""
        found: ActionTerms = getattr(self.actions, kind.value)
        return found

    def margin(self, line: str | None) -> float:
        return self.economy.margin_by_line.get(line or "", self.economy.margin)
