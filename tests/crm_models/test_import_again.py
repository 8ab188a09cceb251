"""A newer file of customers reaches the replies, and a corrected order keeps what came back of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from shop_fixture import NOW, rows_of
from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from crm_models import tables
from crm_models.customers import Profile, find_customer, read_profile
from crm_models.identity import Identity, Trust
from crm_models.known import KnownValue, known_values
from crm_models.orders import OrderStatus, get_order
from crm_models.profile_corrections import Correctable, correct_field
from crm_models.refunds import RefundOutcome, refund_status
from crm_models.returns import ReturnOutcome, return_delivered_items
from crm_models.tables import customers, order_lines, orders, returns
from crm_models.view.importing import Import, ImportReport
from crm_models.view.ingest import import_table
from crm_models.view.mapping import map_columns
from crm_models.view.profile import SourceKind, person_profile
from crm_models.view.sources import read_source

ZOE = "k1"
HEAD = "id,first_name,last_name,email,phone,address1,city,postcode,country,language,updated_at\n"
OLD = "k1,Zoë,Müller,Zoe@Example.org,01632 960001,Ring 1,Köln,50667,DE,de,2026-01-01\n"
MOVED = "k1,Zoë,Berger,zoe.berger@example.org,01632 960002,Allee 7,Bonn,53111,DE,en,2026-04-01\n"


@pytest.fixture
def database(shop_engine) -> Iterator[Connection]:  # type: ignore[no-untyped-def]
    with shop_engine.begin() as connection:
        yield connection


class Importer:
    """Writes a file and imports it, as the command does."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        self.connection, self.folder, self.now = connection, folder, NOW

    def __call__(self, text: str, name: str = "customers.csv") -> ImportReport:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        table = read_source(str(path))
        mapping = map_columns(list(table.columns), name)
        self.now += timedelta(minutes=1)
        how = Import(mapping.kind, name, self.now, country="GB")
        return import_table(
            self.connection, table[list(mapping.columns.values())].rename(columns=mapping.by_column()), how
        )


@pytest.fixture
def bring(database: Connection, tmp_path: Path) -> Importer:
    return Importer(database, tmp_path)


def profile(connection: Connection, customer_id: str = ZOE) -> Profile:
    found = read_profile(connection, customer_id, NOW)
    assert found is not None
    return found


def address(connection: Connection, customer_id: str = ZOE) -> tuple[str | None, ...]:
    row = connection.execute(select(customers).where(customers.c.customer_id == customer_id)).one()
    return (row.address1, row.address2, row.city, row.postcode, row.country)


def known(connection: Connection, field: str, customer_id: str = ZOE) -> KnownValue:
    return {each.field: each for each in known_values(connection, customer_id, NOW + timedelta(days=1))}[field]


def test_a_newer_file_reaches_the_replies(bring: Importer, database: Connection) -> None:
    bring(HEAD + OLD)
    assert find_customer(database, email="zoe@example.org") == ZOE
    report = bring(HEAD + MOVED)
    assert (report.customers_changed, report.customers_held) == (1, 0)
    assert profile(database).last_name == "Berger" and profile(database).language == "en"
    assert find_customer(database, email="zoe.berger@example.org") == ZOE
    assert find_customer(database, email="zoe@example.org") is None
    assert find_customer(database, phone="01632960002") == ZOE
    assert address(database) == ("Allee 7", None, "Bonn", "53111", "DE")
    name = known(database, "name")
    assert (name.value, name.source, name.others) == ("Zoë Berger", SourceKind.IMPORT, ("Müller",))
    assert name.since.date() == datetime(2026, 4, 1).date()
    again = bring(HEAD + MOVED)
    assert (again.written, again.unchanged, again.customers_changed) == ({}, 1, 0)


def test_an_older_file_that_comes_late_changes_nothing_but_is_kept(bring: Importer, database: Connection) -> None:
    bring(HEAD + MOVED)
    report = bring(HEAD + OLD)
    assert report.customers_changed == 0
    assert profile(database).last_name == "Berger" and address(database)[2] == "Bonn"
    assert known(database, "name").others == ("Müller",)


