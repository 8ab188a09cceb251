"""The page behind the link of a message: whoever got the message stops it, without a log-in.

Opening it changes nothing, because programs that look into mails open every link; the button does. A mail program's
own "unsubscribe" (RFC 8058) posts to the same address, and is done at once.
"""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy.engine import Connection

from crm_models.customers import find_customer
from crm_models.errors import BadToken
from crm_models.proactive.kinds import NoticeKind
from crm_models.proactive.wishes import stop_notices
from crm_models.shop_policy import read_facts
from crm_models.tokens import read_stop_token
from web.errors import Refused
from web.notices.sender import STOP_PATH
from web.pages import render
from web.services import Services, services_of

router = APIRouter(include_in_schema=False)


@router.get(STOP_PATH + "/{token}")
async def ask(request: Request, token: str) -> Response:
    """Which messages shall stop?"""
    services = services_of(request)
    _, kind = _read(services, token)
    return await _page(request, kind, done="")


@router.post(STOP_PATH + "/{token}")
async def stop(request: Request, token: str) -> Response:
    """Stops the kind of the link, or all with `scope=all`. The token is the proof: no cookie, no form of ours."""
    services = services_of(request)
    customer_id, kind = _read(services, token)
    whole = (await request.form()).get("scope") == "all"
    kinds = tuple(NoticeKind) if whole else (kind,)
    await services.database.write(_stop, customer_id, kinds, services.now())
    return await _page(request, kind, done="all" if whole else "kind")


async def _page(request: Request, kind: NoticeKind, done: str) -> Response:
    services = services_of(request)
    facts = await services.database.read(read_facts)
    values = {"shop": facts, "kind": services.sender.words.kind_name(kind), "done": done}
    return render(request, "notices/stop.html", values)


def _read(services: Services, token: str) -> tuple[str, NoticeKind]:
    try:
        customer_id, kind = read_stop_token(services.keys.token_key, token)
        return customer_id, NoticeKind(kind)
    except (BadToken, ValueError):
        raise Refused(404, "messages_bad_link") from None


def _stop(connection: Connection, customer_id: str, kinds: tuple[NoticeKind, ...], now: datetime) -> None:
    # Of a customer who was erased nothing is kept, this neither; there is nobody left to write to.
    if find_customer(connection, customer_id=customer_id) is not None:
        stop_notices(connection, customer_id, kinds, "link", now)
