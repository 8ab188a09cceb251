"""The whole stack for tests: the processes of `rapport up` on free loopback ports, over a small demo shop."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.cli import lock
from bot.cli.bot_training import require_model
from bot.cli.config import Config
from bot.cli.keys import read_keys
from bot.cli.process import Process, last_lines, rotate
from bot.cli.stack import health_urls, programs, web_address
from crm_models.database import create_engine
from crm_models.identity import Trust, open_conversation
from crm_models.projector import CURSOR, catch_up
from tests.homes import FOREIGN_SHOP, config_of, point_index, prepare_demo, prepare_foreign, write_empty_index

START_TIMEOUT_S = 240.0
SIGNED_IN = timedelta(minutes=30)


@dataclass(frozen=True)
class Turn:
    """What the bot said to one message, or to several that belong together; `answered` are their ids."""

    replies: list[dict[str, Any]]
    paused: bool
    answered: list[str] = field(default_factory=list)


class Stack:
    """The running processes of one data folder, its databases, and what a test may do to them."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.keys = read_keys(config)
        self.engine = create_engine(config.crm.database_url)
        self.log = create_engine(config.bot.tracker)
        self.web_url = web_address(config)
        self._programs = {each.name: each for each in programs(config, self.keys, require_model(config))}
        self._processes: dict[str, Process] = {}
        self._pristine = sqlite3.connect(":memory:", isolation_level=None)
        self._bot = httpx.Client(
            base_url=health_urls(config)["bot"],
            headers={"X-Rapport-Key": self.keys["bot_key"]},
            timeout=120,
            trust_env=False,
        )

    # --- processes ---

    def start(self) -> None:
        """Start all and wait until each answers."""
        self._remember()
        for name in self._programs:
            self._launch(name)
        for name in self._programs:
            self._wait(name)

    def stop(self) -> None:
        """End all; none is left."""
        for process in self._processes.values():
            process.terminate()
        until = time.monotonic() + 8
        while time.monotonic() < until and not all(process.is_gone() for process in self._processes.values()):
            time.sleep(0.05)
        for process in self._processes.values():
            process.kill()
        self._bot.close()
        self.engine.dispose()
        self.log.dispose()

    def start_process(self, name: str) -> None:
        """Start one again and wait until it answers."""
        self._launch(name)
        self._wait(name)

    def kill_process(self, name: str) -> None:
        """End one at once, without a chance to tidy up."""
        self._processes[name].kill()

    # --- data ---

    def restore(self) -> None:
        """The shop as it was at the start, while the processes run.

        SQLite's backup writes it in one transaction, so whoever reads sees the old or the new state. What was said
        stays in the event log; the projector goes on after it.
        """
        with self.log.connect() as connection:
            last = connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM events").scalar_one()
        self._pristine.execute("DELETE FROM cursors WHERE name = ?", (CURSOR,))
        self._pristine.execute("INSERT INTO cursors (name, position) VALUES (?, ?)", (CURSOR, last))
        live = sqlite3.connect(self._database, timeout=30)
        try:
            self._pristine.backup(live)
        finally:
            live.close()

    def project(self) -> None:
        """Bring the `messages` table up to the event log, as the projector does by itself."""
        catch_up(self.engine, self.log)

    # --- talking ---

    def open_conversation(self, customer_id: str | None = None) -> str:
        """A new conversation, as the web process opens it: anonymous, or signed in by the merchant's site."""
        conversation_id = f"web-{uuid.uuid4().hex}"
        now = utc_now()
        with self.engine.begin() as connection:
            if customer_id is None:
                open_conversation(connection, conversation_id, "web", now)
            else:
                until = now + SIGNED_IN
                open_conversation(connection, conversation_id, "web", now, customer_id, Trust.VERIFIED, until)
        return conversation_id

    def say(
        self,
        conversation_id: str,
        text: str,
        message_id: str | None = None,
        further: Sequence[tuple[str, str]] = (),
    ) -> Turn:
        """One message to the bot, as the web process sends it; `further`: ids and texts of those that came with it."""
        body: dict[str, Any] = {
            "conversation_id": conversation_id,
            "message_id": message_id or uuid.uuid4().hex,
            "text": text,
            "channel": "web",
        }
        if further:
            body["further"] = [{"message_id": each, "text": said} for each, said in further]
        answer = self._post("webhook", body)
        return Turn(answer["replies"], answer["paused"], answer["answered"])

    def control(self, conversation_id: str, action: str, text: str | None = None) -> None:
        """What the service desk tells the bot: pause, resume, staff_message."""
        self._post(
            "control",
            {
                "conversation_id": conversation_id,
                "message_id": uuid.uuid4().hex,
                "action": action,
                "text": text,
                "staff_name": "Mia",
            },
        )

    # --- faults ---

    @contextmanager
    def without_actions(self) -> Iterator[None]:
        """The action server is dead."""
        self.kill_process("actions")
        try:
            yield
        finally:
            self.start_process("actions")

    @contextmanager
    def locked_database(self) -> Iterator[None]:
        """Somebody holds the shop's database for longer than anybody waits."""
        holder = sqlite3.connect(self._database, isolation_level=None, timeout=30)
        holder.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            holder.execute("ROLLBACK")
            holder.close()

    @contextmanager
    def empty_index(self) -> Iterator[None]:
        """The search index holds nothing."""
        former = point_index(self.config, write_empty_index(self.config))
        self._await_index(full=False)
        try:
            yield
        finally:
            point_index(self.config, former)
            self._await_index(full=True)

    # --- inside ---

    @property
    def _database(self) -> str:
        return str(self.engine.url.database)

    def _remember(self) -> None:
        """The state to go back to; in memory, where nobody else writes."""
        source = sqlite3.connect(self._database)
        try:
            source.backup(self._pristine)
        finally:
            source.close()

    def _launch(self, name: str) -> None:
        program = self._programs[name]
        self.config.logs.mkdir(parents=True, exist_ok=True)
        log = self.config.logs / f"{name}.log"
        if name not in self._processes:
            rotate(log)
        self._processes[name] = Process(program, log)

    def _wait(self, name: str) -> None:
        process = self._processes[name]
        until = time.monotonic() + START_TIMEOUT_S
        while not process.is_healthy():
            said = " | ".join(last_lines(process.log))
            assert process.exit_code() is None, f"{name} ended while it was started: {said} ({process.log})"
            assert time.monotonic() < until, f"{name} does not answer: {said} ({process.log})"
            time.sleep(0.1)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._bot.post(path, json=body)
        assert answer.status_code == 200, f"the bot answers {answer.status_code}: {answer.text}"
        result: dict[str, Any] = answer.json()
        return result

    def _await_index(self, full: bool) -> None:
        """The bot looks for another version with the next question, and takes it a moment later."""
        scratch = self.open_conversation()
        until = time.monotonic() + 20
        while time.monotonic() < until:
            turn = self.say(scratch, "What does the warranty cover?")
            if full == any(reply.get("sources") for reply in turn.replies):
                return
            time.sleep(0.2)
        raise AssertionError(f"the bot does not take the {'full' if full else 'empty'} index")


