"""Two mailings with a voucher, each to a random half of the customers: what the voucher changes follows the traits.

The stories of the customers go on as if nothing had been sent: a mailing adds visits only, drawn from a random stream
of its own, so that everything else in the shop stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from numpy.random import PCG64, Generator

from demo.behaviour import Browse
from demo.life import Life

_STREAM = 5  # of the seed; 2 to 4 are those of `demo.generate`
PROPENSITY = 0.5
WITHIN_DAYS = 14
# Days before the end. Neither lies in the 90 days before the end or before half a year ago.
_WAVES = (
    ("voucher-1", "Voucher by e-mail, first mailing", 300),
    ("voucher-2", "Voucher by e-mail, second mailing", 130),
)

# Chance of a visit without the voucher, of a customer who has left the shop and of the others.
_BASE, _BASE_GONE = 0.4, 0.03
# The voucher draws those for whom the price counts. Who was served badly lately takes it amiss, the impatient most.
_PULL, _INDIFFERENT, _AMISS = 0.9, 0.3, 1.0
_NOT_LONG_AGO = timedelta(days=300)
_DAYS_LATE = 2
_LEAST, _MOST = 0.02, 0.97


@dataclass(frozen=True)
class Wave:
    campaign_id: str
    name: str
    started_at: datetime


@dataclass(frozen=True)
class Mailed:
    """One customer in one mailing, and the visits that it or chance brought about."""

    campaign_id: str
    customer_id: str
    treated: bool
    visits: tuple[Browse, ...]


def waves(until: datetime) -> list[Wave]:
    return [Wave(name, title, until - timedelta(days=ago, hours=-9)) for name, title, ago in _WAVES]


def offer_effect(life: Life, at: datetime) -> float:
    """By how much the voucher changes the chance of a visit: 0 for who has left."""
    if _gone(life, at):
        return 0.0
    wanted = _BASE + _PULL * (life.traits.price_sensitivity - _INDIFFERENT)
    if _served_badly(life, at):
        wanted -= _AMISS * (1.0 - life.traits.patience)
    return min(max(wanted, _LEAST), _MOST) - _BASE


def mail(seed: int, lives: Iterable[Life], until: datetime) -> Iterator[Mailed]:
    """Every customer who had ordered before a mailing, in either arm."""
    for number, life in enumerate(lives):
        random = Generator(PCG64([seed, _STREAM, number]))
        for wave in waves(until):
            treated = bool(random.random() < PROPENSITY)
            if not life.purchases or life.purchases[0].placed_at >= wave.started_at:
                continue
            chance = _BASE_GONE if _gone(life, wave.started_at) else _BASE
            chance += treated * offer_effect(life, wave.started_at)
            visits = tuple(_visits(random, life, wave)) if random.random() < chance else ()
            yield Mailed(wave.campaign_id, life.person.customer_id, treated, visits)


def _gone(life: Life, at: datetime) -> bool:
    return life.mood.left_at is not None and life.mood.left_at < at


def _served_badly(life: Life, at: datetime) -> bool:
    """A complaint, or a parcel that came late, as the shop has them on record."""
    since = at - _NOT_LONG_AGO
    return any(
        (purchase.days_late >= _DAYS_LATE and purchase.cancelled_at is None and since <= purchase.delivered_at < at)
        or any(since <= complaint.created_at < at for complaint in purchase.complaints)
        for purchase in life.purchases
    )


def _visits(random: Generator, life: Life, wave: Wave) -> Iterator[Browse]:
    at = wave.started_at + timedelta(days=float(random.random()) * (WITHIN_DAYS - 1))
    at = at.replace(microsecond=0)
    for minutes, product in enumerate(life.shopper.look_at(random, 1 + int(random.integers(2)))):
        yield Browse("view", product.product_id, None, at + timedelta(minutes=minutes))
