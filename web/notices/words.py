"""What a message to a customer says, from the bot's domain: `utter_notice_<sentence>` with its buttons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from crm_models.proactive.kinds import NoticeKind
from web.errors import SentenceMissing
from web.money import money

PREFIX = "utter_notice_"
_KIND_NAME = "utter_word_notice_"
_DAYS = frozenset({"promised", "ends"})
_NEEDED = (
    "stop", "mail_end", *(f"subject_{kind.value}" for kind in NoticeKind), *(kind.value for kind in NoticeKind),
    "delivery_late_not_sent", "delivery_late_carrier", "win_back_no_name",
)  # fmt: skip


class NoticeWords:
    """Sentences by short name; SentenceMissing at once when one is not in the domain."""

    def __init__(self, responses: Mapping[str, Mapping[str, Any]], kinds: Mapping[str, str]) -> None:
        missing = [PREFIX + name for name in _NEEDED if name not in responses]
        missing += [_KIND_NAME + kind.value for kind in NoticeKind if kind.value not in kinds]
        if missing:
            raise SentenceMissing(f"The domain lacks {', '.join(missing)}. Add them to bot/domain/notices.yml.")
        self._responses = responses
        self._kinds = kinds

    def kind_name(self, kind: NoticeKind) -> str:
        """What messages of this kind are about: "late deliveries"."""
        return self._kinds[kind.value]

    def response(self, kind: NoticeKind, fields: Mapping[str, Any]) -> str:
        """The name of the sentence in the domain."""
        return PREFIX + str(fields.get("sentence") or kind.value)

    def content(self, kind: NoticeKind, fields: Mapping[str, Any], currency: str) -> dict[str, Any]:
        """Text and buttons for a chat window, the last button stops messages of this kind."""
        spoken = _spoken(fields, currency)
        found = self._responses[self.response(kind, fields).removeprefix(PREFIX)]
        buttons = [
            {"title": _fill(button["title"], spoken), "payload": _fill(button["payload"], spoken)}
            for button in found.get("buttons", ())
        ]
        stop = {"title": self._text("stop"), "payload": f'/notices_stop{{"topic": "{kind.value}"}}'}
        return {"text": _fill(found["text"], spoken), "buttons": [*buttons, stop]}

    def mail(
        self, kind: NoticeKind, fields: Mapping[str, Any], currency: str, urls: Mapping[str, str]
    ) -> dict[str, Any]:
        """Fields of a mail: its words, what they were made from, and how it is stopped (RFC 8058).

        `urls`: `chat_url` and `unsubscribe_url`.
        """
        spoken = _spoken(fields, currency)
        text = _fill(str(self._responses[self.response(kind, fields).removeprefix(PREFIX)]["text"]), spoken)
        return {
            "subject": _fill(self._text(f"subject_{kind.value}"), spoken),
            "text": f"{text}\n\n{_fill(self._text('mail_end'), urls)}",
            **{name: value for name, value in spoken.items() if name != "sentence"},
            **urls,
            "headers": {
                "List-Unsubscribe": f"<{urls['unsubscribe_url']}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        }

    def _text(self, name: str) -> str:
        return str(self._responses[name]["text"])


def load_notice_words(notices_file: Path, words_file: Path) -> NoticeWords:
    """Reads the domain's files; SentenceMissing when they cannot be read."""
    responses = {
        name.removeprefix(PREFIX): variants[0]
        for name, variants in _responses(notices_file).items()
        if name.startswith(PREFIX)
    }
    kinds = {
        name.removeprefix(_KIND_NAME): str(variants[0]["text"])
        for name, variants in _responses(words_file).items()
        if name.startswith(_KIND_NAME)
    }
    return NoticeWords(responses, kinds)


def _responses(path: Path) -> Mapping[str, Any]:
    try:
        responses: Mapping[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["responses"]
    except (OSError, KeyError, TypeError) as error:
        raise SentenceMissing(f"No responses can be read from {path}: {error}") from error
    return responses


def _spoken(fields: Mapping[str, Any], currency: str) -> dict[str, str]:
    """Days and prices as people write them."""
    spoken = {}
    for name, value in fields.items():
        if name in _DAYS:
            when = date.fromisoformat(str(value))
            spoken[name] = f"{when.day} {when:%B %Y}"
        elif name == "price_cents":
            spoken["price"] = money(int(value), currency)
        else:
            spoken[name] = str(value)
    return spoken


def _fill(text: str, spoken: Mapping[str, str]) -> str:
    """With its {slots} filled; doubled braces are braces, as in Rasa. A value is never read as a slot."""
    opened, closed = "\x00", "\x01"
    text = text.replace("{{", opened).replace("}}", closed)
    for name, value in spoken.items():
        text = text.replace("{" + name + "}", value.replace("{", opened).replace("}", closed))
    return text.replace(opened, "{").replace(closed, "}")
