"""The frame of every task that asks: what is known fills itself, the rest is asked, one thing at a time.

A task is a Rasa form. Its validation action, here, reads the message for the field that was asked for and for what
was volunteered, fills in from records what needs no asking, and names the next field. The prompts are `action_ask_*`
or `utter_ask_*`; what the task does at its end is an action of its own.

A message that answers nothing is one of three things: a question in between or another task (its intent has a
rule: the form steps aside, Rasa comes back to it), a correction ("no, the other order"), or not understood.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from rasa_sdk.events import EventType

from actions.corrections import correct
from actions.heard import DOUBTFUL, takes_back, wants_person
from actions.order_choice import OrderField, described_among, described_orders, named_order
from actions.set_aside import forget_outdated, keep, leave_for_now
from actions.shop_action import Context, ShopAction
from actions.sign_in import sign_in_answered, sign_in_step
from actions.task_state import State, TaskEnded
from actions.turn import asides_in_a_row, is_fresh, is_resumed, is_starting
from crm_models.identity import Trust

# Intents that answer a question of a form, or that a form reads itself. All others have rules of their own.
ANSWERS = frozenset(
    {"affirm", "deny", "inform", "choose", "correct_order", "nlu_ambiguous", "nlu_unsure", "out_of_scope"}
)
# Never taken for an answer, not even where any text is one.
COMMANDS = frozenset({"stop", "ask_person", "start_over", "help", "repeat", "back_to_bot", "bot_challenge", "wait"})
# A doubtful message is a question in between when the articles answer it.
QUESTION_IN_BETWEEN = 0.5
MOST_MISSES = 2
# A question in between is answered and the task's own asked again; after so many in a row the customer has something
# else in mind, and is asked whether to go on.
MOST_ASIDES = 2


class Field(Protocol):
    """One thing a task needs. `slot` names it; the methods return None where there is nothing.

    A field with a true `public` can be read without knowing who is writing. One that can be given in pieces has
    `begun(context)`: whether a piece of it has been said.
    """

    slot: str

    def mentioned(self, context: Context, known: Mapping[str, Any]) -> bool:
        """Whether the message looks like an answer to the question for it; looks only."""

    def read(self, context: Context, known: Mapping[str, Any], asked: bool) -> Any | None:
        """Its value in the message; `asked` says whether the bot has just asked for it."""

    def default(self, context: Context, known: Mapping[str, Any]) -> Any | None:
        """Its value in the records, where only one is possible."""


class TaskForm(ShopAction):
    """The validation action of one form. Subclasses name the form, its fields and its own intents."""

    action = ""
    writes = True
    ends_turn = False
    fields: ClassVar[tuple[Field, ...]]
    own_intents: ClassVar[frozenset[str]]
    trust: ClassVar[Trust] = Trust.VERIFIED

    @property
    @abstractmethod
    def form(self) -> str:
        """Name of the form in the domain; a plain class attribute in subclasses."""

    def name(self) -> str:
        """`validate_<form>`, the name that Rasa calls it by."""
        return f"validate_{self.form}"

    def act(self, context: Context) -> list[EventType]:
        """Read the message into the form; see the module."""
        starting = is_starting(context.events, self.form)
        state = State(context, None if starting else context.slots.get("requested_slot"), dict(context.slots))
        if starting or state.asked in ("email", "code"):
            # An order from before is only a guess until `OrderField.default` has looked at it.
            state.values["order_id"] = None
        try:
            if starting and is_resumed(context.events):
                forget_outdated(state, self.fields)
                self._advance(state, reads=self.reads_at_once(context))
            elif starting:
                leave_for_now(state, self.form)
                if self._taken_back(state):
                    self._leave_as_it_was(state)
                stale = (each.slot for each in self.fields if each.slot != "order_id")
                state.forget((*stale, "email", "code"))
                self._advance(state, reads=True)
            elif not is_fresh(context.events, self.form):
                if asides_in_a_row(context.events, self.form) >= MOST_ASIDES:
                    self._leave(state)
                self._advance(state, reads=False)
            elif self._corrected(state):
                self._advance(state, reads=False)
            elif self._steps_aside(state):
                return []
            elif self._taken_back(state):
                self._leave_as_it_was(state)
            else:
                self._take(state)
        except TaskEnded:
            state.set("confirmed", None)
            state.ask = None
        if starting and state.ask:
            self.open(context)
            self._tell_what_waits(context)
        return state.events()

    def reads_at_once(self, context: Context) -> bool:
        """Whether the message that another action went on from still says something that this task needs."""
        return False

    def open(self, context: Context) -> None:
        """What is said first where the task begins and has something to ask."""

    @staticmethod
    def _tell_what_waits(context: Context) -> None:
        """Of the other requests of the message, so that nobody thinks that they were not read."""
        if context.turn.further:
            context.say("requests", "later", requests='", "'.join(context.turn.further))

    def _taken_back(self, state: State) -> bool:
        """ "I want a refund - no, keep it", of a task that would change something."""
        changes = any(each.slot == "confirmed" for each in self.fields)
        return changes and not state.context.turn.is_button and takes_back(state.context.turn.text)

    @staticmethod
    def _leave_as_it_was(state: State) -> None:
        state.context.say("task", "not_done")
        raise TaskEnded

    def _leave(self, state: State) -> None:
        """Keep the task; its last action asks whether to go on with it."""
        keep(state, self.form)
        raise TaskEnded

    def _corrected(self, state: State) -> bool:
        """Whether the message says something else than what was to be confirmed; then that is asked again."""
        return state.asked == "confirmed" and correct(state, self.fields, ANSWERS | self.own_intents)

    def _take(self, state: State) -> None:
        before, said = dict(state.values), len(state.context.dispatcher.messages)
        if state.context.turn.intent == "correct_order" and "order_id" in (each.slot for each in self.fields):
            self._correct(state)
        elif state.asked == "line_id":
            self._take_the_order_with_it(state)
        self._advance(state, reads=True)
        moved = state.ask != state.asked or any(before.get(slot) != value for slot, value in state.values.items())
        if moved:
            if state.values.get("misses"):
                state.set("misses", 0.0)
            return
        misses = (state.values.get("misses") or 0.0) + 1
        state.set("misses", min(misses, 10.0))
        explained = len(state.context.dispatcher.messages) > said or self._begun(state)
        if misses > MOST_MISSES + 1 and state.asked != "code":
            state.context.say("form", "given_up")
            raise TaskEnded
        if state.context.turn.intent not in self.own_intents and not explained:
            state.context.say("form", "stuck" if misses >= MOST_MISSES else "unclear")

    def _advance(self, state: State, reads: bool) -> None:
        """Fill what can be filled, in order; the first field without a value is asked for."""
        state.ask = self._identify(state, reads)
        if state.ask:
            if reads and state.asked is None:
                self._keep_for_later(state)
            return
        for each in self.fields:
            value = state.values.get(each.slot)
            # The field asked for is read even when it has a value: the customer may be changing it.
            if reads and (value is None or state.asked == each.slot):
                value = each.read(state.context, state.values, state.asked == each.slot)
            if value is None:
                value = each.default(state.context, state.values)
            if value is None:
                state.ask = each.slot
                return
            if value != state.values.get(each.slot):
                state.set(each.slot, value)
        state.ask = None

    def _identify(self, state: State, reads: bool) -> str | None:
        """The field of the sign-in to ask for; None once the customer is known well enough."""
        if state.context.identity.trust >= self.trust:
            return None
        return sign_in_step(state, reads)

    def _keep_for_later(self, state: State) -> None:
        """What a visitor says before the sign-in is not asked again after it. A number is looked at then."""
        number = named_order(state.context)
        if number and any(each.slot == "order_id" for each in self.fields):
            state.set("order_id", number)
        for each in self.fields:
            if getattr(each, "public", False):
                value = each.read(state.context, state.values, False)
                if value is not None:
                    state.set(each.slot, value)

    def _correct(self, state: State) -> None:
        """ "No, the other order": everything that hung on the order goes with it."""
        state.values["excluded"] = state.values.get("order_id")
        state.forget(tuple(each.slot for each in self.fields))
        state.asked = "order_id"

    def _take_the_order_with_it(self, state: State) -> None:
        """Asked for an item, they name one of another order of theirs: then that order is meant."""
        field = next((each for each in self.fields if isinstance(each, OrderField)), None)
        product = state.context.turn.entity("product")
        if field is None or product is None or self._answers(state):
            return
        orders = field.candidates(state.context)
        meant = described_among(state.context, orders)
        if len(meant) == 1 and meant[0].order_id != state.values.get("order_id"):
            state.forget(tuple(each.slot for each in self.fields))
            state.set("order_id", meant[0].order_id)
        elif not described_orders(state.context):
            state.context.say("order", "not_bought", product=product)

    def _steps_aside(self, state: State) -> bool:
        """Whether another rule should answer this message first."""
        turn = state.context.turn
        if wants_person(turn):
            return True
        if turn.intent in COMMANDS:
            # "I just don't need it any more" sounds like "stop", and is a reason when one was asked for.
            return not (state.asked == "reason" and turn.intent == "stop" and self._answers(state))
        if turn.intent in ANSWERS or turn.intent in self.own_intents:
            doubtful = turn.intent in DOUBTFUL
            asks = turn.follows or turn.answerable >= QUESTION_IN_BETWEEN
            return doubtful and asks and not self._answers(state) and not self._about_sign_in(state)
        return not self._answers(state)

    @staticmethod
    def _about_sign_in(state: State) -> bool:
        """Whether a doubtful message may be about the code that is waited for: "I never got it"."""
        possible = {each["name"] for each in state.context.turn.intent_set}
        return state.asked in ("email", "code") and "sign_in" in possible

    def _begun(self, state: State) -> bool:
        """Whether the message is a part of what was asked for; the rest is asked next."""
        asked = next((each for each in self.fields if each.slot == state.asked), None)
        begun = getattr(asked, "begun", None)
        return begun is not None and begun(state.context)

    def _answers(self, state: State) -> bool:
        """Whether the message holds the value that was asked for, whatever its intent looks like."""
        if state.asked in ("email", "code"):
            return sign_in_answered(state.context.turn, state.asked)
        return any(each.slot == state.asked and each.mentioned(state.context, state.values) for each in self.fields)
