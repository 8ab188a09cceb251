"""The page about the customer models: what a CRM team reads of the scores."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from sqlalchemy import insert, update
from sqlalchemy.engine import Connection, Engine

from crm_models.model_files import ModelCard, write_model
from crm_models.registry.decision import Decision, write_decision
from crm_models.registry.drift import drift_of
from crm_models.registry.reference import read_reference, reference_of, write_reference
from crm_models.registry.versions import add_version, use_version
from crm_models.score_overview import round_edges, score_overview
from crm_models.tables import customers, predictions, satisfaction
from tests.web.agent import Agent
from tests.web.conftest import Web

TRAINED = datetime(2026, 5, 4, 10, 30)
VERSION = "churn-20260504-103000"
EACH = 100
SCORES = np.linspace(0.05, 0.95, EACH)


def labels_of(scores: np.ndarray) -> pd.Series:  # type: ignore[type-arg]
    return pd.Series(np.where(scores >= 0.6, "at_risk", "steady"), dtype=object)


def score(connection: Connection, scores: np.ndarray, version: str = VERSION) -> None:  # type: ignore[type-arg]
    rows = [
        {"customer_id": f"K-{number:03}", "model": "churn", "value": float(value), "label": label,
         "model_version": version, "scored_at": TRAINED}
        for number, (value, label) in enumerate(zip(scores, labels_of(scores), strict=True))
    ]  # fmt: skip
    connection.execute(insert(predictions), rows)


@pytest.fixture
def trained(tmp_path: Path, engine: Engine) -> Engine:
    """A version of the churn model with its card and reference, and scores as they were at its training."""
    card = ModelCard(
        "churn", VERSION, "Who will not order <b>again</b>.", "orders until May", EACH, {"auc": 0.8123}, "a later half",
        TRAINED, "1.0", candidates={"forest": {"auc": 0.80, "auc_spread": 0.01}}, chosen="the best one",
    )  # fmt: skip
    inputs = pd.DataFrame({"orders": np.arange(EACH)})
    reference = reference_of(inputs, pd.Series(SCORES), labels_of(SCORES))
    assert reference is not None

    def save(folder: Path) -> None:
        write_model(folder, {"kind": "churn", "version": VERSION}, {}, card)
        write_reference(folder, reference)
        write_decision(folder, Decision(True, "It is not clearly worse."))

    add_version(tmp_path / "crm", "churn", VERSION, save)
    use_version(tmp_path / "crm", "churn", VERSION)
    with engine.begin() as connection:
        people = [{"customer_id": f"K-{number:03}", "created_at": TRAINED} for number in range(EACH)]
        connection.execute(insert(customers), people)
        score(connection, SCORES)
    return engine


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_page_tells_labels_spread_version_and_that_nothing_moved(web: Web, trained: Engine) -> None:
    page = Agent(web, "analyst").http.get("/insights/models").text
    for told in (VERSION, "4 May 2026", "100 customers scored", "mean 50 %", "at risk", "39 %", "61 %", "stable"):
        assert told in page, told
    assert "changed" not in page.replace("above 0.25 changed", "")
    assert 'href="/insights/models/churn"' in page and "/insights/models/churn.csv" in page


def test_scores_that_moved_are_told_with_where(web: Web, trained: Engine) -> None:
    with trained.begin() as connection:
        connection.execute(predictions.delete())
        score(connection, np.full(EACH, 0.9))
    page = Agent(web, "analyst").http.get("/insights/models").text
    assert 'class="drift changed"' in page and "39 % then, 100 % now" in page  # of the label at_risk


def test_the_drift_on_the_page_is_that_of_the_command(trained: Engine, tmp_path: Path) -> None:
    moved = np.clip(SCORES + 0.13, 0, 1)
    with trained.begin() as connection:
        connection.execute(predictions.delete())
        score(connection, moved)
        (found,) = score_overview(connection, tmp_path / "crm")
    reference = read_reference(tmp_path / "crm" / "churn" / VERSION)
    assert reference is not None
    told = drift_of("churn", VERSION, reference, pd.DataFrame(index=range(EACH)), pd.Series(moved), labels_of(moved))
    assert (found.score_drift, found.label_drift) == (told.score, told.label)
    assert sum(each.count for each in found.bins) == EACH


def test_an_experiment_and_an_older_version_are_told(web: Web, trained: Engine) -> None:
    with trained.begin() as connection:
        connection.execute(
            update(predictions).where(predictions.c.customer_id < "K-007").values(model_version="churn-old")
        )
    assert "7 by another version" in Agent(web, "analyst").http.get("/insights/models").text


def test_the_card_says_what_the_model_is_and_was_chosen_from(web: Web, trained: Engine) -> None:
    agent = Agent(web, "analyst").http
    page = agent.get("/insights/models/churn").text
    for told in ("Who will not order", "0.8123", "a later half", "0.8000 ± 0.0100", "It is not clearly worse."):
        assert told in page, told
    assert "<b>again</b>" not in page
    for unknown in ("/insights/models/nothing", "/insights/models/nothing.csv", "/insights/models/..%2Fcrm"):
        assert agent.get(unknown).status_code == 404, unknown


def test_the_csv_has_labels_and_bins_that_add_up(web: Web, trained: Engine) -> None:
    rows = read_csv(Agent(web, "analyst").http.get("/insights/models/churn.csv").text)
    for kind in ("label", "score"):
        assert sum(int(row["count"]) for row in rows if row["kind"] == kind) == EACH
    assert {row["label"]: row["count"] for row in rows if row["kind"] == "label"} == {"steady": "61", "at_risk": "39"}


def test_single_customers_are_for_administrators(web: Web, trained: Engine) -> None:
    path = "/insights/models/churn-customers.csv"
    for name in ("analyst", "agent"):
        reader = Agent(web, name).http
        assert reader.get(path).status_code == 403
        assert path not in reader.get("/insights/models").text
    admin = Agent(web, "admin").http
    assert path in admin.get("/insights/models").text
    rows = read_csv(admin.get(path).text)
    assert len(rows) == EACH and rows[0]["customer_id"] == "K-000" and rows[0]["label"] == "steady"
    with httpx.Client(base_url=web.url, trust_env=False) as nobody:
        for each in ("/insights/models", "/insights/models/churn", path):
            answer = nobody.get(each)
            assert answer.status_code in (302, 303) and "churn" not in answer.text


def test_conversations_have_their_satisfaction(web: Web, engine: Engine) -> None:
    with engine.begin() as connection:
        rows = [
            {"conversation_id": f"c{number}", "score": stars, "base": 3.5, "parts": {}, "turns": [],
             "model_version": "satisfaction-1", "scored_at": TRAINED}
            for number, stars in enumerate((1.2, 3.4, 3.6, 5.0))
        ]  # fmt: skip
        connection.execute(insert(satisfaction), rows)
    page = Agent(web, "analyst").http.get("/insights/models").text
    assert "4 conversations scored" in page and "mean 3.3" in page and "No version is in use" in page


def test_a_shop_without_models_says_what_to_do(web: Web) -> None:
    assert "rapport models train" in Agent(web, "analyst").http.get("/insights/models").text


def test_a_damaged_version_does_not_take_the_page_away(web: Web, trained: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "crm" / "churn" / VERSION
    (folder / "card.json").write_text("{", encoding="utf-8")
    (folder / "reference.json").write_text("{", encoding="utf-8")
    agent = Agent(web, "analyst").http
    page = agent.get("/insights/models")
    assert page.status_code == 200 and "at risk" in page.text and VERSION in page.text and "PSI 0" not in page.text
    assert "no card of this version that can be read" in agent.get("/insights/models/churn").text


@pytest.mark.parametrize(
    ("low", "high", "by_size", "edges"),
    [
        (0.0, 1.0, False, (0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1)),
        (0.051, 0.077, False, (0.05, 0.055, 0.06, 0.065, 0.07, 0.075, 0.08)),
        (-0.02, 0.03, False, (-0.02, -0.015, -0.01, -0.005, 0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03)),
        (3.0, 3.0, False, (3.0, 3.1)),
        (0.04, 258669.0, True, (0, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000)),
    ],
)
def test_bins_end_at_round_numbers(low: float, high: float, by_size: bool, edges: tuple[float, ...]) -> None:
    assert round_edges(low, high, by_size) == pytest.approx(edges)


def test_the_page_needs_no_pandas() -> None:
    code = "import sys, crm_models.score_overview, crm_models.registry.catalogue; assert 'pandas' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
