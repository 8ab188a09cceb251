"""Questions that follow another: "and for gold members?" says what is asked only together with what came before.

Only after an answer from the articles, and only for a message that leans on it by its first words or by being short:
people change the subject, and a question that stands by itself is best searched by itself.
"""

from __future__ import annotations

import re
from typing import Any

from rasa.shared.core.events import BotUttered, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.channels.said import is_part
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


def earlier_of(tracker: DialogueStateTracker, text: str, received_at: float) -> tuple[str, ...]:
    """What the message follows: the question before it and the article that answered, or nothing."""
    if tracker.is_paused() or not leans(text, in_task=tracker.active_loop_name is not None):
        return ()
    sources: list[dict[str, Any]] = []
    for event in reversed(tracker.events):
        if isinstance(event, BotUttered):
            sources = sources or list((event.metadata or {}).get("sources") or ())
        elif isinstance(event, UserUttered) and not is_part(event):
            asked_at = float((event.metadata or {}).get("received_at") or event.timestamp)
            if not sources or received_at - asked_at > RECENT_S or is_payload(event.text or ""):
                return ()
            return ((event.text or "")[:_LONGEST], *(str(source["title"]) for source in sources[:1]))
    return ()


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
