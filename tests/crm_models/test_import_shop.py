import copy
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from people import NOW, add_customer
from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection, Engine

from crm_models.customers import find_customer, read_profile
from crm_models.database import create_engine, migrate, reading
from crm_models.errors import BadShop, ShopNotEmpty
from crm_models.identity import Identity, Trust
from crm_models.import_shop import RETAIL_POLICY, import_shop
from crm_models.orders import get_order
from crm_models.shop_policy import read_facts, read_policy
from crm_models.staff import Role, create_staff
from crm_models.tables import customers, items, messages, metadata, order_lines, orders, returns, staff

# The shop of the benchmark, where it lies beside the checkout.
PUBLISHED = Path(__file__).parents[2].parent / "shared" / "data" / "tau_bench_retail"

ADDRESS = {
    "address1": "1 Elm Street",
    "address2": "",
    "city": "Springfield",
    "state": "IL",
    "zip": "01234",
    "country": "USA",
}


def order(number: str, status: str, *item_ids: str, **more: Any) -> dict[str, Any]:
    prices = {"11": 19.99, "12": 24.5, "21": 350}
    return {
        "order_id": number,
        "user_id": "ann_lee_1",
        "address": ADDRESS,
        "items": [
            {"name": "-", "product_id": f"90{item[0]}", "item_id": item, "price": prices[item], "options": {}}
            for item in item_ids
        ],
        "fulfillments": [],
        "status": status,
        "payment_history": [
            {
                "transaction_type": "payment",
                "amount": sum(prices[item] for item in item_ids),
                "payment_method_id": "gift_card_1",
            }
        ],
        **more,
    }


def small_shop() -> dict[str, Any]:
    shirts = {
        number: {"item_id": number, "options": {"size": size}, "available": available, "price": price}
        for number, size, available, price in (("11", "M", True, 19.99), ("12", "L", False, 24.5))
    }
    chair = {"21": {"item_id": "21", "options": {}, "available": True, "price": 350}}
    return {
        "users": {
            "ann_lee_1": {
                "name": {"first_name": "Ann", "last_name": "Lee"},
                "address": ADDRESS,
                "email": "Ann.Lee@Example.com",
                "payment_methods": {
                    "gift_card_1": {"source": "gift_card", "balance": 40.05, "id": "gift_card_1"},
                    "credit_card_2": {
                        "source": "credit_card",
                        "brand": "visa",
                        "last_four": "0042",
                        "id": "credit_card_2",
                    },
                },
                "orders": ["#W100", "#W101", "#W102", "#W103"],
            },
            "bo_ray_2": {
                "name": {"first_name": "Bo", "last_name": "Ray"},
                "address": ADDRESS,
                "email": "bo@example.com",
                "payment_methods": {"paypal_3": {"source": "paypal", "id": "paypal_3"}},
                "orders": [],
            },
        },
        "products": {
            "901": {"name": "Shirt", "product_id": "901", "variants": shirts},
            "902": {"name": "Chair", "product_id": "902", "variants": chair},
        },
        "orders": {
            "#W100": order("#W100", "pending (items modified)", "11", "11"),
            "#W101": order(
                "#W101",
                "delivered",
                "21",
                fulfillments=[{"tracking_id": ["T-1"], "item_ids": ["21"]}],
            ),
            "#W102": order("#W102", "cancelled", "12", cancel_reason="no longer needed"),
            "#W103": order(
                "#W103",
                "exchange requested",
                "11",
                "21",
                exchange_items=["11"],
                exchange_new_items=["12"],
                exchange_payment_method_id="credit_card_2",
            ),
        },
    }


def write(folder: Path, shop: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, records in shop.items():
        (folder / f"{name}.json").write_text(json.dumps(records))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "shop", small_shop())


def count(connection: Connection, table: Any) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_customers_orders_and_money_arrive(connection: Connection, folder: Path) -> None:
    report = import_shop(connection, folder)
    assert (report.rows["customers"], report.rows["orders"], report.rows["order_lines"]) == (2, 4, 6)
    assert find_customer(connection, email="ann.lee@example.com") == "ann_lee_1"
    ann = Identity("web-1", "ann_lee_1", Trust.VERIFIED)
    modified = get_order(connection, ann, "W100")
    assert modified is not None
    assert (modified.status, modified.items_modified, modified.total_cents) == ("pending", True, 3998)
    assert modified.payment_method is not None and modified.payment_method.balance_cents == 4005
    assert modified.address.postcode == "01234"
    delivered = get_order(connection, ann, "W101")
    assert delivered is not None and delivered.total_cents == 35000
    assert [(parcel.tracking_id, parcel.status) for parcel in delivered.shipments] == [("T-1", "delivered")]
    cancelled = get_order(connection, ann, "W102")
    assert cancelled is not None and cancelled.cancel_reason == "no_longer_needed"


def test_stock_follows_availability(connection: Connection, folder: Path) -> None:
    import_shop(connection, folder)
    stock = dict(connection.execute(select(items.c.item_id, items.c.stock)).all())
    assert stock["11"] > 0 and stock["21"] > 0 and stock["12"] == 0