def test_what_the_customer_corrected_stays_and_the_file_is_kept_beside_it(
    bring: Importer, database: Connection
) -> None:
    bring(HEAD + OLD)
    correct_field(database, ZOE, Correctable.LAST_NAME, "Stern", "conversation web-1", SourceKind.VERIFIED, NOW)
    report = bring(HEAD + MOVED)
    assert report.customers_held == 1
    assert profile(database).last_name == "Stern"
    assert address(database)[2] == "Bonn"  # nothing better is known of where she lives
    last_name = {each.field: each for each in person_profile(database, ZOE, NOW)}["last_name"]
    assert last_name.best.source_kind is SourceKind.VERIFIED
    assert sorted(fact.value for fact in last_name.conflicting) == ["Berger", "Müller"]


def test_a_file_that_goes_back_to_a_former_value_is_believed(bring: Importer, database: Connection) -> None:
    undated, line = "id,city\n", "k1,{}\n"
    for city in ("Köln", "Bonn", "Köln"):
        bring(undated + line.format(city))
        assert address(database)[2] == city


def test_two_changes_on_one_day_leave_the_later_one(bring: Importer, database: Connection) -> None:
    for city in ("Xanten", "Aachen", "Bonn"):
        bring(f"id,city,updated_at\nk1,{city},2026-04-01\n")
        assert address(database)[2] == city
    bring("id,city,updated_at\nk1,Zwolle,2026-04-02\nk1,Arnhem,2026-04-02\n")
    assert address(database)[2] == "Arnhem"  # the later row of a file


def test_an_empty_value_takes_nothing_away(bring: Importer, database: Connection) -> None:
    bring(HEAD + OLD)
    bring("id,phone,first_name,updated_at\nk1,,Zoe,2026-05-01\n")
    row = database.execute(select(customers).where(customers.c.customer_id == ZOE)).one()
    assert (row.phone, row.first_name) == ("01632 960001", "Zoe")


def test_an_address_is_of_one_source(bring: Importer, database: Connection) -> None:
    bring("id,address1,address2,city,country\nk1,Ring 1,3rd floor,Köln,DE\n")
    bring("id,address1,city\nk1,Allee 7,Bonn\n")
    assert address(database) == ("Allee 7", None, "Bonn", None, "DE")  # not the third floor of the former one
    bring("id,country,city\nk1,AT,Wien\n", "loyalty.csv")
    assert address(database) == ("Allee 7", None, "Bonn", None, "AT")


def test_the_shop_knows_more_of_its_own_customer_than_a_file(bring: Importer, database: Connection) -> None:
    before = database.execute(select(customers).where(customers.c.customer_id == "C-000001")).one()
    assert before.first_name and before.email and not before.phone
    report = bring("id,first_name,email,phone\nC-000001,Eve,eve@example.org,01632 960003\n")
    after = profile(database, "C-000001")
    assert (after.first_name, after.email) == (before.first_name, before.email)
    assert report.customers_held == 1
    # What the shop did not know comes from the file, and is told to be from there.
    phone = known(database, "phone", "C-000001")
    assert (phone.value, phone.source) == ("01632 960003", SourceKind.IMPORT)
    bring("id,phone\nC-000001,01632 960004\n")
    assert find_customer(database, phone="01632960004") == "C-000001"
    assert known(database, "phone", "C-000001").others == ("01632 960003",)
    correct_field(database, "C-000001", Correctable.PHONE, "01632 960005", "conversation", SourceKind.VERIFIED, NOW)
    assert SourceKind.ACCOUNT not in {fact.source_kind for fact in _facts(database, "C-000001", "phone")}
    bring("id,phone\nC-000001,01632 960006\n")
    assert find_customer(database, phone="01632960005") == "C-000001"


def _facts(connection: Connection, customer_id: str, field: str) -> list:  # type: ignore[type-arg]
    found = {each.field: each for each in person_profile(connection, customer_id, NOW)}[field]
    return [found.best, *found.agreeing, *found.conflicting]


ORDERS_HEAD = "order_id,customer_id,date,sku,qty,price,country\n"
ORDER = "A1,k1,2026-05-01,mug,6,2.50,AT\nA1,k1,2026-05-01,pot,1,9.00,AT\n"
BACK = "A2,k1,2026-05-03,mug,-2,2.50,AT\n"
CHANGED = "A1,k1,2026-05-02,mug,6,2.40,AT\nA1,k1,2026-05-02,pot,2,9.00,AT\n"


