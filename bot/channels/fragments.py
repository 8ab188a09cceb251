"""A message that comes within seconds after one the bot could make nothing of is understood together with it.

People write a thought in pieces. Nobody waits for the next piece: each is answered at once, and a later one that says
little by itself is read with the one before it, where that makes it a request.
"""

from __future__ import annotations

from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.channels.said import is_part
from bot.nlu.decision import AMBIGUOUS, OUT_OF_SCOPE, UNSURE
from bot.nlu.language_identifier import FOREIGN
from bot.nlu.messages import is_payload
from bot.nlu.requests import WHOLE

# Replies to what was not understood or could only be asked about.
UNSETTLED = frozenset(
    {
        "utter_clarify_several", "utter_clarify_one", "utter_follow_up_unclear",
        "utter_answer_unknown", "utter_answer_unknown_near", "utter_answer_unsure",
    }
)  # fmt: skip
_DOUBTFUL = frozenset({AMBIGUOUS, UNSURE, OUT_OF_SCOPE, FOREIGN})
# A piece of something. A yes or a no is none: it answers what the bot asked.
_PIECES = frozenset({"inform", "choose"})


async def understand(agent: Agent, tracker: DialogueStateTracker, message: UserMessage, within_s: float) -> UserMessage:
    """The message, with what it means beside the piece before it, where there is one and it helps."""
    before = _piece_before(tracker, message, within_s)
    if before is None:
        return message
    alone = await agent.processor.parse_message(message, tracker)
    if _intent(alone) in _DOUBTFUL | _PIECES:
        text = f"{before.parse_data.get('text') or before.text}\n{message.text}"
        both = UserMessage(text, sender_id=message.sender_id, metadata={**(message.metadata or {}), WHOLE: True})
        together = await agent.processor.parse_message(both, tracker)
        if _intent(together) not in _DOUBTFUL | _PIECES | {"affirm", "deny"} and _may_mean(alone, _intent(together)):
            alone = together
            message.metadata = {**(message.metadata or {}), "understood_with": before.message_id}
    message.parse_data = alone
    return message


def _piece_before(tracker: DialogueStateTracker, message: UserMessage, within_s: float) -> UserUttered | None:
    """The customer's message before, if it is recent and nothing came of it. A task reads its answers itself."""
    is_one = WHOLE in (message.metadata or {}) or is_payload(message.text or "")
    if is_one or tracker.active_loop_name or tracker.is_paused():
        return None
    settled = True
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            settled = settled and event.metadata.get("utter_action") not in UNSETTLED
        elif isinstance(event, UserUttered):
            waited = _received(message.metadata) - _received(event.metadata)
            is_piece = not settled and not is_part(event) and not is_payload(event.text or "")
            return event if is_piece and waited < within_s else None
    return None


def _received(metadata: dict[str, Any] | None) -> float:
    return float((metadata or {}).get("received_at") or 0.0)


def _may_mean(alone: dict[str, Any], intent: str) -> bool:
    """What has two or three meanings by itself is settled among these: it says enough to be no piece of another."""
    return _intent(alone) != AMBIGUOUS or intent in {each["name"] for each in alone.get("intent_set") or ()}


def _intent(understood: dict[str, Any]) -> str:
    return str((understood.get("intent") or {}).get("name"))
