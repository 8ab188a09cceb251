"""Tables of others: read, cleaned with a report, and written once."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import Connection, Engine

from crm_models.database import create_engine, migrate, reading
from crm_models.errors import BadImport
from crm_models.tables import browse_events, customers, order_lines, orders, profile_facts, returns
from crm_models.view.changes import Changes
from crm_models.view.cleaning import numbers
from crm_models.view.importing import Import, ImportReport
from crm_models.view.ingest import import_table
from crm_models.view.mapping import Kind, map_columns, read_told
from crm_models.view.profile import person_profile
from crm_models.view.sources import read_source

NOW = datetime(2026, 11, 1, 12)
ORDERS = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1001,A1, White  mug ,6,2025-01-10 08:26:00,2.55,17850.0,United Kingdom
1001,B2,Lantern,2,2025-01-10 08:26:00,3.39,17850.0,United Kingdom
1001,B2,Lantern,2,2025-01-10 08:26:00,3.39,17850.0,United Kingdom
1002,A1,White mug,4,2025-13-02 10:00:00,2.55,17850.0,United Kingdom
1003,A1,White mug,1,2031-01-01 10:00:00,2.55,17850.0,United Kingdom
1004,A1,White mug,1,1899-01-01 10:00:00,2.55,17850.0,United Kingdom
1005,A1,White mug,1,2025-03-01 10:00:00,-2.55,17850.0,United Kingdom
1006,A1,White mug,1,2025-03-01 10:00:00,2.55,,United Kingdom
1007,A1,White mug,0,2025-03-01 10:00:00,2.55,17851.0,United Kingdom
C1008,A1,White mug,-5,2025-03-05 10:00:00,2.55,17850.0,United Kingdom
C1009,B2,Lantern,-9,2025-03-05 10:00:00,3.39,17850.0,United Kingdom
"""


def bring(connection: Connection, path: Path | str, **options: object) -> ImportReport:
    table = read_source(str(path))
    mapping = map_columns(list(table.columns), str(path))
    how = Import(mapping.kind, Path(path).name, NOW, **options)  # type: ignore[arg-type]
    return import_table(connection, table[list(mapping.columns.values())].rename(columns=mapping.by_column()), how)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def pieces(connection: Connection) -> list[tuple[str, str, int, str]]:
    columns = (order_lines.c.order_id, order_lines.c.item_id, order_lines.c.quantity, order_lines.c.status)
    return sorted(tuple(row) for row in connection.execute(select(*columns)))


def test_dirty_orders_are_cleaned_and_each_rule_is_reported(connection: Connection, tmp_path: Path) -> None:
    report = bring(connection, written(tmp_path / "orders.csv", ORDERS))
    counts = {rule: count for (_, rule), count in report.changes.counts.items()}
    assert counts == {
        "blanks around or doubled": 1,
        "exact duplicate of an earlier row": 1,
        "day and month exchanged": 1,
        "impossible date (none, before 1900 or to come)": 2,
        "impossible price": 1,
        "missing customer_id": 1,
        "impossible quantity": 1,
        "return of more than was bought until then": 1,
    }
    # Five mugs came back: four of the later order, one of the earlier.
    assert pieces(connection) == [
        ("1001", "A1", 1, "returned"), ("1001", "A1", 5, "ordered"), ("1001", "B2", 2, "ordered"),
        ("1002", "A1", 4, "returned"),
    ]  # fmt: skip
    assert connection.execute(select(func.count()).select_from(returns)).scalar_one() == 2
    assert connection.execute(select(orders.c.placed_at).where(orders.c.order_id == "1002")).scalar_one() == datetime(
        2025, 2, 13, 10
    )
    assert connection.execute(select(customers.c.customer_id)).scalars().all() == ["17850"]


def test_every_row_is_written_or_in_a_file(connection: Connection, tmp_path: Path) -> None:
    report = bring(connection, written(tmp_path / "orders.csv", ORDERS))
    files = {path.name: pd.read_csv(path) for path in report.changes.write(tmp_path / "report")}
    assert sorted(files) == ["changed.csv", "refused.csv"]
    refused = files["refused.csv"]
    # Rows 1, 2 and 4 are lines, row 10 is the return of some of them.
    assert sorted(refused["row"]) == [3, 5, 6, 7, 8, 9, 11]
    assert refused.loc[refused["row"] == 7, "rule"].item() == "impossible price"
    assert refused.loc[refused["row"] == 7, "order_id"].item() == "1005"


