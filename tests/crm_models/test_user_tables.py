"""Tables of the user's own: what is wrong with one is told in one message, by column and rule."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from crm_models.errors import BadTable
from crm_models.user_tables import (
    FEWEST_ROWS,
    CustomerTable,
    PurchaseTable,
    check_customers,
    check_purchases,
    read_table,
)

NOW = datetime(2026, 6, 1)
CHURN = CustomerTable(("Churn",), id_column="customerID")


def customers(rows: int = 200) -> pd.DataFrame:
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "customerID": [f"{number:04d}-X" for number in range(rows)],
            "tenure": random.integers(1, 70, rows),
            "plan": random.choice(["monthly", "yearly"], rows),
            "charges": [f"{value:.2f}" for value in random.uniform(20, 100, rows)],
            "Churn": random.choice(["Yes", "No"], rows, p=[0.3, 0.7]),
        }
    )


def refusal(table: pd.DataFrame, needs: CustomerTable = CHURN) -> str:
    with pytest.raises(BadTable) as told:
        check_customers(table, needs)
    return str(told.value)


def test_a_good_table_comes_back_with_its_ids_as_texts() -> None:
    table = customers()
    found = check_customers(table, CHURN)
    assert list(found.columns) == ["tenure", "plan", "charges", "Churn"]
    assert found.index.name == "customer_id" and found.index[7] == "0007-X"
    assert check_customers(table.drop(columns="customerID"), CustomerTable(("Churn",))).index[0] == "1"


def test_all_mistakes_are_told_in_one_message() -> None:
    table = customers()
    table.loc[3, "customerID"] = table.loc[2, "customerID"]
    table.loc[9, "customerID"] = None
    table.loc[5, "charges"] = "n/a"
    table["tenure"] = table["tenure"].astype(float)
    table.loc[6, "tenure"] = np.inf
    table.loc[8, "Churn"] = "Maybe"
    told = refusal(table)
    for part in (
        "customerID must not be empty, against row 10",
        "customerID must be of one row only, against row 4 ('0002-X')",
        "charges must be a number as in the other rows, or empty, against row 6 ('n/a')",
        "tenure must be finite, against row 7 (inf)",
        "Churn must have two values; it has 3: Maybe, No, Yes",
    ):
        assert part in told


def test_a_blank_among_numbers_is_missing_and_no_mistake() -> None:
    table = customers()
    table.loc[5, "charges"] = " "
    assert len(check_customers(table, CHURN)) == 200


def test_a_column_of_texts_is_no_column_of_broken_numbers() -> None:
    table = customers()
    table["code"] = [f"{number}" if number % 2 else "none" for number in range(len(table))]
    assert "code" in check_customers(table, CHURN)


def test_columns_that_are_not_there_are_named_with_those_that_are() -> None:
    told = refusal(customers(), CustomerTable(("Left",), id_column="number"))
    assert "no column Left, number among customerID, tenure" in told


def test_too_few_rows_are_refused() -> None:
    assert f"{FEWEST_ROWS} rows are needed, and there are 10" in refusal(customers(10))


@pytest.mark.parametrize("kind", ["text", "number"])
def test_a_column_that_tells_the_outcome_is_refused_and_can_be_dropped(kind: str) -> None:
    table = customers()
    gone = table["Churn"] == "Yes"
    table["cancelled"] = (
        np.where(gone, "closed", "open") if kind == "text" else np.where(gone, 9.5, table["tenure"] + 10)
    )
    assert "cancelled tells Churn by itself" in refusal(table)
    needs = CustomerTable(("Churn",), drop=("cancelled",), id_column="customerID")
    assert "cancelled" not in check_customers(table, needs)


@pytest.mark.parametrize("kind", ["dates", "reasons of most", "days", "parquet's days"])
def test_a_column_that_stands_with_those_who_left_alone_is_refused(kind: str) -> None:
    """The day of the cancellation tells it by standing there at all, whatever the day is."""
    table = customers(400)
    left = table["Churn"] == "Yes"
    random = np.random.default_rng(2)
    days = pd.Series(random.integers(1, 300, len(table)), dtype="Int64")
    said = {
        "dates": (pd.Timestamp("2025-01-01") + pd.to_timedelta(days, unit="D")).dt.strftime("%d.%m.%Y").where(left, ""),
        "reasons of most": pd.Series(random.choice(["price", "moved"], len(table))).where(left & (days > 60)),
        "days": days.astype(float).where(left),
        "parquet's days": days.where(left),
    }
    assert "when tells Churn by itself" in refusal(table.assign(when=said[kind]))
    table["when"] = said[kind].sample(frac=1, random_state=3).to_numpy()  # gaps that are nobody's are no leak
    assert "when" in check_customers(table, CHURN)


def test_one_customer_is_enough_to_be_scored() -> None:
    few = check_customers(customers(1).drop(columns="Churn"), CustomerTable(id_column="customerID", fewest=1))
    assert list(few.index) == ["0000-X"]


def test_lists_in_cells_are_refused() -> None:
    table = customers().assign(visits=[[1, 2]] * 200)
    assert "visits must be numbers or texts; leave it out by --drop, against row 1" in refusal(table)


def test_arms_must_be_values_of_the_treatment() -> None:
    table = customers().assign(segment="Mens", visit=np.tile([0, 1], 100))
    needs = CustomerTable(("segment", "visit"), ("segment", ("Mens", "Nobody")), id_column="customerID")
    assert "segment has no value Nobody; it has Mens" in refusal(table, needs)
    numbers = table.assign(segment=np.tile([1.0, 0.0, np.nan, 1.0], 50))  # whole ones, although a gap makes them floats
    needs = CustomerTable(("segment", "visit"), ("segment", ("1", "0")), id_column="customerID")
    assert len(check_customers(numbers, needs)) == 200


def purchases() -> pd.DataFrame:
    return pd.DataFrame(
        {"who": [1.0, 1.0, 2.0], "day": ["2026-01-05", "2026-02-01", "2026-03-01"], "eur": [9, -2, 5.5]}
    )


def test_purchases_come_back_under_the_names_that_models_know() -> None:
    found = check_purchases(purchases(), PurchaseTable("who", "day", "eur"), NOW)
    assert list(found["customer_id"]) == ["1", "1", "2"] and found["date"].iloc[2] == pd.Timestamp(2026, 3, 1)
    assert list(found["amount"]) == [9.0, -2.0, 5.5]


def test_days_written_as_numbers_are_days() -> None:
    table = purchases().assign(day=[19970101, 19970118, 19970802])
    found = check_purchases(table, PurchaseTable("who", "day", "eur"), NOW)
    assert list(found["date"]) == [pd.Timestamp(1997, 1, 1), pd.Timestamp(1997, 1, 18), pd.Timestamp(1997, 8, 2)]


def test_german_dates_are_read_day_first() -> None:
    table = purchases().assign(day=["05.01.2026", "01.02.2026", "31.03.2026"])
    found = check_purchases(table, PurchaseTable("who", "day", "eur"), NOW)
    assert list(found["date"]) == [pd.Timestamp(2026, 1, 5), pd.Timestamp(2026, 2, 1), pd.Timestamp(2026, 3, 31)]


def test_all_mistakes_of_purchases_are_told() -> None:
    table = purchases().astype(object)
    table.loc[0, "day"], table.loc[1, "day"], table.loc[2, "eur"] = "soon", "2031-01-01", "free"
    table.loc[2, "who"] = None
    with pytest.raises(BadTable) as told:
        check_purchases(table, PurchaseTable("who", "day", "eur"), NOW)
    for part in (
        "who must not be empty, against row 3",
        "day must be a date, such as 2024-05-31, against row 1 ('soon')",
        "day must not lie in the future, against row 2",
        "eur must be a number, against row 3 ('free')",
    ):
        assert part in str(told.value)


def test_files_that_cannot_be_tables_are_refused(tmp_path: Path) -> None:
    twice, empty = tmp_path / "twice.csv", tmp_path / "empty.csv"
    twice.write_text("a,b,a\n1,2,3\n")
    empty.write_text("a,b\n")
    for path, text in (
        (twice, "more than one column named a"),
        (empty, "holds no rows"),
        (tmp_path / "none.csv", "cannot be read"),
        (tmp_path / "table.xlsx", "neither"),
    ):
        with pytest.raises(BadTable, match=text):
            read_table(path)


def test_csv_and_parquet_read_alike(tmp_path: Path) -> None:
    table = customers().drop(columns="charges")
    table.to_csv(tmp_path / "table.csv.gz", index=False)
    table.to_parquet(tmp_path / "table.parquet", index=False)
    pd.testing.assert_frame_equal(read_table(tmp_path / "table.csv.gz"), read_table(tmp_path / "table.parquet"))


def test_what_a_german_spreadsheet_writes_is_read(tmp_path: Path) -> None:
    text = "id;Ort;Umsatz;Anteil;Text\nk1;Köln;12,50;3;a,b\nk2;Zürich;-7;;c\n"
    path = tmp_path / "kunden.csv"
    path.write_bytes(text.encode("cp1252"))
    table = read_table(path)
    assert list(table.columns) == ["id", "Ort", "Umsatz", "Anteil", "Text"]
    assert table["Ort"].tolist() == ["Köln", "Zürich"]
    assert table["Umsatz"].tolist() == [12.5, -7.0] and table["Text"].tolist() == ["a,b", "c"]
    (tmp_path / "utf.csv").write_text("\ufeff" + text.replace(";", "\t"), encoding="utf-8")
    assert read_table(tmp_path / "utf.csv").equals(table)


def test_an_empty_file_is_refused_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(BadTable, match="is empty; it needs a line with the names"):
        read_table(tmp_path / "empty.csv")