def test_an_exchange_under_way_stays_one(connection: Connection, folder: Path) -> None:
    import_shop(connection, folder)
    row = connection.execute(
        select(returns, order_lines.c.item_id, order_lines.c.status.label("line_status")).join(
            order_lines, order_lines.c.line_id == returns.c.line_id
        )
    ).one()
    assert (row.order_id, row.kind, row.item_id, row.new_item_id) == ("W103", "exchange", "11", "12")
    assert (row.line_status, row.payment_method_id) == ("exchange_requested", "credit_card_2")


def test_the_shop_trades_on_its_own_terms(connection: Connection, folder: Path) -> None:
    import_shop(connection, folder)
    policy = read_policy(connection)
    assert policy == RETAIL_POLICY
    assert policy.cancel_reasons == ("no_longer_needed", "ordered_by_mistake")
    assert policy.terms("basic").return_days is None
    facts = read_facts(connection)
    assert (facts.name, facts.currency, facts.source) == ("imported shop", "USD", "imported")


def test_the_report_says_what_was_assumed(connection: Connection, folder: Path) -> None:
    assert import_shop(connection, folder).policy_page is None
    (folder / "wiki.md").write_text("# Policy")
    report = import_shop(connection, folder, replace=True)
    assert report.policy_page == folder / "wiki.md"
    assert any("2024-05-01" in text for text in report.assumptions)
    assert report.replaced["customers"] == 2


def test_two_imports_are_the_same(folder: Path) -> None:
    def contents() -> list[list[Any]]:
        engine = create_engine("sqlite://")
        migrate(engine)
        with engine.begin() as connection:
            import_shop(connection, folder)
            return [connection.execute(select(table)).all() for table in metadata.sorted_tables]

    assert contents() == contents()


