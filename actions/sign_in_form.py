"""Signing in for its own sake, or because a question about an order needs it."""

from __future__ import annotations

from rasa_sdk.events import EventType

from actions.shop_action import Context
from actions.sign_in import claim_from_message
from actions.task_form import TaskForm
from actions.task_state import State, TaskEnded
from actions.turn import is_fresh, is_starting
from crm_models.identity import Trust


class ValidateSignInForm(TaskForm):
    """E-mail and code. For the status of one order, its number with the e-mail is enough."""

    form = "sign_in_form"
    fields = ()
    own_intents = frozenset({"sign_in"})
    trust = Trust.VERIFIED

    def reads_at_once(self, context: Context) -> bool:
        """An address that was written without being asked for is not asked for again."""
        return context.turn.entity("email") is not None

    def _leave(self, state: State) -> None:
        """Nothing is kept: it is asked for again by what needs it."""
        state.context.say("sign_in", "later")
        raise TaskEnded

    def act(self, context: Context) -> list[EventType]:
        """Try the short way first, where it suffices."""
        status_only = context.slots.get("resume") == "action_order_status"
        fresh = is_fresh(context.events, self.form)
        if status_only and fresh and claim_from_message(context):
            return State(context, None, {}).events()
        starting = is_starting(context.events, self.form)
        if status_only and not fresh and not starting and context.identity.trust is Trust.CLAIMED:
            # Number and e-mail were enough, and the question has been answered.
            done = State(context, None, {})
            done.set("resume", None)
            return done.events()
        return super().act(context)
