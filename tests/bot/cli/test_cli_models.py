"""`rapport models`: reasons of a score, groups, versions of a model, and models from a table of the user's own."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import insert

from bot.cli.config import read_config
from bot.cli.prepare import open_database
from bot.cli.shop import utc_now
from crm_models.registry.catalogue import list_versions
from crm_models.tables import customers, predictions


@pytest.fixture
def scored(rapport, home):
    """Customers of two tiers with a score; all of the gold ones may leave, and few of the others."""
    now = utc_now()
    with open_database(read_config()).begin() as connection:
        for number in range(120):
            who, gold = f"C-{number}", number < 50
            tier = "gold" if gold else "basic"
            row = {"tier": tier, "created_at": now, "language": "en", "email": f"c{number}@example.com"}
            connection.execute(insert(customers).values(customer_id=who, **row))
            leaves = gold or number % 20 == 0
            score = {"value": 0.83 if leaves else 0.2, "label": "at_risk" if leaves else "steady"}
            score |= {"model": "churn", "model_version": "churn-1", "scored_at": now}
            connection.execute(
                insert(predictions).values(customer_id=who, reasons=["no_order_for:74", "late_deliveries:2"], **score)
            )


@pytest.fixture
def purchases(tmp_path: Path) -> Path:
    """A year of purchases of 120 customers; the odd ones buy every other week."""
    draw, rows = random.Random(5), []
    for who in range(120):
        for day in range(draw.randrange(30), 360, 14 if who % 2 else 90):
            rows.append((f"C-{who}", f"{pd.Timestamp('2025-01-01') + timedelta(days=day):%Y-%m-%d}", 20 + who % 7))
    table = tmp_path / "purchases.csv"
    pd.DataFrame(rows, columns=["who", "day", "paid"]).to_csv(table, index=False)
    return table


COLUMNS = ("--customer", "who", "--date", "day", "--amount", "paid")


def test_a_score_is_explained_in_words(rapport, home, scored):
    for name in ("C-3", "c3@example.com"):
        said = rapport("models", "explain", name)
        assert said.code == 0
        assert "churn" in said.said and "83 %" in said.said.replace("%", " %").replace("  %", " %")
        assert "may leave" in said.said and "74 days" in said.said
        assert "by churn-1" in said.said


def test_a_customer_without_a_score_or_who_is_unknown_is_told(rapport, home, scored):
    unknown = rapport("models", "explain", "C-999")
    assert (unknown.code, unknown.complained.strip()) == (2, "No customer has the number or e-mail C-999.")
    with open_database(read_config()).begin() as connection:
        connection.execute(insert(customers).values(customer_id="C-new", tier="basic", created_at=utc_now()))
    said = rapport("models", "explain", "C-new")
    assert said.code == 0 and "has no score yet" in said.said and "rapport models score" in said.said


def test_groups_are_compared_and_the_figures_written(rapport, home, scored, tmp_path):
    file = tmp_path / "fairness.json"
    said = rapport("models", "fairness", "--json", str(file))
    assert said.code == 0 and "gold" in said.said and "*" in said.said
    measures = json.loads(file.read_text())
    by_tier = {row["group"]: row for each in measures for row in each["groups"] if row["attribute"] == "tier"}
    assert by_tier["gold"]["share"]["value"] == 1.0 and by_tier["gold"]["differs"]
    assert by_tier["basic"]["share"]["value"] < 0.1


def test_a_shop_without_scores_has_no_groups_to_compare(rapport, home):
    said = rapport("models", "fairness")
    assert said.code == 0 and "no score and no offer yet" in said.said


def test_a_table_is_learned_from_scored_and_an_older_version_used_again(rapport, home, purchases, tmp_path):
    scores = tmp_path / "scores.csv"
    trained = rapport("models", "train", "value", "--table", str(purchases), *COLUMNS, "--output", str(scores))
    assert trained.code == 0, trained.complained
    assert "rapport models show table-value" in trained.said
    own = pd.read_csv(scores)
    assert len(own) == 120 and set(own["model"]) == {"value"}
    often = own["customer_id"].str.removeprefix("C-").astype(int) % 2 == 1
    assert own["value"][often].mean() > 3 * own["value"][~often].mean()

    again = tmp_path / "again.csv"
    score = ("models", "score", "table-value", "--table", str(purchases), *COLUMNS)
    assert rapport(*score, "--output", str(again)).code == 0
    pd.testing.assert_series_equal(pd.read_csv(again)["value"], own["value"])

    with purchases.open("a", encoding="utf-8") as file:
        file.write("C-1,2026-01-05,20\n")
    assert rapport("models", "train", "value", "--table", str(purchases), *COLUMNS).code == 0
    newer, older = (each.version for each in versions())
    assert [each.current for each in versions()] == [True, False]
    back = rapport("models", "rollback", "table-value")
    assert back.code == 0 and f"{older} is in use, and {newer} is kept" in back.said
    assert [each.current for each in versions()] == [False, True]
    named = rapport("models", "rollback", "table-value", newer)
    assert f"{newer} is in use" in named.said


def test_a_table_as_a_german_spreadsheet_writes_it_gives_the_same_scores(rapport, home, purchases, tmp_path):
    table = pd.read_csv(purchases)
    table["day"] = pd.to_datetime(table["day"]).dt.strftime("%d.%m.%Y")
    table["paid"] = table["paid"] + 0.5
    german, plain = tmp_path / "käufe.csv", tmp_path / "plain.csv"
    table.to_csv(german, index=False, sep=";", decimal=",", encoding="cp1252")
    table.to_csv(plain, index=False)
    scores = []
    for file in (plain, german):
        output = tmp_path / f"scores-{file.stem}.csv"
        said = rapport("models", "train", "value", "--table", str(file), *COLUMNS, "--output", str(output))
        assert said.code == 0, said.complained
        scores.append(pd.read_csv(output)["value"])
    pd.testing.assert_series_equal(*scores)


BAD_TABLES = {
    "folder.csv": (None, "is a folder"),
    "empty.csv": (b"", "is empty; it needs a line"),
    "header.csv": (b"who,day,paid\n", "holds no rows"),
    "junk.csv": (b"who,day\n\x00\x01,2\n", "is no text"),
    "sheet.csv": (b"PK\x03\x04", "save the sheet as CSV"),
    "twice.csv": (b"who,day,paid,paid\n1,2024-05-31,3,4\n", "rename them"),
    "ragged.csv": (b"who,day,paid\n1,2024-05-31,3,50\n", "more values than its first line has names"),
    "words.csv": (b"who,day,paid\n1,soon,free\n", "day must be a date"),
    "other.csv": (b"name,day,paid\n1,2024-05-31,3\n", "there is no column who among name, day, paid"),
    "table.ods": (b"who,day,paid\n1,2024-05-31,3\n", "neither .csv"),
    "table.parquet": (b"who,day,paid\n1,2024-05-31,3\n", "is no Parquet file"),
    "none.csv": (b"", "There is no file"),
}


@pytest.mark.parametrize("name", BAD_TABLES)
def test_a_bad_table_is_one_sentence_and_nothing_is_written(rapport, home, tmp_path, name):
    content, told = BAD_TABLES[name]
    table, scores = tmp_path / name, tmp_path / "scores.csv"
    if content is None:
        table.mkdir()
    elif name != "none.csv":
        table.write_bytes(content)
    found = rapport("models", "train", "value", "--table", str(table), *COLUMNS, "--output", str(scores))
    assert found.code == 2 and told in " ".join(found.complained.split()), found.complained
    assert "Traceback" not in found.complained and not scores.exists() and not versions()


def test_scores_never_take_the_place_of_their_table(rapport, home, purchases):
    before = purchases.read_text()
    train = ("models", "train", "value", "--table", str(purchases), *COLUMNS, "--output", str(purchases))
    score = ("models", "score", "table-value", *train[3:])
    for typed in (train, score):
        found = rapport(*typed)
        assert found.code == 2 and "name another file with --output" in found.complained
    below = rapport(
        "models", "train", "value", "--table", str(purchases), *COLUMNS, "--output", f"{purchases}/scores.csv"
    )
    assert below.code == 2 and "is no folder to write in" in " ".join(below.complained.split())
    assert purchases.read_text() == before and not versions()


def versions():
    return sorted(list_versions(read_config().crm.models_folder), key=lambda each: each.version, reverse=True)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("train", "--table", "FILE"), "Say what is to be learned"),
        (("train", "uplift", "--table", "FILE", "--treatment", "who", "--arms", "a"), "--arms a must be two values"),
        (("train", "value", "--table", "FILE", "--customer", "nobody"), "nobody"),
        (("train", "value", "--table", "FILE", "--output", "scores.xml"), "scores.xml"),
        (("train", "value", "--table", "none.csv"), "none.csv"),
        (("score", "--table", "FILE"), "--output"),
        (("score", "--table", "FILE", "--output", "scores.csv", "--engine", "abacus"), "no engine 'abacus'"),
        (("score", "churn"), "give --table"),
        (("score", "table-value", "--table", "FILE", "--output", "scores.csv"), "models train value --table"),
        (("rollback", "churn"), "churn"),
        (("rollback", "weather"), "weather"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_remedy(rapport, home, purchases, typed, said):
    found = rapport("models", *(str(purchases) if each == "FILE" else each for each in typed))
    assert found.code == 2
    assert said in found.complained and len(found.complained.strip().splitlines()) <= 4, found.complained
    assert "Traceback" not in found.complained
