"""The terms a shop trades on, read from its `shop` table, so that another shop needs no other code.

The defaults are the terms of the demo shop. A shop's own terms are the JSON object in the row `policy`;
what it leaves out keeps the default. Money is in cents of the shop's currency.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs
from sqlalchemy import delete, insert, select
from sqlalchemy.engine import Connection

from crm_models.errors import BadPolicy
from crm_models.tables import shop

Days = Annotated[int, Field(ge=0, le=3650)]
Months = Annotated[int, Field(ge=0, le=240)]
Cents = Annotated[int, Field(ge=0)]
Percent = Annotated[int, Field(ge=0, le=90)]
Word = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$", max_length=60)]

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class TierTerms:
    """What one loyalty tier gets. None: the shop sets no limit, or does not say."""

    return_days: Days | None = 30  # after delivery
    return_label_cents: Cents | None = 390  # free when the item is faulty
    standard_shipping_cents: Cents | None = 490
    free_shipping_from_cents: Cents | None = 5000
    express_shipping_cents: Cents | None = 990
    large_item_shipping_cents: Cents | None = 2900  # over 20 kg
    points_per_unit: Annotated[float, Field(ge=0, le=100)] = 1.0  # for each whole unit of the currency
    warranty_months: Months | None = 24
    reached_from_cents: Cents = 0  # bought within 12 months
    retention_percent: Percent = 10  # the most that an offer to this tier takes off; 0: nothing is offered or credited


_DEMO_TIERS: Mapping[str, TierTerms] = MappingProxyType(
    {
        "basic": TierTerms(),
        "silver": TierTerms(
            return_days=45,
            return_label_cents=0,
            free_shipping_from_cents=2500,
            express_shipping_cents=490,
            points_per_unit=1.5,
            reached_from_cents=50_000,
        ),
        "gold": TierTerms(
            return_days=60,
            return_label_cents=0,
            standard_shipping_cents=0,
            free_shipping_from_cents=0,
            express_shipping_cents=0,
            large_item_shipping_cents=0,
            points_per_unit=2.0,
            warranty_months=36,
            reached_from_cents=150_000,
            retention_percent=15,
        ),
    }
)


@dataclass(frozen=True, config=_STRICT)
class ShopPolicy:
    """What customers may do, until when, and at what price."""

    # lowest first; a customer of a tier that is not listed gets the lowest
    tiers: Mapping[str, TierTerms] = Field(default_factory=lambda: dict(_DEMO_TIERS), min_length=1)

    # pending orders
    cancel_reasons: tuple[Word, ...] = (
        "no_longer_needed",
        "ordered_by_mistake",
        "found_cheaper",
        "takes_too_long",
        "not_said",
    )
    changes_allowed: tuple[Literal["address", "items", "payment"], ...] = ("address", "items", "payment")
    item_changes_per_order: Annotated[int, Field(ge=0, le=1)] = 1
    cancel_after_item_change: bool = True
    ships_to: tuple[str, ...] = ("DE", "AT", "NL", "BE", "FR", "IE")  # empty: no limit
    invoice_tiers: tuple[Word, ...] = ("silver", "gold")  # who may pay by invoice

    # delivered orders; refunds
    exchanges_allowed: bool = True
    # the shop is at fault: the label is free, and what cannot be returned otherwise can
    fault_reasons: tuple[Word, ...] = ("faulty", "damaged", "wrong_item")
    refund_targets: tuple[Literal["original", "gift_card"], ...] = ("original", "gift_card")
    refund_working_days: tuple[Days, Days] = (5, 7)  # at once to a gift card
    price_match_days: Days = 14

    # points
    points_for_one_unit: Annotated[int, Field(ge=1)] = 100
    points_expire_months: Months | None = 24

    # what else is offered, and when, stands in `crm_models/next_action/policy.yml`
    recommendations: bool = True

    # experiments: who never gets an offer, to compare with
    holdout_share: Annotated[float, Field(ge=0, le=0.5)] = 0.05

    def terms(self, tier: str) -> TierTerms:
        """The terms of a tier; of the lowest one when the shop has no such tier."""
        return self.tiers.get(tier) or next(iter(self.tiers.values()))

    def next_tier(self, tier: str) -> str | None:
        """The tier above, or None at the top."""
        names = list(self.tiers)
        position = names.index(tier) if tier in names else 0
        return names[position + 1] if position + 1 < len(names) else None

    @model_validator(mode="before")
    @classmethod
    def _moved(cls, given: Any) -> Any:
        """What is now set elsewhere is told where."""
        told = given.kwargs if isinstance(given, ArgsKwargs) else given
        if told and "margin_share" in told:
            raise ValueError(
                "margin_share is now the term `economy: margin:` of the offer policy, policy.yml in the data folder; "
                "write it there and leave it out here"
            )
        return given

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        thresholds = [terms.reached_from_cents for terms in self.tiers.values()]
        if thresholds != sorted(thresholds):
            raise ValueError(f"tiers must be listed lowest first, reached_from_cents is {thresholds}")
        if self.refund_working_days[0] > self.refund_working_days[1]:
            raise ValueError(f"refund_working_days must be (fewest, most), not {self.refund_working_days}")
        return self


@dataclass(frozen=True, config=_STRICT)
class ShopFacts:
    """What the shop is called, what it counts in, and where its data came from."""

    name: str
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    source: str  # demo, imported, own


_policy = TypeAdapter(ShopPolicy)


def parse_policy(value: Mapping[str, Any]) -> ShopPolicy:
    """A policy from its JSON object.

    Raises:
        BadPolicy: names every wrong key and value, not only the first.
    """
    try:
        return _policy.validate_python(dict(value))
    except ValidationError as error:
        wrong = "; ".join(_describe(dict(mistake)) for mistake in error.errors())
        raise BadPolicy(f"The shop's policy (table shop, key policy) is wrong: {wrong}.") from error


def read_policy(connection: Connection) -> ShopPolicy:
    """The shop's terms; the demo shop's where it has none of its own."""
    value = _read(connection, "policy")
    if value is None:
        return ShopPolicy()
    if not isinstance(value, dict):
        raise BadPolicy(f"The shop's policy (table shop, key policy) must be an object, not {value!r}.")
    return parse_policy(value)


def write_policy(connection: Connection, policy: ShopPolicy) -> None:
    """Make these the shop's terms from now on."""
    write_fact(connection, "policy", _policy.dump_python(policy, mode="json"))


def read_facts(connection: Connection) -> ShopFacts:
    """Name, currency and source of the shop."""
    return ShopFacts(
        name=_read(connection, "name") or "Hearth & Volt",
        currency=_read(connection, "currency") or "EUR",
        source=_read(connection, "source") or "demo",
    )


def write_facts(connection: Connection, facts: ShopFacts) -> None:
    for key, value in dataclasses.asdict(facts).items():
        write_fact(connection, key, value)


def write_fact(connection: Connection, key: str, value: Any) -> None:
    """Set one row of the `shop` table; `value` is anything JSON can hold."""
    connection.execute(delete(shop).where(shop.c.key == key))
    connection.execute(insert(shop).values(key=key, value=value))


def _read(connection: Connection, key: str) -> Any:
    return connection.execute(select(shop.c.value).where(shop.c.key == key)).scalar_one_or_none()


def _describe(mistake: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in mistake["loc"]) or "policy"
    if mistake["type"] == "value_error":
        return f"{place}: {mistake['ctx']['error']}"
    return f"{place} is {mistake['input']!r}: {mistake['msg'].lower()}"
