"""A written answer to a question with buttons: it does what its button does.

After any question, the title of a button counts, small typos aside. After "which of these do you mean?" so do "the
second one", "neither", words of a title, and another message that can mean only one of the choices.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz, utils
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.shared.core.events import BotUttered, Event, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from bot.nlu.decision import AMBIGUOUS, UNSURE

ASKS_MEANING = "utter_clarify_"
NEITHER = "/deny"
# rapidfuzz's ratio, in percent: one wrong letter in ten.
_SAME_TITLE = 90.0
_SAME_WORD = 85.0
_SHORTEST_TYPO = 5
# A longer message says more than which of the choices is meant.
_LONGEST_CHOICE = 7
_LONGEST_REPLY = 12
_MOST_MEANINGS = 3
_ORDINALS = {
    "first": 0, "1st": 0, "1": 0, "one": 0, "second": 1, "2nd": 1, "2": 1, "two": 1, "third": 2, "3rd": 2, "3": 2,
    "three": 2, "last": -1,
}  # fmt: skip
_FILLERS = frozenset(
    {"the", "a", "an", "one", "ones", "option", "number", "no", "nr", "please", "pls", "i", "id", "i'd", "i'll", "ill",
     "want", "would", "like", "take", "choose", "mean", "meant", "it", "its", "it's", "is", "was", "that's", "thats",
     "of", "to", "my", "about", "with", "and", "think", "go", "for"}
)  # fmt: skip
_NEITHER = re.compile(
    r"^(?:no\W+)?(?:neither|none|nothing|not any)(?:\s+of\s+(?:these|them|those|the\s+above|it|that))?$"
    r"|^(?:no\W+)?(?:it'?s\s+|i\s+mean(?:t)?\s+)?(?:something|anything)\s+else$",
    re.IGNORECASE,
)
# Reads a text as the bot understands it: Rasa's parse data.
Understand = Callable[[], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Button:
    title: str
    payload: str

    @property
    def intent(self) -> str:
        return re.split(r"[{@\s]", self.payload.removeprefix("/"), maxsplit=1)[0]


async def press_what_was_typed(agent: Agent, tracker: DialogueStateTracker, message: UserMessage) -> None:
    """A button that was written out is a button pressed; the log shows what was written."""
    text, metadata = message.text or "", message.metadata or {}
    buttons, meanings = offered(tracker.applied_events())
    if not buttons or tracker.is_paused() or text.startswith("/") or "shown" in metadata or "said" in metadata:
        return
    payload = by_title(text, buttons)
    if payload is None and not tracker.active_loop_name:
        payload = await by_meaning(text, meanings, lambda: agent.processor.parse_message(message))
        if payload is None and not meanings:
            payload = await by_likelihood(text, buttons, lambda: agent.processor.parse_message(message))
    if payload is not None:
        message.metadata = {**metadata, "shown": text}
        message.text = payload


def offered(events: Iterable[Event]) -> tuple[tuple[Button, ...], tuple[Button, ...]]:
    """The buttons of the bot's latest turn; and those among them that ask what a message meant."""
    every: list[Button] = []
    meanings: list[Button] = []
    for event in reversed(list(events)):
        if isinstance(event, UserUttered):
            break
        if isinstance(event, BotUttered) and event.metadata.get("author") in (None, "bot"):
            buttons = [Button(each["title"], each["payload"]) for each in event.data.get("buttons") or ()]
            every += buttons
            if str(event.metadata.get("utter_action")).startswith(ASKS_MEANING):
                meanings = buttons
    return tuple(every), tuple(meanings)


def by_title(text: str, buttons: Sequence[Button]) -> str | None:
    """The payload of the one button whose title was written; case, marks and small typos aside."""
    said = utils.default_process(text)
    titles = [(utils.default_process(button.title), button.payload) for button in buttons]
    exact = {payload for title, payload in titles if said and title == said}
    if exact or len(said) < _SHORTEST_TYPO:
        return exact.pop() if len(exact) == 1 else None
    alike = {payload for title, payload in titles if fuzz.ratio(said, title) >= _SAME_TITLE}
    return alike.pop() if len(alike) == 1 else None


