"""Our stack and the peer's bot, each alone or both over the same shop and the same action server."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager

from benchmarks.home import free_port
from benchmarks.load import Bot, GatewayBot, RestBot
from benchmarks.processes import Group, running
from benchmarks.stock import NAME, StockModel, stock_program
from bot.cli.bot_training import require_model
from bot.cli.config import Config
from bot.cli.keys import read_keys
from bot.cli.process import Program
from bot.cli.stack import health_urls, programs
from bot.settings import PROJECT


class Stacks:
    """What can be started over the data folder of `config`; one thing at a time."""

    def __init__(self, config: Config, model: StockModel) -> None:
        self._config = config
        self._keys = read_keys(config)
        self._stock_port = free_port()
        self._stock = stock_program(config, self._keys, model, self._stock_port)
        self._groups: dict[str, Group] = {}
        self.ours: Bot = GatewayBot(f"http://127.0.0.1:{config.bot.bot_port}", self._keys["bot_key"])
        self.peer: Bot = RestBot(f"http://127.0.0.1:{self._stock_port}", NAME)

    def alone(self) -> Mapping[str, Callable[[], AbstractContextManager[Bot]]]:
        """By name: how each is started by itself."""
        return {self.ours.name: self._only_ours, self.peer.name: self._only_peer}

    @contextmanager
    def both(self) -> Iterator[tuple[Bot, Bot]]:
        """All of `rapport up`, and the peer's bot beside it."""
        logs = self._config.logs
        with running([self._up()], logs) as ours, running([self._stock], logs) as peer:
            self._groups = {self.ours.name: ours, self.peer.name: peer}
            yield self.ours, self.peer

    @contextmanager
    def bots(self) -> Iterator[tuple[Bot, Bot]]:
        """The two bots and the action server, nothing else."""
        needed = [each for each in self._programs() if each.name in ("actions", "bot")]
        with running([*needed, self._stock], self._config.logs):
            yield self.ours, self.peer

    def memory_gb(self) -> dict[str, float]:
        """Of each bot process, while both run."""
        ports = {self.ours.name: self._config.bot.bot_port, self.peer.name: self._stock_port}
        return {name: group.memory_gb(("--model", str(ports[name]))) for name, group in self._groups.items()}

    @contextmanager
    def _only_ours(self) -> Iterator[Bot]:
        with running([self._up()], self._config.logs):
            yield self.ours

    @contextmanager
    def _only_peer(self) -> Iterator[Bot]:
        actions = next(each for each in self._programs() if each.name == "actions")
        with running([actions, self._stock], self._config.logs):
            yield self.peer

    def _programs(self) -> list[Program]:
        return programs(self._config, self._keys, require_model(self._config))

    def _up(self) -> Program:
        """`rapport up`, which serves when its bot does."""
        command = (sys.executable, "-m", "bot.cli.main", "up", "--home", str(self._config.home))
        environment = {**self._config.environment(), "RAPPORT_BOT_WORKERS": "1", "PYTHONUNBUFFERED": "1"}
        return Program("up", command, environment, health_urls(self._config)["bot"], PROJECT)
