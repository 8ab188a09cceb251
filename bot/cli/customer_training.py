"""Training of the customer models (churn, recommendation), and the scores they give everybody."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from bot.cli.config import Config
from bot.cli.display import note, step
from bot.cli.fingerprints import customer_fingerprint, note_trained, read_trained
from bot.cli.shop import utc_now
from bot.settings import PROJECT
from crm_models.database import reading
from crm_models.tables import orders


def are_customers_trained(config: Config, engine: Engine) -> bool:
    """Whether the models are there and were made from the shop's data as it is now; true without orders."""
    with reading(engine) as connection:
        if not _has_orders(connection):
            return True
        fingerprint = customer_fingerprint(connection, PROJECT)
    trained = read_trained(config.home).get("customers")
    return trained == fingerprint and config.crm.models_folder.exists()


def train_customers(config: Config, engine: Engine) -> None:
    """Fit the models and write everybody's scores. Raises CrmError where the data does not allow it."""
    from crm_models.train import score_all, train_all

    with reading(engine) as connection:
        if not _has_orders(connection):
            note("There are no orders to learn from: the customer models are not trained.")
            return
        fingerprint = customer_fingerprint(connection, PROJECT)
    now = utc_now()
    with step("Training the customer models") as running:
        with reading(engine) as connection:
            train_all(connection, config.crm.models_folder, now, running.part)
        with engine.begin() as connection:
            score_all(connection, config.crm.models_folder, now)
    note_trained(config.home, customers=fingerprint)


def _has_orders(connection: object) -> bool:
    return bool(connection.execute(select(func.count()).select_from(orders)).scalar_one())  # type: ignore[attr-defined]
