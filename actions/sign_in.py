"""Proving who one is in the conversation: a one-time code by mail, or two facts for one order's status."""

from __future__ import annotations

import re
from dataclasses import replace

from rasa_sdk.events import EventType, FollowupAction, SlotSet

from actions.personal_words import called, personal_slots
from actions.remember import tell_memory
from actions.shop_action import Context, ShopAction
from actions.task_state import State, TaskEnded
from actions.turn import Turn
from crm_models.identity import Trust
from crm_models.order_numbers import normalise_order_id
from crm_models.verification import (
    SignInOutcome,
    claim_order,
    confirm_code,
    start_verification,
)

# "HV-104108" is the number of an order.
_CODE = re.compile(r"(?<![\w#-])(\d{3})[\s-]?(\d{3})(?!\d)")
# What is said where a code is waited for, and is none.
_NO_CODE = frozenset({"sign_in", "deny", "inform", "nlu_unsure", "nlu_ambiguous", "out_of_scope"})


def sign_in_answered(turn: Turn, asked: str) -> bool:
    """Whether the message holds the e-mail address or the code that was asked for."""
    return bool(turn.entity("email") if asked == "email" else code_in(turn.text))


def sign_in_step(state: State, reads: bool) -> str | None:
    """One step: take an address or a code from the message; the field to ask for next, None when signed in.

    Raises:
        TaskEnded: too many codes or attempts.
    """
    context = state.context
    if not reads:
        return state.asked if state.asked in ("email", "code") else "email"
    code = code_in(context.turn.text)
    if state.asked == "code" and code:
        return _confirm(state, code)
    email = context.turn.entity("email")
    if email:
        return _send_code(state, email)
    if state.asked == "email" and context.turn.intent in ("deny", "decline_offer"):
        context.say("sign_in", "later")
        raise TaskEnded
    number = context.turn.entity("order_id") or normalise_order_id(context.turn.text)
    if state.asked == "email" and number:
        state.set("order_id", number)
        context.say("sign_in", "number_noted", order_id=number)
    elif state.asked == "email" and not state.values.get("misses") and context.turn.intent in _NO_CODE:
        context.say("sign_in", "email_enough")
    if state.asked == "code" and context.turn.intent in _NO_CODE:
        # Neither a code nor anything else: "I didn't get one", "send it again".
        context.say("sign_in", "no_code")
    return "code" if state.asked == "code" else "email"


def claim_from_message(context: Context) -> bool:
    """Two matching facts, an order number and its e-mail: enough to read that order's status.

    Both in this message, or one of them in it and the other before: "HV-104108" also instead of the code.
    """
    written = normalise_order_id(context.turn.text)
    email = context.turn.entity("email") or (context.slots.get("email") if written else None)
    order_id = context.turn.entity("order_id") or written or context.slots.get("order_id")
    if not (email and order_id):
        return False
    outcome = claim_order(context.connection, context.turn.conversation_id, str(order_id), email, context.turn.now)
    context.say("sign_in", outcome.value)
    return outcome is SignInOutcome.CLAIMED


def _send_code(state: State, email: str) -> str:
    context = state.context
    outcome = start_verification(context.connection, context.turn.conversation_id, email, context.turn.now)
    context.say("sign_in", outcome.value, email=email)
    if outcome is not SignInOutcome.CODE_SENT:
        raise TaskEnded
    state.set("email", email)
    return "code"


def _confirm(state: State, code: str) -> str | None:
    context = state.context
    outcome = confirm_code(context.connection, context.turn.conversation_id, code, context.turn.now)
    if outcome is SignInOutcome.VERIFIED:
        # What else the message says may go on; the code itself looks like an order number.
        state.context = replace(context.identified(), turn=_without_code(context.turn, code))
        profile = state.context.profile
        for event in personal_slots(profile):
            state.set(event["name"], event["value"])
        state.context.say("sign_in", outcome.value, called=called(profile))
        return None
    context.say("sign_in", outcome.value)
    if outcome is SignInOutcome.WRONG_CODE:
        return "code"
    if outcome is SignInOutcome.EXPIRED:
        return "email"
    raise TaskEnded


def _without_code(turn: Turn, code: str) -> Turn:
    entities = {
        name: kept for name, values in turn.entities.items() if (kept := tuple(v for v in values if code not in v))
    }
    return replace(turn, text=_CODE.sub(" ", turn.text), entities=entities)


def code_in(text: str) -> str | None:
    """The six digits of a code, or None."""
    found = _CODE.search(text)
    return found.group(1) + found.group(2) if found else None


class ActionSignedIn(ShopAction):
    """The end of the sign-in form: back to what the customer wanted."""

    action = "action_signed_in"

    def act(self, context: Context) -> list[EventType]:
        """Resume the task that needed it, if there is one."""
        done: list[EventType] = [SlotSet("email", None), SlotSet("code", None)]
        if context.identity.trust is Trust.ANONYMOUS:
            return [*done, SlotSet("resume", None)]
        resume = context.slots.get("resume")
        if resume:
            return [*done, FollowupAction(resume)]
        if context.turn.intent == "sign_in" and context.profile is not None:
            context.say("sign_in", "already", called=called(context.profile))
        return [*done, *(tell_memory(context) or ())]
