"""Steering the conversation itself: greeting, repeating, stopping, starting over, calming down."""

from __future__ import annotations

import re

from rasa_sdk.events import ActiveLoop, EventType, FollowupAction, SlotSet

from actions.person import PERSON_COMES, keeps_their_data
from actions.personal_words import named
from actions.remember import known_memory, say_memory
from actions.set_aside import offer_to_go_on
from actions.shop_action import Context, ShopAction
from actions.task_words import TASK_SLOTS, cleared, order_words
from actions.turn import has_run, has_written, running_task, said_last
from actions.words import word
from crm_models.customers import Profile
from crm_models.escalations import is_waiting
from crm_models.orders import Order, OrderStatus, get_order
from crm_models.personal_fields import PersonalField

_CANCEL = re.compile(r"\bcancel", re.IGNORECASE)
# Signing in is no task of its own.
_NO_NAME = frozenset({"sign_in_form"})


class ActionGreet(ShopAction):
    """A customer with one open order is greeted with it. "Hello?" later on asks whether anybody is there."""

    action = "action_greet"

    def act(self, context: Context) -> list[EventType]:
        """By name, where it is known for certain and welcome; with what became of what was asked last time."""
        if is_waiting(context.connection, context.turn.conversation_id):
            context.say("person", "already_waiting")
            return []
        asks = context.turn.text.rstrip().endswith("?") and has_written(context.events)
        if asks or has_run(context.events, self.action):
            context.say("greet", "again")
            return []
        profile = context.profile
        if profile is None:
            context.say("greet", "unknown")
            return []
        hello = named(profile)
        order = _only_open_order(context, profile)
        late = order is not None and order.is_late(context.turn.now) and order.status is OrderStatus.SHIPPED
        memory = known_memory(context)
        if memory is not None and not (late and order is not None and memory.order_id != order.order_id):
            return say_memory(context, memory, word("hello", named=hello))
        if order is not None:
            context.say("greet", "late_order" if late else "open_order", named=hello, **order_words(context, order))
            return [SlotSet("order_id", order.order_id), SlotSet("resume", "action_order_status")]
        context.say("greet", "known", named=hello)
        return []


def _only_open_order(context: Context, profile: Profile) -> Order | None:
    """The one order under way, where it may be mentioned unasked."""
    if len(profile.open_order_ids) != 1 or not profile.may_use(PersonalField.ORDERS):
        return None
    return get_order(context.connection, context.identity, profile.open_order_ids[0])


class ActionThanks(ShopAction):
    """After "thank you"."""

    action = "action_thanks"
    soothes = False

    def act(self, context: Context) -> list[EventType]:
        """Without cheer where the matter was none to be glad of. In the middle of a task it asks on by itself."""
        if running_task(context.events) is None:
            context.say("thanks")
        return []


class ActionGoodbye(ShopAction):
    """After "bye"."""

    action = "action_goodbye"
    soothes = False

    def act(self, context: Context) -> list[EventType]:
        """Who leaves in anger is told that a person can be asked for; in the middle of a task, that it is not done."""
        task = running_task(context.events)
        if task is None or task in _NO_NAME:
            context.say("goodbye")
            return []
        context.say("goodbye", "unfinished", task=word(f"task_{task.removesuffix('_form')}"))
        return [FollowupAction("action_listen")]


class ActionRepeat(ShopAction):
    """Says again what the bot said in its latest turn."""

    action = "action_repeat"
    soothes = False

    def act(self, context: Context) -> list[EventType]:
        """Text and buttons of the replies to the message before this one. A task asks again by itself."""
        if running_task(context.events):
            return []
        said: list[dict[str, object]] = []
        messages = 0
        for event in reversed(context.events):
            if event["event"] == "user" and "part_of" not in (event.get("metadata") or {}):
                messages += 1
                if said or messages > 2:
                    break
            elif event["event"] == "bot" and messages:
                said.append(event)
        if not said:
            context.say("repeat", "nothing")
        for event in reversed(said):
            data = event.get("data") or {}
            buttons = data.get("buttons") if isinstance(data, dict) else None
            context.dispatcher.utter_message(text=str(event["text"]), buttons=buttons or None)
        return []


class ActionStop(ShopAction):
    """Ends the running task; nothing is changed."""

    action = "action_stop"

    def act(self, context: Context) -> list[EventType]:
        """Whether there was one decides what is said."""
        order_id = context.slots.get("order_id")
        if running_task(context.events):
            context.say("stop", "task")
            offer_to_go_on(context)
        elif said_last(context.events) in PERSON_COMES or keeps_their_data(context):
            return [FollowupAction("action_back_to_bot")]
        elif context.turn.asks_more:
            # "Never mind, where is my order?" with nothing to stop: only the question is answered.
            pass
        elif (
            _CANCEL.search(context.turn.text)
            and order_id
            and get_order(context.connection, context.identity, str(order_id)) is not None
        ):
            # "Cancel it", with an order of theirs on the table, may well mean the order.
            context.say("stop", "order", order_id=order_id)
        else:
            context.say("stop", "nothing")
        return [ActiveLoop(None), SlotSet("requested_slot", None), *cleared()]


class ActionStartOver(ShopAction):
    """Forgets what the conversation was about; who is writing stays known."""

    action = "action_start_over"

    def act(self, context: Context) -> list[EventType]:
        """Every slot but the name and the tier."""
        context.say("start_over")
        forgotten = ("order_id", "resume", "offer_id", "topic", "choices", "set_aside", *TASK_SLOTS)
        return [
            ActiveLoop(None),
            SlotSet("requested_slot", None),
            *(SlotSet(slot, None) for slot in forgotten),
        ]


class ActionInsult(ShopAction):
    """Stays calm and offers a person."""

    action = "action_insult"
    soothes = False

    def act(self, context: Context) -> list[EventType]:
        """No lecture, and not the same words twice."""
        if said_last(context.events).startswith("utter_insult"):
            context.say("insult", "again")
        else:
            context.say("insult")
        return []
