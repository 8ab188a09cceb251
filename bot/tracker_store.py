"""A tracker store whose turn 500 costs what turn 5 costs, and whose event table is the log itself.

Rasa's SQL store replays every event of a conversation at each turn, and its SQL event broker commits each event
by itself, apart from the tracker: a kill in between loses or doubles events. Here one transaction per turn
appends the new events and a snapshot of the state (slots, loop, pause), so

* a tracker is rebuilt from the snapshot and the last few turns, however long the conversation is;
* the event table is an outbox: the projector (`crm_models.projector`) reads it in order of `id` and nothing
  exists that it could miss. An event broker, where one is configured, is told after the commit.

Tables: Rasa's own `events` (so Rasa's tools read it), and `snapshots`.
"""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import SQLTrackerStore, TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    ConversationPaused,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

# Events a working tracker holds: about five turns, and never less than the last one. Rules look back two or three.
WORKING_EVENTS = 40
# Conversations whose last events stay in memory.
KEPT_CONVERSATIONS = 2000
# Number of the lock that PostgreSQL keeps for us; any that nobody else uses in this database.
_LOG_LOCK = 7_265_001

_metadata = sa.MetaData()
_events: sa.Table = SQLTrackerStore.SQLEvent.__table__.to_metadata(_metadata)
_snapshots = sa.Table(
    "snapshots",
    _metadata,
    sa.Column("sender_id", sa.String(255), primary_key=True),
    sa.Column("length", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
)


def create_tracker_engine(url: str) -> sa.engine.Engine:
    """Engine for the tracker database; SQLite in WAL mode, so that the projector reads while the bot writes."""
    if not url.startswith("sqlite"):
        return sa.create_engine(url, future=True, pool_pre_ping=True)
    # SQLAlchemy 1.4 would open the file anew for each transaction.
    engine = sa.create_engine(url, future=True, poolclass=sa.pool.QueuePool, connect_args={"check_same_thread": False})

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA busy_timeout=5000")

    return engine


class SnapshotTrackerStore(TrackerStore):
    """Tracker store over `events` and `snapshots`; see the module for why."""

    def __init__(
        self,
        domain: Domain | None = None,
        event_broker: EventBroker | None = None,
        url: str = "sqlite:///tracker.db",
        **kwargs: Any,
    ) -> None:
        """`url` is an SQLAlchemy URL; the tables are made where they are missing."""
        # Rasa hands `url` on as `host` when it comes from endpoints.yml.
        self.engine = create_tracker_engine(kwargs.pop("host", None) or url)
        with self.engine.begin() as connection:
            _lock_log(connection)
            _metadata.create_all(connection)
        self._recent: OrderedDict[str, tuple[int, list[Event]]] = OrderedDict()
        super().__init__(domain, event_broker, **kwargs)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """The working tracker: the state so far, then the last turns."""
        with self.engine.connect() as connection:
            snapshot = connection.execute(
                sa.select(_snapshots.c.length, _snapshots.c.state).where(_snapshots.c.sender_id == sender_id)
            ).one_or_none()
            if snapshot is None:
                return None
            recent = self._recent_events(connection, sender_id, snapshot.length)
        tracker = self.init_tracker(sender_id)
        if snapshot.length > len(recent):
            tracker.update_with_events(_as_events(json.loads(snapshot.state)), self.domain, override_timestamp=False)
            recent = _drop_until_user(recent)
        tracker.update_with_events(recent, self.domain, override_timestamp=False)
        _mark_stored(tracker, snapshot.length)
        return tracker

    async def retrieve_full_tracker(self, conversation_id: str) -> DialogueStateTracker | None:
        """The tracker with every event since the conversation began."""
        with self.engine.connect() as connection:
            rows = (
                connection.execute(
                    sa.select(_events.c.data).where(_events.c.sender_id == conversation_id).order_by(_events.c.id)
                )
                .scalars()
                .all()
            )
        if not rows:
            return None
        tracker = DialogueStateTracker.from_dict(conversation_id, [json.loads(row) for row in rows], self.domain.slots)
        _mark_stored(tracker, len(rows))
        return tracker

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Append what the turn added, with the state after it, in one transaction."""
        stored, offset = getattr(tracker, "_stored", (0, 0))
        new = list(tracker.events)[offset:]
        if not new:
            return
        _annotate_replies(new)
        bodies = [event.as_dict() for event in new]
        for position, body in enumerate(bodies, start=stored):
            body["event_id"] = f"{tracker.sender_id}:{position}:{body['timestamp']:.6f}"
        with self.engine.begin() as connection:
            self._save_snapshot(connection, tracker, stored, len(new))
            _lock_log(connection)
            connection.execute(_events.insert(), [_row(tracker.sender_id, body) for body in bodies])
        _mark_stored(tracker, stored + len(new))
        self._keep(tracker, stored + len(new), len(new))
        if self.event_broker is not None:
            for body in bodies:
                self.event_broker.publish({"sender_id": tracker.sender_id, **body})

    async def keys(self) -> Iterable[str]:
        """The ids of all conversations."""
        with self.engine.connect() as connection:
            return connection.execute(sa.select(_snapshots.c.sender_id)).scalars().all()

    def _recent_events(self, connection: sa.engine.Connection, sender_id: str, length: int) -> list[Event]:
        """The last events; kept in memory from the turn before, unless another worker has written since."""
        known = self._recent.get(sender_id)
        if known is not None and known[0] == length:
            return known[1]
        newest = sa.select(_events.c.data).where(_events.c.sender_id == sender_id).order_by(_events.c.id.desc())
        limit = WORKING_EVENTS
        events = _read(connection, newest.limit(limit))
        while len(events) == limit and not any(_begins_turn(event) for event in events):
            limit *= 2
            events = _read(connection, newest.limit(limit))
        self._recent[sender_id] = (length, events)
        return events

    def _keep(self, tracker: DialogueStateTracker, length: int, added: int) -> None:
        """Keep the last events for the next turn."""
        before, events = self._recent.pop(tracker.sender_id, (0, []))
        if before != length - added:
            return
        self._recent[tracker.sender_id] = (length, _working([*events, *list(tracker.events)[-added:]]))
        if len(self._recent) > KEPT_CONVERSATIONS:
            self._recent.popitem(last=False)

    @staticmethod
    def _save_snapshot(
        connection: sa.engine.Connection, tracker: DialogueStateTracker, stored: int, added: int
    ) -> None:
        row = {"length": stored + added, "state": json.dumps(_state_of(tracker))}
        updated = connection.execute(
            _snapshots.update()
            # The length guards against a second worker that wrote in between.
            .where(_snapshots.c.sender_id == tracker.sender_id, _snapshots.c.length == stored)
            .values(**row)
        )
        if not updated.rowcount:
            connection.execute(_snapshots.insert().values(sender_id=tracker.sender_id, **row))


def _lock_log(connection: sa.engine.Connection) -> None:
    """Until the end of the transaction nobody else appends: so events become visible in the order of their `id`.

    The projector remembers how far it has read. On PostgreSQL an event could otherwise appear behind its back.
    SQLite has one writer at a time anyway.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOG_LOCK)))