def test_who_first_came_with_an_order_gets_a_name_from_the_file_of_customers(
    bring: Importer, database: Connection
) -> None:
    bring(ORDERS_HEAD + ORDER, "orders.csv")
    assert profile(database).country == "AT" and profile(database).first_name == ""
    bring("id,name,created_at,country\nk1,Dr. Zoë Müller,2020-02-03,DE\n")
    found = profile(database)
    assert (found.first_name, found.last_name, found.country) == ("Zoë", "Müller", "DE")
    assert found.customer_since == datetime(2020, 2, 3)
    assert known(database, "address").others == ("AT",)


def lines(connection: Connection) -> list[tuple[object, ...]]:
    columns = (order_lines.c.item_id, order_lines.c.quantity, order_lines.c.price_cents, order_lines.c.status)
    rows = connection.execute(select(*columns).where(order_lines.c.order_id.in_(["A1", "A2"])))
    return sorted(tuple(row) for row in rows)


def returned(connection: Connection) -> list[tuple[object, ...]]:
    joined = returns.join(order_lines, order_lines.c.line_id == returns.c.line_id)
    columns = (order_lines.c.item_id, order_lines.c.quantity, returns.c.status, returns.c.reason, returns.c.created_at)
    rows = connection.execute(select(*columns).select_from(joined).where(returns.c.order_id == "A1"))
    return sorted(tuple(row) for row in rows)


def test_a_corrected_order_keeps_the_return_that_the_newer_file_leaves_out(
    bring: Importer, database: Connection
) -> None:
    bring(ORDERS_HEAD + ORDER + BACK, "orders.csv")
    back = [("mug", 2, "closed", None, datetime(2026, 5, 3))]
    assert returned(database) == back
    report = bring(ORDERS_HEAD + CHANGED, "orders.csv")
    assert (report.orders_changed, report.returns_kept) == (1, 1)
    assert lines(database) == [
        ("mug", 2, 240, "returned"), ("mug", 4, 240, "ordered"), ("pot", 2, 900, "ordered"),
    ]  # fmt: skip
    assert returned(database) == back
    assert database.execute(select(orders.c.placed_at).where(orders.c.order_id == "A1")).scalar_one() == datetime(
        2026, 5, 2
    )
    # The whole file, with the return again: the same pieces, not four.
    whole = bring(ORDERS_HEAD + CHANGED + BACK, "orders.csv")
    assert whole.returns_kept == 0 and returned(database) == back
    more = bring(ORDERS_HEAD + CHANGED + BACK + BACK.replace("A2", "A3").replace("05-03", "05-05"), "orders.csv")
    assert more.orders_changed == 1
    assert returned(database) == [*back, ("mug", 2, "closed", None, datetime(2026, 5, 5))]
    assert ("mug", 2, 240, "ordered") in lines(database)


def announce_the_pot(bring: Importer, connection: Connection) -> Identity:
    """Mugs and a pot are bought by file; the pot is announced to come back in a conversation."""
    bring(ORDERS_HEAD + ORDER, "orders.csv")
    method = {"payment_method_id": "zoes-visa", "customer_id": ZOE, "kind": "credit_card"}
    connection.execute(insert(tables.payment_methods).values(**method))
    identity = Identity("web-zoe", ZOE, Trust.VERIFIED)
    order = get_order(connection, identity, "A1")
    pot = next(line for line in order.lines if line.item_id == "pot")  # type: ignore[union-attr]
    outcome = return_delivered_items(connection, identity, "A1", [pot.line_id], "broken", None, NOW)
    assert outcome.outcome is ReturnOutcome.REQUESTED
    return identity


def test_a_return_that_was_announced_in_a_conversation_survives_a_newer_file(
    bring: Importer, database: Connection
) -> None:
    announce_the_pot(bring, database)
    before = rows_of(database, returns)
    report = bring(ORDERS_HEAD + CHANGED, "orders.csv")
    assert (report.orders_changed, report.returns_kept) == (1, 1)
    assert rows_of(database, returns) == before
    assert lines(database) == [
        ("mug", 6, 240, "ordered"), ("pot", 1, 900, "ordered"), ("pot", 1, 900, "return_requested"),
    ]  # fmt: skip
    status = database.execute(select(orders.c.status).where(orders.c.order_id == "A1")).scalar_one()
    assert status == "return_requested"


