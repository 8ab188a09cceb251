"""What a scripted customer wants, what they know, and how the shop must look when they got it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from benchmarks.dialogue_state import EndState
from crm_models.identity import Identity, Trust
from crm_models.orders import Order, list_orders
from crm_models.payments import PaymentMethod, list_payment_methods
from crm_models.shop_policy import ShopPolicy, read_facts, read_policy
from crm_models.tables import customers


@dataclass(frozen=True)
class Goal:
    """One customer's visit.

    `facts` are what the customer knows, by the entity that the bot's buttons carry (`order_id`, `line_id`, ...);
    `spoken` are the words for them, `fields` what the phrases have in braces. `intents` are the buttons without
    a value that lead to the goal.
    """

    kind: str
    customer_id: str
    openings: Sequence[str]
    end: EndState
    intents: frozenset[str] = frozenset()
    facts: Mapping[str, str] = field(default_factory=dict)
    spoken: Mapping[str, Sequence[str]] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Person:
    """A customer with what the shop knows of them."""

    connection: Connection
    customer_id: str
    now: datetime

    @cached_property
    def identity(self) -> Identity:
        return Identity("bench", self.customer_id, Trust.VERIFIED)

    @cached_property
    def orders(self) -> tuple[Order, ...]:
        return list_orders(self.connection, self.identity, limit=30)

    @cached_property
    def methods(self) -> tuple[PaymentMethod, ...]:
        return list_payment_methods(self.connection, self.customer_id)

    @cached_property
    def policy(self) -> ShopPolicy:
        return read_policy(self.connection)

    @cached_property
    def currency(self) -> str:
        return read_facts(self.connection).currency


# Gives a goal of one kind to a person, or None to whom it does not apply.
Maker = Callable[[Person, random.Random], Goal | None]


def draw_goals(connection: Connection, makers: Mapping[str, Maker], count: int, seed: int, now: datetime) -> list[Goal]:
    """So many goals of each kind, or as many as the shop has customers for; every opening gets its turn.

    The same seed and shop give the same goals.
    """
    goals: list[Goal] = []
    for kind, maker in makers.items():
        rng = random.Random(f"{seed} {kind}")
        found = _goals(connection, maker, rng, now)
        goals += [goal for goal, _ in zip(found, range(count), strict=False)]
    return goals


def _goals(connection: Connection, maker: Maker, rng: random.Random, now: datetime) -> Iterator[Goal]:
    everybody = list(connection.execute(select(customers.c.customer_id).order_by(customers.c.customer_id)).scalars())
    rng.shuffle(everybody)
    for customer_id in everybody:
        goal = maker(Person(connection, customer_id, now), rng)
        if goal is not None:
            yield goal


def fill(texts: Sequence[str], fields: Mapping[str, Any]) -> list[str]:
    """The phrases whose braces `fields` can fill, filled."""
    filled = []
    for text in texts:
        try:
            filled.append(text.format_map(fields))
        except KeyError:
            continue
    return filled
