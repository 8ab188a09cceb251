"""The event log and the shop on PostgreSQL, where several processes write at once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SlotSet, UserUttered

from bot.tracker_store import SnapshotTrackerStore
from crm_models import projector
from crm_models.database import create_engine, migrate
from crm_models.projector import catch_up, project_once
from crm_models.tables import messages

pytestmark = pytest.mark.services

DOMAIN = Domain.from_yaml("intents: [greet]\nresponses: {utter_greet: [{text: Hello}]}")
WORKERS = 6
TURNS = 40


async def turn(store: SnapshotTrackerStore, conversation_id: str, number: int) -> None:
    """One exchange, as a worker of the bot records it."""
    tracker = await store.get_or_create_tracker(conversation_id, append_action_listen=False)
    events: list[Event] = [
        UserUttered(f"message {number}", message_id=f"m{number}"),
        *(SlotSet("topic", str(step)) for step in range(number % 7)),
        BotUttered(f"reply {number}"),
        ActionExecuted("action_listen"),
    ]
    tracker.update_with_events(events, DOMAIN)
    await store.save(tracker)


def expected(turns: int) -> list[str]:
    return [text for number in range(turns) for text in (f"message {number}", f"reply {number}")]


def in_threads(work: Callable[[int], None]) -> None:
    """`work(0)`, `work(1)`, ... begun at the same moment; raises what one of them raised."""
    start = threading.Barrier(WORKERS)

    def begin(number: int) -> None:
        start.wait()
        work(number)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(begin, range(WORKERS)))


def test_workers_that_start_at_once_share_one_log(empty_postgres_url: str) -> None:
    def begin(number: int) -> None:
        store = SnapshotTrackerStore(DOMAIN, url=empty_postgres_url)
        asyncio.run(turn(store, f"web-{number}", 0))
        store.engine.dispose()

    in_threads(begin)
    engine = sa.create_engine(empty_postgres_url)
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(DISTINCT sender_id) FROM events")).scalar_one() == WORKERS
    engine.dispose()


def test_what_many_workers_say_at_once_is_projected_once_and_in_order(
    empty_postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the second look, so that the order of the log alone has to hold."""
    monkeypatch.setattr(projector, "OVERLAP", 0)
    shop, log = create_engine(empty_postgres_url), create_engine(empty_postgres_url)
    migrate(shop)
    SnapshotTrackerStore(DOMAIN, url=empty_postgres_url).engine.dispose()
    done = threading.Event()

    def project() -> None:
        while not done.is_set():
            project_once(shop, log)

    def talk(number: int) -> None:
        store = SnapshotTrackerStore(DOMAIN, url=empty_postgres_url)
        # Some take longer between writing and being seen.
        sa.event.listen(store.engine, "commit", lambda _: time.sleep(0.002 * number))
        for each in range(TURNS):
            asyncio.run(turn(store, f"web-{number}", each))
        store.engine.dispose()

    reading = threading.Thread(target=project)
    reading.start()
    in_threads(talk)
    done.set()
    reading.join()
    catch_up(shop, log)
    query = sa.select(messages.c.conversation_id, messages.c.text).order_by(messages.c.message_id)
    with shop.connect() as connection:
        rows = connection.execute(query).all()
    for number in range(WORKERS):
        assert [row.text for row in rows if row.conversation_id == f"web-{number}"] == expected(TURNS)
    assert len(rows) == WORKERS * 2 * TURNS
    shop.dispose()
    log.dispose()


def test_of_two_projectors_on_one_log_none_writes_twice(empty_postgres_url: str) -> None:
    shop = create_engine(empty_postgres_url)
    migrate(shop)
    store = SnapshotTrackerStore(DOMAIN, url=empty_postgres_url)
    for number in range(TURNS):
        asyncio.run(turn(store, "web-1", number))

    def project(_: int) -> None:
        for _ in range(5):
            try:
                catch_up(shop, store.engine)
            except sa.exc.IntegrityError:  # another one was faster: `run` tries again
                continue

    in_threads(project)
    catch_up(shop, store.engine)
    with shop.connect() as connection:
        texts = connection.execute(sa.select(messages.c.text).order_by(messages.c.message_id)).scalars().all()
    assert texts == expected(TURNS)
    store.engine.dispose()
    shop.dispose()


def test_of_two_workers_on_one_conversation_one_is_refused(empty_postgres_url: str) -> None:
    one, other = (SnapshotTrackerStore(DOMAIN, url=empty_postgres_url) for _ in range(2))

    async def both() -> None:
        await turn(one, "web-1", 0)
        ours, theirs = [
            await store.get_or_create_tracker("web-1", append_action_listen=False) for store in (one, other)
        ]
        ours.update(UserUttered("ours"), DOMAIN)
        theirs.update(UserUttered("theirs"), DOMAIN)
        await one.save(ours)
        with pytest.raises(sa.exc.IntegrityError):
            await other.save(theirs)
        await turn(other, "web-1", 1)
        full = await one.retrieve_full_tracker("web-1")
        assert full is not None
        said = [event.text for event in full.events if isinstance(event, UserUttered)]
        assert said == ["message 0", "ours", "message 1"]

    asyncio.run(both())
    one.engine.dispose()
    other.engine.dispose()
