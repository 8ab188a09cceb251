"""What in a policy of offers is no mistake, and yet nothing goes by it: unknown models, labels and product lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from difflib import get_close_matches

from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.gap_model.model import GapModel
from crm_models.next_action.kinds import ActionKind
from crm_models.next_action.policy import ActionTerms, OfferPolicy
from crm_models.scoring import MODELS
from crm_models.tables import products

# By model; a gap model has labels of its own in each shop.
_LABELS = {kind.name: () if kind is GapModel else tuple(kind.labels) for kind in MODELS}


def doubts(connection: Connection, policy: OfferPolicy) -> list[str]:
    """A sentence for each name that nothing here has: a typing error, or a model of the shop's own."""
    lines = set(connection.execute(select(products.c.category).distinct()).scalars())
    found = [*_models(policy), *_labels(policy)]
    return found + (list(_product_lines(policy, lines)) if lines else [])


def _models(policy: OfferPolicy) -> Iterator[str]:
    for model in policy.scores.stale_after_days_by_model:
        yield from _unknown(f"scores.stale_after_days_by_model.{model}", model, _LABELS, "model")
    for place, terms in _actions(policy):
        if terms.effect.model is not None:
            yield from _unknown(f"{place}.effect.model", terms.effect.model, _LABELS, "model")
        for model in terms.labels:
            yield from _unknown(f"{place}.labels.{model}", model, _LABELS, "model")


def _labels(policy: OfferPolicy) -> Iterator[str]:
    for place, terms in _actions(policy):
        for model, labels in terms.labels.items():
            known = _LABELS.get(model, ())
            for label in labels if known else ():
                yield from _unknown(f"{place}.labels.{model}", label, known, f"label of {model}")


def _product_lines(policy: OfferPolicy, known: Collection[str]) -> Iterator[str]:
    for place, lines in (
        ("economy.margin_by_line", policy.economy.margin_by_line),
        ("sizing.lines", policy.sizing.lines),
    ):
        for line in lines:
            yield from _unknown(f"{place}.{line}", line, known, "product line")


def _actions(policy: OfferPolicy) -> Iterator[tuple[str, ActionTerms]]:
    for kind in ActionKind:
        if kind is not ActionKind.ANSWER_ONLY and policy.terms(kind).on:
            yield f"actions.{kind}", policy.terms(kind)


def _unknown(place: str, name: str, known: Collection[str], what: str) -> Iterator[str]:
    if name not in known:
        close = get_close_matches(name, sorted(known), n=1)
        advice = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(known))}"
        yield f"{place}: {name} is no {what} here; {advice}"
