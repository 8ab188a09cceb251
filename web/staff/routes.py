"""Queue and conversations of the service desk."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sse_starlette import EventSourceResponse

from crm_models import desk, escalations
from web.errors import Refused
from web.gateway.stream import event_stream, position
from web.pages import render
from web.security import check_form
from web.services import services_of
from web.staff import handover, login
from web.staff.access import DESK, require
from web.staff.corrections import correct_customer
from web.staff.handover import Handover
from web.staff.profile import read_desk

router = APIRouter(include_in_schema=False)
router.include_router(login.router)

_STATUS = {
    Handover.DONE: 200,
    Handover.EMPTY: 422,
    Handover.NOT_VALID: 422,
    Handover.GONE: 404,
    Handover.BOT_UNREACHABLE: 503,
}


@router.get("/staff")
async def home() -> Response:
    return RedirectResponse("/staff/queue", 303)


@router.get("/staff/queue")
async def queue(request: Request, part: bool = False) -> Response:
    """Who waits for a person; `part` is the table alone, which the page asks for again and again."""
    services = services_of(request)
    member = await require(request, DESK)
    items = await services.database.read(escalations.queue)
    values = {
        "member": member,
        "waiting": [item for item in items if item.status == "waiting"],
        "taken": [item for item in items if item.status == "taken"],
        "recent": await services.database.read(desk.recent_conversations),
        "now": services.now(),
    }
    return render(request, "staff/queue_part.html" if part else "staff/queue.html", values)


@router.get("/staff/conversations/{conversation_id}")
async def conversation(request: Request, conversation_id: str, problem: str = "", part: bool = False) -> Response:
    services = services_of(request)
    member = await require(request, DESK)
    found = await services.database.read(read_desk, conversation_id, services.now())
    if found is None:
        raise Refused(404, "not_found")
    known = {outcome.value for outcome in Handover}
    values = {
        "member": member,
        "desk": found,
        "mine": found.item is not None and found.item.staff_id == member.staff_id,
        "problem": problem if problem in known else "",
        "now": services.now(),
    }
    return render(request, "staff/panel.html" if part else "staff/conversation.html", values)


@router.get("/staff/conversations/{conversation_id}/stream")
async def stream(request: Request, conversation_id: str) -> EventSourceResponse:
    services = services_of(request)
    await require(request, DESK)
    return event_stream(
        services.database,
        services.hub,
        conversation_id,
        position(request),
        services.settings.heartbeat_s,
    )


@router.post("/staff/conversations/{conversation_id}/take")
async def take(request: Request, conversation_id: str) -> Response:
    services = services_of(request)
    member = await require(request, DESK)
    await check_form(request, services.keys.session_key)
    return _answer(request, conversation_id, await handover.take(services, conversation_id, member))


@router.post("/staff/conversations/{conversation_id}/messages")
async def write(request: Request, conversation_id: str) -> Response:
    services = services_of(request)
    member = await require(request, DESK)
    await check_form(request, services.keys.session_key)
    form = await request.form()
    client_id = str(form.get("client_id", ""))[:64] or secrets.token_hex(16)
    text = str(form.get("text", ""))
    outcome = await handover.write(services, conversation_id, member, client_id, text)
    return _answer(request, conversation_id, outcome)


@router.post("/staff/conversations/{conversation_id}/correct")
async def correct(request: Request, conversation_id: str) -> Response:
    """Write down a name, an e-mail address or a phone number of the customer."""
    services = services_of(request)
    member = await require(request, DESK)
    await check_form(request, services.keys.session_key)
    form = await request.form()
    field, value = (str(form.get(name, "")) for name in ("field", "value"))
    outcome = await services.database.write(
        correct_customer, conversation_id, member, field, value[:200], services.now()
    )
    return _answer(request, conversation_id, outcome)


@router.post("/staff/conversations/{conversation_id}/give-back")
async def give_back(request: Request, conversation_id: str) -> Response:
    services = services_of(request)
    member = await require(request, DESK)
    await check_form(request, services.keys.session_key)
    return _answer(request, conversation_id, await handover.give_back(services, conversation_id, member))


@router.post("/staff/conversations/{conversation_id}/close")
async def close(request: Request, conversation_id: str) -> Response:
    """The matter is settled: back to the bot, or out of the queue when nobody had taken it."""
    services = services_of(request)
    member = await require(request, DESK)
    await check_form(request, services.keys.session_key)
    withdrawn = await services.database.write(escalations.withdraw_request, conversation_id, services.now())
    if withdrawn:
        return _answer(request, conversation_id, Handover.DONE, "/staff/queue")
    outcome = await handover.give_back(services, conversation_id, member, "conversation_closed")
    return _answer(request, conversation_id, outcome, "/staff/queue")


def _answer(request: Request, conversation_id: str, outcome: Handover, then: str | None = None) -> Response:
    """JSON for the page's script, a way back for a plain form."""
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"outcome": outcome.value}, status_code=_STATUS.get(outcome, 409))
    page = f"/staff/conversations/{conversation_id}"
    if outcome is Handover.DONE:
        return RedirectResponse(then or page, 303)
    return RedirectResponse(f"{page}?{urlencode({'problem': outcome.value})}", 303)
