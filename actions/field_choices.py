""" "Don't use my name", "leave my purchases out of it", "you may use it again": what of a customer replies may use."""

from __future__ import annotations

import re
from typing import ClassVar

from rasa_sdk.events import EventType

from actions.personal_words import personal_slots
from actions.shop_action import Context, ShopAction
from actions.words import word
from crm_models.consents import Purpose
from crm_models.identity import Trust
from crm_models.personal_fields import NEEDS_CONSENT, ChoiceOutcome, PersonalField, choose

# What customers call the fields. The first that fits wins its words: "order history" is about purchases.
_NAMED = (
    (PersonalField.PURCHASES, re.compile(r"\b(?:(?:order|purchase|shopping|buying) history|past orders|purchas\w*|"
                                         r"bought|buy|shopping)\b", re.I)),
    (PersonalField.LAST_CONVERSATION, re.compile(r"\b(?:conversations?|chats?|chatted|talks?|talked|messages?|"
                                                 r"asked|wrote|said|told|remember|memory)\b", re.I)),
    (PersonalField.ORDERS, re.compile(r"\borders?\b", re.I)),
    (PersonalField.LOCATION, re.compile(r"\b(?:location|address|where i live|city|town|country|postcode)\b", re.I)),
    (PersonalField.TIER, re.compile(r"\b(?:tier|level|status|gold|silver|basic)\b", re.I)),
    (PersonalField.INTERESTS, re.compile(r"\b(?:interests?|scores?|scoring|estimates?|predictions?|guess\w*|segments?|"
                                         r"brows\w*|looked at|views?|viewed|profiling)\b", re.I)),
    (PersonalField.NAME, re.compile(r"\b(?:(?:first |last )?names?|call(?:ing)? me)\b", re.I)),
)  # fmt: skip


def fields_named(text: str) -> tuple[PersonalField, ...]:
    """The fields that a message speaks of; none where it names none."""
    found = []
    for field, pattern in _NAMED:
        if pattern.search(text):
            found.append(field)
            text = pattern.sub(" ", text)
    return tuple(found)


def field_button(field: PersonalField, allow: bool) -> dict[str, str]:
    """A button that forbids the field, or allows it again."""
    title = word("allow_field" if allow else "forbid_field", field=word(f"field_{field.value}"))
    intent = "allow_field" if allow else "forbid_field"
    return {"title": title, "payload": f'/{intent}{{"field": "{field.value}"}}'}


class _FieldChoice(ShopAction):
    """Keeps the choice; it holds from the very next sentence on."""

    needs = Trust.VERIFIED
    writes = True
    allowed: ClassVar[bool]

    def act(self, context: Context) -> list[EventType]:
        """For each field that was named; asks which where none was."""
        given = context.turn.entity("field")
        fields = (PersonalField(given),) if given in set(PersonalField) else fields_named(context.turn.question)
        if not fields:
            buttons = [field_button(field, self.allowed) for field in PersonalField]
            context.say("field", "which", buttons=buttons)
            return []
        customer_id = str(context.identity.customer_id)
        for field in fields:
            outcome = choose(context.connection, customer_id, field, self.allowed, "chat", context.turn.now)
            context.say(
                "field",
                outcome.value,
                field=word(f"field_{field.value}"),
                use=word(f"used_for_{field.value}"),
                buttons=[field_button(field, not self.allowed)],
            )
            self._mention_consent(context, field, outcome)
        return personal_slots(context.identified().profile)

    def _mention_consent(self, context: Context, field: PersonalField, outcome: ChoiceOutcome) -> None:
        """A field that needs the consent as well is not used just because it is no longer forbidden."""
        profile = context.profile
        lacks = profile is not None and not profile.consents.get(Purpose.PERSONALISATION, False)
        if self.allowed and lacks and field in NEEDS_CONSENT:
            context.say("field", "needs_consent")


class ActionForbidField(_FieldChoice):
    """Not to be used any more."""

    action = "action_forbid_field"
    allowed = False


class ActionAllowField(_FieldChoice):
    """To be used again."""

    action = "action_allow_field"
    allowed = True
