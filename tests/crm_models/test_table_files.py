"""Tables in files: read however a spreadsheet or a program wrote them, or refused in a sentence with the remedy."""

from __future__ import annotations

import gzip
from pathlib import Path

import pandas as pd
import pytest

from crm_models.errors import BadTable
from crm_models.table_dates import read_dates
from crm_models.table_files import csv_form, read_csv, read_parquet
from crm_models.user_tables import read_table

GERMAN = "Nr;Ort;Umsatz;Anteil\n007;Köln;1.234,50;3\n008;Zürich;-7; \n009;Bonn;;4,5\n"


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8", "utf-8-sig", "utf-16"])
def test_a_spreadsheets_table_reads_alike_in_every_encoding(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "umsatz.csv"
    path.write_bytes(GERMAN.encode(encoding))
    table = read_table(path, ["Nr"])
    assert list(table.columns) == ["Nr", "Ort", "Umsatz", "Anteil"]
    assert table["Nr"].tolist() == ["007", "008", "009"] and table["Ort"].tolist() == ["Köln", "Zürich", "Bonn"]
    assert table["Umsatz"].tolist()[:2] == [1234.5, -7.0] and table["Umsatz"].isna().tolist() == [False, False, True]
    assert table["Anteil"].dropna().tolist() == [3.0, 4.5]


def test_a_packed_file_and_a_column_without_name_or_values_are_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(b" id | orders |\nk1|3|\nk2|4|\n"))
    assert csv_form(path).separator == "|"
    pd.testing.assert_frame_equal(read_csv(path), pd.DataFrame({"id": ["k1", "k2"], "orders": [3, 4]}))


def test_a_word_among_decimal_commas_stays_to_be_told_with_its_row(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("id;eur\n" + "".join(f"k{n};{n},5\n" for n in range(60)) + "k60;unbekannt\n")
    column = read_csv(path)["eur"]
    assert column.iloc[59] == 59.5 and column.iloc[60] == "unbekannt"


@pytest.mark.parametrize(
    ("separator", "said", "numbers"),
    [
        (";", ["12,50 €", "1.234,00 €", "-7 €"], [12.5, 1234.0, -7.0]),
        (";", ["EUR 12,50", "EUR 1.234,00", ""], [12.5, 1234.0, None]),
        (";", ["1 234,50", "12 345 678", "7,5"], [1234.5, 12345678.0, 7.5]),
        (";", ["1\u202f234,50 €", "12,00\u00a0€", "0,99 €"], [1234.5, 12.0, 0.99]),
        (";", ["1'234.50", "12.00", "CHF 3.10"], [1234.5, 12.0, 3.1]),
        (";", ["-2,4994e-05", "1,5E+03", "0,7"], [-2.4994e-05, 1500.0, 0.7]),
        (";", ["12 %", "7,5 %", "0 %"], [12.0, 7.5, 0.0]),
        (",", ["$1,234.50", "$12.00", "-$3"], [1234.5, 12.0, -3.0]),
        (",", ["$1,234.50", "$12.00", "$3"], [1234.5, 12.0, 3.0]),
        (",", ["1,234", "12,345", "7"], [1234.0, 12345.0, 7.0]),
        (",", ["12,50", "7,5", "1.234,00"], [12.5, 7.5, 1234.0]),
        (";", ["030 123", "0171 222", "040 333"], None),
        (";", ["12.03.2024", "24.12.2024", "01.01.2025"], None),
        (";", ["3 pieces", "4 pieces", "5 pieces"], None),
    ],
)
def test_numbers_are_read_as_people_write_them(
    separator: str, said: list[str], numbers: list[float] | None, tmp_path: Path
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"id{separator}amount\n" + "".join(f'a{separator}"{text}"\n' for text in said), encoding="utf-8")
    found = read_csv(path)["amount"]
    if numbers is None:
        assert found.tolist() == said
    else:
        pd.testing.assert_series_equal(found, pd.Series(numbers, dtype="float64", name="amount"))


def test_ids_with_blanks_stay_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("Kunde;Umsatz\n100 234;1 234,50 €\n100 235;7,00 €\n")
    table = read_table(path, ["Kunde"])
    assert table["Kunde"].tolist() == ["100 234", "100 235"] and table["Umsatz"].tolist() == [1234.5, 7.0]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("empty.csv", b"", "is empty; it needs a line"),
        ("packed.csv.gz", gzip.compress(b""), "is empty; it needs a line"),
        ("sheet.csv", b"PK\x03\x04 and more", r"is a spreadsheet \(XLSX\).*save the sheet as CSV"),
        ("old.csv", b"\xd0\xcf\x11\xe0 and more", "of an old format.*save the sheet as CSV"),
        ("parquet.csv", b"PAR1 and more", r"end in \.parquet"),
        ("packed.csv", gzip.compress(b"a,b\n1,2\n"), r"end in \.csv\.gz"),
        ("plain.csv.gz", b"a,b\n1,2\n", "cannot be unpacked"),
        ("cut.csv.gz", gzip.compress(b"a,b\n1,2\n" * 500)[:40], "cannot be unpacked"),
        ("junk.csv", b"a,b\n\x00\x01\x02,3\n", "is no text"),
        ("twice.csv", b"a,b, a\n1,2,3\n", "more than one column named a; rename"),
        ("commas.csv", b"id,eur\nk1,12,50\nk2,13,50\n", "more values than its first line has names.*quotation marks"),
        ("ragged.csv", b"id,eur\nk1,12\nk2,13,50\n", "cannot be read as CSV: Expected 2 fields in line 3, saw 3"),
        ("quote.csv", b'id,eur\nk1,"12\nk2,13\n', "cannot be read as CSV: EOF inside string.*Put that line right"),
    ],
)
def test_what_is_no_table_is_refused_with_the_remedy(name: str, content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadTable, match=told):
        read_csv(tmp_path / name)


def test_a_folder_a_missing_file_and_what_is_no_parquet_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("a,b\n1,2\n")
    for path, told in (
        (tmp_path, "is a folder; name the file in it"),
        (tmp_path / "none.parquet", "There is no file"),
        (tmp_path / "text.parquet", "is no Parquet file.*save the table as CSV"),
    ):
        with pytest.raises(BadTable, match=told):
            read_parquet(path)


@pytest.mark.parametrize(
    ("said", "days"),
    [
        (["05.06.2024", "31.05.2024", "1.2.24"], ["2024-06-05", "2024-05-31", "NaT"]),
        (["5/31/2024", "6/5/2024"], ["2024-05-31", "2024-06-05"]),
        (["2024-05-31", "2024-05-31T23:30:00+02:00", "3 May 2024", "soon", None],
         ["2024-05-31", "2024-05-31", "2024-05-03", "NaT", "NaT"]),
    ],
)  # fmt: skip
def test_the_order_of_day_and_month_is_that_of_the_column(said: list[str], days: list[str]) -> None:
    found = read_dates(pd.Series(said, dtype="string"))[0]
    assert [str(each.date()) if each == each else "NaT" for each in found] == days
