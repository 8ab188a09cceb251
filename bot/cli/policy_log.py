"""Decisions on the terminal: what was added, why, what it was worth, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from bot.cli.config import Config
from bot.cli.display import console, note
from bot.cli.errors import UnknownCustomer
from bot.cli.prepare import open_database
from crm_models.customers import find_customer
from crm_models.database import reading
from crm_models.next_action.choice import MISSING, STALE
from crm_models.next_action.decide import ABOUT_VISITS, FAILED
from crm_models.next_action.decision_log import LoggedDecision, read_decisions
from crm_models.next_action.effects import Effect, effects_of


def show_log(config: Config, customer: str | None, limit: int, alternatives: bool) -> None:
    with reading(open_database(config)) as connection:
        customer_id = None
        if customer is not None:
            key = "email" if "@" in customer else "customer_id"
            customer_id = find_customer(connection, **{key: customer})
            if customer_id is None:
                raise UnknownCustomer(f"Nobody has the number or e-mail {customer!r}.")
        found = read_decisions(connection, customer_id=customer_id, limit=limit)
        effects = effects_of(connection, found)
    if not found:
        note("Nothing was decided yet: the policy has nothing for what customers said so far.")
        return
    for each, effect in zip(found, effects, strict=True):
        _show(each, effect, alternatives)


def _show(each: LoggedDecision, effect: Effect, alternatives: bool) -> None:
    console.print(
        f"{each.created_at:%Y-%m-%d %H:%M}  {each.customer_id}  at {each.moment}: [bold]{each.action}[/], {each.reason}"
    )
    told = [
        f"value {each.value_cents / 100:,.2f}",
        f"cost {each.cost_cents / 100:,.2f}",
        f"chance {each.propensity:.3g}",
    ]
    told += [f"score of {model} {state}" for model, state in each.model_versions.items() if state in _LACKING]
    console.print(f"    {', '.join(told)}", markup=False)
    if became := list(_became(effect)):
        console.print(f"    -> {', '.join(became)}", markup=False)
    for other in each.alternatives if alternatives else ():
        if other["action"] != each.action:
            console.print(f"    [dim]{_alternative(other)}[/]")


def _became(effect: Effect) -> Iterator[str]:
    if effect.answer:
        after = "" if effect.answered_after is None else f" after {_span(effect.answered_after)}"
        yield f"the customer {_ANSWERS[effect.answer]}{after}"
    if effect.person:
        yield f"the person: {effect.person}"
    if effect.ordered_after_days is not None:
        yield f"ordered after {effect.ordered_after_days} days"
    if effect.complained_after_days is not None:
        yield f"complained after {effect.complained_after_days} days"


def _span(time: timedelta) -> str:
    """`40 seconds`, `3 minutes`, `5 hours`, `2 days`."""
    seconds = int(time.total_seconds())
    unit, length = next((each for each in _UNITS if seconds >= each[1]), ("second", 1))
    count = seconds // length
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60))
_ANSWERS = {"shown": "has not answered", "accepted": "accepted", "declined": "declined"}
_LACKING = (MISSING, STALE, FAILED, ABOUT_VISITS)


def _alternative(other: Mapping[str, Any]) -> str:
    worth = f", value {other['value_cents'] / 100:,.2f}" if "value_cents" in other else ""
    return f"{other['action']}: {other.get('refused', 'allowed')}{worth}"
