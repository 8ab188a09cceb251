"""Messages that the shop sends unasked: no more of them, or from now on."""

from __future__ import annotations

import re

from rasa_sdk.events import EventType

from actions.asked_before import asked_before
from actions.shop_action import Context, ShopAction
from actions.words import word
from crm_models.identity import Trust
from crm_models.proactive.kinds import NoticeKind
from crm_models.proactive.wishes import stop_notices, want_notices


class ActionNoticesStop(ShopAction):
    """Stops the kind that is named; all of them where none is: too few messages are no harm."""

    action = "action_notices_stop"
    needs = Trust.VERIFIED
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """Takes effect at once, also for what is due already."""
        named = _kinds(context, "notices_stop")
        kinds = named if len(named) == 1 else list(NoticeKind)
        stopped = stop_notices(context.connection, str(context.identity.customer_id), kinds, "chat", context.turn.now)
        if not stopped:
            context.say("notices", "already_stopped")
        elif len(kinds) == 1:
            context.say("notices", "stopped", kinds=word(f"notice_{kinds[0].value}"))
        else:
            context.say("notices", "stopped_all")
        return []


class ActionNoticesResume(ShopAction):
    """Only what the customer names is switched on; a product is waited for by its name."""

    action = "action_notices_resume"
    needs = Trust.VERIFIED
    writes = True

    def act(self, context: Context) -> list[EventType]:
        """The kind that is named, or the question which."""
        kinds = _kinds(context, "notices_resume")
        if len(kinds) != 1 or kinds == [NoticeKind.BACK_IN_STOCK]:
            context.say("notices", "which")
            return []
        outcome = want_notices(
            context.connection, str(context.identity.customer_id), kinds[0], "chat", context.turn.now
        )
        context.say("notices", outcome.value, kinds=word(f"notice_{kinds[0].value}"))
        return []


def _kinds(context: Context, intent: str) -> list[NoticeKind]:
    """By the button that was pressed, or the words that the domain knows for each kind."""
    asked = next(asked_before(context.events, (intent,)), None)
    if asked is None:
        return []
    topic = asked.entities.get("topic")
    if topic:
        return [kind for kind in NoticeKind if kind.value == topic]
    # A button without one says what the words before it meant.
    text = (context.turn.question if asked.text.startswith("/") else asked.text).lower()
    return [kind for kind in NoticeKind if any(re.search(rf"\b{each}\b", text) for each in _heard(kind))]


def _heard(kind: NoticeKind) -> list[str]:
    return [re.escape(each.strip()) for each in word(f"heard_{kind.value}").split(",")]
