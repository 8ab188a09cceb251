"""The named customers of the tour and the tests, read from `personas.yml`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from crm_models.shop_policy import ShopPolicy
from demo.basket import Shopper
from demo.behaviour import Browse, Consent, Watch
from demo.catalogue import Item
from demo.errors import BadPersonas
from demo.life import Life, shipping_cents
from demo.loyalty import LoyaltyAccount
from demo.market import Market
from demo.mood import Mood
from demo.people import Person, address, method_id
from demo.purchase import Complaint, Feedback, Line, Method, Purchase, Return
from demo.traits import Traits

PERSONAS = Path(__file__).parent / "personas.yml"
_USUAL_HOUR = "18:40"
_CARRIER = "Swiftpost"
_NEVER = timedelta(days=3650)  # for what has not happened and is not due either


@dataclass(frozen=True)
class Persona:
    life: Life
    browses: list[Browse]
    consents: list[Consent]
    watches: tuple[Watch, ...] = ()


def read_personas(market: Market, policy: ShopPolicy, until: datetime, path: Path = PERSONAS) -> Iterator[Persona]:
    """The personas as they stand on the day `until`.

    Raises:
        BadPersonas: an order holds an item, or a view a product, that the catalogue has not got.
    """
    for entry in yaml.safe_load(path.read_text(encoding="utf-8")):
        yield _Teller(entry, market, policy, until).tell()


class _Teller:
    """Turns one entry of the file into the objects the generator works with."""

    def __init__(self, entry: dict[str, Any], market: Market, policy: ShopPolicy, until: datetime) -> None:
        self._entry = entry
        self._market = market
        self._policy = policy
        self._until = until
        self._items = {item.item_id: item for item in market.catalogue.items()}
        self._products = market.catalogue.by_item()

    def tell(self) -> Persona:
        person, traits = self._person(), self._traits()
        account = LoyaltyAccount(self._policy, self._products)
        life = Life(person, traits, Shopper(self._market, traits), self._mood(traits), account, [])
        for order in self._entry["orders"]:
            purchase = self._purchase(person, account, order)
            account.add(purchase)
            life.purchases.append(purchase)
        person.tier = account.tier(self._until)
        return Persona(life, list(self._browses()), self._consents(person), self._watches())

    def _person(self) -> Person:
        entry = self._entry
        customer_id = entry["customer_id"]
        methods = [
            Method(
                payment_method_id=method_id(customer_id, number),
                kind=method["kind"],
                brand=method.get("brand"),
                last_four=method.get("last_four"),
                balance_cents=round(method["balance"] * 100) if "balance" in method else None,
            )
            for number, method in enumerate(entry["methods"], start=1)
        ]
        return Person(
            customer_id=customer_id,
            first_name=entry["first_name"],
            last_name=entry["last_name"],
            email=entry["email"],
            phone=entry["phone"],
            address=address(*entry["address"]),
            created_at=self._day(entry["since"], "17:20"),
            methods=methods,
            chat=entry["chat"],
        )

    def _traits(self) -> Traits:
        told = self._entry["traits"]
        taste = [float(told["taste"].get(name, 0.2)) for name in self._market.catalogue.categories]
        return Traits(
            rate=float(told["rate"]),
            taste=tuple(share / sum(taste) for share in taste),
            price_sensitivity=told["price_sensitivity"],
            patience=told["patience"],
        )

    def _mood(self, traits: Traits) -> Mood:
        mood = Mood(traits)
        mood.experience = self._entry["traits"]["experience"]
        mood.engagement = 1.0 - self._entry["traits"]["drift"]
        return mood

    def _purchase(self, person: Person, account: LoyaltyAccount, told: dict[str, Any]) -> Purchase:
        placed_at = self._day(told["days_ago"], told.get("at", _USUAL_HOUR))
        lines = [
            Line(item, pieces, item.price_cents)
            for item, pieces in ((self._item(name, told), pieces) for name, pieces in told["items"].items())
        ]
        promised = placed_at.date() + timedelta(days=told.get("promised_after", 4))
        purchase = Purchase(
            customer_id=person.customer_id,
            placed_at=placed_at,
            lines=lines,
            method=person.methods[0],
            carrier=_CARRIER,
            promised_on=datetime.combine(promised, time()),
            address=person.address,
            order_id=told["id"],
            **self._progress(told, placed_at),
        )
        large = any(self._products[line.item.item_id].is_large for line in lines)
        purchase.shipping_cents = shipping_cents(account.terms(placed_at), purchase, large=large, express=False)
        self._after(purchase, told)
        return purchase

    def _progress(self, told: dict[str, Any], placed_at: datetime) -> dict[str, Any]:
        """When it was packed, sent and delivered; what must not have happened yet comes after `until`."""
        packed = placed_at + timedelta(hours=14)
        sent = packed + timedelta(hours=7)
        delivered = datetime.combine(placed_at.date(), time(11, 30))
        delivered += timedelta(days=told.get("delivered_after", 3))
        tomorrow = self._until + timedelta(days=1, hours=11)
        status = told.get("status")
        if status == "pending":
            packed, sent = self._until + timedelta(hours=8), self._until + timedelta(hours=16)
        if status is not None:
            delivered = max(delivered, tomorrow)
        return {"processed_at": packed, "shipped_at": sent, "delivered_at": delivered}

    def _after(self, purchase: Purchase, told: dict[str, Any]) -> None:
        lines = {line.item.item_id: line for line in purchase.lines}
        for sent_back in told.get("returns", ()):
            line = lines[sent_back["item"]]
            refunded = sent_back.get("refunded")
            line.returned = Return(
                kind="return",
                reason=sent_back["reason"],
                created_at=self._day(sent_back["asked"], "09:15"),
                received_at=self._day(sent_back["received"], "10:30"),
                refunded_at=self._until + _NEVER if refunded is None else self._day(refunded, "12:00"),
                refund_cents=line.total_cents,
            )
        purchase.complaints = [
            Complaint(
                complaint["topic"],
                complaint["text"],
                self._day(complaint["said"], "19:30"),
                self._day(complaint["closed"], "11:00"),
            )
            for complaint in told.get("complaints", ())
        ]
        if "feedback" in told:
            given_at = purchase.delivered_at + timedelta(days=1, hours=8)
            purchase.feedback = Feedback(**told["feedback"], created_at=given_at)

    def _browses(self) -> Iterator[Browse]:
        known = {product.product_id for product in self._market.catalogue.products}
        for product_id, days_ago in self._entry["views"]:
            if product_id not in known:
                raise BadPersonas(f"{self._entry['customer_id']} views {product_id}, which is not sold.")
            yield Browse("view", product_id, None, self._day(days_ago, "18:30"))

    def _consents(self, person: Person) -> list[Consent]:
        return [
            Consent("newsletter", self._entry["newsletter"], person.created_at, "shop"),
            Consent("personalisation", True, person.created_at, "shop"),
            *(Consent(f"notice_{kind}", True, person.created_at, "shop") for kind in self._entry.get("notices", ())),
        ]

    def _watches(self) -> tuple[Watch, ...]:
        told = self._entry.get("watches", {})
        for item_id in told:
            if item_id not in self._items:
                raise BadPersonas(f"{self._entry['customer_id']} waits for {item_id}, which is not sold.")
        return tuple(Watch(item_id, self._day(days_ago, "18:35")) for item_id, days_ago in told.items())

    def _item(self, item_id: str, told: dict[str, Any]) -> Item:
        if item_id not in self._items:
            raise BadPersonas(f"Order {told['id']} holds {item_id}, which is not sold.")
        return self._items[item_id]

    def _day(self, days_ago: int, at: str) -> datetime:
        day = self._until - timedelta(days=days_ago)
        return datetime.combine(day.date(), time.fromisoformat(at))


def taken_contacts(path: Path = PERSONAS) -> set[str]:
    """Addresses, numbers and chat names that nobody else may get."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {entry[key] for entry in entries for key in ("email", "phone", "chat") if entry[key]}
