"""What the web process says to people, read from the bot's domain so that all sentences live in one place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML

from web.errors import SentenceMissing

PREFIX = "utter_web_"
WIDGET_PREFIX = "label_"

# Used by name in the code; a domain without one of them is refused at start, not in front of a customer.
NEEDED = (
    "trouble", "gave_up", "awake", "too_fast", "too_long", "empty", "not_offered", "conversation_gone",
    "staff_joined", "staff_left", "conversation_closed", "not_found", "server_error", "bad_request",
    "forbidden", "form_expired",
)  # fmt: skip


class Sentences:
    """Sentences by short name: `utter_web_trouble` is `trouble`."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        missing = [name for name in NEEDED if name not in texts]
        if missing:
            names = ", ".join(PREFIX + name for name in missing)
            raise SentenceMissing(f"The domain lacks {names}. Add them to bot/domain/web.yml.")
        self._texts = dict(texts)

    def say(self, name: str, /, **values: str) -> str:
        """The sentence with its {slots} filled; SentenceMissing when there is none of that name."""
        try:
            text = self._texts[name]
        except KeyError:
            raise SentenceMissing(f"No {PREFIX}{name} in the domain. Add it to bot/domain/web.yml.") from None
        # Plain replacement: a value with braces in it must not be read as a slot.
        for key, value in values.items():
            text = text.replace("{" + key + "}", value)
        return text

    def labels(self) -> dict[str, str]:
        """Texts of the chat window, by label name."""
        return {
            name.removeprefix(WIDGET_PREFIX): text
            for name, text in self._texts.items()
            if name.startswith(WIDGET_PREFIX)
        }


def load_sentences(path: Path) -> Sentences:
    """Reads the `utter_web_*` responses of a Rasa domain file; the first text of each."""
    try:
        responses = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["responses"]
    except (OSError, KeyError, TypeError) as error:
        raise SentenceMissing(f"No responses can be read from {path}: {error}") from error
    return Sentences(
        {
            name.removeprefix(PREFIX): str(variants[0]["text"]).strip()
            for name, variants in responses.items()
            if name.startswith(PREFIX)
        }
    )
