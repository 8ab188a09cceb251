"""The demo shop's customers and their years with it. Same seed and same day: same rows, byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from numpy.random import PCG64, Generator

from crm_models.shop_policy import ShopPolicy
from demo.behaviour import browse, consents
from demo.campaigns import mail, waves
from demo.catalogue import load_catalogue
from demo.life import Life, Simulator
from demo.market import open_market
from demo.people import People
from demo.personas import Persona, read_personas, taken_contacts
from demo.purchase import Purchase
from demo.rows import Ledger, Row
from demo.traits import draw_traits
from demo.truth import truth_csv

Progress = Callable[[str, int, int], None]  # what is being done, how many are done, of how many

YEARS = 3
_EARLY_SHARE, _EARLY_DAYS = 0.25, 90  # customers the shop had almost from the start
_NEWEST_DAYS = 3  # nobody signed up more recently
_FIRST_NUMBER = 105_001  # order numbers 104xxx belong to the personas


@dataclass(frozen=True)
class DemoData:
    """Rows by table name, in an order that keeps foreign keys, and the traits behind them."""

    tables: dict[str, list[Row]]
    truth: str  # CSV, see demo.truth


def generate(seed: int, until: date, customers: int = 2000, progress: Progress | None = None) -> DemoData:
    """Three years of the shop that end when the day `until` begins.

    Args:
        seed: 0 or more; every random number comes from it, through the bit generator PCG64.
        until: the first day that is not in the data. The personas' stories are told relative to it.
        customers: how many in all, the six personas included; they are always there.
    """
    end = datetime.combine(until, time())
    policy = ShopPolicy()
    market = open_market(load_catalogue(), seed)
    simulator = Simulator(market, policy, end)
    personas = list(read_personas(market, policy, end))
    people = People(taken_contacts())
    ledger = Ledger(end, Generator(PCG64([seed, 3])))
    ledger.add_catalogue(market.catalogue)
    lives: list[Life] = [persona.life for persona in personas]
    others: list[Persona] = []
    for number in range(len(personas) + 1, customers + 1):
        # A stream of its own for each customer: adding one changes nobody else.
        random = Generator(PCG64([seed, 2, number]))
        person = people.invent(random, f"C-{number:06d}", _sign_up(random, end))
        life = simulator.live(random, person, draw_traits(random, market.appeal))
        others.append(Persona(life, browse(random, life, simulator.products, end), consents(random, life, end)))
        lives.append(life)
        if progress is not None:
            progress("customers", number, customers)
    _number_orders(lives, seed)
    _write(ledger, [*personas, *others])
    # The personas' stories are fixed: no mailing for them.
    ledger.add_campaigns(waves(end), mail(seed, [other.life for other in others], end))
    return DemoData(dict(ledger.tables), truth_csv(lives, market.catalogue.categories, end))


def _sign_up(random: Generator, end: datetime) -> datetime:
    days = YEARS * 365
    if random.random() < _EARLY_SHARE:
        ago = days - float(random.random()) * _EARLY_DAYS
    else:
        ago = _NEWEST_DAYS + float(random.random()) * (days - _NEWEST_DAYS)
    return (end - timedelta(days=ago)).replace(microsecond=0)


def _number_orders(lives: Sequence[Life], seed: int) -> None:
    """Order numbers rise with time and leave gaps, as in a shop where some checkouts are not finished."""
    random = Generator(PCG64([seed, 4]))
    number = _FIRST_NUMBER
    for purchase in _by_time(lives):
        if purchase.order_id is None:
            purchase.order_id = f"HV-{number}"
            number += int(random.integers(1, 5))


def _by_time(lives: Sequence[Life]) -> list[Purchase]:
    purchases = [purchase for life in lives for purchase in life.purchases]
    return sorted(purchases, key=lambda purchase: (purchase.placed_at, purchase.customer_id))


def _write(ledger: Ledger, told: Sequence[Persona]) -> None:
    for persona in told:
        ledger.add_person(persona.life.person)
    for purchase in _by_time([persona.life for persona in told]):
        ledger.add_purchase(purchase)
    for persona in told:
        ledger.add_methods(persona.life.person)
        ledger.add_points(persona.life.person, persona.life.account)
        ledger.add_behaviour(persona.life.person, persona.browses, persona.consents)
        ledger.add_watches(persona.life.person, persona.watches)
