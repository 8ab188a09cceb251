"""Data folders of the benchmarks' own, below the installation's: what is trained there is used again.

The shop in them is seeded anew for each run; the installation's own shop and log are never touched.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.errors import UnsafePlace
from bot.cli import lock, prepare, shop
from bot.cli.bot_training import current_model, is_bot_trained
from bot.cli.config import Config, read_config
from bot.cli.display import step
from bot.cli.fingerprints import note_trained, read_trained

FOLDER = "benchmarks"


@contextmanager
def demo_home(customers: int) -> Iterator[Config]:
    """A data folder with the demo shop as of today and everything trained; the installation's model if that is fresh.

    Raises:
        UnsafePlace: the environment names another database.
        AlreadyRunning: another benchmark holds the folder.
    """
    installation = read_config()
    config = _config(installation.home / FOLDER / "demo")
    # Not the folder that is served: `rapport up` holds that itself.
    with lock.holding(config.home.parent):
        _forget_shop(config)
        _share_model(installation, config)
        engine = prepare.open_database(config)
        with step("Seeding the demo shop") as running:
            shop.seed(config, engine, running, customer_count=customers)
        prepare.train(config, engine)
        engine.dispose()
        yield config


@contextmanager
def imported_home(demo: Config, files: Path) -> Iterator[Config]:
    """A data folder with somebody else's shop, served by the model of the demo shop; inside `demo_home` only."""
    config = _config(demo.home.with_name("imported"))
    _forget_shop(config)
    _share_model(demo, config)
    engine = prepare.open_database(config)
    with step(f"Importing {files.name}") as running:
        shop.bring_shop(config, engine, files, running, replace=False, currency="USD")
    prepare.train(config, engine)
    engine.dispose()
    yield config


def free_port() -> int:
    """A port of loopback that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _config(home: Path) -> Config:
    """Settings of a data folder: everything on loopback and free ports, one bot worker, databases of its own."""
    config = read_config(
        home=home,
        database_url=f"sqlite:///{home / 'rapport.db'}",
        tracker_url=f"sqlite:///{home / 'tracker.db'}",
        web_host="127.0.0.1",
        bot_host="127.0.0.1",
        action_host="127.0.0.1",
        web_port=free_port(),
        bot_port=free_port(),
        action_port=free_port(),
        bot_workers=1,
    )
    for url in (config.crm.database_url, config.bot.tracker):
        if not url.startswith(f"sqlite:///{home}/"):
            raise UnsafePlace(
                f"The benchmark would write to {url}, which is not its own. "
                "Unset RAPPORT_DATABASE_URL and RAPPORT_TRACKER_URL while it runs."
            )
    return config


def _forget_shop(config: Config) -> None:
    """Away with the shop and the logs of the run before; models, encoder and index stay."""
    config.home.mkdir(parents=True, exist_ok=True)
    for name in ("rapport.db", "tracker.db", "stock-tracker.db"):
        for path in config.home.glob(f"{name}*"):
            path.unlink()
    # The scores of the customers went with the database.
    note_trained(config.home, customers=None)


def _share_model(source: Config, config: Config) -> None:
    """The same trained model in another folder, if it was made from what is there now."""
    model = current_model(source)
    if model is None or not is_bot_trained(source):
        return
    config.models.mkdir(parents=True, exist_ok=True)
    shared = config.models / model.name
    if not shared.exists():
        os.link(model, shared)
    note_trained(config.home, bot=read_trained(source.home)["bot"])
