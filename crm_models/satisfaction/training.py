"""Weights of satisfaction: from the shop's own ratings where there are enough, else those that ship."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.engine import Connection

from crm_models.database import reading
from crm_models.model_files import ModelCard, code_version, model_version
from crm_models.satisfaction.model import SatisfactionModel
from crm_models.satisfaction.signals import signals_of
from crm_models.satisfaction.turns import Conversation, read_conversation
from crm_models.tables import feedback
from crm_models.training import TrainingContext

FEWEST = 200  # rated conversations to learn from
_HELD_OUT = 4  # every fourth measures weights that were learned without it


def train_satisfaction(context: TrainingContext) -> SatisfactionModel:
    """The model to serve; its card says how near it comes to the ratings."""
    with reading(context.engine) as connection:
        rated = rated_conversations(connection)
    signals = np.array([list(signals_of(each).values()) for each, _ in rated])
    ratings = np.array([rating for _, rating in rated], dtype=np.float64)
    if len(rated) < FEWEST:
        return _shipped(signals, ratings, context)
    held = np.random.default_rng(context.seed).permutation(len(rated)) % _HELD_OUT == 0
    tested = SatisfactionModel().fit(signals[~held], ratings[~held])
    metrics = compared(tested, signals[held], ratings[held])
    shipped = compared(SatisfactionModel.shipped(), signals[held], ratings[held])
    metrics |= {f"{name}_shipped": value for name, value in shipped.items()}
    model = SatisfactionModel().fit(signals, ratings)
    model.source = f"{len(rated)} ratings of this shop's conversations"
    model.version = model_version(model.name, context.now)
    measured = f"{held.sum()} rated conversations, by weights learned on the others; the shipped weights beside"
    return _with_card(model, metrics, measured, len(rated), context)


def rated_conversations(connection: Connection) -> list[tuple[Conversation, int]]:
    """Conversations with a rating, and the last one given in each."""
    rows = connection.execute(
        select(feedback.c.conversation_id, feedback.c.rating)
        .where(feedback.c.conversation_id.is_not(None), feedback.c.rating.is_not(None))
        .order_by(feedback.c.created_at, feedback.c.feedback_id)
    )
    last = {row.conversation_id: int(row.rating) for row in rows}
    found = ((read_conversation(connection, name), rating) for name, rating in sorted(last.items()))
    return [(conversation, rating) for conversation, rating in found if conversation is not None]


def compared(model: SatisfactionModel, signals: NDArray[np.float64], ratings: NDArray[np.float64]) -> dict[str, float]:
    """How near the scores come to the ratings: Spearman's rho, mean error in stars, F1 of the dissatisfied (1 or 2)."""
    from scipy.stats import spearmanr  # type: ignore[import-untyped]

    scores = model.scores(signals)
    said, true = scores < model.threshold, ratings < 2.5
    rho = float(spearmanr(scores, ratings)[0]) if np.ptp(scores) > 0 and np.ptp(ratings) > 0 else 0.0
    return {
        "spearman": rho,
        "mean_error": float(np.abs(scores - ratings).mean()),
        "f1_dissatisfied": 2 * float((said & true).sum()) / max(float(said.sum() + true.sum()), 1.0),
        "rated": float(len(ratings)),
    }


def _shipped(signals: NDArray[np.float64], ratings: NDArray[np.float64], context: TrainingContext) -> SatisfactionModel:
    model = SatisfactionModel.shipped()
    model.version = model_version(model.name, context.now)
    metrics = compared(model, signals, ratings) if len(ratings) else {"rated": 0.0}
    measured = f"all {len(ratings)} rated conversations of this shop; {FEWEST} are needed to learn from them"
    return _with_card(model, metrics, measured, 0, context)


def _with_card(
    model: SatisfactionModel, metrics: dict[str, float], measured: str, rows: int, context: TrainingContext
) -> SatisfactionModel:
    model.card = ModelCard(
        name=model.name,
        version=model.version,
        purpose="How content a customer was with a conversation, 1 to 5, as a sum of parts.",
        data=model.source,
        rows=rows,
        metrics=metrics,
        measured_on=measured,
        trained_at=context.now,
        code_version=code_version(),
        seed=context.seed,
        limits="An estimate for averages and for the order of work; not for judging a member of staff by a single "
        "conversation. With the shipped weights the parts of sentiment, escalations, open questions and waiting are "
        "assumed, not learned.",
    )
    return model