def test_gzipped_files_are_read_too(connection: Connection, folder: Path) -> None:
    plain = folder / "orders.json"
    (folder / "orders.json.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.unlink()
    assert import_shop(connection, folder).rows["orders"] == 4


def test_progress_ends_at_the_total(connection: Connection, folder: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    import_shop(connection, folder, progress=lambda *step: steps.append(step))
    assert steps[0][0] == "customers"
    assert [done for _, done, _ in steps] == sorted(done for _, done, _ in steps)
    assert steps[-1][1] == steps[-1][2]


def test_a_shop_that_is_there_is_not_mixed_with_another(connection: Connection, folder: Path) -> None:
    add_customer(connection)
    with pytest.raises(ShopNotEmpty, match=r"1 customers.*--replace"):
        import_shop(connection, folder)
    assert count(connection, customers) == 1


def test_replacing_removes_the_old_shop_and_keeps_the_staff(connection: Connection, folder: Path) -> None:
    add_customer(connection)
    mara = create_staff(connection, "mara", "Mara", "correct horse", Role.AGENT)
    connection.execute(
        insert(messages).values(
            event_id="1",
            conversation_id="web-1",
            customer_id="C-000001",
            author="staff",
            staff_id=mara.staff_id,
            text="hello",
            created_at=NOW,
        )
    )
    report = import_shop(connection, folder, replace=True)
    assert report.replaced == {"messages": 1, "customers": 1}
    assert (count(connection, messages), count(connection, staff), count(connection, customers)) == (0, 1, 2)


Change = Callable[[dict[str, Any]], object]


def users(shop: dict[str, Any]) -> Any:
    return shop["users"]["ann_lee_1"]


def first(shop: dict[str, Any]) -> Any:
    return shop["orders"]["#W100"]


BROKEN: list[tuple[Change, str]] = [
    (lambda s: users(s).pop("email"), r"users\.json, ann_lee_1: email is missing"),
    (lambda s: users(s).update(email="nobody"), r"users\.json, ann_lee_1: email is 'nobody'"),
    (lambda s: users(s).update(email="bo@example.com"), r"users\.json, bo_ray_2: .*that of ann_lee_1 too"),
    (lambda s: users(s)["orders"].append("#W999"), r"users\.json, ann_lee_1: order #W999 does not exist"),
    (lambda s: users(s)["address"].pop("zip"), r"users\.json, ann_lee_1: address\.zip is missing"),
    (
        lambda s: users(s)["payment_methods"]["gift_card_1"].pop("balance"),
        r"users\.json, ann_lee_1: gift card gift_card_1 has no balance",
    ),
    (
        lambda s: users(s)["payment_methods"]["credit_card_2"].update(source="cheque"),
        r"users\.json, ann_lee_1: .*source is 'cheque'",
    ),
    (
        lambda s: s["products"]["901"]["variants"]["11"].update(price=-1),
        r"products\.json, 901: variants\.11\.price is '-1'",
    ),
    (lambda s: s["products"]["901"]["variants"]["11"].update(price=1.999), r"products\.json, 901: .*decimal"),
    (lambda s: s["products"]["901"].update(product_id="7"), r"products\.json, 901: calls itself 7"),
    (lambda s: first(s).update(user_id="nobody"), r"orders\.json, #W100: user nobody does not exist"),
    (lambda s: first(s).update(status="lost"), r"orders\.json, #W100: status is 'lost'"),
    (lambda s: first(s).update(items=[]), r"orders\.json, #W100: items"),
    (lambda s: first(s)["items"][0].update(item_id="99"), r"orders\.json, #W100: item 99 is not one of"),
    (
        lambda s: first(s)["payment_history"][0].update(payment_method_id="paypal_3"),
        r"orders\.json, #W100: payment method paypal_3 is not one of ann_lee_1",
    ),
    (
        lambda s: s["orders"].update({"#w100": {**first(s), "order_id": "#w100"}}),
        r"orders\.json, #w100: is the same number as #W100",
    ),
    (
        lambda s: first(s).update(fulfillments=[{"tracking_id": ["T"], "item_ids": ["21"]}]),
        r"orders\.json, #W100: fulfillments has item 21 more often than the order",
    ),
    (
        lambda s: s["orders"]["#W103"].update(exchange_new_items=["21"]),
        r"orders\.json, #W103: item 11 cannot be exchanged for 21",
    ),
    (lambda s: s.update(orders=[]), r"orders\.json must be an object"),
]


@pytest.mark.parametrize(("change", "rule"), BROKEN)
def test_a_broken_record_is_named_with_its_file_and_the_rule(
    connection: Connection, tmp_path: Path, change: Change, rule: str
) -> None:
    shop = copy.deepcopy(small_shop())
    change(shop)
    with pytest.raises(BadShop, match=rule):
        import_shop(connection, write(tmp_path / "broken", shop))
    assert count(connection, customers) == count(connection, orders) == 0


def cut_gzip(folder: Path) -> None:
    packed = gzip.compress((folder / "orders.json").read_bytes())
    (folder / "orders.json.gz").write_bytes(packed[: len(packed) // 2])
    (folder / "orders.json").unlink()


@pytest.mark.parametrize(
    ("spoil", "rule"),
    [
        (lambda f: (f / "users.json").unlink(), r"has no users\.json"),
        (lambda f: (f / "users.json").write_text('{"a": '), r"users\.json is no JSON: line 1, column 7"),
        (lambda f: (f / "users.json").write_bytes(b'{"\xff": 1}'), r"users\.json is not UTF-8: byte 2"),
        (lambda f: (f / "users.json").write_text('{"a": 1, "a": 2}'), "two records of the same id: a"),
        (cut_gzip, r"orders\.json\.gz is no complete gzip file"),
    ],
)
def test_a_broken_file_is_named(
    connection: Connection, folder: Path, spoil: Callable[[Path], object], rule: str
) -> None:
    spoil(folder)
    with pytest.raises(BadShop, match=rule):
        import_shop(connection, folder)


def test_no_folder_is_no_shop(connection: Connection, tmp_path: Path) -> None:
    with pytest.raises(BadShop, match="is no folder"):
        import_shop(connection, tmp_path / "nowhere")


def test_many_mistakes_are_a_short_message(connection: Connection, tmp_path: Path) -> None:
    shop = small_shop()
    for record in shop["orders"].values():
        record["status"] = "lost"
        record["user_id"] = 7
    with pytest.raises(BadShop) as refusal:
        import_shop(connection, write(tmp_path / "broken", shop))
    assert len(str(refusal.value).splitlines()) == 7
    assert "and 3 more" in str(refusal.value)


def test_replacing_with_a_broken_shop_keeps_the_old_one(engine: Engine, folder: Path) -> None:
    with engine.begin() as connection:
        import_shop(connection, folder)
    (folder / "orders.json").write_text("{")
    with pytest.raises(BadShop), engine.begin() as connection:
        import_shop(connection, folder, replace=True)
    with reading(engine) as connection:
        assert count(connection, orders) == 4


@pytest.mark.services
def test_an_imported_shop_goes_on_living_on_postgresql(postgres_url: str, folder: Path) -> None:
    engine = create_engine(postgres_url)
    migrate(engine)
    with engine.begin() as connection:
        import_shop(connection, folder, replace=True)
        # the next numbers are free
        connection.execute(insert(order_lines).values(order_id="W100", item_id="11", price_cents=1))
        profile = read_profile(connection, "ann_lee_1", NOW)
        assert profile is not None and profile.open_order_ids == ("W100",)
    engine.dispose()


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"{PUBLISHED} is not there")
def test_the_published_shop_is_imported_whole(connection: Connection) -> None:
    report = import_shop(connection, PUBLISHED)
    assert {name: report.rows[name] for name in ("customers", "products", "items", "orders")} == {
        "customers": 500,
        "products": 50,
        "items": 591,
        "orders": 1000,
    }
    statuses = select(orders.c.status, func.count()).group_by(orders.c.status)
    assert dict(connection.execute(statuses).all()) == {
        "pending": 423,
        "delivered": 373,
        "processed": 102,
        "cancelled": 102,
    }
    noah = read_profile(connection, "noah_brown_6181", NOW)
    assert noah is not None and noah.order_ids == ("W7678072",)
