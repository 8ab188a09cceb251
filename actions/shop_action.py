"""The frame of every action: who is writing, one transaction, sign-in where the action needs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import EventType, FollowupAction, SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.context import Context
from actions.doubt import hear_choice, settle
from actions.next_action import hear_impatience
from actions.services import services
from actions.soothe import say_sorry
from actions.turn import Turn, is_chained, read_turn, running_task
from crm_models.identity import Trust, identity_of

if TYPE_CHECKING:
    from knowledge.compose.write import Written

__all__ = ["Context", "ShopAction", "sign_in_first"]


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

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> Any:
        """The events; a coroutine of them where an action has to wait for something."""
        return self.respond(dispatcher, tracker)

    def respond(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, written: Written | None = None
    ) -> list[EventType]:
        """Open the transaction, check trust, act."""
        turn = read_turn(tracker)
        doubted = tracker.slots.get("gap_id") is not None
        with services().connection(self.writes or doubted) as connection:
            identity = identity_of(connection, turn.conversation_id, turn.now)
            context = Context(
                dispatcher, tracker.slots, tracker.events, turn, connection, identity, services(), written
            )
            context.experiments.look_up()
            if doubted:
                hear_choice(context)
            if identity.trust < self.needs:
                return sign_in_first(turn, self.action)
            events = self.act(context)
            if doubted and self.ends_turn:
                events = [*settle(context, events, self.done(context)), *events]
        soothes = self.soothes and self.ends_turn and not is_chained(tracker.events)
        if soothes and say_sorry(context):
            hear_impatience(context)
        context.services.experiments.log(context.services.engine, context.shown)
        if self.ends_turn and not any(event["event"] == "followup" for event in events):
            events = [*_without_the_tasks_order(tracker, events), *_what_follows(tracker, turn, events)]
        return events

    def done(self, context: Context) -> bool:
        """Whether what the customer wanted was done; asked after `act`."""
        return True

    @abstractmethod
    def act(self, context: Context) -> list[EventType]:
        """Do it, say the outcome, return what the conversation must remember."""


def _without_the_tasks_order(tracker: Tracker, events: list[EventType]) -> list[EventType]:
    """Whatever is told in between of another order, a running task stays with its own."""
    ends_task = any(event["event"] == "active_loop" for event in events)
    if ends_task or running_task(tracker.events) is None:
        return events
    return [event for event in events if event.get("name") != "order_id"]


def _what_follows(tracker: Tracker, turn: Turn, events: list[EventType]) -> list[EventType]:
    """What no rule would choose: the running task after a chain of actions, or the message's next request before it."""
    if turn.more_at_once:
        return [FollowupAction("action_listen")]
    if is_chained(tracker.events):
        # A person who was asked for in doubtful words ends the task as well as one asked for in plain ones.
        ended = any(event["event"] == "active_loop" and event["name"] is None for event in events)
        return [FollowupAction((None if ended else running_task(tracker.events)) or "action_listen")]
    return []


def sign_in_first(turn: Turn, resume: str) -> list[EventType]:
    """Ask who it is, and come back to `resume` afterwards; an order that was named stays named."""
    order_id = turn.entity("order_id")
    remembered = [SlotSet("order_id", order_id)] if order_id else []
    return [*remembered, SlotSet("resume", resume), FollowupAction("sign_in_form")]
