"""Training and scoring by hand, without the bot."""

from __future__ import annotations

from bot.cli.config import Config
from bot.cli.customer_training import train_customers
from bot.cli.prepare import open_database


def train(config: Config, name: str | None) -> None:
    """Raises UnknownModel for a model that nobody trains."""
    engine = open_database(config)
    train_customers(config, engine, name)
