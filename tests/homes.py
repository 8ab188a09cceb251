"""Data folders for tests: the small demo shop and the imported one. What was trained is kept between runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from bot.cli import prepare, shop
from bot.cli.bot_training import current_model
from bot.cli.config import Config, read_config
from bot.cli.display import step
from bot.cli.fingerprints import note_trained, read_trained
from bot.settings import PROJECT
from knowledge.index import CURRENT
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore
from tests.web.serving import free_port

CUSTOMERS = 250
# A shop that somebody else wrote, where its files lie beside the checkout.
FOREIGN_SHOP = PROJECT.parent / "shared" / "data" / "tau_bench_retail"


def config_of(home: Path, **given: Any) -> Config:
    """Settings of a data folder whose processes listen on free ports, and see an experiment at once."""
    ports = {f"{name}_port": free_port() for name in ("web", "bot", "action")}
    return read_config(home=home, **{**ports, "experiments_fresh_s": 0.0, **given})


def prepare_demo(config: Config) -> None:
    """The demo shop as of today, and everything trained. Nothing is left to chance in what it offers."""
    _empty(config)
    config.home.mkdir(parents=True, exist_ok=True)
    (config.home / "policy.yml").write_text("exploration: {share: 0.0}\n", encoding="utf-8")
    engine = prepare.open_database(config)
    with step("Seeding a small demo shop") as running:
        shop.seed(config, engine, running, customer_count=CUSTOMERS)
    prepare.train(config, engine)
    shop.demo_logins(config, engine)
    engine.dispose()


def prepare_foreign(config: Config, demo: Config) -> None:
    """The imported shop, served by the bot that was trained for the demo shop."""
    _empty(config)
    engine = prepare.open_database(config)
    with step("Importing a shop") as running:
        shop.bring_shop(config, engine, FOREIGN_SHOP, running, replace=False, currency="USD")
    _share_model(config, demo)
    prepare.train(config, engine)
    engine.dispose()


def write_empty_index(config: Config) -> str:
    """An index without a passage, beside the one in use; returns its version, for `point_index`."""
    from knowledge.build import build_index
    from knowledge.embed import load_encoder

    aside = KnowledgeSettings(home=config.home / "empty")
    KnowledgeStore(aside.database).close()
    report = build_index(aside, load_encoder(config.knowledge.encoder_folder, threads=1))
    version = config.knowledge.index_folder / report.version
    if not version.exists():
        (aside.index_folder / report.version).rename(version)
        (aside.index_folder / CURRENT).unlink()
    return report.version


def point_index(config: Config, version: str) -> str:
    """Make another version the one in use; returns the former."""
    pointer = config.knowledge.index_folder / CURRENT
    former = pointer.read_text(encoding="utf-8").strip()
    aside = pointer.with_suffix(".new")
    aside.write_text(version, encoding="utf-8")
    aside.replace(pointer)
    return former


def _empty(config: Config) -> None:
    """Away with the shop and the log of the run before; models, encoder and index stay."""
    for name in ("rapport.db", "tracker.db"):
        for path in config.home.glob(f"{name}*"):
            path.unlink()
    # The scores of the customers went with the database.
    if config.home.exists():
        note_trained(config.home, customers=None)


def _share_model(config: Config, demo: Config) -> None:
    model = current_model(demo)
    assert model is not None, "the demo shop's bot is trained first"
    config.models.mkdir(parents=True, exist_ok=True)
    shared = config.models / model.name
    if not shared.exists():
        os.link(model, shared)
    note_trained(config.home, bot=read_trained(demo.home)["bot"])
