"""Adding what fits to an answer: the policy decides what, here it is said."""

from __future__ import annotations

import logging
from dataclasses import replace

from rasa_sdk.events import EventType, SlotSet

from actions.context import Context
from actions.experiments import policies_tried, policy_of, recommender_of, unharmed
from actions.formats import day, money
from actions.product_words import say_product
from crm_models.escalations import RequestOutcome, request_person
from crm_models.next_action.decide import Asking, Decision, Means, decide
from crm_models.next_action.kinds import ActionKind, Moment, Trouble
from crm_models.next_action.rules import may_come
from crm_models.offers import Offer

_log = logging.getLogger(__name__)
# As far as anger goes; for a customer who loses patience without an angry word.
ANGRY = -1.0


def add_what_fits(
    context: Context,
    moment: Moment,
    *,
    mood: float | None = None,
    trouble: Trouble = Trouble.NONE,
    text: str | None = None,
) -> list[EventType]:
    """At the end of an answer: whatever the shop's policy finds best, often nothing.

    Args:
        mood: -1 to 1; without it that of the message, and anger where the customer loses patience.
        trouble: what the answer was about.
        text: what the customer said of it; the message where it is not given.
    """
    return tell(context, moment, decision_at(context, moment, mood=mood, trouble=trouble, text=text))


def decision_at(
    context: Context,
    moment: Moment,
    *,
    mood: float | None = None,
    trouble: Trouble = Trouble.NONE,
    text: str | None = None,
) -> Decision:
    """What the policy decides; only for customers who have proved who they are."""
    policy = context.services.offer_policy
    if policy is None or not context.verified:
        return Decision()
    felt = ANGRY if mood is None and context.turn.frustrated else mood
    felt = context.turn.sentiment if felt is None else felt
    experiments = context.experiments
    # Where no variant can add anything, there is nothing to compare.
    possible = may_come(moment, felt, policy) or unharmed(
        lambda: any(may_come(moment, felt, each) for each in policies_tried(policy, experiments)), False
    )
    if not possible:
        return Decision()
    asking = Asking(
        customer_id=str(context.identity.customer_id),
        conversation_id=context.turn.conversation_id,
        moment=moment,
        now=context.turn.now,
        mood=felt,
        trouble=trouble,
        text=context.turn.text if text is None else text,
        holdout=unharmed(lambda: experiments.in_holdout, False),
    )
    services = context.services
    means = Means(
        policy_of(policy, experiments),
        lambda: context.policy,
        services.random,
        lambda: recommender_of(services, experiments),
        lambda: services.response_curve,
    )
    return decide(context.connection, asking, means)


def tell(context: Context, moment: Moment, decision: Decision) -> list[EventType]:
    """Say what was decided."""
    if decision.offer is not None and decision.action is not ActionKind.RECOMMENDATION:
        return _tell_offer(context, decision.offer)
    if decision.suggestion is not None and decision.action is ActionKind.RECOMMENDATION:
        return say_product(context, decision.suggestion, "happy", decision.offer)
    if decision.action is ActionKind.HAND_OVER and bring_in_person(context, moment):
        context.say("offer", "person")
    if decision.action is ActionKind.ASK_FEEDBACK:
        context.say("offer", "feedback")
    return []


def bring_in_person(context: Context, moment: Moment) -> bool:
    """Put the conversation into the queue; False when it is there, or a person is in it already.

    The moment is the reason that the person reads.
    """
    outcome, _ = request_person(
        context.connection,
        context.turn.conversation_id,
        context.identity.customer_id,
        moment.value,
        context.turn.now,
    )
    return outcome is RequestOutcome.REQUESTED


def hear_impatience(context: Context) -> None:
    """The customer was just told that we are sorry, and how to get a person: whether one should come by themselves.

    In a transaction of its own, after that of the action, which may only read. What the action did and said stands,
    whatever fails here.
    """
    policy = context.services.offer_policy
    if policy is None or not context.verified or not may_come(Moment.IMPATIENCE, ANGRY, policy):
        return
    said = list(context.dispatcher.messages)
    try:
        _decide_on_impatience(context)
    except Exception:
        _log.exception("Nothing was decided on a customer who loses patience")
        context.dispatcher.messages[:] = said


def _decide_on_impatience(context: Context) -> None:
    with context.services.connection(writes=True) as connection:
        anew = replace(context, connection=connection)
        anew.experiments.look_up()
        decision = decision_at(anew, Moment.IMPATIENCE, mood=ANGRY, trouble=Trouble.SERVICE)
        if decision.action is not ActionKind.HAND_OVER:
            tell(anew, Moment.IMPATIENCE, decision)
        elif bring_in_person(anew, Moment.IMPATIENCE):
            said = context.dispatcher.messages
            context.say("offer", "person_impatient")
            said[0] = said.pop()  # in place of the offer to bring one in


def _tell_offer(context: Context, offer: Offer) -> list[EventType]:
    until = day(offer.expires_at)
    if offer.percent_off is not None:
        context.say("offer", "retention", percent=offer.percent_off, code=offer.code, until=until)
    elif offer.credit_cents is not None:
        amount = money(offer.credit_cents, context.currency)
        context.say("offer", "apology", amount=amount, code=offer.code, until=until)
    else:
        context.say("offer", "perk", points=offer.points, until=until)
    return [SlotSet("offer_id", str(offer.offer_id))]
