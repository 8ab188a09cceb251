"""What the help articles say about the message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.experiments import articles_of, unharmed
from actions.services import services
from actions.shop_action import Context
from actions.turn import read_turn
from crm_models.customers import Profile
from crm_models.identity import identity_of
from crm_models.personal_fields import PersonalField
from knowledge.answer import Answer, compose
from knowledge.hits import Hit

if TYPE_CHECKING:
    from knowledge.compose.models import LanguageModel
    from knowledge.compose.write import Written


def find_answer(context: Context) -> Answer:
    """The answer from what the customer may be shown, for their tier and country where these may be used."""
    profile = context.profile
    hits = [Hit.from_json(passage) for passage in context.turn.passages]

    def without(articles: frozenset[str]) -> Answer:
        return compose(
            context.services.store,
            context.turn.question,
            [hit for hit in hits if hit.document_id not in articles],
            tier=_usable_tier(profile),
            country=_usable_country(profile),
            settings=context.services.knowledge,
        )

    found = {hit.document_id for hit in hits}
    quoted = unharmed(lambda: articles_of(context.experiments, found, without), None) or without(frozenset())
    written = context.written
    return written.answer if written is not None and written.quoted == quoted else quoted


async def write_answer(writer: LanguageModel, dispatcher: CollectingDispatcher, tracker: Tracker) -> Written:
    """The answer in the words of a language model.

    Apart from the action's own work: while the model writes, other conversations go on and no transaction is open.
    """
    from knowledge.compose.write import write_answer as write

    turn = read_turn(tracker)
    with services().connection(writes=False) as connection:
        identity = identity_of(connection, turn.conversation_id, turn.now)
        context = Context(dispatcher, tracker.slots, tracker.events, turn, connection, identity, services())
        quoted = find_answer(context)
        tier, country = _usable_tier(context.profile), _usable_country(context.profile)
    # Of the others an experiment may keep some from this customer.
    shown = {source.document_id for source in (*quoted.sources, *quoted.near)}
    hits = [hit for hit in map(Hit.from_json, turn.passages) if hit.document_id in shown]
    settings = services().knowledge
    return await write(writer, services().store, turn.question, hits, quoted, tier, country, settings)


def _usable_tier(profile: Profile | None) -> str | None:
    return profile.tier if profile and profile.may_use(PersonalField.TIER) else None


def _usable_country(profile: Profile | None) -> str | None:
    return profile.country if profile and profile.may_use(PersonalField.LOCATION) else None