def test_the_same_file_again_changes_nothing_and_a_longer_one_adds(connection: Connection, tmp_path: Path) -> None:
    path = written(tmp_path / "orders.csv", ORDERS)
    bring(connection, path)
    before = pieces(connection)
    again = bring(connection, path)
    assert again.written == {} and again.unchanged == 2
    assert pieces(connection) == before
    more = "1010,A1,White mug,3,2025-04-01,2.55,17850,United Kingdom\nC1011,B2,Lantern,-1,2025-04-02,3.39,17850,UK\n"
    longer = bring(connection, written(path, ORDERS + more))
    assert longer.unchanged == 1 and longer.written["orders"] == 1
    assert ("1001", "B2", 1, "returned") in pieces(connection) and ("1010", "A1", 3, "ordered") in pieces(connection)
    assert connection.execute(select(func.count()).select_from(returns)).scalar_one() == 3


def test_currencies_are_converted_and_an_unknown_one_is_refused_by_name(connection: Connection, tmp_path: Path) -> None:
    text = "order_id,customer_id,date,sku,qty,price,currency\n"
    for number, (price, code) in enumerate([("10", "USD"), ("10", "EUR"), ('"1,234.50"', "usd"), ("10", "XXQ")]):
        text += f"{number},c,2025-01-01,s{number},1,{price},{code}\n"
    report = bring(connection, written(tmp_path / "o.csv", text), rates={"EUR": 1.1})
    cents = connection.execute(select(order_lines.c.price_cents).order_by(order_lines.c.order_id)).scalars().all()
    assert cents == [1000, 1100, 123450]
    assert report.changes.counts["refused", "no rate for the currency XXQ"] == 1
    assert report.changes.counts["changed", "converted to USD"] == 1


def test_amounts_in_several_ways_of_writing() -> None:
    texts = pd.Series(["1,234.50", "1.234,50", "€ 3,20", "(2)", "-4", "1,234", "none"], dtype="string")
    assert numbers(texts).fillna(-1).tolist() == [1234.5, 1234.5, 3.2, -2, -4, 1234, -1]


def test_csv_parquet_and_sql_give_the_same(tmp_path: Path) -> None:
    csv = written(tmp_path / "orders.csv", ORDERS)
    table = pd.read_csv(csv)
    table.to_parquet(tmp_path / "orders.parquet")
    with sqlite3.connect(tmp_path / "shop.db") as database:
        table.to_sql("invoice lines", database, index=False)
    found = []
    for source, options in (
        (str(csv), {}),
        (str(tmp_path / "orders.parquet"), {}),
        (f"sqlite:///{tmp_path / 'shop.db'}", {"table": "invoice lines"}),
        (f"sqlite:///{tmp_path / 'shop.db'}", {"query": 'SELECT * FROM "invoice lines"'}),
    ):
        engine = create_engine("sqlite://")
        migrate(engine)
        read = read_source(source, **options)
        mapping = map_columns(list(read.columns), source)
        with engine.begin() as connection:
            import_table(connection, read.rename(columns=mapping.by_column()), Import(mapping.kind, "shop", NOW))
            found.append(pieces(connection))
    assert found[0] and all(each == found[0] for each in found)


CUSTOMERS = """id;Vorname;Nachname;E-Mail;Tel;Ort;Geburtsdatum;updated_at
k1;Zoë ;M\u00c3\u00bcller;Zoe@Example.org;01632 960001;Köln;31.12.1990;2026-01-01
k1;Zoë;Müller;zoe.neu@example.org;01632 960001;Bonn;31.12.1990;2026-06-01
k2;Tom;Lee;no mail;12;Bonn;01.02.2090;
"""


def test_customers_are_cleaned_and_what_contradicts_is_kept(connection: Connection, tmp_path: Path) -> None:
    report = bring(connection, written(tmp_path / "kunden.csv", CUSTOMERS), country="GB")
    row = connection.execute(select(customers).where(customers.c.customer_id == "k1")).one()
    assert (row.first_name, row.last_name, row.email) == ("Zoë", "Müller", "zoe.neu@example.org")
    profile = {each.field: each for each in person_profile(connection, "k1", NOW)}
    assert profile["city"].best.value == "Bonn" and profile["city"].best.source == "kunden.csv"
    assert [fact.value for fact in profile["city"].conflicting] == ["Köln"]
    assert profile["birth_date"].best.value == "1990-12-31"
    counts = report.changes.counts
    for rule in ("no e-mail address", "no possible phone number", "impossible date of birth"):
        assert counts["changed", rule] == 1
    assert counts["changed", "text was read in the wrong encoding"] == 1
    facts = connection.execute(select(func.count()).select_from(profile_facts)).scalar_one()
    assert bring(connection, tmp_path / "kunden.csv", country="GB").written == {}
    assert connection.execute(select(func.count()).select_from(profile_facts)).scalar_one() == facts


