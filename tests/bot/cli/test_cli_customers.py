"""`rapport customers`: a table is brought in, who is one person is found, decided and undone, and told as a profile."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import select

from bot.cli.config import read_config
from bot.cli.prepare import open_database
from crm_models.database import reading
from crm_models.tables import order_lines, returns
from crm_models.view.clusters import LinkStatus
from crm_models.view.links import list_links
from crm_models.view.person import person_of

PEOPLE = (
    ("A-1", "Martha", "Okafor", "martha.okafor@example.com", "+49 170 5550101", "Lindenweg 4", "Bremen", "28195"),
    ("A-2", "Martha", "Okafor", "martha.okafor@example.com", "+49 170 5550101", "Lindenweg 4", "Bremen", "28195"),
    ("A-3", "Jonas", "Brandt", "jonas.brandt@example.com", "+49 170 5550102", "Am Wall 9", "Bremen", "28195"),
    ("A-4", "Ines", "Duarte", "ines.duarte@example.com", "+49 170 5550103", "Hafenstr. 2", "Kiel", "24103"),
)
HEADINGS = ("customer_id", "first_name", "last_name", "email", "phone", "street", "city", "postcode")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    file = tmp_path / "people.csv"
    pd.DataFrame(PEOPLE, columns=HEADINGS).to_csv(file, index=False)
    return file


@pytest.fixture
def brought(rapport, home, table):
    said = rapport("customers", "import", str(table), "--kind", "customers", "--country", "DE")
    assert said.code == 0, said.complained
    return said


def person(customer_id: str) -> set[str]:
    with reading(open_database(read_config())) as connection:
        return set(person_of(connection, customer_id))


def test_a_table_is_imported_once_and_says_which_columns_it_read(rapport, brought, table):
    assert "4 rows of customers" in brought.said
    assert "email from email" in brought.said
    again = rapport("customers", "import", str(table), "--kind", "customers", "--country", "DE")
    assert again.code == 0 and "4 were imported before and have not changed" in again.said


def test_one_person_in_two_rows_is_linked_and_shown(rapport, brought):
    said = rapport("customers", "link", "--country", "DE")
    assert said.code == 0 and "4 customers" in said.said
    assert person("A-1") == {"A-1", "A-2"} and person("A-3") == {"A-3"}
    shown = rapport("customers", "links", "A-1").said
    assert "A-1" in shown and "A-2" in shown
    told = rapport("customers", "profile", "A-1").said
    assert "one person: A-1,A-2" in told and "Okafor" in told and "28195" in told


def test_customers_are_joined_and_parted_by_hand_for_good(rapport, brought):
    joined = rapport("customers", "join", "A-3", "A-4", "--because", "called in")
    assert joined.code == 0 and "A-3 and A-4 are one person" in joined.said
    assert person("A-3") == {"A-3", "A-4"}
    parted = rapport("customers", "unlink", "A-3", "A-4", "--because", "a mistake")
    assert parted.code == 0 and "no longer linked" in parted.said
    rapport("customers", "link", "--country", "DE")
    assert person("A-3") == {"A-3"}


def test_pairs_that_wait_are_decided(rapport, brought, home):
    from sqlalchemy import update

    from crm_models.tables import customer_links

    rapport("customers", "join", "A-3", "A-4")
    with open_database(read_config()).begin() as connection:
        connection.execute(update(customer_links).values(status=LinkStatus.REVIEW.value))
        waiting = list_links(connection, LinkStatus.REVIEW)
    assert "A-3" in rapport("customers", "review").said
    number = str(waiting[0].link_id)
    both = rapport("customers", "review", "--accept", number, "--reject", number)
    assert both.code == 2 and "accepted and rejected at once" in both.complained
    assert "A-3 and A-4 are one person" in rapport("customers", "review", "--accept", number).said
    assert person("A-3") == {"A-3", "A-4"}
    assert "No pairs wait." in rapport("customers", "review").said


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("profile", "A-9"), "There is no customer 'A-9'"),
        (("links", "A-9"), "There is no customer 'A-9'"),
        (("join", "A-1", "A-9"), "A-9"),
        (("unlink", "A-3", "A-4"), "A-3"),
        (("review", "--accept", "99"), "99"),
        (("link", "--country", "Germany"), "code of two letters"),
        (("import", "none.csv"), "none.csv"),
        (("import", "FILE", "--kind", "weather"), "There is no kind 'weather'"),
        (("import", "FILE", "--report", "FILE"), "is a file; name a folder for the report"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_remedy(rapport, brought, table, typed, said):
    found = rapport("customers", *(str(table) if each == "FILE" else each for each in typed))
    assert found.code == 2
    assert said in found.complained and "Traceback" not in found.complained


ORDER_LINES = "order_id;customer_id;date;sku;qty;price\n"
BOUGHT = "A1;A-1;01.05.2026;mug;6;2,50\nA1;A-1;01.05.2026;pot;1;9,00\nA2;A-1;20.05.2026;mug;1;2,50\n"


def bring_orders(rapport, folder: Path, name: str, rows: str):
    file = folder / name
    file.write_bytes((ORDER_LINES + rows).encode("cp1252"))
    said = rapport("customers", "import", str(file), "--kind", "orders")
    assert said.code == 0, said.complained
    return said.said


def stored_lines() -> list[tuple[object, ...]]:
    with reading(open_database(read_config())) as connection:
        joined = order_lines.outerjoin(returns, returns.c.line_id == order_lines.c.line_id)
        columns = (order_lines.c.order_id, order_lines.c.item_id, order_lines.c.quantity, order_lines.c.status)
        rows = connection.execute(select(*columns, returns.c.created_at).select_from(joined)).all()
    return sorted((*row[:4], row.created_at.day if row.created_at else None) for row in rows)


def test_a_file_of_returns_finds_the_purchases_of_earlier_files(rapport, home, tmp_path):
    bring_orders(rapport, tmp_path, "may.csv", BOUGHT)
    # two mugs of A1 by its number; a pot and a mug by the customer; more mugs than there ever were
    back = "A1;A-1;21.05.2026;mug;-2;2,50\nR8;A-1;22.05.2026;pot;-1;9,00\nR9;A-1;23.05.2026;mug;-1;2,50\n"
    said = bring_orders(rapport, tmp_path, "returns.csv", back + "R10;A-1;24.05.2026;mug;-9;2,50\n")
    assert "3 returns" in said and "1 refused: return of more than was bought until then" in said
    expected = [
        ("A1", "mug", 2, "returned", 21), ("A1", "mug", 4, "ordered", None),
        ("A1", "pot", 1, "returned", 22), ("A2", "mug", 1, "returned", 23),
    ]  # fmt: skip
    assert stored_lines() == expected
    again = bring_orders(rapport, tmp_path, "returns.csv", back)
    assert "nothing new" in again and "3 were imported before" in again and stored_lines() == expected
    # the earlier file again, and then all in one, change nothing either
    bring_orders(rapport, tmp_path, "may.csv", BOUGHT)
    bring_orders(rapport, tmp_path, "all.csv", BOUGHT + back)
    assert stored_lines() == expected


def test_a_return_before_the_purchase_or_of_another_customer_is_refused(rapport, home, tmp_path):
    bring_orders(rapport, tmp_path, "may.csv", BOUGHT)
    before = stored_lines()
    for row in ("R1;A-1;30.04.2026;mug;-1;2,50\n", "A1;A-2;21.05.2026;mug;-1;2,50\n"):
        said = bring_orders(rapport, tmp_path, "returns.csv", row)
        assert "1 refused: return of more than was bought until then" in said
    assert stored_lines() == before
