"""Scores of the customers: made again when they are gone, left alone when they are fresh."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from bot.cli.config import read_config
from bot.cli.customer_training import refresh_customers
from bot.cli.prepare import open_database
from crm_models.database import reading
from crm_models.registry.versions import current_folder
from crm_models.tables import predictions


def test_scores_that_are_gone_are_made_again_without_training(rapport, home):
    assert rapport("seed", "--customers", "400").code == 0
    config = read_config()
    engine = open_database(config)
    refresh_customers(config, engine)
    version = current_folder(config.crm.models_folder, "churn")
    assert version is not None
    card = version / "card.json"
    made = card.stat().st_mtime_ns
    with engine.begin() as connection:
        scored = connection.execute(select(func.count()).select_from(predictions)).scalar_one()
        connection.execute(delete(predictions))
    assert scored
    refresh_customers(config, engine)
    with reading(engine) as connection:
        assert connection.execute(select(func.count()).select_from(predictions)).scalar_one() == scored
    assert card.stat().st_mtime_ns == made
