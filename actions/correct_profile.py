""" "My name is wrong, it's ...", "you have my old phone number": correcting what the shop has of a customer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import EventType, SlotSet

from actions.fields import ConfirmField
from actions.personal_words import personal_slots
from actions.set_aside import offer_to_go_on
from actions.shop_action import Context, ShopAction
from actions.sign_in import code_in, sign_in_step
from actions.task_form import TaskForm
from actions.task_state import State, TaskEnded
from actions.task_words import cleared
from actions.words import word
from crm_models.identity import Trust
from crm_models.one_time_codes import CodeCheck
from crm_models.profile_corrections import (
    Correctable,
    CorrectionOutcome,
    EmailCode,
    ask_for_proof,
    cleaned,
    correct_field,
    prove_email,
)
from crm_models.view.profile import SourceKind

_NAMED = (
    (Correctable.EMAIL, re.compile(r"\be-?mails?\b|\bmail (?:address|id)\b|@", re.I)),
    (Correctable.PHONE, re.compile(r"\b(?:tele)?phone\b|\bmobile\b|\bcell\b|\bnumber\b", re.I)),
    (Correctable.LAST_NAME, re.compile(r"\b(?:last|family|maiden|married) name\b|\bsurname\b|\bgot married\b", re.I)),
    (Correctable.FIRST_NAME, re.compile(r"\b(?:first|given) name\b|\bforename\b", re.I)),
    (Correctable.NAME, re.compile(r"\bnames?\b|\bcall(?:ed|ing)? me\b|\bi'?m (?:not )?called\b|\bspel", re.I)),
)  # fmt: skip
_EMAIL = re.compile(r"[^\s@,;<>]+@[^\s@,;<>]+\.[a-z]{2,}", re.I)
_PHONE = re.compile(r"\+?\d[\d\s()/.-]{4,}\d")
# Before a name that is given: "my name is wrong, it's Anja Berg", "not Ben but Benjamin".
_LEAD = re.compile(
    r"(?:\b(?:it(?:'|\u2019)?s|it is|should (?:be|read|say)|(?:is|are) (?:spelt|spelled|written)|spelt|spelled|"
    r"called|call me|name is|name's|but|i(?:'|\u2019)?m|i am|to)|:)\s+",
    re.I,
)
_NAME_WORDS = re.compile(r"[^\W\d_][\w'\u2019.-]*(?:\s+[^\W\d_][\w'\u2019.-]*){0,3}")
# What follows "it is" without being a name.
_NO_NAME = frozenset({
    "wrong", "incorrect", "not", "misspelled", "misspelt", "mispelled", "false", "old", "outdated", "correct", "the",
    "a", "an", "my", "your", "changed", "different", "still", "in", "on", "please", "spelled", "spelt", "written", "no",
    "yes", "something", "actually", "now", "missing", "longer", "instead", "thanks", "and", "by",
})  # fmt: skip
_MOST_WORDS = 4


class ProfileFieldField:
    """Which of the values is wrong."""

    slot = "profile_field"
    public = True

    def mentioned(self, context: Context, known: Mapping[str, Any]) -> bool:
        """Whether the message names one."""
        return self.read(context, known, True) is not None

    def read(self, context: Context, known: Mapping[str, Any], asked: bool) -> str | None:
        """By button or by its name."""
        given = context.turn.entity("field")
        if given in set(Correctable):
            return given
        named = (field.value for field, pattern in _NAMED if pattern.search(context.turn.question))
        return next(named, None)

    def default(self, context: Context, known: Mapping[str, Any]) -> None:
        """Always asked."""
        return


class NewValueField:
    """What it should be."""

    slot = "new_value"
    public = True

    def mentioned(self, context: Context, known: Mapping[str, Any]) -> bool:
        """Whether the message may be the value."""
        return not context.turn.text.rstrip().endswith("?") and self._found(context, known, True) is not None

    def read(self, context: Context, known: Mapping[str, Any], asked: bool) -> str | None:
        """The value; what was asked for and cannot be one is answered with what one looks like."""
        found = self._found(context, known, asked)
        if found is None and asked:
            context.say("new_value", "not_valid")
        return found

    def default(self, context: Context, known: Mapping[str, Any]) -> None:
        """Always asked."""
        return

    def _found(self, context: Context, known: Mapping[str, Any], asked: bool) -> str | None:
        if known.get("profile_field") not in set(Correctable):
            return None
        field = Correctable(known["profile_field"])
        text = context.turn.question
        if field in (Correctable.EMAIL, Correctable.PHONE):
            # Of two, the new one is named last: "not a@x.org but b@x.org".
            found = (_EMAIL if field is Correctable.EMAIL else _PHONE).findall(text)
            return cleaned(field, found[-1]) if found else None
        return _name_in(field, text, asked)


class EmailProofField:
    """A code that was mailed to the new address; other values need none."""

    slot = "email_code"

    def mentioned(self, context: Context, known: Mapping[str, Any]) -> bool:
        """Whether a code is in the message."""
        return code_in(context.turn.text) is not None

    def read(self, context: Context, known: Mapping[str, Any], asked: bool) -> str | None:
        """`proved` once the code fits."""
        code = code_in(context.turn.text) if asked else None
        if code is None or known.get("profile_field") != Correctable.EMAIL:
            return None
        turn, customer_id = context.turn, str(context.identity.customer_id)
        checked = prove_email(context.connection, turn.conversation_id, customer_id, known["new_value"], code, turn.now)
        if checked is CodeCheck.FITS:
            return "proved"
        context.say("email_code", checked.value)
        if checked is CodeCheck.NO_MORE_ATTEMPTS:
            raise TaskEnded
        return None

    def default(self, context: Context, known: Mapping[str, Any]) -> str | None:
        """Not needed for a name, a number, or the address that stands there already; else the code is mailed."""
        profile = context.profile
        same = profile is not None and profile.email == known["new_value"]
        if known["profile_field"] != Correctable.EMAIL or same:
            return "not_needed"
        turn, customer_id = context.turn, str(context.identity.customer_id)
        sent = ask_for_proof(context.connection, turn.conversation_id, customer_id, known["new_value"], turn.now)
        if sent is not EmailCode.WAITING:
            context.say("email_code", sent.value, email=known["new_value"])
        if sent is EmailCode.TOO_MANY:
            raise TaskEnded
        return None


class YesField(ConfirmField):
    """A yes; who typed the code has said it."""

    def default(self, context: Context, known: Mapping[str, Any]) -> bool | None:  # type: ignore[override]
        """Asked, except where the address was proved."""
        return True if known.get("profile_field") == Correctable.EMAIL else None


class ValidateCorrectForm(TaskForm):
    """Which value, what it should be, and a proof or a yes."""

    form = "correct_form"
    own_intents = frozenset({"correct_profile"})
    trust = Trust.VERIFIED
    fields = (ProfileFieldField(), NewValueField(), EmailProofField(), YesField())

    def _identify(self, state: State, reads: bool) -> str | None:
        """An address in the first message is the one to be written down, not the one to sign in with."""
        if state.context.identity.trust < self.trust and state.asked is None:
            return sign_in_step(state, reads=False)
        return super()._identify(state, reads)


class AskNewValue(ShopAction):
    """Asks for the value by its name."""

    action = "action_ask_new_value"
    ends_turn = False

    def act(self, context: Context) -> list[EventType]:
        """`utter_new_value_<field>`."""
        context.say("new_value", str(context.slots.get("profile_field")))
        return []


class ActionCorrectProfile(ShopAction):
    """Write it down, after a yes or a proof."""

    action = "action_correct_profile"
    writes = True
    needs = Trust.VERIFIED

    def act(self, context: Context) -> list[EventType]:
        """With the conversation as its source."""
        confirmed, field, value = (context.slots.get(slot) for slot in ("confirmed", "profile_field", "new_value"))
        if confirmed is False:
            context.say("task", "not_done")
        if not confirmed or field not in set(Correctable) or not value:
            offer_to_go_on(context)
            return cleared()
        outcome = correct_field(
            context.connection,
            str(context.identity.customer_id),
            Correctable(field),
            str(value),
            f"conversation {context.turn.conversation_id}",
            SourceKind.VERIFIED,
            context.turn.now,
        )
        context.say("correct", outcome.value, field=word(f"correct_{field}"), value=value)
        offer_to_go_on(context)
        changed = outcome is CorrectionOutcome.CORRECTED
        slots = personal_slots(context.identified().profile) if changed else []
        return [*cleared(), *slots, SlotSet("resume", None)]

    def done(self, context: Context) -> bool:
        """After a yes."""
        return bool(context.slots.get("confirmed"))


def _name_in(field: Correctable, text: str, asked: bool) -> str | None:
    """The name in a message: after words that give it, or, where it was asked for, the message itself."""
    leads = list(_LEAD.finditer(text))
    said = text[leads[-1].end() :] if leads else text if asked else ""
    found = _NAME_WORDS.match(said.strip(" ,.\"'"))
    words = found.group().strip(" .,").split() if found else []
    while words and words[-1].lower() in _NO_NAME:
        words.pop()
    if not words or words[0].lower() in _NO_NAME or len(words) > _MOST_WORDS:
        return None
    if not leads and len(said.split()) > _MOST_WORDS:
        return None
    name = " ".join(words)
    return cleaned(field, name.title() if name.islower() or (name.isupper() and len(name) > 3) else name)
