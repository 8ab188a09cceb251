"""The gap that a doubtful message leaves: asked about, closed by what the customer chooses, verified by what follows.

The slot `gap_id` holds its number from the question until it is settled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rasa_sdk.events import EventType, SlotSet

from actions.turn import running_task
from crm_models.gaps import GapCloser, GapKind, GapSort, GapStatus, advance_gap, get_gap, record_gap

if TYPE_CHECKING:
    from actions.shop_action import Context

_WHY_DROPPED = {
    "deny": "none of the meanings offered was right",
    "nlu_ambiguous": "what came next was doubtful as well",
    "nlu_unsure": "what came next was doubtful as well",
}


def open_doubt(context: Context, likely: Sequence[str], offered: Sequence[str]) -> EventType:
    """Note that the customer was asked which of the `offered` intents they mean."""
    gap_id = record_gap(
        context.connection,
        GapSort.REQUEST,
        GapKind.VAGUE,
        {"said": context.turn.text, "likely": list(likely), "offered": list(offered)},
        context.turn.now,
        conversation_id=context.turn.conversation_id,
        customer_id=context.identity.customer_id,
    )
    advance_gap(context.connection, gap_id, GapStatus.ASKED, context.turn.now)
    return SlotSet("gap_id", gap_id)


def hear_choice(context: Context) -> None:
    """The first action after the question: one of the offered meanings closes the gap, anything else drops it."""
    gap = get_gap(context.connection, int(context.slots["gap_id"]))
    if gap is None or gap.status is not GapStatus.ASKED:
        return
    intent, now = context.turn.intent, context.turn.now
    if intent in gap.evidence.get("offered", ()):
        advance_gap(context.connection, gap.gap_id, GapStatus.CLOSED, now, closed_by=GapCloser.CUSTOMER)
    else:
        because = _WHY_DROPPED.get(intent, f"the customer went on with {intent}")
        advance_gap(context.connection, gap.gap_id, GapStatus.DROPPED, now, because=because)


def settle(context: Context, events: Sequence[EventType], done: bool) -> list[EventType]:
    """After an action that ends a turn: a closed gap is verified when what was chosen is done, else dropped.

    It stays open while the task that was chosen goes on, or another action is still to come.
    """
    gap = get_gap(context.connection, int(context.slots["gap_id"]))
    if gap is not None and gap.status is GapStatus.CLOSED:
        if any(event["event"] == "followup" for event in events):
            return []
        chosen_now = context.turn.intent in gap.evidence.get("offered", ())
        ends_task = any(event["event"] == "active_loop" and not event["name"] for event in events)
        if running_task(context.events) and not ends_task:
            return []
        if done and (chosen_now or not ends_task):
            advance_gap(context.connection, gap.gap_id, GapStatus.VERIFIED, context.turn.now)
        else:
            because = "the task that was chosen was not done"
            advance_gap(context.connection, gap.gap_id, GapStatus.DROPPED, context.turn.now, because=because)
    return [SlotSet("gap_id", None)]
