"""A shop of the tau-bench retail layout as rows of our tables. What it does not say is assumed here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Table

from crm_models.customers import normal_email
from crm_models.order_records import LineStatus, OrderStatus
from crm_models.retail_files import RetailAddress, RetailOrder, RetailProduct, RetailShop, RetailUser
from crm_models.tables import (
    customers,
    identities,
    items,
    order_lines,
    orders,
    payment_methods,
    payments,
    products,
    shipments,
)

Rows = list[dict[str, Any]]

ASSUMED_DATE = datetime(2024, 5, 1)
ASSUMED_STOCK = 100
UNKNOWN_CARRIER = "unknown"
CATEGORY = "general"
TIER = "basic"

_STATUS = {
    "pending (items modified)": OrderStatus.PENDING,
    "pending (item modified)": OrderStatus.PENDING,
    "return requested": OrderStatus.RETURN_REQUESTED,
    "exchange requested": OrderStatus.EXCHANGE_REQUESTED,
}
_UNDER_WAY = (OrderStatus.PENDING, OrderStatus.PROCESSED, OrderStatus.SHIPPED, OrderStatus.CANCELLED)


def shop_rows(shop: RetailShop) -> list[tuple[Table, Rows]]:
    """The rows of every table but `returns`, in an order that satisfies the foreign keys."""
    users, sold, bought = shop.users.items(), shop.products.values(), shop.orders.values()
    return [
        (customers, [_customer(key, user) for key, user in users]),
        (identities, [row for key, user in users for row in _identities(key, user)]),
        (payment_methods, [row for key, user in users for row in _methods(key, user)]),
        (products, [_product(product) for product in sold]),
        (items, [row for product in sold for row in _items(product)]),
        (orders, [_order(order) for order in bought]),
        (order_lines, [row for order in bought for row in _lines(order)]),
        (shipments, [row for order in bought for row in _shipments(order)]),
        (payments, [row for order in bought for row in _payments(order)]),
    ]


def return_rows(shop: RetailShop, lines: Mapping[str, Sequence[tuple[int, str]]]) -> Rows:
    """The rows of `returns`; `lines` has (line id, item id) of each order's lines as they were stored."""
    rows: Rows = []
    for order in shop.orders.values():
        asked: list[tuple[str, str, str | None]] = [("return", item, None) for item in order.return_items]
        asked += [
            ("exchange", old, new) for old, new in zip(order.exchange_items, order.exchange_new_items, strict=True)
        ]
        free = list(lines.get(order.canonical_id, ()))
        for kind, item_id, new_item_id in asked:
            line = next(line for line in free if line[1] == item_id)
            free.remove(line)
            method = order.return_payment_method_id or order.exchange_payment_method_id
            rows.append(
                {
                    "order_id": order.canonical_id,
                    "line_id": line[0],
                    "kind": kind,
                    "new_item_id": new_item_id,
                    "payment_method_id": method,
                    "status": "requested",
                    "created_at": ASSUMED_DATE,
                }
            )
    return rows


def _customer(key: str, user: RetailUser) -> dict[str, Any]:
    return {
        "customer_id": key,
        "first_name": user.name.first_name,
        "last_name": user.name.last_name,
        "email": normal_email(user.email),
        **_address(user.address),
        "language": "en",
        "tier": TIER,
        "created_at": ASSUMED_DATE,
    }


def _identities(key: str, user: RetailUser) -> Rows:
    return [
        {"kind": kind, "value": value, "customer_id": key, "linked_at": ASSUMED_DATE}
        for kind, value in (("email", normal_email(user.email)), ("account", key))
    ]


def _methods(key: str, user: RetailUser) -> Rows:
    return [
        {
            "payment_method_id": method.id,
            "customer_id": key,
            "kind": method.source,
            "brand": method.brand,
            "last_four": method.last_four,
            "balance_cents": None if method.balance is None else _cents(method.balance),
        }
        for method in user.payment_methods.values()
    ]


def _order(order: RetailOrder) -> dict[str, Any]:
    status = _status(order)
    paid = [entry for entry in order.payment_history if entry.transaction_type == "payment"]
    return {
        "order_id": order.canonical_id,
        "customer_id": order.user_id,
        "status": status.value,
        "placed_at": ASSUMED_DATE,
        "cancelled_at": ASSUMED_DATE if status is OrderStatus.CANCELLED else None,
        "cancel_reason": "_".join(order.cancel_reason.lower().split()) if order.cancel_reason else None,
        "items_modified": "modified" in order.status,
        "shipping_cents": 0,
        "discount_cents": 0,
        "payment_method_id": paid[0].payment_method_id if paid else None,
        **_address(order.address),
    }


def _product(product: RetailProduct) -> dict[str, Any]:
    return {
        "product_id": product.product_id,
        "name": product.name,
        "category": CATEGORY,
        "description": "",
        "attributes": {},
    }


def _items(product: RetailProduct) -> Rows:
    return [
        {
            "item_id": item.item_id,
            "product_id": product.product_id,
            "options": item.options,
            "price_cents": _cents(item.price),
            "stock": ASSUMED_STOCK if item.available else 0,
        }
        for item in product.variants.values()
    ]


def _lines(order: RetailOrder) -> Rows:
    """One row per piece: the layout has no quantities."""
    asked: defaultdict[str, list[LineStatus]] = defaultdict(list)
    for item_id in order.exchange_items:
        asked[item_id].append(LineStatus.EXCHANGE_REQUESTED)
    for item_id in order.return_items:
        asked[item_id].append(LineStatus.RETURN_REQUESTED)
    return [
        {
            "order_id": order.canonical_id,
            "item_id": line.item_id,
            "quantity": 1,
            "price_cents": _cents(line.price),
            "status": (asked[line.item_id].pop() if asked[line.item_id] else LineStatus.ORDERED).value,
        }
        for line in order.items
    ]


def _shipments(order: RetailOrder) -> Rows:
    status = "shipped" if _status(order) in _UNDER_WAY else "delivered"
    return [
        {
            "order_id": order.canonical_id,
            "tracking_id": tracking_id,
            "carrier": UNKNOWN_CARRIER,
            "status": status,
        }
        for part in order.fulfillments
        for tracking_id in part.tracking_id
    ]


def _payments(order: RetailOrder) -> Rows:
    return [
        {
            "order_id": order.canonical_id,
            "kind": entry.transaction_type,
            "amount_cents": _cents(entry.amount),
            "payment_method_id": entry.payment_method_id,
            "status": "done",
            "created_at": ASSUMED_DATE,
            "done_at": ASSUMED_DATE,
        }
        for entry in order.payment_history
    ]


def _address(address: RetailAddress) -> dict[str, str]:
    return {
        "address1": address.address1,
        "address2": address.address2,
        "city": address.city,
        "state": address.state,
        "postcode": address.zip,
        "country": address.country,
    }


def _status(order: RetailOrder) -> OrderStatus:
    return _STATUS.get(order.status) or OrderStatus(order.status)


def _cents(amount: Decimal) -> int:
    return int(amount * 100)
