"""Signs in the course of a conversation that a customer's patience ends, beside those in the latest message.

The message's own frustration comes from the bot (`sentiment.frustration`); here it meets what only the conversation
shows: the customer says the same again, the bot asked the same again, one unhappy message follows another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Events = Sequence[Mapping[str, Any]]

# How likely each sign alone makes it that the person is frustrated.
SAID_AGAIN, ASKED_AGAIN = 0.4, 0.3
UNHAPPY_IN_A_ROW = {1: 0.0, 2: 0.3, 3: 0.5}
# From here on the whole of it counts as frustration.
FRUSTRATED_FROM = 0.5
# A message below this score is unhappy, -1 to 1.
UNHAPPY = -0.35
# Messages of the customer that are looked back at; what was said long ago is forgiven.
LOOK_BACK = 5
# Of all the words that bear a meaning in two messages, the share that both have.
SAME_WORDS = 0.6
# Replies that show that the bot did not get on.
_STUCK = ("utter_ask_", "utter_clarify_", "utter_form_", "utter_answer_un", "utter_follow_up_unclear")

_WORD = re.compile(r"[\w'-]+")
# Words that most sentences have.
_EMPTY = frozenset({
    "a", "an", "the", "i", "i'm", "me", "my", "it", "its", "it's", "is", "am", "are", "was", "be", "been", "to",
    "of", "for", "on", "in", "at", "and", "or", "but", "so", "do", "does", "did", "can", "could", "would",
    "will", "you", "your", "please", "now", "just", "still", "again", "ok", "okay", "hello", "hi", "hey",
    "well", "there", "this", "that", "with", "have", "has", "already", "said", "told", "asked", "as",
})  # fmt: skip


@dataclass(frozen=True)
class Frustration:
    """How frustrated the customer is, 0 to 1, and the signs of it that the conversation shows."""

    level: float
    signs: tuple[str, ...]

    @property
    def shown_by_conversation(self) -> bool:
        """Whether more than the latest message alone shows it."""
        return bool(self.signs)


def frustration_in(events: Events) -> Frustration:
    """Of the latest message that was typed, with the conversation before it.

    1 - product of (1 - weight) over the signs, the message's own frustration being one of them. A button that was
    pressed says nothing new.
    """
    said = list(_exchanges(events))
    if not said:
        return Frustration(0.0, ())
    own = float(_sentiment(said[0].message).get("frustration") or 0.0)
    weights = {"said_again": SAID_AGAIN if _says_again(said) else 0.0,
               "asked_again": ASKED_AGAIN if _asked_again(said) else 0.0,
               "unhappy_in_a_row": UNHAPPY_IN_A_ROW[min(3, max(1, _unhappy_in_a_row(said)))]}  # fmt: skip
    calm = 1.0 - own
    for weight in weights.values():
        calm *= 1.0 - weight
    return Frustration(round(1.0 - calm, 3), tuple(name for name, weight in weights.items() if weight))


@dataclass(frozen=True)
class _Exchange:
    """A typed message, and the names of the responses that the bot gave before it, since the one before."""

    message: Mapping[str, Any]
    before: frozenset[str]


def _exchanges(events: Events) -> Iterator[_Exchange]:
    """The latest typed messages of this session, newest first; none where the latest is a button, or a further request
    of a message that is served after its first one: that was said once.
    """
    message: Mapping[str, Any] | None = None
    responses: set[str] = set()
    found = 0
    for event in reversed(events):
        kind = event["event"]
        if kind == "session_started" or found > LOOK_BACK:
            break
        if kind == "bot":
            responses.add(str((event.get("metadata") or {}).get("utter_action") or ""))
        elif kind == "user":
            is_part = "part_of" in (event.get("metadata") or {})
            typed = not str(event.get("text") or "").startswith("/") and not is_part
            if message is None and not typed:
                return
            if typed:
                if message is not None:
                    yield _Exchange(message, frozenset(responses))
                    found += 1
                message, responses = event, set()
    if message is not None and found <= LOOK_BACK:
        yield _Exchange(message, frozenset(responses))


def _says_again(said: Sequence[_Exchange]) -> bool:
    latest = _meaning(said[0].message)
    return len(latest) >= 2 and any(_is_same(latest, _meaning(each.message)) for each in said[1:])


def _is_same(one: frozenset[str], other: frozenset[str]) -> bool:
    if _with_digits(one) != _with_digits(other):
        return False  # the same question about another order
    return len(one & other) >= SAME_WORDS * len(one | other)


def _with_digits(words: frozenset[str]) -> set[str]:
    return {word for word in words if any(letter.isdigit() for letter in word)}


def _meaning(message: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(_WORD.findall(str(message.get("text") or "").lower())) - _EMPTY


def _asked_again(said: Sequence[_Exchange]) -> bool:
    if len(said) < 2:
        return False
    return any(name.startswith(_STUCK) for name in said[0].before & said[1].before)


def _unhappy_in_a_row(said: Sequence[_Exchange]) -> int:
    count = 0
    for each in said:
        if float(_sentiment(each.message).get("score") or 0.0) > UNHAPPY:
            break
        count += 1
    return count


def _sentiment(message: Mapping[str, Any]) -> Mapping[str, Any]:
    return (message.get("parse_data") or {}).get("sentiment") or {}
