"""A small shop with known contents, for tests about orders.

`fill_shop(connection)` makes it. Ada (silver) and Ben (basic) are customers; Ada has an order of each state.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from crm_models import tables
from crm_models.identity import Identity, Trust

NOW = datetime(2026, 5, 13, 10, 0)  # a Wednesday

ADA = Identity("web-ada", "C-000001", Trust.VERIFIED)
BEN = Identity("web-ben", "C-000002", Trust.VERIFIED)
NOBODY = Identity("web-nobody", None, Trust.ANONYMOUS)
CLAIMED = Identity("web-claimed", "C-000001", Trust.CLAIMED, "HV-100001")

PENDING, PROCESSED, DELIVERED, OLD, BENS = "HV-100001", "HV-100002", "HV-100003", "HV-100004", "HV-100005"
# Lines, by what they are
KETTLE_LINE, TOASTER_LINE, LAMP_LINE, EARPHONES_LINE, BLIND_LINE, PAN_LINE, OLD_LINE, BENS_LINE = range(1, 9)

_PRODUCTS = [
    (
        "P-KETTLE",
        "Solvik rapid-boil kettle",
        "kitchen appliances",
        "Solvik",
        {"type": "kettle", "watts": 2200},
    ),
    ("P-TOASTER", "Kessling Duo toaster", "kitchen appliances", "Kessling", {"type": "toaster"}),
    ("P-LAMP", "Lumo desk lamp", "lighting", "Lumo", {"type": "desk lamp", "dimmable": True}),
    (
        "P-EARPHONES",
        "Auralin Pebble earphones",
        "audio",
        "Auralin",
        {"type": "in-ear headphones", "returnable": False, "returnable_if_sealed": True},
    ),
    ("P-BLIND", "Made-to-measure blind", "smart home", "Lumo", {"type": "blind", "returnable": False}),
    ("P-PAN", "Kessling frying pan", "cookware", "Kessling", {"type": "frying pan"}),
    ("P-FRYER", "Kessling Crisp air fryer 5.5 l", "kitchen appliances", "Kessling", {"type": "air fryer"}),
]

_ITEMS = [
    ("KETTLE-RED", "P-KETTLE", {"colour": "red", "size": "1.7 l"}, 4490, 10),
    ("KETTLE-BLACK", "P-KETTLE", {"colour": "black", "size": "1.7 l"}, 4990, 2),
    ("KETTLE-CREAM", "P-KETTLE", {"colour": "cream", "size": "1.0 l"}, 3990, 5),
    ("KETTLE-BLUE", "P-KETTLE", {"colour": "midnight blue", "size": "1.7 l"}, 4490, 0),
    ("TOASTER-CREAM", "P-TOASTER", {"colour": "cream"}, 3990, 7),
    ("LAMP-WHITE", "P-LAMP", {"colour": "white"}, 5990, 4),
    ("LAMP-BLACK", "P-LAMP", {"colour": "black"}, 6490, 4),
    ("LAMP-BRASS", "P-LAMP", {"colour": "brass"}, 5490, 4),
    ("EARPHONES-BLACK", "P-EARPHONES", {"colour": "black"}, 12900, 9),
    ("BLIND-120", "P-BLIND", {"width": "120 cm"}, 8900, 1),
    ("PAN-28", "P-PAN", {"diameter": "28 cm"}, 3000, 6),
    ("PAN-24", "P-PAN", {"diameter": "24 cm"}, 2500, 6),
    ("FRYER-BLACK", "P-FRYER", {"colour": "black"}, 12900, 3),
]

_METHODS = [
    ("visa", "C-000001", "credit_card", "visa", "4242", None),
    ("paypal", "C-000001", "paypal", None, None, None),
    ("gift", "C-000001", "gift_card", None, None, 20000),
    ("small-gift", "C-000001", "gift_card", None, None, 300),
    ("invoice", "C-000001", "invoice", None, None, None),
    ("bens-visa", "C-000002", "credit_card", "visa", "1111", None),
    ("bens-invoice", "C-000002", "invoice", None, None, None),
]

_ADDRESS = {"address1": "Gasse 1", "city": "Wien", "postcode": "1010", "country": "AT"}


def fill_shop(connection: Connection) -> None:
    """Put the shop into empty tables."""
    _people_and_goods(connection)
    _orders(connection)


def _people_and_goods(connection: Connection) -> None:
    for customer_id, name, tier in (("C-000001", "Ada", "silver"), ("C-000002", "Ben", "basic")):
        connection.execute(
            insert(tables.customers).values(
                customer_id=customer_id,
                first_name=name,
                last_name="Example",
                email=f"{name.lower()}@example.org",
                tier=tier,
                created_at=datetime(2024, 1, 1),
                **_ADDRESS,
            )
        )
    for product_id, name, category, brand, attributes in _PRODUCTS:
        connection.execute(
            insert(tables.products).values(
                product_id=product_id, name=name, category=category, brand=brand, attributes=attributes
            )
        )
    for item_id, product_id, options, price, stock in _ITEMS:
        connection.execute(
            insert(tables.items).values(
                item_id=item_id, product_id=product_id, options=options, price_cents=price, stock=stock
            )
        )
    columns = ("payment_method_id", "customer_id", "kind", "brand", "last_four", "balance_cents")
    for method in _METHODS:
        connection.execute(insert(tables.payment_methods).values(dict(zip(columns, method, strict=True))))


def _orders(connection: Connection) -> None:
    add_order(connection, PENDING, "pending", 1, [("KETTLE-RED", 1, 4490), ("TOASTER-CREAM", 2, 3990)])
    add_order(connection, PROCESSED, "processed", 2, [("LAMP-WHITE", 1, 5990)])
    add_order(
        connection,
        DELIVERED,
        "delivered",
        20,
        [("EARPHONES-BLACK", 1, 12900), ("BLIND-120", 1, 8900), ("PAN-28", 1, 3000)],
        discount_cents=1001,
        shipping_cents=990,
    )
    add_order(connection, OLD, "delivered", 80, [("LAMP-WHITE", 1, 5990)])
    add_order(connection, BENS, "delivered", 10, [("KETTLE-RED", 1, 4490)], "C-000002", "bens-visa", 490)
    connection.execute(
        insert(tables.shipments).values(
            order_id=PENDING, tracking_id="T1", carrier="DHL", status="in_transit", shipped_at=NOW
        )
    )


def add_order(
    connection: Connection,
    order_id: str,
    status: str,
    days_ago: int,
    lines: list[tuple[str, int, int]],
    customer_id: str = "C-000001",
    payment_method_id: str = "visa",
    shipping_cents: int = 0,
    discount_cents: int = 0,
    payment_status: str = "done",
) -> None:
    """An order placed `days_ago`, paid in full; delivered two days later when its status says so."""
    placed_at = NOW - timedelta(days=days_ago)
    delivered_at = placed_at + timedelta(days=2) if status == "delivered" else None
    connection.execute(
        insert(tables.orders).values(
            order_id=order_id,
            customer_id=customer_id,
            status=status,
            placed_at=placed_at,
            promised_on=placed_at + timedelta(days=3),
            delivered_at=delivered_at,
            payment_method_id=payment_method_id,
            shipping_cents=shipping_cents,
            discount_cents=discount_cents,
            **_ADDRESS,
        )
    )
    for item_id, quantity, price in lines:
        connection.execute(
            insert(tables.order_lines).values(order_id=order_id, item_id=item_id, quantity=quantity, price_cents=price)
        )
    total = sum(quantity * price for _, quantity, price in lines) + shipping_cents - discount_cents
    connection.execute(
        insert(tables.payments).values(
            order_id=order_id,
            kind="payment",
            amount_cents=total,
            payment_method_id=payment_method_id,
            status=payment_status,
            created_at=placed_at,
        )
    )


def stock(connection: Connection, item_id: str) -> int:
    query = select(tables.items.c.stock).where(tables.items.c.item_id == item_id)
    return int(connection.execute(query).scalar_one())


def balance(connection: Connection, payment_method_id: str) -> int:
    methods = tables.payment_methods
    query = select(methods.c.balance_cents).where(methods.c.payment_method_id == payment_method_id)
    return int(connection.execute(query).scalar_one())


def ledger(connection: Connection, order_id: str) -> list[tuple[Any, ...]]:
    """(kind, cents, method, status) of every payment row of the order, oldest first."""
    rows = connection.execute(
        select(tables.payments).where(tables.payments.c.order_id == order_id).order_by(tables.payments.c.payment_id)
    )
    return [(row.kind, row.amount_cents, row.payment_method_id, row.status) for row in rows]


def rows_of(connection: Connection, table: Any, **where: Any) -> list[Any]:
    query = select(table)
    for name, value in where.items():
        query = query.where(table.c[name] == value)
    return list(connection.execute(query))