async def by_meaning(text: str, buttons: Sequence[Button], understand: Understand) -> str | None:
    """The payload of the choice that a short answer to "which of these do you mean?" picks, or of neither."""
    plain = re.sub(r"\s+", " ", text).strip(" .!,?")
    if not buttons or len(plain.split()) > _LONGEST_CHOICE:
        return None
    if _NEITHER.match(plain):
        return NEITHER
    if picked := by_position(plain, buttons):
        return picked
    message = await understand()
    intent = str((message.get("intent") or {}).get("name"))
    if intent == "affirm" and len(buttons) == 1:
        return buttons[0].payload
    doubtful = intent.startswith("nlu_") or intent in ("inform", "choose", "out_of_scope")
    likely = {intent, *(str(each["name"]) for each in message.get("intent_set") or () if doubtful)}
    fitting = [button for button in buttons if button.intent in likely]
    if len(fitting) == 1:
        return with_details(fitting[0].payload, message)
    return by_words(plain, fitting or buttons) if fitting or doubtful else None


async def by_likelihood(text: str, buttons: Sequence[Button], understand: Understand) -> str | None:
    """The one button that is among the meanings of a doubtful message: what was just offered is meant.

    "Send it back" and "exchange it" were offered, and "a new one instead" may mean an exchange, an invoice, ...
    """
    if not buttons or len(text.split()) > _LONGEST_REPLY:
        return None
    message = await understand()
    intent = str((message.get("intent") or {}).get("name"))
    if intent not in (AMBIGUOUS, UNSURE):
        # Understood, and just offered: what the button knows of the matter need not be asked.
        sure = [button.payload for button in buttons if button.intent == intent and "{" in button.payload]
        return with_details(sure[0], message) if len(sure) == 1 and not _names_another(sure[0], message) else None
    names = [str(each["name"]) for each in message.get("intent_set") or ()]
    fitting = {button.payload for button in buttons if button.intent in names[:1]}
    if not fitting:
        # One that knows which order it is about was offered for this matter; a menu is there for any.
        likely = names[:_MOST_MEANINGS]
        fitting = {button.payload for button in buttons if button.intent in likely and "{" in button.payload}
    return with_details(fitting.pop(), message) if len(fitting) == 1 else None


def _names_another(payload: str, message: Mapping[str, Any]) -> bool:
    """Whether the message is about another order or thing than the button."""
    held = payload.lower()
    said = (each for each in message.get("entities") or () if each["entity"] in ("order_id", "product"))
    return any(str(each["value"]).lower() not in held for each in said)


def with_details(payload: str, message: Mapping[str, Any]) -> str:
    """The payload with the entities of what was typed: "I found it cheaper" chooses, and says why."""
    intent, brace, held = payload.partition("{")
    said = {str(each["entity"]): str(each["value"]) for each in message.get("entities") or ()}
    details = {**(json.loads(brace + held) if brace else {}), **said}
    return intent + json.dumps(details, ensure_ascii=False) if details else payload


def by_position(text: str, buttons: Sequence[Button]) -> str | None:
    """ "the second one", "option 2", "last": nothing else may be said."""
    words = re.findall(r"[\w']+", text.lower())
    said = [word for word in words if word not in _FILLERS] or [word for word in words if word in _ORDINALS]
    position = _ORDINALS.get(said[0]) if len(said) == 1 else None
    if position is None or not -len(buttons) <= position < len(buttons):
        return None
    return buttons[position].payload


def by_words(text: str, buttons: Sequence[Button]) -> str | None:
    """The one choice whose title has all that was said: "exchange", "the broken item"."""
    said = [word for word in re.findall(r"[\w']+", text.lower()) if word not in _FILLERS]
    if not said:
        return None
    fitting = [button for button in buttons if all(_has(button.title, word) for word in said)]
    return fitting[0].payload if len(fitting) == 1 else None


def _has(title: str, word: str) -> bool:
    return any(fuzz.ratio(word, each) >= _SAME_WORD for each in re.findall(r"[\w']+", title.lower()))
