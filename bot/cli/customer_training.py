"""Training of the customer models (churn, segments, recommendation), and the scores they give everybody."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from bot.cli.config import Config
from bot.cli.display import note, step
from bot.cli.fingerprints import customer_fingerprint, note_trained, read_trained
from bot.cli.shop import utc_now
from bot.settings import PROJECT
from crm_models.database import reading
from crm_models.tables import orders, predictions

if TYPE_CHECKING:
    from crm_models.scoring import ScoreFile

# Older scores do not know who came back since.
SCORES_LAST = timedelta(days=1)


def refresh_customers(config: Config, engine: Engine, force: bool = False) -> None:
    """Fit the models if the shop's data or their code changed, and score everybody if the scores are old."""
    with reading(engine) as connection:
        if connection.execute(select(func.count()).select_from(orders)).scalar_one() == 0:
            return
        fingerprint = customer_fingerprint(connection, PROJECT)
        scored_at = connection.execute(select(func.max(predictions.c.scored_at))).scalar_one()
    trained = read_trained(config.home).get("customers")
    if force or trained != fingerprint or not config.crm.models_folder.exists():
        train_customers(config, engine)
        note_trained(config.home, customers=fingerprint)
    elif _scores_anybody(config) and (scored_at is None or utc_now() - scored_at > SCORES_LAST):
        score_customers(config, engine)


def _scores_anybody(config: Config) -> bool:
    """Whether there is a model that gives scores; a small shop has none, and the recommender gives none."""
    return any(folder.name != "recommendation" for folder in config.crm.models_folder.iterdir())


def train_customers(config: Config, engine: Engine, name: str | None = None) -> None:
    """Train one model, or all, and score everybody."""
    from crm_models.train import TrainOutcome, train_all
    from crm_models.trainers import trainers_named

    with step("Training the customer models") as running:
        report = train_all(
            engine, config.crm.models_folder, utc_now(), progress=running.part, trainers=trainers_named(name)
        )
        fitted = [each.model for each in report.results if each.outcome is TrainOutcome.TRAINED]
        running.result = ", ".join(fitted)
    for each in report.results:
        if each.outcome is not TrainOutcome.TRAINED:
            note(f"{each.model} is not trained: {each.why}")
        elif not each.used:
            note(f"{each.model}: {each.version} is kept but not used. {each.why}")
    score_customers(config, engine)


def score_customers(config: Config, engine: Engine, score: ScoreFile | None = None) -> None:
    """Score everybody with the versions in use.

    Args:
        score: who computes the scores; this machine unless said.
    """
    from crm_models.scoring import score_all, score_file

    with step("Scoring the customers") as running:
        report = score_all(engine, config.crm.models_folder, utc_now(), running.part, score or score_file)
        running.result = ", ".join(f"{count:,} by {name}" for name, count in report.scored.items())
