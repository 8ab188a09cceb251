"""Training and scoring by hand, without the bot."""

from __future__ import annotations

from bot.cli.config import Config
from bot.cli.customer_training import score_customers, train_customers
from bot.cli.prepare import open_database


def train(config: Config, name: str | None) -> None:
    """Raises UnknownModel for a model that nobody trains."""
    engine = open_database(config)
    train_customers(config, engine, name)


def score(config: Config) -> None:
    score_customers(config, open_database(config))