def utc_now() -> datetime:
    """Now, UTC without zone, as the tables hold it."""
    return datetime.now(UTC).replace(tzinfo=None)


@contextmanager
def running(config: Config) -> Iterator[Stack]:
    """The stack of a data folder that is prepared."""
    stack = Stack(config)
    try:
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture(scope="session")
def test_home(request: pytest.FixtureRequest) -> Iterator[Path]:
    """The data folder: RAPPORT_TEST_HOME, or one in pytest's cache. What is trained in it is used again."""
    from tests.conftest import TEST_HOME

    home = Path(TEST_HOME).resolve() if TEST_HOME else Path(request.config.cache.mkdir("rapport-home"))
    with lock.holding(home):
        yield home


@pytest.fixture(scope="session")
def trained(test_home: Path) -> Config:
    """The data folder with a small demo shop and its personas, everything trained; nothing runs on it yet."""
    config = config_of(test_home)
    prepare_demo(config)
    return config


@pytest.fixture(scope="session")
def stack(trained: Config) -> Iterator[Stack]:
    """All processes of `rapport up` over the small demo shop; one for all tests."""
    with running(trained) as found:
        yield found


@pytest.fixture(scope="session")
def foreign_stack(stack: Stack) -> Iterator[Stack]:
    """The same bot over a shop that somebody else wrote."""
    if not FOREIGN_SHOP.exists():
        pytest.skip(f"the imported shop's files are not there: {FOREIGN_SHOP}")
    config = config_of(stack.config.home / "foreign")
    prepare_foreign(config, stack.config)
    with running(config) as found:
        yield found
