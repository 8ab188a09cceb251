"""`rapport nlu check` and `rapport nlu review` as somebody at a terminal uses them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from bot.cli import prepare
from bot.cli.config import read_config
from bot.nlu_tools.examples import read_examples
from crm_models.tables import conversations, customers, messages

DAY = datetime(2026, 11, 3, 10)
DOMAIN = "intents: [order_status, order_late, return_items, greet]\nentities: [order_id]\n"
ORDERS = """\
version: "3.1"

# Borders: late is what should be here.
nlu:
- intent: order_status
  examples: |
    - where is my order
    - what is the state of order [HV-104233](order_id)
    - has my order been sent
- intent: order_late
  examples: |
    - my parcel is late
    - it should have come last week
    - still waiting for my parcel
- intent: return_items
  examples: |
    - I want to send it back
    - return the lamp
    - how do I give the chair back
"""
WRONG = """\
nlu:
- intent: greet
  examples: |
    - hello
    - Hello!
    - Where is my order?
- intent: smile
  examples: |
    - a [lamp](colour)
    - ha ha
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Examples beside a domain and held-out messages, as in a checkout."""
    folder = tmp_path / "shop" / "bot" / "data" / "nlu"
    folder.mkdir(parents=True)
    (folder / "orders.yml").write_text(ORDERS, encoding="utf-8")
    (tmp_path / "shop" / "bot" / "domain.yml").write_text(DOMAIN, encoding="utf-8")
    held_out = tmp_path / "shop" / "tests" / "behaviour" / "intents.yml"
    held_out.parent.mkdir(parents=True)
    held_out.write_text('- {intent: greet, text: "ha ha"}\n', encoding="utf-8")
    return folder


@pytest.fixture
def log(home: Path) -> Callable[..., int]:
    """`log("text", 0.5, 0.4)` notes a customer's message as the bot does; returns its number."""
    engine = prepare.open_database(read_config())
    with engine.begin() as connection:
        connection.execute(
            insert(customers).values(customer_id="C-1", first_name="Dagmar", last_name="Quill", created_at=DAY)
        )
        connection.execute(insert(conversations).values(conversation_id="web:1", customer_id="C-1", started_at=DAY))
    minutes = iter(range(1000))

    def note(text: str, *likely: float, intent: str | None = None, button: bool = False) -> int:
        minute = next(minutes)
        names = ("order_status", "order_late", "return_items")
        shown = [{"name": name, "confidence": each} for name, each in zip(names, likely, strict=False)]
        row = {
            "event_id": f"e{minute}",
            "conversation_id": "web:1",
            "author": "customer",
            "text": text,
            "intent": intent or names[0],
            "intent_set": None if button else shown,
            "created_at": DAY + timedelta(minutes=minute),
        }
        with engine.begin() as connection:
            return int(connection.execute(insert(messages).values(row)).inserted_primary_key[0])

    return note


def added(data: Path) -> list[tuple[str, str]]:
    """What the examples hold beyond those that were there."""
    before = {line.strip(" -") for line in ORDERS.splitlines()}
    return [(each.intent, each.marked) for each in read_examples(data) if each.marked not in before]


# --- check ---


def test_good_examples_pass(rapport: Any, data: Path) -> None:
    (data.parents[1] / "domain.yml").write_text(DOMAIN.replace(", greet", ""), encoding="utf-8")
    outcome = rapport("nlu", "check", "--data", str(data), "--strict", "--fewest", "3")
    assert outcome.code == 0, outcome.complained
    assert "9 examples of 3 intents" in outcome.said
    assert "by the base encoder" in outcome.said
    assert "serious" not in outcome.said


def test_what_is_wrong_is_told_with_its_place(rapport: Any, data: Path, tmp_path: Path) -> None:
    (data / "wrong.yml").write_text(WRONG, encoding="utf-8")
    file = tmp_path / "findings.json"
    outcome = rapport("nlu", "check", "--data", str(data), "--json", str(file))
    assert outcome.code == 0, outcome.complained
    assert "orders.yml:7: order_status: where is my order: the same text under greet and order_status" in outcome.said
    assert "wrong.yml:4: greet: hello: the same text again at wrong.yml:5" in outcome.said
    assert "the domain has no intent smile" in outcome.said
    assert "the domain has no entity colour" in outcome.said
    assert "wrong.yml:10: smile: ha ha: stands in intents.yml too" in outcome.said
    assert "return_items has 3 examples, fewer than 20" in outcome.said
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told["counts"]["conflict"] == 1 and told["counts"]["leakage"] == 1 and told["serious"] == 4
    assert {"file": str(data / "wrong.yml"), "line": 6, "text": "Where is my order?", "intent": "greet"} in (
        told["findings"][0]["examples"]
    )
    assert rapport("nlu", "check", "--data", str(data), "--strict").code == 1


