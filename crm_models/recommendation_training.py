"""Training of the recommender on the shop's purchases, measured on the last order of each customer."""

from __future__ import annotations

from crm_models.model_files import ModelCard, code_version
from crm_models.recommendation import KIND as RECOMMENDATION
from crm_models.recommendation import Recommender
from crm_models.recommendation_evaluation import evaluate_recommender
from crm_models.training import TrainingContext


def train_recommender(context: TrainingContext) -> Recommender:
    log, now = context.purchases, context.now
    model = Recommender().fit(log, now)
    metrics: dict[str, float] = {}
    rates = evaluate_recommender(log)
    if rates is not None:
        metrics = {
            f"hit_rate_at_{rates.k}": rates.model,
            f"hit_rate_at_{rates.k}_of_popularity": rates.popularity,
            "customers": float(rates.customers),
        }
    model.card = ModelCard(
        name=RECOMMENDATION,
        version=model.version,
        purpose="One product that fits what the customer bought, or that is popular.",
        data=f"what was bought and kept before {now:%Y-%m-%d}, and the descriptions of {len(log.products)} products",
        rows=len(log),
        metrics=metrics,
        measured_on="the last order with something new of each customer, held back from a model of its own",
        trained_at=now,
        code_version=code_version(),
        seed=context.seed,
        limits="Personal only with the customer's consent. A product added later is unknown until the next training.",
    )
    return model
