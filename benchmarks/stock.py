"""The peer: Rasa's stock pipeline, trained on the same examples, rules, stories and domain, with the same actions.

Its configuration stands in `stock/`. It differs from ours in the pipeline, the policies, the channel (REST), the
tracker store (SQL) and the lock store (Rasa's own): what a shop gets that follows Rasa's defaults.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import yaml

from benchmarks.errors import PeerFailed
from bot.cli.bot_training import RASA_ENVIRONMENT
from bot.cli.config import Config
from bot.cli.display import step
from bot.cli.process import Program, last_lines
from bot.cli.stack import bot_environment
from bot.settings import PROJECT

NAME = "stock Rasa"
FOLDER = Path(__file__).parent / "stock"
EPOCHS, QUICK_EPOCHS = 100, 5


@dataclass(frozen=True)
class StockModel:
    """The trained peer."""

    path: Path
    epochs: int
    trained_now: bool

    @property
    def note(self) -> str:
        """For under the table."""
        fewer = f", and not {EPOCHS} as in its default: --quick" if self.epochs != EPOCHS else ""
        when = "in this run" if self.trained_now else "in an earlier run on the same data"
        return f"{NAME} was trained {when} ({self.epochs} epochs{fewer})"


def train_stock(config: Config, quick: bool) -> StockModel:
    """The peer's model: the one that was made from the same data, else trained now.

    Raises:
        PeerFailed: Rasa could not train it; names the log.
    """
    epochs = QUICK_EPOCHS if quick else EPOCHS
    folder = config.home.parent / "stock"
    work = folder / f"{_fingerprint()}-{epochs}"
    model = work / "stock.tar.gz"
    if model.is_file():
        return StockModel(model, epochs, trained_now=False)
    for former in folder.glob(f"*-{epochs}"):
        shutil.rmtree(former)
    _write_project(work, epochs)
    with step(f"Training {NAME} ({epochs} epochs)"):
        _train(work, folder / "cache")
    return StockModel(model, epochs, trained_now=True)


def stock_program(config: Config, keys: dict[str, str], model: StockModel, port: int) -> Program:
    """Its bot process, on loopback, using the action server of `config`."""
    command = (
        sys.executable, "-m", "rasa", "run",
        "--model", str(model.path),
        "--endpoints", str(FOLDER / "endpoints.yml"),
        "--credentials", str(FOLDER / "credentials.yml"),
        "--interface", "127.0.0.1",
        "--port", str(port),
    )  # fmt: skip
    environment = {
        **bot_environment(config, keys),
        "RAPPORT_BOT_PORT": str(port),
        "STOCK_TRACKER_DB": str(config.home / "stock-tracker.db"),
    }
    return Program("stock", command, environment, f"http://127.0.0.1:{port}/webhooks/rest/", PROJECT)


def _write_project(work: Path, epochs: int) -> None:
    """Our domain with the peer's additions, and its configuration with so many epochs."""
    domain = work / "domain"
    domain.mkdir(parents=True, exist_ok=True)
    for path in sorted((PROJECT / "bot" / "domain").glob("*.yml")):
        shutil.copy(path, domain / path.name)
    shutil.copy(FOLDER / "domain.yml", domain / "stock.yml")
    content = yaml.safe_load((FOLDER / "config.yml").read_text(encoding="utf-8"))
    for part in (*content["pipeline"], *content["policies"]):
        if "epochs" in part:
            part["epochs"] = epochs
    (work / "config.yml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def _train(work: Path, cache: Path) -> None:
    command = [
        sys.executable, "-m", "rasa", "train",
        "--config", str(work / "config.yml"),
        "--domain", str(work / "domain"),
        "--data", str(PROJECT / "bot" / "data"), str(FOLDER / "rules.yml"),
        "--out", str(work),
        "--fixed-model-name", "stock.tar.gz",
        "--skip-validation",
    ]  # fmt: skip
    # Rasa's own cache: after a change of a sentence it trains only what depends on it.
    environment = {**os.environ, **RASA_ENVIRONMENT, "RASA_CACHE_DIRECTORY": str(cache)}
    log = work / "train.log"
    with log.open("wb") as output:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=PROJECT, env=environment
        )
    if done.returncode != 0 or not (work / "stock.tar.gz").is_file():
        said = "; ".join(last_lines(log, 2)) or "it said nothing"
        raise PeerFailed(f"{NAME} could not be trained: {said}. All of it is in {log}.")


def _fingerprint() -> str:
    """Of everything the peer's model is made from."""
    digest = hashlib.sha256(f"{version('rasa')} {version('tensorflow-cpu')}".encode())
    folders = (FOLDER, PROJECT / "bot" / "data", PROJECT / "bot" / "domain")
    for path in sorted(path for folder in folders for path in folder.rglob("*.yml")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]
