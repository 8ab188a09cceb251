"""An understanding by keywords, for tests of what is made of it. The real components find and split requests."""

from __future__ import annotations

import re
from typing import Any

from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.nlu.normalise import MessageNormaliser
from bot.nlu.requests import RequestFinder, RequestSplitter

# The first whose words are all in the text decides.
INTENTS = {
    "parcel lamp": "track_package",
    "stop": "stop", "person": "ask_person", "cancel": "cancel_order", "address": "change_address",
    "points": "loyalty_points", "gift": "ask_gift_card", "invoice": "invoice_copy",
    "where": "order_status", "late": "order_late", "broken": "damaged_item", "return": "return_items",
    "hv-": "inform", "hello": "greet", "hi": "greet", "thanks": "thanks", "yes": "affirm",
}  # fmt: skip


def read(text: str, metadata: dict[str, Any] | None = None) -> dict[str, Any]:
    """What Rasa's graph would make of it; what no keyword is in is not understood."""
    messages = RequestFinder().process([Message(data={TEXT: text, "metadata": metadata or {}})])
    for message in MessageNormaliser({}).process(messages):
        message.set(INTENT, {"name": intent_of(message.get(TEXT)), "confidence": 0.95}, add_to_output=True)
    (message,) = RequestSplitter().process(messages)
    return {ENTITIES: [], **message.as_dict(only_output_properties=True)}


def intent_of(text: str) -> str:
    said = re.sub(r"[^a-z-]+", " ", text.lower()).split()
    return next((intent for words, intent in INTENTS.items() if set(words.split()) <= set(said)), "nlu_unsure")
