"""Everything one action works with: the message, the database, who is writing, and how to say something."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.engine import Connection

from actions.experiments import response_of
from actions.services import Services
from actions.turn import Turn
from actions.words import calm_variant
from crm_models.customers import Profile, read_profile
from crm_models.experiments.exposure import Exposure
from crm_models.experiments.participation import Participation
from crm_models.identity import Identity, Trust, identity_of
from crm_models.shop_policy import ShopPolicy, read_facts, read_policy

if TYPE_CHECKING:
    from knowledge.compose.write import Written


@dataclass(frozen=True)
class Context:
    """Everything one action works with."""

    dispatcher: CollectingDispatcher
    slots: Mapping[str, Any]
    events: list[dict[str, Any]]
    turn: Turn
    connection: Connection
    identity: Identity
    services: Services
    written: Written | None = None  # the answer in a language model's words, where it was made before
    shown: list[Exposure] = field(default_factory=list)  # variants of experiments that the customer sees

    def say(self, topic: str, outcome: str | None = None, /, **fields: Any) -> None:
        """Utter `utter_<topic>_<outcome>`, or what an experiment says in its place; the sentence is in the domain.

        To an unhappy customer its variant without cheer is said, where there is one; nothing is tried on that.
        """
        name = f"utter_{topic}_{outcome}" if outcome else f"utter_{topic}"
        calm = calm_variant(name) if self.turn.unhappy else None
        self.dispatcher.utter_message(response=calm or response_of(self.experiments, name), **fields)

    def identified(self) -> Context:
        """The same, with the identity as the database has it now."""
        known = identity_of(self.connection, self.turn.conversation_id, self.turn.now)
        return replace(self, identity=known)

    @property
    def verified(self) -> bool:
        """Whether the customer has proved who they are."""
        return self.identity.trust >= Trust.VERIFIED

    @cached_property
    def experiments(self) -> Participation:
        """The customer's part in what is tried; none for anybody who is not verified."""
        customer_id = self.identity.customer_id if self.verified else None
        turn, live = self.turn, self.services.experiments
        return Participation(live, self.connection, customer_id, turn.conversation_id, turn.now, self.shown)

    @cached_property
    def profile(self) -> Profile | None:
        """What the shop knows of the verified customer; None for anybody else."""
        if not self.verified or self.identity.customer_id is None:
            return None
        return read_profile(self.connection, self.identity.customer_id, self.turn.now)

    @cached_property
    def policy(self) -> ShopPolicy:
        """The shop's rules."""
        return read_policy(self.connection)

    @cached_property
    def currency(self) -> str:
        """The shop's currency, as an ISO code."""
        return read_facts(self.connection).currency
