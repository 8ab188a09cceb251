"""The pages about experiments: what an analyst reads."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.engine import Connection, Engine

from crm_models.experiments.design import parse_design
from crm_models.experiments.exposure import Exposure, log_exposures
from crm_models.experiments.looks import look_and_record
from crm_models.experiments.store import find_experiment, start_experiment
from crm_models.tables import complaints, customers, orders
from tests.web.agent import Agent
from tests.web.conftest import Web
from web.insights.interval_chart import Bounds, interval_chart
from web.services import utc_now

BEGAN = utc_now() - timedelta(days=40)
EACH = 300


@pytest.fixture
def running(engine: Engine) -> Engine:
    """An experiment with known outcomes: 20 % of the control ordered, 40 % of the others; nobody was looked at."""
    design = parse_design(
        {
            "name": "points-as-discount",
            "subject": "reply",
            "hypothesis": "Points told as a <b>discount</b> lead to orders",
            "variants": [{"name": "control"}, {"name": "discount", "settings": {"utter_a": "utter_a_b"}}],
            "metric": "ordered",
            "within_days": 14,
            "smallest_effect": 0.05,
            "guardrails": [{"metric": "complaint", "worse_by": 0.02}],
        }
    )
    with engine.begin() as connection:
        experiment = start_experiment(connection, design, 900, BEGAN)
        people = [f"K-{number}" for number in range(2 * EACH)]
        connection.execute(insert(customers), [{"customer_id": each, "created_at": BEGAN} for each in people])
        shown = [
            Exposure(experiment.experiment_id, each, "control" if place < EACH else "discount", None, BEGAN)
            for place, each in enumerate(people)
        ]
        log_exposures(connection, shown)
        buyers = people[:60] + people[EACH : EACH + 120]
        connection.execute(
            insert(orders),
            [
                {"order_id": f"O-{each}", "customer_id": each, "status": "delivered", "placed_at": BEGAN + timedelta(1)}
                for each in buyers
            ],
        )
    return engine


def look_again(engine: Engine, days: int) -> None:
    with engine.connect() as connection:
        experiment = find_experiment(connection, "points-as-discount")
    look_and_record(engine, experiment, BEGAN + timedelta(days), lambda line: 0.35)


def complain(connection: Connection, people: range) -> None:
    rows = [{"customer_id": f"K-{each}", "topic": "late", "created_at": BEGAN + timedelta(2)} for each in people]
    connection.execute(insert(complaints), rows)


def test_the_page_tells_sizes_interval_and_what_to_do(web: Web, running: Engine) -> None:
    for days in (20, 25):
        look_again(running, days)
    page = Agent(web, "analyst").http.get("/insights/experiments/points-as-discount")
    assert page.status_code == 200
    for told in ("20.0 %", "40.0 %", "+20.0 points", "300", "900", "Better than the control: discount"):
        assert told in page.text
    assert page.text.count('<circle class="dot"') == 3  # two looks and now
    assert "too few outcomes" in page.text  # nobody complained
    assert "<b>discount</b>" not in page.text


def test_a_broken_guardrail_is_the_first_thing_told(web: Web, running: Engine) -> None:
    with running.begin() as connection:
        complain(connection, range(EACH, EACH + 90))
    look_again(running, 20)
    agent = Agent(web, "analyst").http
    page = agent.get("/insights/experiments/points-as-discount").text
    assert (
        "guardrail: complained within 14 days, discount +" in page
        and "2.0 points were allowed" in page
        and "harmed" in page
    )
    assert "guardrail: complained within 14 days" in agent.get("/insights/experiments").text


def test_an_empty_shop_and_an_unknown_name(web: Web) -> None:
    agent = Agent(web, "analyst").http
    assert "There is no experiment yet" in agent.get("/insights/experiments").text
    assert agent.get("/insights/experiments/nothing").status_code == 404


def test_only_staff_reads_it(web: Web, running: Engine) -> None:
    import httpx

    with httpx.Client(base_url=web.url, trust_env=False) as nobody:
        answer = nobody.get("/insights/experiments/points-as-discount")
    assert answer.status_code in (302, 303) and "points-as" not in answer.text


def test_a_chart_of_one_look_and_of_none() -> None:
    assert interval_chart([], "none", "") == ""
    chart = interval_chart([Bounds(BEGAN, 0.1, -0.2, 0.4, "<script>")], "one", " pt", 100)
    assert "<script>" not in chart and "nan" not in chart and 'class="zero"' in chart
