"""What the help articles say about the message."""

from __future__ import annotations

from actions.shop_action import Context
from knowledge.answer import Answer, compose
from knowledge.hits import Hit


def find_answer(context: Context) -> Answer:
    """The answer to the message, in the variant of the customer's tier."""
    profile = context.profile
    hits = [Hit.from_json(passage) for passage in context.turn.passages]
    return compose(
        context.services.store,
        context.turn.question,
        hits,
        tier=profile.tier if profile else None,
        settings=context.services.knowledge,
    )