POT_BACK = "R9,k1,2026-06-20,pot,-1,9.00,AT\n"


@pytest.mark.parametrize("purchases", ["", ORDER], ids=["returns_alone", "the_whole_file"])
def test_a_return_announced_in_a_conversation_is_the_one_that_a_file_tells_of(
    bring: Importer, database: Connection, purchases: str
) -> None:
    identity = announce_the_pot(bring, database)
    assert refund_status(database, identity, "A1", NOW).outcome is RefundOutcome.WAITING_FOR_PARCEL
    bring.now = datetime(2026, 6, 21)
    file = ORDERS_HEAD + purchases + POT_BACK
    report = bring(file, "orders.csv")
    assert not report.changes.counts and report.returns_arrived == 1 and "returns" not in report.written
    assert returned(database) == [("pot", 1, "closed", "broken", datetime(2026, 6, 20))]
    assert lines(database) == [("mug", 6, 250, "ordered"), ("pot", 1, 900, "returned")]
    refund = refund_status(database, identity, "A1", datetime(2026, 6, 21))
    assert (refund.outcome, refund.moving_cents) == (RefundOutcome.ON_ITS_WAY, 510)  # less the label
    # The order's one open request has ended: the mugs can go back.
    assert get_order(database, identity, "A1").status is OrderStatus.DELIVERED  # type: ignore[union-attr]
    again = bring(file, "orders.csv")
    assert (again.written, again.returns_arrived, again.changes.counts) == ({}, 0, {})
    # Another pot than the one that was bought is still refused.
    more = bring(ORDERS_HEAD + POT_BACK.replace("06-20", "06-19"), "orders.csv")
    assert more.changes.counts == {("refused", "return of more than was bought until then"): 1}


def test_of_several_pieces_announced_those_that_arrived_are_back(bring: Importer, database: Connection) -> None:
    bring(ORDERS_HEAD + ORDER, "orders.csv")
    method = {"payment_method_id": "zoes-visa", "customer_id": ZOE, "kind": "credit_card"}
    database.execute(insert(tables.payment_methods).values(**method))
    identity = Identity("web-zoe", ZOE, Trust.VERIFIED)
    order = get_order(database, identity, "A1")
    mugs = next(line for line in order.lines if line.item_id == "mug")  # type: ignore[union-attr]
    return_delivered_items(database, identity, "A1", [mugs.line_id], "unwanted", None, NOW)
    bring.now = datetime(2026, 6, 21)
    part = ORDERS_HEAD + "R9,k1,2026-06-20,mug,-2,2.50,AT\n"
    assert bring(part, "orders.csv").returns_arrived == 1
    assert lines(database) == [
        ("mug", 2, 250, "returned"), ("mug", 4, 250, "return_requested"), ("pot", 1, 900, "ordered"),
    ]  # fmt: skip
    assert refund_status(database, identity, "A1", bring.now).outcome is RefundOutcome.WAITING_FOR_PARCEL
    assert bring(part, "orders.csv").written == {}
    bring.now = datetime(2026, 6, 24)
    bring(ORDERS_HEAD + "R10,k1,2026-06-23,mug,-4,2.50,AT\n", "orders.csv")
    assert refund_status(database, identity, "A1", bring.now).outcome is RefundOutcome.ON_ITS_WAY
    assert get_order(database, identity, "A1").status is OrderStatus.DELIVERED  # type: ignore[union-attr]


def test_an_order_with_fewer_pieces_than_came_back_is_refused_and_stays(bring: Importer, database: Connection) -> None:
    bring(ORDERS_HEAD + ORDER + BACK, "orders.csv")
    before = (lines(database), returned(database))
    report = bring(ORDERS_HEAD + "A1,k1,2026-05-01,mug,1,2.50,AT\n", "orders.csv")
    assert report.changes.counts == {("refused", "fewer pieces than came back of the order already"): 1}
    assert report.orders_changed == 0 and (lines(database), returned(database)) == before
    assert bring(ORDERS_HEAD + "A1,k1,2026-05-01,mug,1,2.50,AT\n", "orders.csv").changes.counts  # and told again
