"""Exports: the right rows, personal columns masked unless asked for in clear, files written whole."""

from __future__ import annotations

import csv
from datetime import date, datetime

import pytest
from sqlalchemy import insert

from crm_models.export import Export, Format, column_names, export_rows, write_file
from crm_models.tables import conversations, customers, feedback, messages

DAYS = [datetime(2026, 10, 30, 23, 59), datetime(2026, 10, 31, 0, 0), datetime(2026, 11, 1, 12, 30)]


@pytest.fixture
def logged(connection):
    """A conversation of Anna Berg's a day with one message each, and one feedback."""
    anna = {"customer_id": "C-1", "first_name": "Anna", "last_name": "Berg", "created_at": DAYS[0]}
    connection.execute(insert(customers).values(**anna))
    for number, when in enumerate(DAYS):
        row = {"conversation_id": f"web-{number}", "customer_id": "C-1", "started_at": when}
        connection.execute(insert(conversations).values(**row))
        connection.execute(
            insert(messages).values(
                event_id=f"web-{number}:0",
                conversation_id=f"web-{number}",
                author="customer",
                text=f"=my mail is anna{number}@example.com, ä",
                intent_set=[{"name": "greet", "confidence": 0.9}],
                sentiment=-0.5 + number,
                created_at=when,
            )
        )
    row = {"rating": 2, "comment": "Too late, Anna Berg", "conversation_id": "web-2", "created_at": DAYS[2]}
    connection.execute(insert(feedback).values(**row))
    return connection


def as_dicts(connection, what, since=None, until=None, clear=False):
    names = column_names(what)
    return [dict(zip(names, row, strict=True)) for row in export_rows(connection, what, since, until, clear=clear)]


@pytest.mark.parametrize("what", list(Export))
def test_nobody_can_be_recognised(logged, what):
    rows = as_dicts(logged, what)
    assert rows
    for row in rows:
        assert "anna" not in str(row).lower()
        assert "berg" not in str(row).lower()


def test_in_clear_the_words_are_there(logged):
    assert as_dicts(logged, Export.FEEDBACK, clear=True)[0]["comment"] == "Too late, Anna Berg"


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, [0, 1, 2]),
        (date(2026, 10, 31), None, [1, 2]),
        (None, date(2026, 10, 31), [0, 1]),
        (date(2026, 10, 31), date(2026, 10, 31), [1]),
        (date(2026, 12, 1), None, []),
    ],
)
def test_days_include_both_ends(logged, since, until, expected):
    rows = as_dicts(logged, Export.MESSAGES, since, until)
    assert [row["conversation_id"] for row in rows] == [f"web-{number}" for number in expected]


def test_a_conversation_comes_with_what_was_said_in_it(logged):
    rows = as_dicts(logged, Export.CONVERSATIONS)
    assert [(row["messages"], row["sentiment"], row["escalations"]) for row in rows] == [
        (1, -0.5, 0),
        (1, 0.5, 0),
        (1, 1.5, 0),
    ]


def test_csv_is_harmless_in_a_spreadsheet(logged, tmp_path):
    path = tmp_path / "new" / "messages.csv"
    rows = export_rows(logged, Export.MESSAGES, None, None, clear=True)
    assert write_file(path, Format.CSV, column_names(Export.MESSAGES), rows) == 3
    with path.open(encoding="utf-8", newline="") as file:
        written = list(csv.DictReader(file))
    assert written[0]["text"] == "'=my mail is anna0@example.com, ä"
    assert written[0]["intent_set"] == '[{"name": "greet", "confidence": 0.9}]'
    assert written[2]["created_at"] == "2026-11-01 12:30:00"


@pytest.mark.parametrize("what", list(Export))
def test_parquet_keeps_types_also_without_rows(logged, tmp_path, what):
    from pyarrow import parquet

    for since, count in ((None, None), (date(2030, 1, 1), 0)):
        path = tmp_path / f"{what}.parquet"
        rows = list(export_rows(logged, what, since, None))
        write_file(path, Format.PARQUET, column_names(what), rows)
        table = parquet.read_table(path)
        assert table.num_rows == len(rows) == (len(rows) if count is None else count)
        moment = "started_at" if what is Export.CONVERSATIONS else "created_at"
        assert str(table.schema.field(moment).type) == "timestamp[us]"
        assert [tuple(row.values()) for row in table.to_pylist()] == rows


def test_a_failed_export_leaves_the_former_file(tmp_path):
    path = tmp_path / "messages.csv"
    path.write_text("former")

    def broken():
        yield (1,)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_file(path, Format.CSV, ["id"], broken())
    assert [each.name for each in tmp_path.iterdir()] == ["messages.csv"]
    assert path.read_text() == "former"
