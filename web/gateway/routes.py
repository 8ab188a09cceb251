"""The addresses the chat window calls."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from sse_starlette import EventSourceResponse

from crm_models.accepted_answers import mark_opened
from web.errors import ConversationGone, Refused
from web.gateway import store
from web.gateway.content import as_event
from web.gateway.opening import open_for
from web.gateway.passes import Pass
from web.gateway.stream import event_stream, position
from web.services import Services, address_of, services_of

router = APIRouter(prefix="/chat", include_in_schema=False)

# The bot reads a leading slash as a command; what a visitor types is never one.
_COMMAND_START = re.compile(r"^[\s/\u200b-\u200f\u2060\ufeff]+")
_ClientId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
_Authorization = Annotated[str | None, Header()]


class OpenRequest(BaseModel):
    """`token` is the shop's signed word for who this is; `secret` is the pass of an earlier conversation."""

    token: str | None = Field(None, max_length=4000)
    secret: str | None = Field(None, max_length=1000)


class MessageRequest(BaseModel):
    """Either what was typed or the payload of a button that was offered."""

    client_id: _ClientId
    text: str | None = Field(None, max_length=200_000)
    payload: str | None = Field(None, max_length=2000)


@router.get("/labels")
async def labels(request: Request) -> Response:
    """Texts of the chat window."""
    return JSONResponse(services_of(request).sentences.labels(), headers={"Cache-Control": "public, max-age=300"})


class OpenedRequest(BaseModel):
    """A source of an answer that was followed: the row it stands in, and its address."""

    delivery: int = Field(ge=1)
    url: str = Field(max_length=2000)


@router.post("/open")
async def open_chat(request: Request, body: OpenRequest) -> Response:
    services = services_of(request)
    if not services.limits.opening.allow(address_of(request)):
        raise Refused(429, "too_fast")
    opened = await services.database.write(
        open_for,
        services.passes.read(body.secret),
        body.token,
        services.keys.token_key,
        timedelta(minutes=services.settings.trust_minutes),
        services.now(),
    )
    return JSONResponse(
        {
            "secret": services.passes.issue(opened.granted),
            "conversation": opened.granted.conversation_id,
            "fresh": opened.fresh,
            "signed_in": bool(opened.granted.signed_in),
            "token_rejected": opened.token_rejected,
            "last": opened.last_delivery,
        },
        headers={"Cache-Control": "no-store"},
    )


@router.post("/messages")
async def take_message(request: Request, body: MessageRequest, authorization: _Authorization = None) -> Response:
    """202 once the message is stored; sending it again with its client_id changes nothing."""
    services = services_of(request)
    granted = _granted(services, authorization)
    text, shown = await _readable(services, granted.conversation_id, body)
    allowed = services.limits.conversation.allow(granted.conversation_id)
    if not allowed or not services.limits.address.allow(address_of(request)):
        raise Refused(429, "too_fast")
    try:
        accepted = await services.database.write(
            store.accept,
            granted.conversation_id,
            body.client_id,
            text=text,
            shown=shown,
            now=services.now(),
        )
    except ConversationGone:
        raise Refused(401, "conversation_gone") from None
    services.hub.notify(granted.conversation_id)
    services.postman.wake(granted.conversation_id)
    return JSONResponse({"accepted": accepted}, status_code=202)


@router.post("/opened")
async def note_opened(request: Request, body: OpenedRequest, authorization: _Authorization = None) -> Response:
    """The customer reads on in an article: a sign that the answer led to the right one. What was not offered is not
    noted.
    """
    services = services_of(request)
    granted = _granted(services, authorization)
    if not services.limits.address.allow(address_of(request)):
        raise Refused(429, "too_fast")
    if await services.database.read(store.offers_link, granted.conversation_id, body.delivery, body.url):
        article = services.articles.article_at(body.url)
        if article is not None:
            await services.database.write(mark_opened, granted.conversation_id, article, services.now())
    return Response(status_code=204)


@router.get("/messages")
async def read_messages(request: Request, authorization: _Authorization = None) -> Response:
    """The same rows as the stream, for networks that let no stream through."""
    services = services_of(request)
    granted = _granted(services, authorization)
    rows = await services.database.read(store.read_after, granted.conversation_id, position(request))
    return JSONResponse(
        {
            "messages": [as_event(row) for row in rows],
            "typing": services.hub.typing(granted.conversation_id),
        },
        headers={"Cache-Control": "no-store"},
    )


@router.get("/stream")
async def stream(request: Request, authorization: _Authorization = None) -> EventSourceResponse:
    services = services_of(request)
    granted = _granted(services, authorization)
    return event_stream(
        services.database,
        services.hub,
        granted.conversation_id,
        position(request),
        services.settings.heartbeat_s,
    )


def _granted(services: Services, authorization: str | None) -> Pass:
    scheme, _, value = (authorization or "").partition(" ")
    granted = services.passes.read(value.strip()) if scheme.lower() == "bearer" else None
    if granted is None:
        raise Refused(401, "conversation_gone")
    return granted


async def _readable(services: Services, conversation_id: str, body: MessageRequest) -> tuple[str, str]:
    """What the bot reads and what the window shows; Refused when there is nothing to read."""
    if body.payload is not None:
        title = await services.database.read(store.offered_title, conversation_id, body.payload)
        if title is None:
            raise Refused(422, "not_offered")
        return body.payload, title
    typed = (body.text or "").replace("\x00", "").strip()
    if len(typed) > services.settings.longest_message:
        raise Refused(422, "too_long")
    plain = _COMMAND_START.sub("", typed)
    if not plain:
        raise Refused(422, "empty")
    return plain, typed
