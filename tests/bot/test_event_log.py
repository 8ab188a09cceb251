"""From the bot's event log to the shop's `messages` table: nothing lost, nothing twice, whoever is killed when."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SlotSet, UserUttered
from sqlalchemy.engine import Engine

from bot.settings import PROJECT
from bot.tracker_store import SnapshotTrackerStore
from crm_models.database import create_engine, migrate
from crm_models.identity import open_conversation
from crm_models.projector import catch_up, project, project_once
from crm_models.tables import conversations, messages

DOMAIN = Domain.from_yaml("intents: [greet]\nresponses: {utter_greet: [{text: Hello}]}")
NOW = datetime(2026, 3, 2, 12, 0)


@dataclass
class Installation:
    """A shop's database and a bot's event log, as they lie in one data folder."""

    shop: Engine
    log: Engine
    store: SnapshotTrackerStore

    def talk(self, conversation_id: str, first: int, turns: int) -> None:
        for number in range(first, first + turns):
            asyncio.run(self._turn(conversation_id, number))

    async def _turn(self, conversation_id: str, number: int) -> None:
        tracker = await self.store.get_or_create_tracker(conversation_id, append_action_listen=False)
        parse = {
            "intent": {"name": "greet", "confidence": 0.9},
            "intent_set": [{"name": "greet", "confidence": 0.9}],
            "sentiment": {"score": 0.25},
        }
        events: list[Event] = [
            UserUttered(f"message {number}", parse_data=parse, input_channel="web", message_id=f"m{number}"),
            SlotSet("topic", "x"),
            ActionExecuted("utter_greet"),
            BotUttered(f"reply {number}", metadata={"utter_action": "utter_greet", "passages": ["a#1"]}),
        ]
        for event in events:
            tracker.update(event, DOMAIN)
        await self.store.save(tracker)

    def project(self) -> int:
        """Until nothing is new; returns the messages written."""
        return catch_up(self.shop, self.log)

    def messages(self) -> list[sa.engine.Row]:
        with self.shop.connect() as connection:
            return connection.execute(sa.select(messages).order_by(messages.c.message_id)).all()


def expected(turns: int) -> list[str]:
    return [text for number in range(turns) for text in (f"message {number}", f"reply {number}")]


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    log = f"sqlite:///{tmp_path / 'tracker.db'}"
    shop = create_engine(f"sqlite:///{tmp_path / 'rapport.db'}")
    migrate(shop)
    found = Installation(shop, create_engine(log), SnapshotTrackerStore(DOMAIN, url=log))
    yield found
    found.shop.dispose()
    found.log.dispose()
    found.store.engine.dispose()


def test_a_log_that_is_not_there_yet_is_no_mistake(tmp_path: Path) -> None:
    shop = create_engine(f"sqlite:///{tmp_path / 'rapport.db'}")
    migrate(shop)
    assert project_once(shop, create_engine(f"sqlite:///{tmp_path / 'none.db'}")).written == 0


def test_messages_carry_what_was_understood_and_cited(installation: Installation) -> None:
    with installation.shop.begin() as connection:
        open_conversation(connection, "web-1", "web", NOW)
    installation.talk("web-1", 0, 1)
    assert installation.project() == 2
    asked, answered = installation.messages()
    assert (asked.author, asked.intent, asked.sentiment, asked.channel) == ("customer", "greet", 0.25, "web")
    assert asked.intent_set == [{"name": "greet", "confidence": 0.9}]
    assert (answered.author, answered.response, answered.passages) == ("bot", "utter_greet", ["a#1"])
    with installation.shop.connect() as connection:
        assert connection.execute(sa.select(conversations.c.last_message_at)).scalar_one() == answered.created_at


def test_messages_answered_together_are_a_row_each_and_a_part_served_later_is_none(installation: Installation) -> None:
    parse = {"intent": {"name": "greet", "confidence": 0.9}, "sentiment": {"score": 0.25}}
    said = [{"message_id": "m1", "text": "hi"}, {"message_id": "m2", "text": "there"}]
    events = [
        UserUttered("hi\nthere", parse_data=parse, message_id="m2", metadata={"said": said}),
        BotUttered("Hello"),
        UserUttered("there", parse_data=parse, message_id="m2#2", metadata={"part_of": "m2"}),
        BotUttered("Where?"),
    ]
    bodies = [
        {"sender_id": "web-1", "event_id": f"web-1:{number}", **event.as_dict()} for number, event in enumerate(events)
    ]
    with installation.shop.begin() as connection:
        assert project(connection, bodies) == 4
        assert project(connection, bodies) == 0
    rows = [(row.author, row.text, row.intent, row.sentiment) for row in installation.messages()]
    assert rows == [
        ("customer", "hi", None, None),
        ("customer", "there", "greet", 0.25),
        ("bot", "Hello", None, None),
        ("bot", "Where?", None, None),
    ]


def test_projecting_twice_writes_once(installation: Installation) -> None:
    installation.talk("web-1", 0, 5)
    assert installation.project() == 10
    assert installation.project() == 0
    assert [row.text for row in installation.messages()] == expected(5)


def test_a_cursor_that_was_lost_doubles_nothing(installation: Installation) -> None:
    installation.talk("web-1", 0, 5)
    installation.project()
    with installation.shop.begin() as connection:
        connection.exec_driver_sql("DELETE FROM cursors")
    installation.talk("web-1", 5, 5)
    installation.project()
    assert [row.text for row in installation.messages()] == expected(10)


@pytest.mark.parametrize("turns_of_the_new_log", [0, 3, 30])
def test_a_log_that_was_begun_anew_is_read_from_its_start(
    installation: Installation, tmp_path: Path, turns_of_the_new_log: int
) -> None:
    installation.talk("web-1", 0, 40)
    installation.project()
    for file in tmp_path.glob("tracker.db*"):
        file.unlink()
    new = Installation(
        installation.shop,
        create_engine(f"sqlite:///{tmp_path / 'tracker.db'}"),
        SnapshotTrackerStore(DOMAIN, url=f"sqlite:///{tmp_path / 'tracker.db'}"),
    )
    new.talk("web-2", 0, turns_of_the_new_log)
    assert new.project() == 2 * turns_of_the_new_log
    new.talk("web-2", turns_of_the_new_log, 5)
    assert new.project() == 10
    said = [row.text for row in installation.messages() if row.conversation_id == "web-2"]
    assert said == expected(turns_of_the_new_log + 5)
    assert len(installation.messages()) == 80 + len(said)


def test_a_log_that_is_away_and_comes_back_doubles_nothing(installation: Installation, tmp_path: Path) -> None:
    """As when the address was wrong for a while."""
    installation.talk("web-1", 0, 300)
    installation.project()
    assert catch_up(installation.shop, create_engine(f"sqlite:///{tmp_path / 'other.db'}")) == 0
    installation.talk("web-1", 300, 5)
    assert installation.project() == 10
    assert [row.text for row in installation.messages()] == expected(305)


def test_an_event_that_arrives_twice_at_once_is_written_once(installation: Installation) -> None:
    event = {"sender_id": "web-1", "event_id": "web-1:0:1.0", "event": "user", "text": "Hello", "timestamp": 1.0}
    for _ in range(2):
        with installation.shop.begin() as connection:
            project(connection, [event, dict(event)])
    assert [row.text for row in installation.messages()] == ["Hello"]


def test_messages_and_cursor_are_written_together(installation: Installation) -> None:
    installation.talk("web-1", 0, 3)
    with installation.shop.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON cursors BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        )
    with pytest.raises(sa.exc.IntegrityError):
        project_once(installation.shop, installation.log)
    assert installation.messages() == []
    with installation.shop.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER full")
    installation.project()
    assert [row.text for row in installation.messages()] == expected(3)


def test_more_than_one_batch_is_read(installation: Installation) -> None:
    installation.talk("web-1", 0, 320)
    assert installation.project() == 640
    assert [row.text for row in installation.messages()] == expected(320)


def test_two_projectors_at_once_double_nothing(installation: Installation) -> None:
    installation.talk("web-1", 0, 60)
    both = [_projector(installation) for _ in range(2)]
    installation.talk("web-1", 60, 60)
    _until(installation, 240)
    for process in both:
        process.kill()
        process.wait()
    installation.project()
    assert [row.text for row in installation.messages()] == expected(120)


def test_a_projector_that_is_killed_loses_nothing_and_doubles_nothing(installation: Installation) -> None:
    written = 0
    for run in range(3):
        process = _projector(installation)
        installation.talk("web-1", 40 * run, 40)
        # Somewhere in the middle of this run's messages.
        _until(installation, written + 10)
        process.send_signal(signal.SIGKILL)
        process.wait()
        written = len(installation.messages())
    installation.project()
    assert [row.text for row in installation.messages()] == expected(120)


def _projector(installation: Installation) -> subprocess.Popen[bytes]:
    """The projector as a process of its own."""
    program = (
        "import sys\n"
        "from crm_models.database import create_engine\n"
        "from crm_models.projector import run\n"
        "run(create_engine(sys.argv[1]), create_engine(sys.argv[2]), lambda: False, pause_seconds=0.01)\n"
    )
    urls = (str(installation.shop.url), str(installation.log.url))
    return subprocess.Popen([sys.executable, "-c", program, *urls], cwd=PROJECT)


def _until(installation: Installation, count: int) -> None:
    until = time.monotonic() + 60
    while len(installation.messages()) < count:
        assert time.monotonic() < until, f"{len(installation.messages())} messages, not {count}"
        time.sleep(0.01)
