"""A conversation changes hands between the bot and a person, and never has both.

Taking: the database says whose it is (one of two wins), then the bot is paused; only when it has confirmed
may the person write. Giving back: the bot is resumed, then the database lets go.
"""

from __future__ import annotations

import logging
import uuid
from enum import Enum

from sqlalchemy.engine import Connection

from crm_models import escalations
from crm_models.desk import get_conversation
from crm_models.escalations import QueueItem, ReleaseOutcome, TakeOutcome
from crm_models.staff import StaffMember
from web.errors import BotError
from web.gateway import store
from web.services import Services

logger = logging.getLogger(__name__)
SETTLE_S = 3.0


class Handover(Enum):
    """How an attempt ended; each has its sentence in the console's templates."""

    DONE = "done"
    TAKEN_BY_OTHER = "taken_by_other"
    NOT_YOURS = "not_yours"
    GONE = "gone"
    BOT_UNREACHABLE = "bot_unreachable"
    EMPTY = "empty"
    NOT_VALID = "not_valid"  # a correction that its field cannot hold


async def take(services: Services, conversation_id: str, member: StaffMember) -> Handover:
    """Makes the conversation this person's; also one that did not ask for a person."""
    item = await services.database.write(_find_or_open, conversation_id, services)
    if item is None:
        return Handover.GONE
    outcome = await services.database.write(escalations.take, item.escalation_id, member.staff_id, services.now())
    if outcome is TakeOutcome.TAKEN_BY_OTHER:
        return Handover.TAKEN_BY_OTHER
    if outcome is TakeOutcome.CLOSED:
        return Handover.GONE
    try:
        await services.bot.control(
            conversation_id,
            f"pause-{uuid.uuid4().hex}",
            "pause",
            staff_id=member.staff_id,
            staff_name=member.display_name,
        )
    except BotError as error:
        logger.warning("The bot could not be paused in %s: %s", conversation_id, error)
        if outcome is TakeOutcome.TAKEN:
            await services.database.write(escalations.undo_take, item.escalation_id, member.staff_id)
        return Handover.BOT_UNREACHABLE
    # What the bot said before it was paused is shown before the person joins, or not at all (store.finish).
    await services.postman.settled(conversation_id, SETTLE_S)
    source = store.joined_source(item.escalation_id, member.staff_id)
    await _announce(services, item, member, source, "staff_joined")
    return Handover.DONE


async def write(services: Services, conversation_id: str, member: StaffMember, client_id: str, text: str) -> Handover:
    """Shows the customer what the person wrote; the log follows, also when the bot is away just now."""
    text = text.replace("\x00", "").strip()[: services.settings.longest_message]
    if not text:
        return Handover.EMPTY
    outcome = await services.database.write(
        _write_as_owner, conversation_id, member, f"staff-{client_id}", text, services
    )
    if outcome is Handover.DONE:
        services.hub.notify(conversation_id)
        services.reply_log.wake()
    return outcome


async def give_back(
    services: Services, conversation_id: str, member: StaffMember, sentence: str = "staff_left"
) -> Handover:
    """The bot takes over again."""
    item = await services.database.read(_open_item, conversation_id)
    if item is None or item.status != "taken" or item.staff_id != member.staff_id:
        return Handover.NOT_YOURS
    try:
        await services.bot.control(
            conversation_id,
            f"resume-{uuid.uuid4().hex}",
            "resume",
            staff_id=member.staff_id,
            staff_name=member.display_name,
        )
    except BotError as error:
        logger.warning("The bot could not be resumed in %s: %s", conversation_id, error)
        return Handover.BOT_UNREACHABLE
    released = await services.database.write(escalations.give_back, item.escalation_id, member.staff_id, services.now())
    if released is not ReleaseOutcome.RELEASED:
        return Handover.NOT_YOURS
    await _announce(services, item, member, f"left-{item.escalation_id}-{member.staff_id}", sentence)
    return Handover.DONE


async def _announce(services: Services, item: QueueItem, member: StaffMember, source: str, sentence: str) -> None:
    await services.database.write(
        store.deliver,
        item.conversation_id,
        source,
        "system",
        {"text": services.sentences.say(sentence, name=member.display_name)},
        services.now(),
    )
    services.hub.notify(item.conversation_id)


def _open_item(connection: Connection, conversation_id: str) -> QueueItem | None:
    return next((item for item in escalations.queue(connection) if item.conversation_id == conversation_id), None)


def _find_or_open(connection: Connection, conversation_id: str, services: Services) -> QueueItem | None:
    found = _open_item(connection, conversation_id)
    if found is not None:
        return found
    line = get_conversation(connection, conversation_id)
    if line is None:
        return None
    _, escalation_id = escalations.request_person(
        connection, conversation_id, line.customer_id, "taken_by_staff", services.now()
    )
    return escalations.get_escalation(connection, escalation_id)


def _write_as_owner(
    connection: Connection,
    conversation_id: str,
    member: StaffMember,
    source: str,
    text: str,
    services: Services,
) -> Handover:
    # The row's lock first: whoever owns the conversation now still does when the row is there.
    store.touch(connection, conversation_id, services.now())
    if escalations.owner_of(connection, conversation_id) != member.staff_id:
        return Handover.NOT_YOURS
    content = {"text": text, "name": member.display_name, "staff_id": member.staff_id, "logged": False}
    store.deliver(connection, conversation_id, source, "staff", content, services.now())
    return Handover.DONE
