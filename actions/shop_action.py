"""The frame of every action: who is writing, one transaction, sign-in where the action needs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy.engine import Connection

from actions.doubt import hear_choice, settle
from actions.experiments import response_of
from actions.services import Services, services
from actions.soothe import say_sorry
from actions.turn import Turn, is_chained, read_turn, running_task
from crm_models.customers import Profile, read_profile
from crm_models.experiments.exposure import Exposure
from crm_models.experiments.participation import Participation
from crm_models.identity import Identity, Trust, identity_of
from crm_models.shop_policy import ShopPolicy, read_facts, read_policy


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
    shown: list[Exposure] = field(default_factory=list)  # variants of experiments that the customer sees

    def say(self, topic: str, outcome: str | None = None, /, **fields: Any) -> None:
        """Utter `utter_<topic>_<outcome>`, or what an experiment says in its place; the sentence is in the domain."""
        name = f"utter_{topic}_{outcome}" if outcome else f"utter_{topic}"
        self.dispatcher.utter_message(response=response_of(self.experiments, name), **fields)

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


class ShopAction(Action, ABC):
    """An action: `act` does the work. rasa-sdk registers every subclass that is not abstract."""

    needs: ClassVar[Trust] = Trust.ANONYMOUS
    writes: ClassVar[bool] = False
    # Whether the customer's turn comes after it; a form and its questions leave that to Rasa.
    ends_turn: ClassVar[bool] = True
    # Whether a customer who loses patience is told that we are sorry, before what it says.
    soothes: ClassVar[bool] = True

    @property
    @abstractmethod
    def action(self) -> str:
        """Name in the domain; a plain class attribute in subclasses."""

    def name(self) -> str:
        """Name in the domain."""
        return self.action

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[EventType]:
        """Open the transaction, check trust, act."""
        turn = read_turn(tracker)
        doubted = tracker.slots.get("gap_id") is not None
        with services().connection(self.writes or doubted) as connection:
            identity = identity_of(connection, turn.conversation_id, turn.now)
            context = Context(dispatcher, tracker.slots, tracker.events, turn, connection, identity, services())
            context.experiments.look_up()
            if doubted:
                hear_choice(context)
            if identity.trust < self.needs:
                return sign_in_first(turn, self.action)
            events = self.act(context)
            if doubted and self.ends_turn:
                events = [*settle(context, events, self.done(context)), *events]
        if self.soothes and self.ends_turn and not is_chained(tracker.events):
            say_sorry(context)
        context.services.experiments.log(context.services.engine, context.shown)
        if self.ends_turn and is_chained(tracker.events) and not any(event["event"] == "followup" for event in events):
            events = [*events, FollowupAction(running_task(tracker.events) or "action_listen")]
        return events

    def done(self, context: Context) -> bool:
        """Whether what the customer wanted was done; asked after `act`."""
        return True

    @abstractmethod
    def act(self, context: Context) -> list[EventType]:
        """Do it, say the outcome, return what the conversation must remember."""


def sign_in_first(turn: Turn, resume: str) -> list[EventType]:
    """Ask who it is, and come back to `resume` afterwards; an order that was named stays named."""
    order_id = turn.entity("order_id")
    remembered = [SlotSet("order_id", order_id)] if order_id else []
    return [*remembered, SlotSet("resume", resume), FollowupAction("sign_in_form")]
