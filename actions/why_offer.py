""" "Why do you offer me that?": answered from what was logged when it was offered."""

from __future__ import annotations

import re

from rasa_sdk.events import EventType, FollowupAction

from actions.articles import find_answer
from actions.field_choices import field_button
from actions.formats import day, money
from actions.shop_action import Context, ShopAction
from actions.turn import running_task
from actions.words import has_word, word
from crm_models.offer_reasons import OfferReason, WhyOffer, why_offered
from crm_models.personal_fields import PersonalField
from knowledge.answer import AnswerStatus

_OF_AN_OFFER = re.compile(
    r"\b(?:offer|suggest|recommend|discount|voucher|percent|points|credit|show|product)", re.IGNORECASE
)
_MOST_BARE_WORDS = 3
_SUGGESTED = ("utter_recommend_popular", "utter_recommend_category")
# What of the customer each reason used, for the button that forbids it.
_USED = {
    WhyOffer.BOUGHT: PersonalField.PURCHASES,
    WhyOffer.LATE: PersonalField.INTERESTS,
    WhyOffer.TROUBLE: PersonalField.INTERESTS,
    WhyOffer.PRICE: PersonalField.INTERESTS,
    WhyOffer.THANKS: PersonalField.INTERESTS,
    WhyOffer.AWAY: PersonalField.INTERESTS,
    WhyOffer.KEEP: PersonalField.INTERESTS,
}


class ActionWhyOffer(ShopAction):
    """The reason in plain words, what of the customer it used, and how to forbid that."""

    action = "action_why_offer"

    def act(self, context: Context) -> list[EventType]:
        """A visitor got what many buy, or what they asked for: nothing of them was used."""
        if not context.verified or context.identity.customer_id is None:
            context.say("why_offer", "visitor" if _was_suggested(context) else "none")
            return []
        reason = why_offered(
            context.connection, context.identity.customer_id, context.turn.conversation_id, context.turn.now
        )
        if reason.why is WhyOffer.NONE and _is_bare(context.turn.text):
            # "Why?" of something else: what the articles say, or the task's own question again.
            return _of_something_else(context)
        used = _USED.get(reason.why)
        context.say(
            "why_offer",
            reason.why.value,
            product=reason.product or "",
            because=reason.because or "",
            category=reason.category or "",
            given=_given(context, reason),
            when=day(reason.offered_at) if reason.offered_at else "",
            rule=_rule(reason),
            buttons=[field_button(used, allow=False)] if used else None,
        )
        return []


def _is_bare(text: str) -> bool:
    """ "Why?", "why not", "why a code": a few words without an offer in them."""
    return len(text.split()) <= _MOST_BARE_WORDS and _OF_AN_OFFER.search(text) is None


def _of_something_else(context: Context) -> list[EventType]:
    if find_answer(context).status is AnswerStatus.ANSWERED:
        return [FollowupAction("action_answer")]
    if running_task(context.events) is None:
        context.say("follow_up", "unclear")
    else:
        context.say("next", "task")
    return []


def _given(context: Context, reason: OfferReason) -> str:
    """What was given: percent or money off the next order, or points."""
    if reason.percent_off is not None:
        return word("given_percent", percent=str(reason.percent_off))
    if reason.credit_cents is not None:
        return word("given_credit", amount=money(reason.credit_cents, context.currency))
    return word("given_points", points=str(reason.points)) if reason.points is not None else ""


def _rule(reason: OfferReason) -> str:
    """The shop's rule that chose it, where it was logged and has words."""
    name = f"rule_{reason.decision}"
    return " " + word(name) if reason.decision and has_word(name) else ""


def _was_suggested(context: Context) -> bool:
    for event in reversed(context.events):
        if event["event"] == "bot" and (event.get("metadata") or {}).get("utter_action") in _SUGGESTED:
            return True
    return False