def test_the_same_examples_give_the_same_findings(rapport: Any, data: Path, tmp_path: Path) -> None:
    (data / "wrong.yml").write_text(WRONG, encoding="utf-8")
    files = [tmp_path / "one.json", tmp_path / "two.json"]
    for file in files:
        rapport("nlu", "check", "--data", str(data), "--json", str(file))
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("command", ["check", "review"])
def test_a_folder_without_examples_is_one_sentence(rapport: Any, tmp_path: Path, command: str) -> None:
    outcome = rapport("nlu", command, "--data", str(tmp_path / "none"))
    assert outcome.code == 2
    assert len(outcome.complained.splitlines()) == 1 and "none" in outcome.complained


# --- review ---


def test_the_queue_is_listed_with_personal_data_masked(rapport: Any, data: Path, log: Any) -> None:
    log("Dagmar wants news of HV-998877", 0.5, 0.45)
    log("where is my order", 0.5, 0.45)
    log("Status of an order", button=True)
    outcome = rapport("nlu", "review", "--data", str(data), "--list")
    assert outcome.code == 0, outcome.complained
    assert "[customer] wants news of [order]" in outcome.said
    assert "1/1" in outcome.said and "0.50 against 0.45" in outcome.said
    assert not re.search("Dagmar|998877", outcome.said)


def test_a_table_goes_out_and_comes_back_filled(rapport: Any, data: Path, log: Any, tmp_path: Path) -> None:
    late = log("any sign of HV-998877 yet", 0.5, 0.45)
    named = log("my neighbour Heinrich wants the chair collected", 0.5, 0.45)
    useless = log("blah blah", 0.5, 0.45)
    sheet = tmp_path / "queue.csv"
    assert rapport("nlu", "review", "--data", str(data), "--csv", str(sheet)).code == 0
    with sheet.open(encoding="utf-8", newline="") as file:
        rows = {int(row["message_id"]): row for row in csv.DictReader(file)}
    assert set(rows) == {late, named, useless}
    assert rows[late]["text"] == "any sign of [HV-104233](order_id) yet"
    assert rows[named]["check"] == "Heinrich"
    rows[late]["accepted_intent"] = "order_l"
    rows[named]["accepted_intent"] = "return_items"
    rows[useless]["accepted_intent"] = "x"
    fill(sheet, rows)
    outcome = rapport("nlu", "review", "--data", str(data), "--from", str(sheet))
    assert outcome.code == 1
    assert "Heinrich" in outcome.said and "1 written; `rapport train`" in outcome.said
    assert added(data) == [("order_late", "any sign of [HV-104233](order_id) yet")]

    rows[named] |= {"text": "my neighbour wants the chair collected", "check": ""}
    fill(sheet, {named: rows[named]})
    assert rapport("nlu", "review", "--data", str(data), "--from", str(sheet)).code == 0
    assert ("return_items", "my neighbour wants the chair collected") in added(data)
    again = rapport("nlu", "review", "--data", str(data), "--list")
    assert "no logged message left" in again.said


def fill(sheet: Path, rows: dict[int, dict[str, str]], encoding: str = "utf-8-sig") -> None:
    """As a spreadsheet saves it in countries with a decimal comma."""
    with sheet.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, next(iter(rows.values())), delimiter=";")
        writer.writeheader()
        writer.writerows(rows.values())


