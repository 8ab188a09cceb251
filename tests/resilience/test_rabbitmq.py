"""Events told to RabbitMQ by Rasa's own broker: complete, and harmless when they are delivered twice."""

from __future__ import annotations

import asyncio
import json
import uuid
from pathlib import Path
from typing import Any

import aio_pika
import pytest
import sqlalchemy as sa
from rasa.core.brokers.pika import PikaEventBroker
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, UserUttered

from bot.tracker_store import SnapshotTrackerStore
from crm_models.database import create_engine, migrate
from crm_models.projector import catch_up, project
from crm_models.tables import messages
from tests.services import RABBITMQ_PORT

pytestmark = pytest.mark.services

DOMAIN = Domain.from_yaml("intents: [greet]\nresponses: {utter_greet: [{text: Hello}]}")
TURNS = 10
PATIENCE_S = 60.0


async def talk_and_listen(host: str, store: SnapshotTrackerStore) -> list[dict[str, Any]]:
    """Say something with the broker beside the log; what arrives in its queue, in order."""
    name = f"rapport-test-{uuid.uuid4().hex[:12]}"
    broker = PikaEventBroker(host, "guest", "guest", port=RABBITMQ_PORT, queues=[name], exchange_name=name)
    await broker.connect()
    store.event_broker = broker
    events = 0
    for number in range(TURNS):
        tracker = await store.get_or_create_tracker("web-1", append_action_listen=False)
        turn = [UserUttered(f"message {number}"), BotUttered(f"reply {number}"), ActionExecuted("action_listen")]
        tracker.update_with_events(turn, DOMAIN)
        await store.save(tracker)
        events += len(turn)
    connection = await aio_pika.connect(host=host, port=RABBITMQ_PORT, login="guest", password="guest")
    async with connection:
        channel = await connection.channel()
        queue = await channel.get_queue(name)
        bodies = []
        async with queue.iterator(timeout=PATIENCE_S) as arriving:
            async for message in arriving:
                await message.ack()
                bodies.append(json.loads(message.body))
                if len(bodies) == events:
                    break
        await channel.queue_delete(name)
        await channel.exchange_delete(name)
    await broker.close()
    return bodies


def test_what_the_broker_tells_is_written_once_whoever_delivers_it(rabbitmq_host: str, tmp_path: Path) -> None:
    store = SnapshotTrackerStore(DOMAIN, url=f"sqlite:///{tmp_path / 'tracker.db'}")
    shop = create_engine(f"sqlite:///{tmp_path / 'rapport.db'}")
    migrate(shop)
    bodies = asyncio.run(talk_and_listen(rabbitmq_host, store))
    identifiers = [body["event_id"] for body in bodies]
    assert len(set(identifiers)) == len(identifiers) == 3 * TURNS
    for delivered in (bodies[:7], bodies, [*bodies[5:], *bodies]):
        with shop.begin() as connection:
            project(connection, delivered)
    # The log itself holds the same events under the same ids.
    assert catch_up(shop, store.engine) == 0
    with shop.connect() as connection:
        texts = connection.execute(sa.select(messages.c.text).order_by(messages.c.message_id)).scalars().all()
    assert texts == [text for number in range(TURNS) for text in (f"message {number}", f"reply {number}")]
    store.engine.dispose()
    shop.dispose()
