"""Questions that follow something: "and for gold members?" says what is asked only together with what came before.

Only after an answer from the articles, and only for a message that leans on it by its first words or by being short:
people change the subject, and a question that stands by itself is best searched by itself. "How do I clean it?" is
about the product that was talked of last, where one was.
"""

from __future__ import annotations

import re
from typing import Any

from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.channels.said import is_part
from bot.nlu.earlier import NOTHING, Earlier
from bot.nlu.messages import is_payload

# After so long nobody says "and".
RECENT_S = 15 * 60.0
_MOST_WORDS, _MOST_WORDS_LEANING = 5, 14
_LONGEST = 300
_LEANING = re.compile(
    r"(?:ok(?:ay)?|yes|so|thanks|hm+)?\W*(?:and|or|but|also|then|what about|how about|what if|even if|is that|is it|"
    r"does (?:it|that|this)|do (?:they|those)|are (?:they|those)|can (?:it|they)|what else|same for|only)\b",
    re.IGNORECASE,
)
_OF_A_THING = re.compile(r"\b(?:it|its|this|that|these|those|they|them)\b(?!')", re.IGNORECASE)
_QUESTION = re.compile(
    r"^\W*(?:(?:and|ok(?:ay)?|so|but|also|thanks|great)\W+)*"
    r"(?:how|what(?:'?s)?|which|why|where|when|can|could|is|are|do|does|did|will|should|may)\b",
    re.IGNORECASE,
)
# A product is "it" for so many messages of the customer.
_MESSAGES_OF_A_THING = 4


def earlier_of(tracker: DialogueStateTracker, text: str, received_at: float) -> Earlier:
    """What the message follows: the question before it and the article that answered, the product it is about, or
    nothing.
    """
    if tracker.is_paused():
        return NOTHING
    question = _question_before(tracker, text, received_at)
    if question:
        return Earlier(question)
    thing = _thing_before(tracker, text, received_at)
    return Earlier((thing,), is_thing=True) if thing else NOTHING


def _question_before(tracker: DialogueStateTracker, text: str, received_at: float) -> tuple[str, ...]:
    if not leans(text, in_task=tracker.active_loop_name is not None):
        return ()
    sources: list[dict[str, Any]] = []
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            sources = sources or list((event.metadata or {}).get("sources") or ())
        elif isinstance(event, UserUttered) and not is_part(event):
            if not sources or received_at - _asked_at(event) > RECENT_S or is_payload(event.text or ""):
                return ()
            return ((event.text or "")[:_LONGEST], *(str(source["title"]) for source in sources[:1]))
    return ()


def _thing_before(tracker: DialogueStateTracker, text: str, received_at: float) -> str | None:
    """Name of the product that the bot told of last, where a question may mean it."""
    if tracker.active_loop_name is not None or len(text.split()) > _MOST_WORDS_LEANING:
        return None
    if not _QUESTION.match(text) or not _OF_A_THING.search(text):
        return None
    thing, messages = "", 0
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            told = event.metadata or {}
            thing = thing or (str(told["name"]) if told.get("name") and told.get("category") else "")
        elif isinstance(event, UserUttered) and not is_part(event):
            messages += 1
            if received_at - _asked_at(event) > RECENT_S or messages > _MESSAGES_OF_A_THING:
                return None
            if thing:
                return thing
    return None


def _asked_at(event: UserUttered) -> float:
    return float((event.metadata or {}).get("received_at") or event.timestamp)


def leans(text: str, in_task: bool = False) -> bool:
    """Whether a message says so little by itself that it may go on from the one before.

    By its first words; by being short too, but in a task, where it is rather an answer to the bot's question.
    """
    words = len(text.split())
    if is_payload(text) or not words:
        return False
    if words <= _MOST_WORDS and not in_task:
        return True
    return words <= _MOST_WORDS_LEANING and _LEANING.match(text.strip()) is not None
