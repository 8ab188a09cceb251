"""What customers do besides buying: they look around, search, and say yes or no to mails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from numpy.random import Generator

from demo.catalogue import Product
from demo.life import Life

_VISITS_A_YEAR = 2.0  # without buying, while content
_SEARCHES = 0.3
_NEWSLETTER, _PERSONALISATION = 0.58, 0.82
_WITHDRAWS_WHEN_GONE, _WITHDRAWS, _JOINS_LATER = 0.4, 0.12, 0.1
_SOURCES = ("shop", "shop", "chat", "staff")


@dataclass(frozen=True)
class Browse:
    kind: str  # view, search, cart
    product_id: str | None
    query: str | None
    created_at: datetime


@dataclass(frozen=True)
class Consent:
    purpose: str  # see crm_models.consents.Purpose
    granted: bool
    changed_at: datetime
    source: str


@dataclass(frozen=True)
class Watch:
    """An item that the customer wants to be told of when it is back."""

    item_id: str
    created_at: datetime


def browse(random: Generator, life: Life, products: dict[str, Product], until: datetime) -> list[Browse]:
    """Views, searches and full carts: before each order, and on visits that end in none."""
    events: list[Browse] = []
    for purchase in life.purchases:
        bought = [products[line.item.item_id] for line in purchase.lines]
        started = purchase.placed_at - timedelta(hours=float(random.exponential(30)))
        looked = [*bought, *life.shopper.look_at(random, int(random.integers(3)))]
        events += _visit(random, looked, max(started, life.person.created_at), purchase.placed_at)
        events += [
            Browse("cart", product.product_id, None, purchase.placed_at - timedelta(minutes=3 + number))
            for number, product in enumerate(bought)
        ]
    events += _idle_visits(random, life, until)
    return sorted(events, key=lambda event: (event.created_at, event.kind, event.product_id or ""))


def consents(random: Generator, life: Life, until: datetime) -> list[Consent]:
    """Asked at sign-up; some change their mind, most of all those who leave."""
    created = life.person.created_at
    newsletter = bool(random.random() < _NEWSLETTER)
    personal = bool(random.random() < _PERSONALISATION)
    history = [
        Consent("newsletter", newsletter, created, "shop"),
        Consent("personalisation", personal, created, "shop"),
    ]
    left_at = life.mood.left_at
    later = created + (until - created) * float(random.random())
    source = _SOURCES[int(random.integers(len(_SOURCES)))]
    chance = float(random.random())
    if newsletter and left_at is not None and chance < _WITHDRAWS_WHEN_GONE:
        after = left_at + timedelta(days=float(random.exponential(40)))
        history.append(Consent("newsletter", False, after.replace(microsecond=0), source))
    elif chance < (_WITHDRAWS if newsletter else _JOINS_LATER):
        history.append(Consent("newsletter", not newsletter, later.replace(microsecond=0), source))
    return [consent for consent in history if consent.changed_at < until]


def _idle_visits(random: Generator, life: Life, until: datetime) -> list[Browse]:
    events: list[Browse] = []
    years = (until - life.person.created_at).days / 365
    content = 1.0 if life.mood.left_at is None else 0.0
    for _ in range(int(random.poisson(_VISITS_A_YEAR * years))):
        at = life.person.created_at + (until - life.person.created_at) * float(random.random())
        if life.mood.left_at is not None:
            content = 1.0 if at < life.mood.left_at else 0.06
        if random.random() < content:
            looked = life.shopper.look_at(random, int(random.integers(1, 4)))
            events += _visit(random, looked, at, at + timedelta(minutes=25))
    return events


def _visit(random: Generator, looked: list[Product], start: datetime, end: datetime) -> list[Browse]:
    moments = [start + (end - start) * float(random.random()) for _ in looked]
    events = []
    for product, moment in zip(looked, moments, strict=True):
        at = moment.replace(microsecond=0)
        if random.random() < _SEARCHES:
            events.append(Browse("search", None, _words(random, product), at - timedelta(minutes=1)))
        events.append(Browse("view", product.product_id, None, at))
    return events


def _words(random: Generator, product: Product) -> str:
    colour = product.items[0].options.get("colour")
    choices = [product.type, f"{product.brand} {product.type}".lower()]
    if colour:
        choices.append(f"{colour} {product.type}")
    return choices[int(random.integers(len(choices)))]
