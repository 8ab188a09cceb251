"""Who the invented customers are: name, address, e-mail, phone, chat name, ways to pay."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.random import Generator

from demo.purchase import Method

_NAMES = Path(__file__).parent / "names.yml"
_CARD_BRANDS = ("Visa", "Mastercard")
_HAS_PHONE, _HAS_CHAT, _SECOND_EMAIL = 0.8, 0.35, 0.05
_HAS_CARD, _HAS_PAYPAL, _HAS_GIFT_CARD = 0.75, 0.55, 0.12
_GIFT_CARD_CENTS = (2500, 5000, 10000)


@dataclass
class Person:
    customer_id: str
    first_name: str
    last_name: str
    email: str
    phone: str | None
    address: dict[str, str | None]
    created_at: datetime
    methods: list[Method] = field(default_factory=list)
    chat: str | None = None
    more_emails: list[str] = field(default_factory=list)
    tier: str = "basic"


class People:
    """Invents customers; no two share an e-mail address, phone number or chat name."""

    def __init__(self, taken: set[str], path: Path = _NAMES) -> None:
        self._countries: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        weights = np.array([country["weight"] for country in self._countries.values()], dtype=float)
        self._reached = weights.cumsum() / weights.sum()
        self._taken = set(taken)

    def invent(self, random: Generator, customer_id: str, created_at: datetime) -> Person:
        code = list(self._countries)[int(self._reached.searchsorted(random.random(), side="right"))]
        country = self._countries[code]
        first, last = _one(random, country["first"]), _one(random, country["last"])
        email = self._email(f"{_ascii(first)}.{_ascii(last)}")
        town, postcode = _one(random, country["towns"])
        phone = self._free(lambda: f"{country['dial']} 555 {random.integers(10**6, 10**7)}")
        person = Person(
            customer_id=customer_id,
            first_name=first,
            last_name=last,
            email=email,
            phone=phone if random.random() < _HAS_PHONE else None,
            address=address(f"{_one(random, country['streets'])} {random.integers(1, 120)}", town, postcode, code),
            created_at=created_at,
            methods=_methods(random, customer_id),
        )
        if random.random() < _HAS_CHAT:
            person.chat = self._free(lambda: f"{_ascii(first)}_{random.integers(1000, 10**6)}")
        if random.random() < _SECOND_EMAIL:
            person.more_emails.append(self._email(f"{_ascii(first)[0]}{_ascii(last)}"))
        return person

    def _email(self, name: str) -> str:
        numbers = itertools.chain([""], itertools.count(2))
        return self._free(lambda: f"{name}{next(numbers)}@example.com")

    def _free(self, make: Callable[[], str]) -> str:
        """The first made value that nobody has."""
        while (value := make()) in self._taken:
            pass
        self._taken.add(value)
        return value


def address(street: str, town: str, postcode: str, country: str) -> dict[str, str | None]:
    """The address columns of the tables `customers` and `orders`."""
    return {
        "address1": street,
        "address2": None,
        "city": town,
        "state": None,
        "postcode": postcode,
        "country": country,
    }


def method_id(customer_id: str, number: int) -> str:
    return f"PM-{customer_id.removeprefix('C-')}-{number}"


def _methods(random: Generator, customer_id: str) -> list[Method]:
    found: list[Method] = []

    def add(kind: str, **facts: Any) -> None:
        found.append(Method(method_id(customer_id, len(found) + 1), kind, **facts))

    if random.random() < _HAS_CARD:
        add("credit_card", brand=_one(random, _CARD_BRANDS), last_four=f"{random.integers(10000):04d}")
    if not found or random.random() < _HAS_PAYPAL:
        add("paypal")
    if random.random() < _HAS_GIFT_CARD:
        add("gift_card", balance_cents=int(_one(random, _GIFT_CARD_CENTS)))
    return found


def _one(random: Generator, values: Any) -> Any:
    return values[int(random.integers(len(values)))]


def _ascii(name: str) -> str:
    """As it is written in an e-mail address."""
    plain = name.lower().replace("ü", "ue").replace("ö", "oe").replace("ä", "ae").replace("ß", "ss")
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain if letter.isalpha())
