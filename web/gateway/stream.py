"""Server-sent events of one conversation: what the window has not seen yet, then what comes, live."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request

from web.database import Database
from web.gateway import store
from web.gateway.content import as_event
from web.gateway.hub import Hub

_PAGE = 200
# A missed wake-up must not leave a window stale for good.
_LOOK_AGAIN_S = 20.0


def position(request: Request) -> int:
    """The last id the window saw: Last-Event-ID of a reconnect, `after` of a first call, otherwise 0."""
    value = request.headers.get("last-event-id") or request.query_params.get("after") or "0"
    return int(value) if value.isascii() and value.isdigit() and len(value) < 16 else 0


async def events(database: Database, hub: Hub, conversation_id: str, after: int) -> AsyncIterator[ServerSentEvent]:
    """Events `message` (with the delivery's id) and `typing`, until the stream is closed."""
    # Ids of erased rows may be given again: a position ahead of the conversation means nothing.
    if after > await database.read(store.last_delivery, conversation_id):
        after = 0
    typing = False
    with hub.listen(conversation_id) as listener:
        yield ServerSentEvent(event="open", data="{}")
        while not listener.closed:
            rows = await database.read(store.read_after, conversation_id, after, _PAGE)
            for row in rows:
                yield ServerSentEvent(
                    id=str(row.delivery_id),
                    event="message",
                    data=json.dumps(as_event(row), ensure_ascii=False),
                )
                after = row.delivery_id
            if hub.typing(conversation_id) != typing:
                typing = not typing
                yield ServerSentEvent(event="typing", data=json.dumps({"on": typing}))
            if len(rows) < _PAGE:
                try:
                    await asyncio.wait_for(listener.wait(), _LOOK_AGAIN_S)
                except TimeoutError:
                    continue


def event_stream(
    database: Database, hub: Hub, conversation_id: str, after: int, heartbeat_s: float
) -> EventSourceResponse:
    return EventSourceResponse(
        events(database, hub, conversation_id, after),
        ping=max(1, int(heartbeat_s)),
        headers={"X-Accel-Buffering": "no", "Cache-Control": "no-store"},
    )
