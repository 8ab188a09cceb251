"""Training of the recommender on the shop's purchases, measured on the last order of each customer."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from crm_models.model_files import ModelCard, code_version
from crm_models.recommend.choice import Choice, choose_blend, sequences_of, tokens_of
from crm_models.recommend.evaluation import HeldOut, hit_rate, leave_last_out
from crm_models.recommend.model import KIND, Blend, Recommender
from crm_models.recommend.sequence_training import SequenceSettings, train_sequence
from crm_models.training import TrainingContext

# Small enough for a shop's nightly training; below so many customers there is too little to learn an order from.
SHOP_SEQUENCE = SequenceSettings(hidden=32, blocks=1, dropout=0.3, epochs=6, look=3, patience=1)
LEAST_CUSTOMERS = 500
K = 10


def train_recommender(context: TrainingContext) -> Recommender:
    """Choose the blend on one half of the customers, measure it on the other, and fit it on all purchases."""
    log, now = context.purchases, context.now
    held = leave_last_out(log)
    customers = sorted(held.next_new)
    choice = Choice(Blend(), None, 0, {})
    if len(customers) >= 2:
        settings = SHOP_SEQUENCE if len(customers) >= LEAST_CUSTOMERS else None
        choice = choose_blend(held, customers[::2], context.seed, settings, context.progress)
    metrics = _measure(held, customers[1::2], choice, context.seed)
    sequence = None
    if choice.sequence is not None:
        settings = replace(SHOP_SEQUENCE, seed=context.seed, epochs=choice.epochs)
        sequence = train_sequence(sequences_of(log), tokens_of(log), None, settings, context.progress).model
    model = Recommender().fit(log, now, choice.blend, sequence, context.seed)
    model.card = ModelCard(
        name=KIND,
        version=model.version,
        purpose="Products that fit what the customer bought, or that are popular.",
        data=f"what was bought and kept before {now:%Y-%m-%d}, and the descriptions of {len(log.products)} products",
        rows=len(log),
        metrics=metrics,
        measured_on="the last order with something new of every second customer, held back from a model of its own",
        trained_at=now,
        code_version=code_version(),
        seed=context.seed,
        limits="Personal only with the customer's consent. A product added later is unknown until the next training.",
        candidates={name: {"NDCG@10": value} for name, value in choice.measures.items()},
        chosen=_why(choice, len(customers)),
    )
    return model


def _measure(held: HeldOut, customers: list[int], choice: Choice, seed: int) -> dict[str, float]:
    """Share of these customers with a product of the order held back among the ten best."""
    if not customers:
        return {}
    end = datetime(1970, 1, 1) + timedelta(days=float(held.history.day.max()))
    model = Recommender().fit(held.history, end, choice.blend, choice.sequence, seed)
    popular = model.popularity.astype(np.float64)
    some = HeldOut(held.history, held.bought, {who: held.next_new[who] for who in customers})
    return {
        f"hit_rate_at_{K}": hit_rate(some, model, model.scores, K),
        f"hit_rate_at_{K}_of_popularity": hit_rate(some, model, lambda _: popular, K),
        "customers": float(len(customers)),
    }


def _why(choice: Choice, customers: int) -> str:
    parts = [f"{name} {weight:g}" for name, weight in choice.blend.tables.items()]
    if choice.blend.sequence:
        parts.append(f"sequence {choice.blend.sequence:g}")
    said = (
        "weights " + ", ".join(parts) + "; what adds less than its standard error on half of the customers is left out."
    )
    if not choice.blend.sequence:
        reason = (
            "added nothing" if "sequence" in choice.measures else f"needs {LEAST_CUSTOMERS} customers ({customers})"
        )
        said += f" The sequence model {reason}."
    return said
