"""Which parts of a message are requests of their own: understood for certain, and about different matters.

A wrong cut loses a reason or a detail and answers what nobody asked; a missed one is asked again. So a part counts
only where its intent is a request, is sure, and is not the same matter as the part before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.nlu.decision import AMBIGUOUS, OUT_OF_SCOPE, UNSURE, Likely
from bot.nlu.segments import Link, Segment, word_count

# A part is a request from this probability of its intent on.
SURE = 0.85
FEWEST_WORDS = 2
MOSTREQUESTS = 3

# They begin a task of several questions; what else was asked waits until it ends.
TASKS = frozenset(
    {
        "cancel_order", "change_address", "change_items", "change_payment", "return_items", "exchange_items",
        "sign_in", "complaint", "damaged_item", "wrong_or_missing_item", "feedback",
        "correct_profile",
    }
)  # fmt: skip
# Said of what went wrong: more often the reason for a request than one.
_STATEMENTS = frozenset({"order_late", "damaged_item", "wrong_or_missing_item", "complaint", "feedback"})
REQUESTS = TASKS | _STATEMENTS | {
    "list_orders", "order_status", "track_package", "refund_status", "invoice_copy",
    "product_question", "stock_check", "product_price", "recommend",
    "about_me", "loyalty_points", "newsletter_subscribe", "newsletter_unsubscribe", "consent_give",
    "consent_withdraw", "delete_data", "ask_person", "notify_back_in_stock", "notices_stop", "notices_resume",
    "why_offer", "forbid_field", "allow_field", "what_next",
    "ask_delivery", "ask_returns", "ask_exchange", "ask_warranty", "ask_payment", "ask_account", "ask_loyalty",
    "ask_subscription", "ask_privacy", "ask_product_care", "ask_gift_card", "ask_contact", "ask_promotion",
}  # fmt: skip
# "Forget it. Do you deliver to Norway?" At its beginning it is done first; behind a request it would undo that.
FIRST_ONLY = frozenset({"stop"})
# Said around a request; alone they are answered, beside one they are not.
COURTESIES = frozenset({"greet", "thanks", "goodbye", "affirm", "chitchat"})
# Two intents of one group are taken for one matter: the second tells more about the first.
_MATTERS: tuple[frozenset[str], ...] = (
    frozenset({"list_orders", "order_status", "track_package", "order_late", "ask_delivery", "ask_contact",
               "notices_resume"}),
    frozenset({"return_items", "exchange_items", "damaged_item", "wrong_or_missing_item", "complaint", "ask_returns",
               "ask_exchange", "ask_warranty", "refund_status", "ask_product_care"}),
    frozenset({"cancel_order", "refund_status", "order_late", "complaint", "change_items", "return_items",
               "ask_returns", "wrong_or_missing_item"}),
    frozenset({"change_address", "ask_delivery", "ask_account", "about_me", "sign_in", "correct_profile"}),
    frozenset({"change_payment", "ask_payment", "invoice_copy", "refund_status", "ask_gift_card", "ask_promotion"}),
    frozenset({"product_question", "stock_check", "product_price", "recommend", "change_items", "exchange_items",
               "ask_product_care", "ask_promotion", "notify_back_in_stock"}),
    frozenset({"loyalty_points", "ask_loyalty", "ask_promotion", "about_me", "recommend"}),
    frozenset({"newsletter_subscribe", "newsletter_unsubscribe", "consent_give", "consent_withdraw", "notices_stop",
               "notices_resume", "notify_back_in_stock", "ask_privacy", "delete_data", "ask_subscription",
               "ask_account", "about_me", "forbid_field", "allow_field"}),
    frozenset({"why_offer", "recommend", "ask_promotion", "accept_offer", "decline_offer", "about_me",
               "consent_withdraw", "forbid_field"}),
    frozenset({"ask_account", "sign_in", "list_orders", "order_status", "about_me"}),
    frozenset({"ask_person", "ask_contact", "complaint", "order_late", "feedback"}),
    frozenset({"feedback", "complaint", "order_late", "damaged_item", "wrong_or_missing_item"}),
)  # fmt: skip


# They change something: "cancel the kettle, return the lamp" are two, though both are ways out of a purchase.
_CHANGES = TASKS - _STATEMENTS - {"sign_in", "correct_profile"}
# "Return" alone goes on with what was said before; "return the desk lamp" names something.
_FEWEST_WORDS_OF_A_CHANGE = 3
_WHEREABOUTS = frozenset({"order_status", "track_package", "order_late"})
_REFERRING = re.compile(r"\b(?:it|its|that|this|them|those|these|they)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """A segment, how many words it has, what the intent model makes of it, and whether it says "it" of another."""

    segment: Segment
    words: int
    intent: Likely
    refers_back: bool = False


def part_of(text: str, segment: Segment, intent: Likely) -> Part:
    said = text[segment.start : segment.end]
    return Part(segment, word_count(said), intent, _REFERRING.search(said) is not None)


@dataclass(frozen=True)
class Request:
    """One request: `text[start:end]`; `opening` is the place of the part whose intent it has."""

    start: int
    end: int
    opening: int


def separate(parts: Sequence[Part]) -> list[Request]:
    """The requests in the order they were made, two or three; none where the message is one request, or none.

    What is no request belongs to the one before it, at the beginning to the one after it.
    """
    openings = _openings(parts)
    if not 2 <= len(openings) <= MOSTREQUESTS:
        return []
    firsts = [0, *openings[1:]]
    lasts = [*(first - 1 for first in openings[1:]), len(parts) - 1]
    return [
        Request(parts[first].segment.start, parts[last].segment.end, opening)
        for opening, first, last in zip(openings, firsts, lasts, strict=True)
    ]


def only_request(parts: Sequence[Part], whole: Likely) -> int | None:
    """The place of the one request that stands among courtesies, where the whole is not understood without help."""
    if whole.name not in (*COURTESIES, AMBIGUOUS, UNSURE, OUT_OF_SCOPE):
        return None
    requests = [place for place, part in enumerate(parts) if _is_request(part)]
    others = [part for place, part in enumerate(parts) if place not in requests]
    if len(requests) == 1 and all(part.intent.name in COURTESIES for part in others):
        return requests[0]
    return None


def _openings(parts: Sequence[Part]) -> list[int]:
    """Places of the parts that begin a request of their own."""
    openings: list[int] = []
    for place, part in enumerate(parts):
        if not _is_request(part) and not (place == 0 and _is_ending(part)):
            continue
        if not openings:
            openings.append(place)
            continue
        if _is_another(parts[openings[-1]].intent.name, part):
            openings.append(place)
    return openings


def _is_another(before: str, part: Part) -> bool:
    """Whether it is another request than the one before. Words that say so ("also") outweigh one doubt."""
    name = part.intent.name
    two_changes = {before, name} <= _CHANGES and not part.refers_back and part.words >= _FEWEST_WORDS_OF_A_CHANGE
    doubts = (
        _is_same_matter(before, name) and not two_changes,
        bool({before, name} & _STATEMENTS),
        # "Does it cost anything?" asks more about the former; "can I still cancel it?" wants something else.
        part.refers_back and name not in TASKS,
    )
    return before != name and sum(doubts) <= (part.segment.link is Link.ADDED)


def _is_request(part: Part) -> bool:
    return part.intent.name in REQUESTS and part.intent.confidence >= SURE and part.words >= FEWEST_WORDS


def _is_ending(part: Part) -> bool:
    return part.intent.name in FIRST_ONLY and part.intent.confidence >= SURE


def tells_more(before: str, name: str) -> bool:
    """Whether a message with intent `name` is rather more about the former than a request of its own."""
    if name.startswith("ask_"):
        return False
    is_statement = bool({before, name} & _STATEMENTS) and _is_same_matter(before, name)
    return before == name or is_statement or {before, name} <= _WHEREABOUTS


def _is_same_matter(one: str, other: str) -> bool:
    return any(one in matter and other in matter for matter in _MATTERS)
