"""An experiment as it is written down: checked as a whole, every mistake in one message."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from crm_models.errors import BadExperiment
from crm_models.experiments.experiment import Guardrail, Metric, Subject, Variant

_STRICT = ConfigDict(extra="forbid", frozen=True)
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)]
Days = Annotated[int, Field(ge=1, le=365)]
Inside = Annotated[float, Field(gt=0, lt=1)]  # between 0 and 1, neither of them


class WrittenVariant(BaseModel):
    model_config = _STRICT

    name: Name
    share: Inside | None = None  # None: what the others leave, in equal parts
    settings: dict[str, Any] = Field(default_factory=dict)


class WrittenGuardrail(BaseModel):
    model_config = _STRICT

    metric: Metric
    worse_by: Annotated[float, Field(ge=0)]
    within_days: Days | None = None  # None: the experiment's


class Design(BaseModel):
    """What somebody who starts an experiment decides."""

    model_config = _STRICT

    name: Name
    subject: Subject
    hypothesis: Annotated[str, Field(min_length=10, max_length=1000)]
    variants: Annotated[tuple[WrittenVariant, ...], Field(min_length=2, max_length=6)]
    metric: Metric
    within_days: Days
    smallest_effect: Annotated[float, Field(gt=0)]
    guardrails: Annotated[tuple[WrittenGuardrail, ...], Field(max_length=4)] = ()
    layer: Name | None = None  # None: the layer of its subject
    traffic: Annotated[float, Field(gt=0, le=1)] = 1.0  # of the layer's customers
    level: Annotated[float, Field(ge=0.001, le=0.2)] = 0.05
    power: Annotated[float, Field(ge=0.5, le=0.99)] = 0.8  # chance to find the smallest effect
    # What to expect of the control; None: as it was until now. `deviation` is the margin's, of one customer.
    baseline: Annotated[float, Field(gt=0)] | None = None
    deviation: Annotated[float, Field(gt=0)] | None = None

    @property
    def in_layer(self) -> str:
        return self.layer or self.subject.value

    def drawn(self) -> tuple[Variant, ...]:
        """The variants with their shares."""
        given = [each.share for each in self.variants if each.share is not None]
        open_ones = len(self.variants) - len(given)
        rest = (1.0 - sum(given)) / open_ones if open_ones else 0.0
        return tuple(
            Variant(each.name, rest if each.share is None else each.share, each.settings) for each in self.variants
        )

    def guards(self) -> tuple[Guardrail, ...]:
        return tuple(
            Guardrail(each.metric, each.worse_by, each.within_days or self.within_days) for each in self.guardrails
        )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        mistakes = [*_shares(self), *_names(self), *_settings(self), *_expectations(self)]
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self


def parse_design(written: Mapping[str, Any]) -> Design:
    """An experiment from its file or its options.

    Raises:
        BadExperiment: names every wrong key and value, not only the first.
    """
    try:
        return Design.model_validate(dict(written))
    except ValidationError as error:
        wrong = "; ".join(_describe(dict(mistake)) for mistake in error.errors())
        raise BadExperiment(f"The experiment cannot be made like this: {wrong}.") from error


def _shares(design: Design) -> list[str]:
    shares = [each.share for each in design.drawn()]
    if min(shares) <= 0:
        return ["the shares of the variants leave nothing for those without one; together they are at most 1"]
    if not math.isclose(sum(shares), 1.0, abs_tol=1e-6):
        return [f"the shares of the variants sum to {sum(shares):g}; they must sum to 1"]
    return []


def _names(design: Design) -> list[str]:
    twice = [name for name, times in Counter(each.name for each in design.variants).items() if times > 1]
    mistakes = [f"two variants are called {name}" for name in twice]
    guarded = Counter(each.metric for each in design.guardrails)
    mistakes += [f"two guardrails watch {metric}" for metric, times in guarded.items() if times > 1]
    if design.metric in guarded:
        mistakes.append(f"{design.metric} is the metric and a guardrail; the metric needs none")
    return mistakes


def _expectations(design: Design) -> list[str]:
    if not design.metric.is_share:
        both = (design.baseline is None) == (design.deviation is None)
        return [] if both else [f"{design.metric} needs baseline and deviation, or neither"]
    mistakes = [
        f"{name} is {value:g}; {design.metric} is a share, so it is below 1"
        for name, value in (("smallest_effect", design.smallest_effect), ("baseline", design.baseline))
        if value is not None and value >= 1
    ]
    return [*mistakes, "deviation is for the margin alone"] if design.deviation is not None else mistakes


def _settings(design: Design) -> list[str]:
    """Variants must differ, and say what the subject can do."""
    mistakes = []
    for number, each in enumerate(design.variants):
        if each.settings in [other.settings for other in design.variants[:number]]:
            mistakes.append(f"the variant {each.name} has the settings of another one")
        for key, value in each.settings.items():
            mistakes += _setting(design.subject, each.name, key, value)
    return mistakes


def _setting(subject: Subject, variant: str, key: str, value: Any) -> list[str]:
    where = f"the setting {key} of the variant {variant}"
    if subject is Subject.REPLY:
        # The bot goes by the beginning of a response's name where it looks at what was said.
        fits = key.startswith("utter_") and isinstance(value, str) and value.startswith(f"{key}_")
        return [] if fits else [f"{where} must be the name of a response, and the one said instead is called {key}_..."]
    if subject is Subject.ARTICLE:
        listed = isinstance(value, list) and value and all(isinstance(each, str) for each in value)
        if key not in ("show", "hide") or not listed:
            return [f"{where} must be `show` or `hide` with a list of articles"]
    if subject is Subject.MODEL and not isinstance(value, str):
        return [f"{where} must be the version of a model"]
    return []


def _describe(mistake: dict[str, Any]) -> str:
    if mistake["type"] == "value_error":
        return str(mistake["ctx"]["error"])
    place = ".".join(str(part) for part in mistake["loc"]) or "experiment"
    if mistake["type"] == "missing":
        return f"{place} is missing"
    if mistake["type"] == "extra_forbidden":
        return f"{place} is not known"
    return f"{place} is {mistake['input']!r}: {mistake['msg'].lower()}"
