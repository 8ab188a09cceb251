"""The policy of offers on the terminal: its mistakes, what differs from the shipped one, and what is in force."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.cli.config import Config
from bot.cli.display import console, done, note
from bot.cli.policy_doubts import doubts
from bot.cli.prepare import open_database
from bot.cli.shop import utc_now
from crm_models.database import reading
from crm_models.next_action.kinds import ActionKind
from crm_models.next_action.policy import ActionTerms, CreditTerms, PerkTerms, RetentionTerms
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.next_action.reading import read_budget_left


def check_policy(config: Config, file: Path | None) -> None:
    own = file or config.crm.offer_policy_file
    policy = load_offer_policy(own)
    done(f"The policy {own or 'that is shipped'} has no mistakes; version {policy.version}")
    differing = list(_differences(load_offer_policy().model_dump(mode="json"), policy.model_dump(mode="json")))
    for line in differing:
        console.print(f"  {line}", markup=False)
    if own is not None and not differing:
        note("It says nothing that differs from the shipped one.")
    with reading(open_database(config)) as connection:
        for line in doubts(connection, policy):
            note(line)


def show_policy(config: Config) -> None:
    policy = load_offer_policy(config.crm.offer_policy_file)
    with reading(open_database(config)) as connection:
        left = read_budget_left(connection, policy, utc_now())
    for kind in ActionKind:
        if kind is not ActionKind.ANSWER_ONLY:
            _show(kind, policy.terms(kind), left[kind])
    rules = policy.rules
    said = [
        f"{rules.offers_per_conversation} offers a conversation, {rules.days_between_gifts} days between gifts",
        "none while a complaint is open" if rules.no_offers_while_complaint_open else "also while a complaint is open",
        "none to sleeping dogs" if rules.none_to_sleeping_dogs else "also to sleeping dogs",
        f"{policy.exploration.share:.0%} of decisions explore",
        f"scores hold for {policy.scores.stale_after_days} days",
        f"sized product lines: {', '.join(policy.sizing.lines) or 'none'}",
    ]
    console.print(f"\nVersion {policy.version}: {'; '.join(said)}.")


def _show(kind: ActionKind, terms: ActionTerms, left_cents: float) -> None:
    if not terms.on:
        console.print(f"[bold]{kind}[/]  [dim]switched off[/]")
        return
    again = f"again after {terms.cooling_off_days} days" if terms.cooling_off_days else "as often as it fits"
    console.print(f"[bold]{kind}[/]  {_gives(terms)}{again}, {left_cents / 100:,.2f} left today")
    console.print(f"  at {', '.join(terms.moments)}; who is {' or '.join(terms.moods)}{_needs(terms)}", markup=False)


def _needs(terms: ActionTerms) -> str:
    needs = [] if terms.consent == "none" else [f"consent to {terms.consent}"]
    needs += [f"{model} {' or '.join(labels)}" for model, labels in terms.labels.items()]
    return f"; needs {', '.join(needs)}" if needs else ""


def _gives(terms: ActionTerms) -> str:
    if isinstance(terms, RetentionTerms):
        return f"{terms.percent.floor} to {terms.percent.cap} % off, "
    if isinstance(terms, CreditTerms):
        return f"{terms.credit_cents / 100:.2f} off, "
    return f"{terms.points} points, " if isinstance(terms, PerkTerms) else ""


def _differences(shipped: Any, own: Any, place: str = "") -> Iterator[str]:
    if isinstance(shipped, dict) and isinstance(own, dict):
        for key in sorted({*shipped, *own}):
            yield from _differences(shipped.get(key), own.get(key), f"{place}.{key}" if place else key)
    elif shipped != own:
        yield f"{place}: {own} (shipped: {shipped})"
