"""Everything that must be there before the stack starts; what is there and fresh stays as it is."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import Engine

from bot.cli import shop
from bot.cli.answer_pairs import answer_pairs
from bot.cli.bot_training import (
    current_model,
    is_bot_trained,
    learnt_from,
    require_model,
    take_encoder,
    train_bot,
)
from bot.cli.config import Config
from bot.cli.customer_training import refresh_customers
from bot.cli.display import console, note, step
from bot.cli.index import refresh_index
from bot.cli.kb_pairs import pair_table
from bot.nlu.report import read_reports
from crm_models.database import create_engine, migrate
from knowledge.errors import KnowledgeError
from knowledge.store import KnowledgeStore


def open_database(config: Config) -> Engine:
    """The shop's database, made or brought to this version's schema where needed."""
    config.home.mkdir(parents=True, exist_ok=True)
    engine = create_engine(config.crm.database_url)
    migrate(engine)
    return engine


def prepare_shop(config: Config, engine: Engine, demo: bool) -> None:
    """The demo shop in an empty database, if wanted; articles and words as they are now."""
    source = shop.shop_source(engine)
    if source is None and demo:
        with step("Seeding the demo shop") as running:
            shop.seed(config, engine, running)
    elif source is None:
        note("The database holds no shop: fill it with `rapport seed` or `rapport import-shop DIR`.")
    elif source == "demo":
        shop.read_demo_articles(config, engine)
    shop.write_gazetteer(config, engine)


def train(config: Config, engine: Engine, force: bool = False, with_answers: bool = False) -> Path:
    """Train what is not trained or was made from something else; returns the bot's model.

    Answers that helped since the last training are a reason to train again `with_answers` alone.
    """
    refresh_customers(config, engine, force)
    of_answers = _answers_that_helped(config, engine) if with_answers else None
    if force or not is_bot_trained(config, of_answers):
        of_answers = _answers_that_helped(config, engine) if of_answers is None else of_answers
        title = "Training the bot" if current_model(config) is None else "Training the bot again"
        with step(title) as running:
            model = train_bot(config, running, of_answers)
            running.result = model.name
        for said in read_reports(model):
            note(said)
        console.print(pair_table(learnt_from(config)))
    model = require_model(config)
    take_encoder(config, model)
    refresh_index(config)
    return model


def _answers_that_helped(config: Config, engine: Engine) -> list[tuple[str, str]]:
    store = KnowledgeStore(config.knowledge.database)
    try:
        return answer_pairs(engine, store).texts
    except KnowledgeError:  # told where the articles are read
        return []
    finally:
        store.close()