@pytest.mark.parametrize(
    ("text", "intent", "told"),
    [
        ("any sign of HV-998877 yet", "order_late", "hv998877"),
        ("any sign yet", "order", "may be order_late, order_status"),
        ("any sign yet", "ordr", "no intent 'ordr'"),
        ("Where is my order?", "order_late", "an example of order_status (orders.yml:7)"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(
    rapport: Any, data: Path, log: Any, tmp_path: Path, text: str, intent: str, told: str
) -> None:
    number = log("any sign of HV-998877 yet", 0.5, 0.45)
    sheet = tmp_path / "filled.csv"
    fill(sheet, {number: {"message_id": str(number), "text": text, "accepted_intent": intent}})
    outcome = rapport("nlu", "review", "--data", str(data), "--from", str(sheet))
    assert outcome.code == 1
    assert "Line 2 was left out" in outcome.said and told in outcome.said
    assert added(data) == []


def test_a_row_taken_twice_is_written_once(rapport: Any, data: Path, log: Any, tmp_path: Path) -> None:
    number = log("any sign yet", 0.5, 0.45)
    sheet = tmp_path / "filled.csv"
    fill(sheet, {number: {"message_id": str(number), "text": "any sign yet", "accepted_intent": "order_late"}})
    said = [rapport("nlu", "review", "--data", str(data), "--from", str(sheet)).said for _ in range(2)]
    assert "1 written" in said[0] and "0 written" in said[1]
    assert added(data) == [("order_late", "any sign yet")]


def test_a_sheet_in_windows_1252_keeps_its_letters(rapport: Any, data: Path, log: Any, tmp_path: Path) -> None:
    number = log("any sign yet", 0.5, 0.45)
    sheet = tmp_path / "filled.csv"
    row = {"message_id": str(number), "text": "any sign of the café table yet", "accepted_intent": "order_late"}
    fill(sheet, {number: row}, "cp1252")
    assert rapport("nlu", "review", "--data", str(data), "--from", str(sheet)).code == 0
    assert added(data) == [("order_late", "any sign of the café table yet")]


def test_another_table_is_refused_in_one_sentence(rapport: Any, data: Path, log: Any, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    outcome = rapport("nlu", "review", "--data", str(data), "--from", str(tmp_path / "other.csv"))
    assert outcome.code == 2 and "no column message_id" in outcome.complained
    gone = rapport("nlu", "review", "--data", str(data), "--from", str(tmp_path / "none.csv"))
    assert gone.code == 2 and "There is no file" in gone.complained


def test_somebody_at_the_terminal_labels_one_message_after_the_other(
    rapport: Any, data: Path, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    log("any sign of HV-998877 yet", 0.5, 0.49)
    log("Status of an order", intent="order_status", button=True)
    log("the chair must go", 0.5, 0.4)
    log("blah blah", 0.5, 0.3)
    log("greetings from Heinrich", 0.5, 0.2)
    log("never reached", 0.98)  # worth least, so it comes last
    answers = {
        "any sign": ["ordr", "?", "order_late"],
        "the chair": ["return"],
        "blah": ["x"],
        "greetings": ["greet", "n", "e", "greetings from me", "greet"],
        "never": ["q"],
    }
    order = re.findall(r"\d/5  (\w+ ?\w*)", rapport("nlu", "review", "--data", str(data), "--list").said)
    typed = [line for text in order for key, lines in answers.items() if text.startswith(key) for line in lines]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(typed) + "\n"))
    outcome = rapport("nlu", "review", "--data", str(data))
    assert outcome.code == 0, outcome.complained
    assert set(added(data)) == {
        ("order_late", "any sign of [HV-104233](order_id) yet"),
        ("return_items", "the chair must go"),
        ("greet", "greetings from me"),
    }
    assert "3 written" in outcome.said and "no intent 'ordr'" in outcome.said
    monkeypatch.setattr("sys.stdin", io.StringIO("q\n"))
    again = rapport("nlu", "review", "--data", str(data))
    assert "never reached" in again.said and "1/1" in again.said


def test_leaving_in_the_middle_loses_nothing(
    rapport: Any, data: Path, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    log("any sign yet", 0.5, 0.49)
    log("the chair must go", 0.9)
    monkeypatch.setattr("sys.stdin", io.StringIO("2\n"))  # the first is answered, then the terminal is closed
    outcome = rapport("nlu", "review", "--data", str(data))
    assert outcome.code == 0
    assert "1 written" in outcome.said
    assert added(data) == [("order_late", "any sign yet")]
    assert "1/1" in rapport("nlu", "review", "--data", str(data), "--list").said