def test_events_are_taken_once(connection: Connection, tmp_path: Path) -> None:
    bring(connection, written(tmp_path / "orders.csv", ORDERS))
    text = "user_id,timestamp,event,sku,query\n17850,2025-05-01,view,A1,\n17850,2025-05-01,search,,mug\n"
    text += "17850,2025-05-01,view,NONE,\n9,2025-05-01,view,A1,\n17850,2025-05-01,jump,A1,\n"
    path = written(tmp_path / "events.csv", text)
    report = bring(connection, path)
    assert report.written == {"browse_events": 2} and sum(report.changes.counts.values()) == 3
    assert bring(connection, path).unchanged == 2
    assert connection.execute(select(func.count()).select_from(browse_events)).scalar_one() == 2


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ("Kundennr Bestellnummer Bestelldatum Artikelnummer Bezeichnung Menge Einzelpreis Währung", Kind.ORDERS),
        ("Kundennummer Rechnungsnr Datum Artikel Anzahl Stückpreis", Kind.ORDERS),
        ("code_client numéro_commande date_commande référence quantité prix_unitaire devise", Kind.ORDERS),
        ("Kundennr Vorname Nachname E-Mail-Adresse PLZ Ort Geburtsdatum", Kind.CUSTOMERS),
        ("code_client prénom nom courriel code_postal ville pays", Kind.CUSTOMERS),
    ],
)
def test_german_and_french_columns_are_found(columns: str, kind: Kind) -> None:
    found = map_columns(columns.split(), "table.csv")
    assert found.kind is kind and not found.ignored


def test_columns_are_told_by_option_or_file(tmp_path: Path) -> None:
    columns = ["who", "mailbox"]
    file = written(tmp_path / "map.yml", "customer_id: who\n")
    mapping = map_columns(columns, "x.csv", told=read_told([str(file), "email=mailbox"]))
    assert mapping.kind is Kind.CUSTOMERS and mapping.columns == {"customer_id": "who", "email": "mailbox"}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (["emial=mailbox"], "the field 'emial'"),
        (["email=post", "customer_id=who"], "column 'post', but there is none"),
        (["nothing"], "neither FIELD=COLUMN nor a file"),
    ],
)
def test_a_wrong_mapping_is_refused(told: list[str], said: str) -> None:
    with pytest.raises(BadImport, match=said):
        map_columns(["who", "mailbox"], "x.csv", kind=Kind.CUSTOMERS, told=read_told(told))


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadImport, match="There is no file"):
        read_source(str(tmp_path / "none.csv"))
    with pytest.raises(BadImport, match="is no Parquet file"):
        read_source(str(written(tmp_path / "x.parquet", "text")))
    with pytest.raises(BadImport, match="one of --table NAME and --query"):
        read_source("sqlite://")
    with pytest.raises(BadImport, match="no such table"):
        read_source("sqlite://", table="none")
    with pytest.raises(BadImport, match="neither customers, orders nor events"):
        map_columns(["a", "b"], "x.csv")


_KILLED = """
import os, sys
from datetime import datetime
from crm_models.database import create_engine
from crm_models.view.importing import Import
from crm_models.view.ingest import import_table
from crm_models.view.mapping import map_columns
from crm_models.view.sources import read_source

def stop(name, done, total):
    if name == "order_lines":
        os._exit(9)

table = read_source(sys.argv[1])
mapping = map_columns(list(table.columns), "x")
with create_engine(sys.argv[2]).begin() as connection:
    import_table(connection, table.rename(columns=mapping.by_column()), Import(mapping.kind, "x", datetime.now()), stop)
"""


def test_an_import_that_dies_in_the_middle_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = create_engine(url)
    migrate(engine)
    path = written(tmp_path / "orders.csv", ORDERS)
    died = subprocess.run([sys.executable, "-c", _KILLED, str(path), url], env=dict(os.environ), check=False)
    assert died.returncode == 9
    with reading(engine) as connection:
        assert connection.execute(select(customers)).all() == [] and connection.execute(select(orders)).all() == []
    with engine.begin() as connection:
        assert bring(connection, path).written["orders"] == 2


def test_an_import_works_in_every_database(shop_engine: Engine, tmp_path: Path) -> None:
    with shop_engine.begin() as connection:
        assert bring(connection, written(tmp_path / "orders.csv", ORDERS)).written["returns"] == 2
        assert bring(connection, tmp_path / "orders.csv").written == {}


def test_no_change_gives_no_file(tmp_path: Path) -> None:
    assert Changes(pd.DataFrame({"a": ["x"]})).write(tmp_path) == []
