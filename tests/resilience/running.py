"""`rapport up` as a process of its own, over a copy of a trained data folder; its processes may be killed."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from bot.cli.config import Config
from bot.cli.keys import read_keys
from bot.cli.process import answers, last_lines
from bot.cli.stack import health_urls, web_address
from bot.settings import PROJECT
from crm_models.database import create_engine
from crm_models.tokens import issue_token
from tests.resilience.customer import Customer
from tests.stack import utc_now

# On a busy machine the bot takes a minute to come back.
PATIENCE_S = 300.0
MODULES = {"bot": "bot.serve", "actions": "actions.server", "web": "web", "projector": "bot.cli.projector"}
# The tests write faster than people do.
UNHURRIED = {
    f"RAPPORT_{name}": "100000"
    for name in (
        "CONVERSATION_RATE", "CONVERSATION_BURST", "ADDRESS_RATE", "ADDRESS_BURST", "OPEN_RATE", "OPEN_BURST",
        "LOGIN_RATE", "LOGIN_BURST",
    )
}  # fmt: skip


class Running:
    """The supervisor and what it runs. `settings` are environment variables of the whole stack."""

    def __init__(self, config: Config, settings: dict[str, str] | None = None) -> None:
        self.config = config
        self.url = web_address(config)
        self.engine = create_engine(config.crm.database_url)
        self._environment = {**os.environ, **config.environment(), **UNHURRIED, **(settings or {})}
        self._output = config.home / "up.txt"
        self._supervisor: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the stack and wait until it serves."""
        with self._output.open("wb") as output:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-m", "bot.cli.main", "up"],
                cwd=PROJECT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait_until_served()

    def stop(self) -> None:
        """As Ctrl-C does; nothing may be left."""
        assert self._supervisor is not None
        children = psutil.Process(self._supervisor.pid).children() if self._supervisor.poll() is None else []
        self._supervisor.send_signal(signal.SIGTERM)
        try:
            self._supervisor.wait(60)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()
        self.engine.dispose()
        _gone, left = psutil.wait_procs(children, timeout=30)
        assert not left, f"the supervisor left {left} behind"

    def process(self, name: str) -> psutil.Process | None:
        """The process that serves as `name` just now."""
        assert self._supervisor is not None and self._supervisor.poll() is None, self._said()
        for child in psutil.Process(self._supervisor.pid).children():
            try:
                command = child.cmdline()
            except psutil.Error:
                continue
            if command[1:3] == ["-m", MODULES[name]] and child.is_running():
                return child
        return None

    def kill(self, name: str) -> psutil.Process:
        """End one process at once, without a chance to tidy up; the supervisor starts another."""
        process = self.process(name)
        assert process is not None, f"{name} does not run"
        process.kill()
        return process

    def wait_until_served(self, instead_of: psutil.Process | None = None) -> None:
        """Until all four run and answer, and the killed process is none of them."""
        urls = health_urls(self.config)

        def all_there() -> bool:
            found = [self.process(name) for name in MODULES]
            return None not in found and instead_of not in found and all(map(answers, urls.values()))

        eventually(all_there, lambda: f"all processes serve; {self._said()}")

    def customer(self, customer_id: str | None = None) -> Customer:
        """Somebody who opens the chat: anonymous, or signed in by the merchant's site."""
        customer = Customer(self.url)
        token = (
            None if customer_id is None else issue_token(read_keys(self.config)["token_key"], customer_id, utc_now())
        )
        customer.open(token)
        return customer

    def _said(self) -> str:
        parts = [self._output, *(self.config.logs / f"{name}.log" for name in MODULES)]
        return " / ".join(f"{path.name}: {last_lines(path, 3)}" for path in parts)


def copy_home(source: Path, target: Path) -> None:
    """What is trained and the shop, without the event log: as if the log had been removed."""
    target.mkdir(parents=True)
    for name in ("crm", "encoder", "index"):
        shutil.copytree(source / name, target / name)
    shutil.copytree(source / "models", target / "models", copy_function=os.link)
    for name in ("trained.json", "secrets.json", "demo_logins.json", "gazetteer.json"):
        shutil.copy2(source / name, target / name)
    for name in ("rapport.db", "knowledge.db"):
        original, copy = sqlite3.connect(source / name, timeout=60), sqlite3.connect(target / name)
        original.backup(copy)
        original.close()
        copy.close()


def eventually(holds: Callable[[], Any], what: str | Callable[[], str], within_s: float = PATIENCE_S) -> Any:
    """Wait until `holds()` is true and return it; fail the test otherwise, saying what was waited for."""
    until = time.monotonic() + within_s
    while True:
        value = holds()
        if value:
            return value
        assert time.monotonic() < until, f"waited in vain until {what() if callable(what) else what}"
        time.sleep(0.1)
