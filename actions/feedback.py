"""Feedback: a rating, a reason, kept with its sentiment; and what fits afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rasa_sdk.events import EventType

from actions.fields import TextField
from actions.next_action import add_what_fits
from actions.set_aside import offer_to_go_on
from actions.shop_action import Context, ShopAction
from actions.task_form import TaskForm
from actions.task_words import cleared
from crm_models.feedback import record_feedback
from crm_models.identity import Trust
from crm_models.next_action.kinds import Moment

LOWEST, HIGHEST = 1, 5


class RatingField:
    """One to five stars."""

    slot = "rating"

    def mentioned(self, context: Context, known: Mapping[str, Any]) -> bool:
        """Whether a number of stars is in the message."""
        return self.read(context, known, True) is not None

    def read(self, context: Context, known: Mapping[str, Any], asked: bool) -> float | None:
        """As a number; anything outside the scale is asked again."""
        given = context.turn.entity("rating") or (context.turn.text.strip() if asked else "")
        try:
            value = float(given)
        except ValueError:
            return None
        return value if LOWEST <= value <= HIGHEST else None

    def default(self, context: Context, known: Mapping[str, Any]) -> None:
        """Always asked."""
        return


class ValidateFeedbackForm(TaskForm):
    """A rating, then the reason if they like."""

    form = "feedback_form"
    own_intents = frozenset({"feedback"})
    trust = Trust.ANONYMOUS
    fields = (RatingField(), TextField("comment", optional=True))


class ActionFeedback(ShopAction):
    """Keep it, thank for it, and make it good where something went wrong."""

    action = "action_feedback"
    writes = True
    soothes = False

    def act(self, context: Context) -> list[EventType]:
        """The mood is that of the stars and of the words, whichever is further from neutral."""
        rating = context.slots.get("rating")
        if rating is None:
            offer_to_go_on(context)
            return cleared()
        stars = round(rating)
        comment = context.slots.get("comment") or None
        felt = context.turn.sentiment if comment else None
        outcome = record_feedback(
            context.connection,
            conversation_id=context.turn.conversation_id,
            customer_id=context.identity.customer_id if context.verified else None,
            rating=stars,
            comment=comment,
            sentiment=felt,
            now=context.turn.now,
        )
        context.say("feedback", outcome.value, rating=stars)
        added = add_what_fits(context, Moment.FEEDBACK, mood=(stars - 3) / 2, text=comment or "")
        offer_to_go_on(context)
        return [*cleared(), *added]
