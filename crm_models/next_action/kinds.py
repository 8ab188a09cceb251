"""The words of the policy and of the decision log: actions, moments, moods, what went wrong, and why something is done
or is not. Each may be shown to people, who get a sentence for it.
"""

from __future__ import annotations

from enum import StrEnum


class ActionKind(StrEnum):
    ANSWER_ONLY = "answer_only"  # nothing is added
    RECOMMENDATION = "recommendation"  # a product that fits
    RETENTION_OFFER = "retention_offer"  # percent off the next order, for who may leave
    LOYALTY_PERK = "loyalty_perk"  # points
    APOLOGY_CREDIT = "apology_credit"  # money off the next order, to make good what went wrong
    ASK_FEEDBACK = "ask_feedback"
    HAND_OVER = "hand_over"  # to a person


# These sell or give something: at most one a conversation, none while a complaint is open, none to sleeping dogs.
OFFERS = frozenset({
    ActionKind.RECOMMENDATION, ActionKind.RETENTION_OFFER, ActionKind.LOYALTY_PERK, ActionKind.APOLOGY_CREDIT,
})  # fmt: skip


class Moment(StrEnum):
    """Where the bot may add something: after it has said what was asked."""

    ANSWER = "answer"  # a question answered from an article
    ORDER_STATUS = "order_status"  # where an order is, and all is well
    ORDER_LATE = "order_late"  # that an order is late
    REFUND_STATUS = "refund_status"
    TASK_DONE = "task_done"  # cancelled, returned, exchanged, changed
    FEEDBACK = "feedback"  # stars were given
    COMPLAINT = "complaint"  # one was recorded
    IMPATIENCE = "impatience"  # the conversation shows that the customer loses patience
    OFFER_DECLINED = "offer_declined"


class Mood(StrEnum):
    UNHAPPY = "unhappy"
    NEUTRAL = "neutral"
    HAPPY = "happy"


class Trouble(StrEnum):
    """What went wrong, as far as the records or the words of the customer say it."""

    NONE = "none"
    LATE_DELIVERY = "late_delivery"
    LATE_AGAIN = "late_again"  # several within a year
    SLOW_REFUND = "slow_refund"
    PRICE = "price"
    PRODUCT = "product"  # broken, wrong, missing
    SERVICE = "service"  # had to ask again, nobody answered


class Reason(StrEnum):
    """Why the chosen action was chosen."""

    MAKES_GOOD = "makes_good"  # what went wrong, with something that fits it
    MAY_LEAVE = "may_leave"  # worth more than it costs, for a customer at risk
    FITS_THE_CUSTOMER = "fits_the_customer"  # a product, or a thank-you
    DUE = "due"  # the policy wants it at this moment, whatever it is worth
    EXPLORED = "explored"  # drawn at random, to learn what it does
    NOTHING_ALLOWED = "nothing_allowed"  # answer only: every other action was refused
    NOTHING_WORTH_IT = "nothing_worth_it"  # answer only: none brings more than it costs
    COMPLAINT_OPEN = "complaint_open"  # answer only: solve that first
    NO_CONSENT = "no_consent"  # answer only: the customer wants no personal offers
    HOLDOUT = "holdout"  # answer only: one of the customers that get no offers, so that offers can be measured
    NOT_VERIFIED = "not_verified"  # answer only: nobody knows who it is
    BUDGET_SPENT = "budget_spent"  # answer only: something fits, and its budget is spent
    UNAVAILABLE = "unavailable"  # answer only: the decision failed; the program's log says how


class Refusal(StrEnum):
    """Which rule refused an action."""

    SWITCHED_OFF = "switched_off"
    NOT_AT_THIS_MOMENT = "not_at_this_moment"
    MOOD_DOES_NOT_FIT = "mood_does_not_fit"
    DOES_NOT_FIT_TROUBLE = "does_not_fit_trouble"  # would not help with what went wrong
    NOT_VERIFIED = "not_verified"
    HOLDOUT = "holdout"
    NO_CONSENT = "no_consent"
    COMPLAINT_OPEN = "complaint_open"
    PERSON_ASKED = "person_asked"  # one was asked into this conversation, or is in it
    SCORE_MISSING = "score_missing"  # a score it needs was never made
    SCORE_STALE = "score_stale"  # or too long ago
    LABEL_DOES_NOT_FIT = "label_does_not_fit"  # such as a customer who is not at risk
    SLEEPING_DOG = "sleeping_dog"  # an offer would rather put them off
    OFFER_IN_CONVERSATION = "offer_in_conversation"
    OFFER_STILL_OPEN = "offer_still_open"  # the last one is still valid
    COOLING_OFF = "cooling_off"
    OTHER_GIFT = "other_gift"  # another one was given not long ago
    TIER_GETS_NONE = "tier_gets_none"
    NOTHING_TO_RECOMMEND = "nothing_to_recommend"
    OUT_OF_STOCK = "out_of_stock"
    BUDGET_SPENT = "budget_spent"
    NOT_WORTH_IT = "not_worth_it"
