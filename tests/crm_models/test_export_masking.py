"""What a masked export still tells, what it does not, and where it cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest
from people import NOW, add_customer
from sqlalchemy import insert
from sqlalchemy.engine import Connection

from crm_models import tables
from crm_models.errors import BadExport
from crm_models.export import MASK, Export, Format, column_names, export_rows, write_file

SAID = "Ada Miller here, ada@example.com, order HV-104233"


@pytest.fixture
def log(connection: Connection) -> Connection:
    """A conversation of Ada, whose order is named, and an answer to her."""
    add_customer(connection)
    connection.execute(
        insert(tables.conversations).values(
            conversation_id="web-ada", customer_id="C-000001", claimed_order_id="HV-104233", started_at=NOW
        )
    )
    for author, text in (("customer", SAID), ("bot", "Hello Ada, it is on its way.")):
        connection.execute(
            insert(tables.messages).values(
                event_id=author, conversation_id="web-ada", author=author, text=text, created_at=NOW
            )
        )
    return connection


def column(connection: Connection, what: Export, name: str, clear: bool = False) -> list[object]:
    place = column_names(what).index(name)
    return [row[place] for row in export_rows(connection, what, None, None, clear=clear)]


def test_texts_can_be_read_without_saying_whose_they_are(log: Connection) -> None:
    assert column(log, Export.MESSAGES, "text") == [
        "[customer] [customer] here, [e-mail], order [order]",
        "Hello [customer], it is on its way.",
    ]


def test_in_clear_nothing_is_replaced(log: Connection) -> None:
    assert column(log, Export.MESSAGES, "text", clear=True)[0] == SAID


def test_an_order_that_a_stranger_named_is_masked(log: Connection) -> None:
    assert column(log, Export.CONVERSATIONS, "claimed_order_id") == [MASK]
    assert column(log, Export.CONVERSATIONS, "claimed_order_id", clear=True) == ["HV-104233"]


def test_a_place_that_cannot_be_written_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(BadExport, match="is a folder"):
        write_file(tmp_path, Format.CSV, ["a"], [])
    with pytest.raises(BadExport, match="cannot be written"):
        write_file(tmp_path / "file" / "x.csv", Format.CSV, ["a"], [])
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
