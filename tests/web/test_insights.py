"""The insights page: figures that can be counted by hand."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.engine import Engine

from crm_models import insights
from crm_models.escalations import request_person
from crm_models.feedback import record_feedback
from crm_models.gaps import GapKind, GapSort, record_gap
from crm_models.insights import Period
from crm_models.tables import customers, messages, offers
from tests.web.agent import Agent
from tests.web.conftest import Web
from web.insights import charts
from web.insights.tables import as_csv, masked

DAY = datetime(2026, 5, 4, 10)
PERIOD = Period(date(2026, 5, 4), date(2026, 5, 7))


@pytest.fixture
def logged(engine: Engine) -> Engine:
    """Four conversations in three days: two answered, one escalated, one without an answer."""
    said = [
        ("a", 0, "customer", "order_status", 0.5),
        ("a", 0, "bot", None, None),
        ("a", 0, "customer", "thanks", 1.0),
        ("b", 0, "customer", "order_status", 0.0),
        ("c", 2, "customer", "complaint", -1.0),
        ("d", 2, "customer", "out_of_scope", None),
        ("e", 3, "customer", "order_status", None),  # after the period
    ]
    with engine.begin() as connection:
        for number, (conversation, day, author, intent, sentiment) in enumerate(said):
            connection.execute(
                insert(messages).values(
                    event_id=str(number), conversation_id=conversation, author=author, intent=intent,
                    sentiment=sentiment, text="x", created_at=DAY + timedelta(days=day),
                )
            )  # fmt: skip
        later = DAY + timedelta(days=2)
        request_person(connection, "c", None, "complaint", later)
        for text in ("Do you sell bicycles?", "do you sell  bicycles", "mail me at ada@example.org"):
            evidence = {"text": text}
            record_gap(connection, GapSort.KNOWLEDGE, GapKind.MISSING, evidence, later, conversation_id="d")
        record_gap(connection, GapSort.KNOWLEDGE, GapKind.MISSING, {"text": "me?"}, later, conversation_id="c")
        for rating, comment in ((5, None), (2, "=cmd() call 0049 170 1234567")):
            record_feedback(
                connection, conversation_id="a", customer_id=None, rating=rating, comment=comment,
                sentiment=None, now=later,
            )  # fmt: skip
    return engine


def test_days_without_anybody_count_as_zero(logged: Engine) -> None:
    with logged.begin() as connection:
        days = insights.by_day(connection, PERIOD)
    assert [(day.conversations, day.messages, day.sentiment) for day in days] == [
        (2, 3, 0.5),
        (0, 0, None),
        (2, 2, -1.0),
    ]


def test_each_conversation_has_one_outcome(logged: Engine) -> None:
    with logged.begin() as connection:
        found = insights.outcomes(connection, PERIOD)
    assert (found.conversations, found.answered, found.escalated, found.unanswered) == (4, 2, 1, 1)


def test_intents_and_questions_are_ranked(logged: Engine) -> None:
    with logged.begin() as connection:
        intents = insights.top_intents(connection, PERIOD)
        questions = insights.unanswered_questions(connection, PERIOD)
    assert (intents[0].intent, intents[0].messages, intents[0].share) == ("order_status", 2, 0.4)
    assert questions[0].times == 2 and "bicycles" in questions[0].text


def test_an_empty_shop_has_a_page_too(web: Web) -> None:
    page = Agent(web, "analyst").http.get("/insights")
    assert page.status_code == 200
    assert "No question went unanswered" in page.text


def test_offers_are_told_with_how_soon_they_were_answered(web: Web, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(insert(customers).values(customer_id="K-1", created_at=DAY))
        for minutes, status in ((3, "accepted"), (65, "declined"), (None, "shown")):
            answered = None if minutes is None else DAY + timedelta(minutes=minutes)
            row = {"kind": "apology", "reason": "late", "status": status, "created_at": DAY, "answered_at": answered}
            connection.execute(insert(offers).values(customer_id="K-1", **row))
    span = {"since": "2026-05-04", "until": "2026-05-06"}
    http = Agent(web, "analyst").http
    told = list(csv.reader(io.StringIO(http.get("/insights/offers.csv", params=span).text)))
    assert told[1] == ["apology", "3", "1", "1", "1", str(34 * 60)]
    assert "<td>34 min</td>" in http.get("/insights", params=span).text
    assert "None was made in this period" in http.get("/insights", params={"since": "2026-05-05"}).text


def test_csv_is_masked_for_everybody_but_an_admin(web: Web, logged: Engine) -> None:
    span = {"since": "2026-05-04", "until": "2026-05-06"}
    analyst, admin = (Agent(web, name).http for name in ("analyst", "admin"))
    assert "ada@example.org" not in analyst.get("/insights/questions.csv", params=span).text
    assert "ada@example.org" in admin.get("/insights/questions.csv", params=span).text
    days = list(csv.DictReader(io.StringIO(analyst.get("/insights/days.csv", params=span).text)))
    assert [row["conversations"] for row in days] == ["2", "0", "2"]
    page = analyst.get("/insights", params=span).text
    assert "bicycles" in page and "ada@example.org" not in page
    for table in ("outcomes", "intents", "feedback"):
        assert analyst.get(f"/insights/{table}.csv", params=span).status_code == 200


@pytest.mark.parametrize("span", [{"since": "yesterday"}, {"since": "2026-05-04", "until": "2026-05-01"}])
def test_a_range_that_is_none_is_refused(web: Web, span: dict[str, str]) -> None:
    assert Agent(web, "analyst").http.get("/insights", params=span).status_code == 422


def test_a_cell_is_no_formula() -> None:
    assert as_csv([("=1+1", 3, None)]) == "'=1+1,3,\r\n"
    assert masked("call 0049 170 1234567 or a.b@c.de about HV-1") == "call [number] or [e-mail] about HV-1"


def test_charts_escape_and_survive_nothing() -> None:
    assert "<svg" in charts.bars([], "none")
    point = charts.Point(date(2026, 5, 4), 3, "<script>")
    assert "<script>" not in charts.bars([point], "label") + charts.line([point], "label", 0, 10)
