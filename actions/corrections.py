"""Another value instead of a yes or a no: "no, it's 14 Rose Street", "wrong postcode, 10119", "with PayPal instead"."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from actions.order_choice import named_order
from actions.task_state import State
from crm_models.orders import get_order

_CUE = re.compile(
    r"\b(?:no|nope|not|wrong|actually|instead|rather|sorry|oops|mean|meant|correct|correction|but|should be|change)\b",
    re.IGNORECASE,
)
# What was chosen within something goes when that changes.
_DEPENDS = {"order_id": ("line_id", "new_item_id", "payment_method_id"), "line_id": ("new_item_id",),
            "profile_field": ("new_value", "email_code"), "new_value": ("email_code",)}  # fmt: skip


def correct(state: State, fields: Sequence[Any], intents: Collection[str]) -> bool:
    """Take over what the message says otherwise than the task has it; whether there was anything.

    `intents` are those that a form reads as answers. A message that looks like another wish needs a word of
    correction as well: "I want to return the lamp" changes no other task. Nor does a question.
    """
    turn = state.context.turn
    if turn.is_button or turn.text.rstrip().endswith("?"):
        return False
    if turn.intent not in intents and not _CUE.search(turn.text):
        return False
    changed = False
    for each in fields:
        if each.slot == "confirmed" or (each.slot == "order_id" and not _names_own_order(state)):
            continue
        value = each.read(state.context, state.values, False)
        if value is not None and value != state.values.get(each.slot):
            state.set(each.slot, value)
            state.forget(_DEPENDS.get(each.slot, ()))
            changed = True
    if changed:
        state.forget(("confirmed", "misses"))
    return changed


def _names_own_order(state: State) -> bool:
    """A postcode looks like an order number; orders are corrected by numbers that exist."""
    number = named_order(state.context)
    return number is not None and get_order(state.context.connection, state.context.identity, number) is not None