def _read(connection: sa.engine.Connection, newest_first: sa.sql.Select) -> list[Event]:
    """The events of the query, oldest first."""
    rows = connection.execute(newest_first).scalars().all()
    return [Event.from_parameters(json.loads(row)) for row in reversed(rows)]


def _working(events: list[Event]) -> list[Event]:
    """The last WORKING_EVENTS; the last turn stays whole, however long it is."""
    start = max(0, len(events) - WORKING_EVENTS)
    last_message = next((n for n in reversed(range(len(events))) if _begins_turn(events[n])), start)
    return events[min(start, last_message) :]


def _begins_turn(event: Event) -> bool:
    """Whether the customer wrote it; a part of what was written is worked on in the turn of the message."""
    return isinstance(event, UserUttered) and "part_of" not in (event.metadata or {})


def _row(sender_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return {
        "sender_id": sender_id,
        "type_name": body["event"],
        "timestamp": body["timestamp"],
        "intent_name": (body.get("parse_data") or {}).get("intent", {}).get("name"),
        "action_name": body.get("name"),
        "data": json.dumps(body),
    }


def _mark_stored(tracker: DialogueStateTracker, stored: int) -> None:
    """Remember how many events the database has, and how many of the tracker's list those are."""
    tracker._stored = (stored, len(tracker.events))  # type: ignore[attr-defined]


def _state_of(tracker: DialogueStateTracker) -> dict[str, Any]:
    return {
        "slots": {key: slot.value for key, slot in tracker.slots.items() if slot.value is not None},
        "loop": tracker.active_loop_name,
        "paused": tracker.is_paused(),
    }


def _as_events(state: dict[str, Any]) -> list[Event]:
    """The state as events, to stand for the turns that are not replayed.

    It is the state after those that are replayed, too. They set again what they had set, so the end is right;
    only what a rule sees between two replayed turns may differ, and no rule looks back that far.
    """
    events: list[Event] = [ActionExecuted(ACTION_SESSION_START_NAME), SessionStarted()]
    events += [SlotSet(key, value) for key, value in state["slots"].items()]
    if state["loop"]:
        events.append(ActiveLoop(state["loop"]))
    if state["paused"]:
        events.append(ConversationPaused())
    events.append(ActionExecuted(ACTION_LISTEN_NAME))
    return events


def _drop_until_user(events: list[Event]) -> list[Event]:
    """Begin with a customer's message, so that no turn is cut in half."""
    rest = deque(events)
    while rest and not _begins_turn(rest[0]):
        rest.popleft()
    return list(rest) or events


def _annotate_replies(events: list[Event]) -> None:
    """Note in each reply which message it answers and how long the customer waited (ms)."""
    message: UserUttered | None = None
    for event in events:
        if isinstance(event, UserUttered):
            message = event
        elif isinstance(event, BotUttered) and message is not None:
            received = (message.metadata or {}).get("received_at")
            event.metadata.setdefault("in_reply_to", (message.metadata or {}).get("message_id") or message.message_id)
            if received:
                event.metadata.setdefault("latency_ms", round((event.timestamp - received) * 1000, 2))
