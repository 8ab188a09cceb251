"""Which of the messages that came while the bot was busy are one turn.

People write "hi", "my order", "HV-104233", "where is it" and mean one thing. They also write two requests in two
messages, and those stay two turns. So messages are taken together up to one that asks for something, with the pieces
and courtesies around it, and no further.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.trackers import DialogueStateTracker

from bot.channels.said import Said
from bot.nlu.decision import AMBIGUOUS, OUT_OF_SCOPE, UNSURE
from bot.nlu.matters import COURTESIES, tells_more
from bot.nlu.segments import word_count

logger = logging.getLogger(__name__)

_DOUBTFUL = frozenset({AMBIGUOUS, UNSURE, OUT_OF_SCOPE})
# They ask for nothing by themselves.
_PIECES = frozenset({"inform", "choose", "deny", *COURTESIES})
# A longer message that is not understood may be a question of its own, and is answered by itself.
MOST_WORDS_OF_A_PIECE = 3


async def taken_together(agent: Agent, tracker: DialogueStateTracker, said: Sequence[Said]) -> list[Said]:
    """The first of the messages, with those after it that belong to the same turn.

    In a task each message is a turn: it may answer a question. So it is while a person has the conversation.
    """
    if len(said) == 1 or tracker.active_loop_name or tracker.is_paused():
        return [said[0]]
    taken: list[Said] = []
    request: str | None = None
    for each in said:
        intent = await _intent(agent, tracker, each)
        is_short = intent in _DOUBTFUL and word_count(each.text) <= MOST_WORDS_OF_A_PIECE
        if request and not (intent in _PIECES or is_short or tells_more(request, intent)):
            break
        taken.append(each)
        if intent not in _PIECES | _DOUBTFUL:
            request = intent
    return taken


async def _intent(agent: Agent, tracker: DialogueStateTracker, said: Said) -> str:
    try:
        understood = await agent.processor.parse_message(UserMessage(said.text, sender_id=tracker.sender_id), tracker)
    except Exception:
        # The turn will fail on it as well, and says so to the customer.
        logger.exception("Message %s could not be understood.", said.message_id)
        return UNSURE
    return str((understood.get("intent") or {}).get("name"))
