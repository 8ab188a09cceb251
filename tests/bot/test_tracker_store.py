"""The tracker store on SQLite: long conversations stay whole and cheap, a save is all or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    ConversationResumed,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from bot.tracker_store import WORKING_EVENTS, SnapshotTrackerStore

DOMAIN = Domain.from_yaml(
    """
    intents: [greet, cancel_order]
    slots:
      order_id: {type: text, influence_conversation: false, mappings: [{type: custom}]}
      address: {type: any, mappings: [{type: custom}]}
      choices: {type: list, influence_conversation: false, mappings: [{type: custom}]}
      misses: {type: float, min_value: 0, max_value: 10, influence_conversation: false, mappings: [{type: custom}]}
      requested_slot: {type: text, influence_conversation: false, mappings: [{type: custom}]}
    forms: {cancel_form: {required_slots: [order_id]}}
    responses: {utter_greet: [{text: Hello}]}
    actions: [action_greet]
    """
)
WHO = "web-1"
MakeStore = Callable[[], SnapshotTrackerStore]


@pytest.fixture
def make_store(tmp_path: Path) -> MakeStore:
    """Stores over one file, as two runs of the bot have them."""
    return lambda: SnapshotTrackerStore(DOMAIN, url=f"sqlite:///{tmp_path / 'tracker.db'}")


@pytest.fixture
def store(make_store: MakeStore) -> SnapshotTrackerStore:
    return make_store()


def turn(number: int) -> list[Event]:
    """One exchange, as Rasa records it."""
    return [
        UserUttered(f"message {number}", {"name": "greet", "confidence": 1.0}, message_id=f"m{number}"),
        ActionExecuted("action_greet"),
        BotUttered(f"reply {number}", metadata={"utter_action": "utter_greet"}),
        ActionExecuted("action_listen"),
    ]


async def append(store: SnapshotTrackerStore, events: list[Event], who: str = WHO) -> DialogueStateTracker:
    """Retrieve, add, save: one turn of the bot."""
    tracker = await store.get_or_create_tracker(who, append_action_listen=False)
    for event in events:
        tracker.update(event, DOMAIN)
    await store.save(tracker)
    return tracker


def talk(store: SnapshotTrackerStore, turns: int, first: int = 0, who: str = WHO) -> None:
    async def all_of_them() -> None:
        for number in range(first, first + turns):
            await append(store, turn(number), who)

    asyncio.run(all_of_them())


def load(store: SnapshotTrackerStore, who: str = WHO) -> DialogueStateTracker:
    tracker = asyncio.run(store.retrieve(who))
    assert tracker is not None
    return tracker


def rows(store: SnapshotTrackerStore) -> list[sa.engine.Row]:
    with store.engine.connect() as connection:
        return connection.execute(sa.text("SELECT id, sender_id, type_name, data FROM events ORDER BY id")).all()


def test_unknown_conversation_is_none(store: SnapshotTrackerStore) -> None:
    assert asyncio.run(store.retrieve("web-nobody")) is None
    assert asyncio.run(store.retrieve_full_tracker("web-nobody")) is None


def test_short_conversation_comes_back_event_by_event(make_store: MakeStore) -> None:
    asyncio.run(append(make_store(), [ActionExecuted("action_session_start"), SessionStarted(), *turn(1)]))
    tracker = load(make_store())
    assert [type(event).__name__ for event in tracker.events] == [
        "ActionExecuted", "SessionStarted", "UserUttered", "ActionExecuted", "BotUttered", "ActionExecuted",
    ]  # fmt: skip
    assert tracker.latest_message is not None and tracker.latest_message.text == "message 1"


def test_slots_outlive_the_working_events(make_store: MakeStore) -> None:
    store = make_store()
    address = {"address1": "12 Rose Street", "city": "Köln", "postcode": "50823"}
    slots = {"order_id": "HV-104233", "address": address, "choices": ["HV-1", "HV-2"], "misses": 1.0}
    asyncio.run(append(store, [SlotSet(name, value) for name, value in slots.items()]))
    talk(store, WORKING_EVENTS)
    tracker = load(make_store())
    assert {name: tracker.get_slot(name) for name in slots} == slots


def test_a_slot_that_was_emptied_stays_empty(store: SnapshotTrackerStore) -> None:
    asyncio.run(append(store, [SlotSet("order_id", "HV-1")]))
    talk(store, WORKING_EVENTS)
    asyncio.run(append(store, [SlotSet("order_id", None)]))
    assert load(store).get_slot("order_id") is None
    talk(store, WORKING_EVENTS, first=100)
    assert load(store).get_slot("order_id") is None


def test_a_form_in_progress_outlives_the_working_events(store: SnapshotTrackerStore) -> None:
    asyncio.run(append(store, [*turn(0), ActiveLoop("cancel_form"), SlotSet("requested_slot", "order_id")]))
    talk(store, WORKING_EVENTS, first=1)
    tracker = load(store)
    assert tracker.active_loop_name == "cancel_form"
    assert tracker.get_slot("requested_slot") == "order_id"


def test_a_form_that_ended_stays_ended(store: SnapshotTrackerStore) -> None:
    asyncio.run(append(store, [*turn(0), ActiveLoop("cancel_form")]))
    talk(store, WORKING_EVENTS, first=1)
    asyncio.run(append(store, [*turn(200), ActiveLoop(None)]))
    assert load(store).active_loop_name is None
    talk(store, WORKING_EVENTS, first=300)
    assert load(store).active_loop_name is None


def test_a_pause_outlives_the_working_events_and_a_resume_ends_it(store: SnapshotTrackerStore) -> None:
    asyncio.run(append(store, [*turn(0), ConversationPaused()]))
    said = [UserUttered(f"still here {number}") for number in range(2 * WORKING_EVENTS)]
    asyncio.run(append(store, said))
    assert load(store).is_paused()
    asyncio.run(append(store, [ConversationResumed()]))
    assert not load(store).is_paused()
    talk(store, WORKING_EVENTS, first=1)
    assert not load(store).is_paused()


@pytest.mark.parametrize("turns", [20, 60, 300])
def test_work_for_a_turn_does_not_grow_with_the_conversation(store: SnapshotTrackerStore, turns: int) -> None:
    talk(store, turns)
    tracker = load(store)
    assert len(tracker.events) <= WORKING_EVENTS + len(DOMAIN.slots) + 5
    assert tracker.latest_message is not None and tracker.latest_message.text == f"message {turns - 1}"
    assert isinstance(next(e for e in tracker.events if isinstance(e, UserUttered | BotUttered)), UserUttered)


def test_nothing_is_stored_twice_and_nothing_is_missing(make_store: MakeStore) -> None:
    for run in range(4):  # each with a store of its own, as after a restart
        talk(make_store(), 30, first=30 * run)
    store = make_store()
    found = [row for row in rows(store) if row.type_name == "user"]
    assert len(found) == 120
    full = asyncio.run(store.retrieve_full_tracker(WHO))
    assert full is not None
    assert [e.text for e in full.events if isinstance(e, UserUttered)] == [f"message {n}" for n in range(120)]


def test_event_ids_are_unique(store: SnapshotTrackerStore) -> None:
    import json

    talk(store, 80)
    talk(store, 80, who="web-2")
    identifiers = [json.loads(row.data)["event_id"] for row in rows(store)]
    assert len(set(identifiers)) == len(identifiers) == 2 * 80 * 4


def test_a_save_is_one_transaction(store: SnapshotTrackerStore) -> None:
    talk(store, 3)
    before = [tuple(row) for row in rows(store)]
    with store.engine.begin() as connection:
        connection.execute(
            sa.text("CREATE TRIGGER full BEFORE UPDATE ON snapshots BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
        )
    with pytest.raises(sa.exc.IntegrityError):
        asyncio.run(append(store, [*turn(3), SlotSet("order_id", "HV-1")]))
    assert [tuple(row) for row in rows(store)] == before
    assert load(store).get_slot("order_id") is None


def test_of_two_that_write_the_same_turn_one_is_refused(make_store: MakeStore) -> None:
    talk(make_store(), 2)
    one, other = make_store(), make_store()
    ours, theirs = load(one), load(other)
    for tracker, number in ((ours, 10), (theirs, 20)):
        for event in turn(number):
            tracker.update(event, DOMAIN)
    asyncio.run(one.save(ours))
    with pytest.raises(sa.exc.IntegrityError):
        asyncio.run(other.save(theirs))
    texts = [event.text for event in load(one).events if isinstance(event, UserUttered)]
    assert texts == ["message 0", "message 1", "message 10"]


def test_replies_know_their_message_and_their_latency(store: SnapshotTrackerStore) -> None:
    message = UserUttered("hello", message_id="m7", metadata={"received_at": 1000.0}, timestamp=1000.02)
    asyncio.run(append(store, [message, BotUttered("Hello", timestamp=1000.05)]))
    reply = next(event for event in load(store).events if isinstance(event, BotUttered))
    assert reply.metadata["in_reply_to"] == "m7"
    assert reply.metadata["latency_ms"] == pytest.approx(50, abs=0.1)


def test_conversations_are_listed_and_kept_apart(store: SnapshotTrackerStore) -> None:
    asyncio.run(append(store, [SlotSet("order_id", "HV-1")], who="web-a"))
    asyncio.run(append(store, [SlotSet("order_id", "HV-2")], who="web-b"))
    assert sorted(asyncio.run(store.keys())) == ["web-a", "web-b"]
    assert load(store, "web-a").get_slot("order_id") == "HV-1"


def test_a_turn_longer_than_the_working_events_stays_whole(make_store: MakeStore) -> None:
    """Otherwise the message at its beginning would be taken for one that never came."""
    store = make_store()
    talk(store, 3)
    steps = [ActionExecuted("action_greet") for _ in range(2 * WORKING_EVENTS)]
    asyncio.run(append(store, [UserUttered("long", message_id="m-long"), *steps, BotUttered("done")]))
    for found in (load(store), load(make_store())):
        assert [event.text for event in found.events if isinstance(event, UserUttered)][-1] == "long"
        assert [event.text for event in found.events if isinstance(event, BotUttered)][-1] == "done"


def test_a_turn_with_parts_is_kept_whole_however_long_it_is(make_store: MakeStore) -> None:
    async def scene() -> None:
        store = make_store()
        tracker = await store.get_or_create_tracker(WHO, append_action_listen=False)
        for metadata in ({}, {"part_of": "m0"}, {"part_of": "m0"}):
            tracker.update(UserUttered("two requests", message_id="m0", metadata=metadata), DOMAIN)
            for _ in range(WORKING_EVENTS):
                tracker.update(SlotSet("order_id", "HV-1"), DOMAIN)
            await store.save(tracker)
            tracker = await store.retrieve(WHO)
        for found in (await store.retrieve(WHO), await make_store().retrieve(WHO)):
            assert sum(isinstance(event, UserUttered) for event in found.events) == 3

    asyncio.run(scene())
