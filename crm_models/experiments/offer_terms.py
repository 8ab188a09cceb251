"""The policy for offers as a variant of an experiment has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from crm_models.errors import BadPolicy
from crm_models.next_action.policy import OfferPolicy


def with_settings(policy: OfferPolicy, settings: Mapping[str, Any]) -> OfferPolicy:
    """The policy with other values of some terms; it has a version of its own, which the log of decisions tells.

    Args:
        settings: place of a term -> value, such as `{"actions.retention_offer.percent.cap": 20}`.

    Raises:
        BadPolicy: there is no such term, or it cannot have this value.
    """
    if not settings:
        return policy
    terms = policy.model_dump(mode="json", by_alias=True)
    for place, value in settings.items():
        *above, last = place.split(".")
        group: Any = terms
        for part in above:
            group = group.get(part) if isinstance(group, dict) else None
        if not isinstance(group, dict):
            raise BadPolicy(f"{place} is no term of the offer policy; `rapport policy show` tells them all.")
        group[last] = value
    try:
        return OfferPolicy.model_validate(terms)
    except ValidationError as error:
        raise BadPolicy("; ".join(_describe(dict(mistake)) for mistake in error.errors())) from error


def _describe(mistake: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in mistake["loc"])
    if mistake["type"] == "extra_forbidden":
        return f"{place} is no term of the offer policy"
    if mistake["type"] == "value_error":
        return f"{place}: {mistake['ctx']['error']}"
    said = str(mistake["msg"])
    return f"{place} is {mistake['input']!r}: {said[0].lower()}{said[1:]}"
