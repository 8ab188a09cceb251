"""Reading a shop in the public tau-bench retail layout, and refusing one that is broken.

A folder holds `users.json`, `products.json` and `orders.json` (each plain or gzipped), objects of records
by id, and optionally the policy page `wiki.md`. Nothing is converted here; what `read_retail_folder`
returns is complete and consistent: every reference leads somewhere.
Layout: Yao et al., tau-bench: A Benchmark for Tool-Agent-User Interaction in Real-World Domains, 2024.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from crm_models.errors import BadShop

SHOWN_MISTAKES = 5

Id = Annotated[str, Field(min_length=1, max_length=40)]
Money = Annotated[Decimal, Field(ge=0, decimal_places=2, allow_inf_nan=False)]
Short = Annotated[str, Field(max_length=80)]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class RetailAddress(_Record):
    address1: Annotated[str, Field(max_length=120)]
    address2: Annotated[str, Field(max_length=120)] = ""
    city: Short
    state: Short
    zip: Annotated[str, Field(max_length=20)]
    country: Annotated[str, Field(max_length=60)]


class RetailName(_Record):
    first_name: Short
    last_name: Short


class RetailPaymentMethod(_Record):
    id: Annotated[str, Field(min_length=1, max_length=60)]
    source: Literal["credit_card", "paypal", "gift_card"]
    brand: Annotated[str, Field(max_length=30)] | None = None
    last_four: Annotated[str, Field(pattern=r"^\d{4}$")] | None = None
    balance: Money | None = None


class RetailUser(_Record):
    name: RetailName
    address: RetailAddress
    email: Annotated[str, Field(max_length=160, pattern=r"^\s*[^@\s]+@[^@\s]+\s*$")]
    payment_methods: dict[str, RetailPaymentMethod]
    orders: list[str]


class RetailItem(_Record):
    item_id: Id
    options: dict[str, str]
    available: bool
    price: Money


class RetailProduct(_Record):
    product_id: Id
    name: Annotated[str, Field(min_length=1, max_length=160)]
    variants: dict[str, RetailItem]


class RetailLine(_Record):
    item_id: Id
    product_id: Id
    price: Money


class RetailFulfillment(_Record):
    tracking_id: list[Annotated[str, Field(min_length=1, max_length=40)]]
    item_ids: list[str]


class RetailTransaction(_Record):
    transaction_type: Literal["payment", "refund"]
    amount: Money
    payment_method_id: str


class RetailOrder(_Record):
    order_id: Annotated[str, Field(pattern=r"^#?[A-Za-z0-9][A-Za-z0-9-]{2,38}$")]
    user_id: str
    address: RetailAddress
    items: Annotated[list[RetailLine], Field(min_length=1)]
    fulfillments: list[RetailFulfillment]
    status: Literal[
        "pending",
        "pending (items modified)",
        "pending (item modified)",  # the benchmark's own code writes it so
        "processed",
        "shipped",
        "delivered",
        "cancelled",
        "return requested",
        "exchange requested",
    ]
    payment_history: list[RetailTransaction]
    cancel_reason: Annotated[str, Field(max_length=60)] | None = None
    return_items: list[str] = []
    return_payment_method_id: str | None = None
    exchange_items: list[str] = []
    exchange_new_items: list[str] = []
    exchange_payment_method_id: str | None = None

    @property
    def canonical_id(self) -> str:
        return self.order_id.removeprefix("#").upper()


@dataclass(frozen=True)
class RetailShop:
    users: dict[str, RetailUser]
    products: dict[str, RetailProduct]
    orders: dict[str, RetailOrder]
    policy_page: Path | None


R = TypeVar("R", bound=_Record)


def read_retail_folder(folder: Path) -> RetailShop:
    """The shop in `folder`, checked as a whole.

    Raises:
        BadShop: names file, record and broken rule, for the first few mistakes.
    """
    if not folder.is_dir():
        raise BadShop(f"{folder} is no folder. Give the folder that holds users.json, products.json, orders.json.")
    users_file, users = _records(folder, "users", RetailUser)
    products_file, products = _records(folder, "products", RetailProduct)
    orders_file, orders = _records(folder, "orders", RetailOrder)
    page = folder / "wiki.md"
    shop = RetailShop(users, products, orders, page if page.is_file() else None)
    _refuse(_mistakes(shop, users_file.name, products_file.name, orders_file.name))
    return shop


def _records(folder: Path, name: str, kind: type[R]) -> tuple[Path, dict[str, R]]:
    path = next((p for p in (folder / f"{name}.json", folder / f"{name}.json.gz") if p.is_file()), None)
    if path is None:
        raise BadShop(f"{folder} has no {name}.json (nor {name}.json.gz).")
    raw = _parse(path)
    if not isinstance(raw, dict):
        raise BadShop(f"{path.name} must be an object of {name} by id, not {type(raw).__name__}.")
    records, mistakes = {}, []
    for key, value in raw.items():
        try:
            records[key] = kind.model_validate(value)
        except ValidationError as error:
            mistakes += [_describe(path.name, key, mistake) for mistake in error.errors()]
    _refuse(iter(mistakes))
    return path, records


def _parse(path: Path) -> Any:
    try:
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return json.loads(data.decode("utf-8"), parse_float=Decimal, object_pairs_hook=_no_twins)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadShop(f"{path.name} is no complete gzip file: {error}.") from error
    except OSError as error:
        raise BadShop(f"{path.name} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadShop(f"{path.name} is not UTF-8: byte {error.start}.") from error
    except json.JSONDecodeError as error:
        raise BadShop(f"{path.name} is no JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except _Twin as error:
        raise BadShop(f"{path.name} has two records of the same id: {error}.") from error


class _Twin(ValueError):
    """A key that appears twice in one object; JSON readers would drop the first silently."""


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _Twin(key)
        result[key] = value
    return result


def _describe(file: str, key: str, mistake: Any) -> str:
    place = ".".join(str(part) for part in mistake["loc"])
    if mistake["type"] == "missing":
        return f"{file}, {key}: {place} is missing"
    return f"{file}, {key}: {place} is {str(mistake['input'])[:60]!r}: {mistake['msg'].lower()}"


def _refuse(mistakes: Iterator[str]) -> None:
    found = list(mistakes)
    if not found:
        return
    more = len(found) - SHOWN_MISTAKES
    tail = f"\n  and {more} more" if more > 0 else ""
    raise BadShop("The shop cannot be imported:\n  " + "\n  ".join(found[:SHOWN_MISTAKES]) + tail)


def _mistakes(shop: RetailShop, users: str, products: str, orders: str) -> Iterator[str]:
    """Rules that hold between records."""
    yield from (f"{users}, {text}" for text in _user_mistakes(shop))
    yield from (f"{products}, {text}" for text in _product_mistakes(shop))
    yield from (f"{orders}, {text}" for text in _order_mistakes(shop))


def _user_mistakes(shop: RetailShop) -> Iterator[str]:
    emails: dict[str, str] = {}
    methods: dict[str, str] = {}
    for key, user in shop.users.items():
        if not 0 < len(key) <= 60:
            yield f"{key!r}: an id has 1 to 60 characters"
        email = user.email.strip().lower()
        if emails.setdefault(email, key) != key:
            yield f"{key}: email {email} is that of {emails[email]} too"
        for method_id, method in user.payment_methods.items():
            if method_id != method.id:
                yield f"{key}: payment method {method_id} calls itself {method.id}"
            if methods.setdefault(method.id, key) != key:
                yield f"{key}: payment method {method.id} is that of {methods[method.id]} too"
            if method.source == "gift_card" and method.balance is None:
                yield f"{key}: gift card {method.id} has no balance"
        for order_id in user.orders:
            order = shop.orders.get(order_id)
            if order is None:
                yield f"{key}: order {order_id} does not exist"
            elif order.user_id != key:
                yield f"{key}: order {order_id} is that of {order.user_id}"


def _product_mistakes(shop: RetailShop) -> Iterator[str]:
    sold_as: dict[str, str] = {}
    for key, product in shop.products.items():
        if key != product.product_id:
            yield f"{key}: calls itself {product.product_id}"
        for item_id, item in product.variants.items():
            if item_id != item.item_id:
                yield f"{key}: item {item_id} calls itself {item.item_id}"
            if sold_as.setdefault(item.item_id, key) != key:
                yield f"{key}: item {item.item_id} is one of {sold_as[item.item_id]} too"


def _order_mistakes(shop: RetailShop) -> Iterator[str]:
    product_of = {item: key for key, product in shop.products.items() for item in product.variants}
    seen: dict[str, str] = {}
    for key, order in shop.orders.items():
        if key != order.order_id:
            yield f"{key}: calls itself {order.order_id}"
        if seen.setdefault(order.canonical_id, key) != key:
            yield f"{key}: is the same number as {seen[order.canonical_id]}"
        for line in order.items:
            if product_of.get(line.item_id) != line.product_id:
                yield f"{key}: item {line.item_id} is not one of product {line.product_id}"
        user = shop.users.get(order.user_id)
        if user is None:
            yield f"{key}: user {order.user_id} does not exist"
            continue
        for method in _methods_named(order):
            if method not in user.payment_methods:
                yield f"{key}: payment method {method} is not one of {order.user_id}"
        yield from _list_mistakes(key, order, product_of)


def _methods_named(order: RetailOrder) -> list[str]:
    named = [entry.payment_method_id for entry in order.payment_history]
    later = (order.return_payment_method_id, order.exchange_payment_method_id)
    return named + [method for method in later if method is not None]


def _list_mistakes(key: str, order: RetailOrder, product_of: dict[str, str]) -> Iterator[str]:
    bought = [line.item_id for line in order.items]
    parts = [("fulfillments", part.item_ids) for part in order.fulfillments]
    parts += [("return_items", order.return_items), ("exchange_items", order.exchange_items)]
    for name, item_ids in parts:
        for item_id in sorted(set(item_ids)):
            if item_ids.count(item_id) > bought.count(item_id):
                yield f"{key}: {name} has item {item_id} more often than the order"
    if len(order.exchange_items) != len(order.exchange_new_items):
        yield f"{key}: exchange_items and exchange_new_items differ in length"
        return
    for old, new in zip(order.exchange_items, order.exchange_new_items, strict=True):
        if product_of.get(new) != product_of.get(old):
            yield f"{key}: item {old} cannot be exchanged for {new}, which is another product"
