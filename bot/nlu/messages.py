"""What counts as a message to be understood, and what is a button's payload."""

from __future__ import annotations

import re

from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

_PAYLOAD = re.compile(r"/[A-Za-z_][\w.]*\s*(@\s*[\d.]+)?\s*(\{.*\})?\s*$", re.DOTALL)


def text_of(message: Message) -> str:
    return str(message.get(TEXT) or "")


def is_payload(text: str) -> bool:
    """True for `/intent{"entity": "value"}`: Rasa's own handler reads it after the pipeline, nothing is to guess."""
    text = text.strip()
    return text.startswith(INTENT_MESSAGE_PREFIX) and _PAYLOAD.match(text) is not None


def intent_examples(training_data: TrainingData) -> list[Message]:
    """The examples with a text and an intent; Rasa's list holds intents and actions of stories as well."""
    return [example for example in training_data.intent_examples if text_of(example).strip()]


def intent_of(example: Message) -> str:
    return str(example.get(INTENT))
