"""What the help articles say about the message."""

from __future__ import annotations

from actions.experiments import articles_of, unharmed
from actions.shop_action import Context
from knowledge.answer import Answer, compose
from knowledge.hits import Hit


def find_answer(context: Context) -> Answer:
    """The answer to the message, in the variant of the customer's tier, from the articles that they may be shown."""
    profile = context.profile
    hits = [Hit.from_json(passage) for passage in context.turn.passages]

    def without(articles: frozenset[str]) -> Answer:
        return compose(
            context.services.store,
            context.turn.question,
            [hit for hit in hits if hit.document_id not in articles],
            tier=profile.tier if profile else None,
            settings=context.services.knowledge,
        )

    found = {hit.document_id for hit in hits}
    return unharmed(lambda: articles_of(context.experiments, found, without), None) or without(frozenset())
