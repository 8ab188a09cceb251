"""`rapport experiment` as a user types it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from sqlalchemy.engine import Engine

from bot.cli.shop import utc_now
from crm_models.database import create_engine, migrate
from crm_models.tables import customers, experiment_looks, experiments
from knowledge.ingest import ingest_path
from knowledge.store import KnowledgeStore
from tests.bot.cli.conftest import Outcome

Rapport = Callable[..., Outcome]
DESIGN = """
name: shorter-returns
subject: article
hypothesis: A shorter article about returns leads to fewer complaints
variants:
  - {name: control}
  - {name: shorter, settings: {show: [returns-short], hide: [returns]}}
metric: complaint
within_days: 7
smallest_effect: 0.02
baseline: 0.05
guardrails:
  - {metric: churn, worse_by: 0.05, within_days: 60}
traffic: 0.6
"""


@pytest.fixture
def engine(home: Path) -> Engine:
    """A shop with customers and two articles about returns."""
    home.mkdir()
    engine = create_engine(f"sqlite:///{home / 'rapport.db'}")
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(insert(customers).values(customer_id="C-1", tier="basic", created_at=utc_now()))
    articles = home / "articles"
    articles.mkdir()
    for name in ("returns", "returns-short"):
        (articles / f"{name}.md").write_text(f"# {name}\n\nSend it back within thirty days.\n", encoding="utf-8")
    ingest_path(KnowledgeStore(home / "knowledge.db"), articles)
    return engine


@pytest.fixture
def design(tmp_path: Path) -> Path:
    path = tmp_path / "returns.yml"
    path.write_text(DESIGN, encoding="utf-8")
    return path


def test_an_experiment_from_its_file_to_its_end(rapport: Rapport, engine: Engine, design: Path) -> None:
    started = rapport("experiment", "new", "--file", str(design), "--level", "0.1")
    assert started.code == 0
    assert "shorter-returns is running, on 0 % to 60 % of article" in started.said
    assert "complained within 7 days: 5.0 % without the variant, as given" in started.said
    assert "to find a change of 2.0 points with a chance of 80%" in started.said
    with engine.connect() as connection:
        row = connection.execute(select(experiments)).one()
    assert (row.level, row.layer_to, row.status) == (0.1, 0.6, "running")
    assert f"{row.planned_customers:,} customers must be shown it" in started.said

    looked = rapport("experiment", "status", "shorter-returns")
    assert "Shown to 0 control, 0 shorter" in looked.said and "Wait: too few outcomes" in looked.said
    assert "guardrail, ordered nothing within 60 days, not worse by more than 5.0 points: too few" in looked.said
    listed = rapport("experiment", "list")
    assert "shorter-returns" in listed.said and "running since" in listed.said

    ended = rapport("experiment", "stop", "shorter-returns", "--because", "the season is over")
    assert ended.code == 0 and "is stopped" in ended.said
    again = rapport("experiment", "stop", "shorter-returns")
    assert again.code == 0 and "stopped" in again.said and "the season is over" in again.said
    assert "the season is over" in rapport("experiment", "status", "shorter-returns").said
    with engine.connect() as connection:
        assert connection.execute(select(experiment_looks)).all() == []  # nothing was known yet


def test_a_full_layer_tells_what_is_left(rapport: Rapport, engine: Engine, design: Path) -> None:
    assert rapport("experiment", "new", "--file", str(design)).code == 0
    refused = rapport("experiment", "new", "another", "--file", str(design))
    assert refused.code == 2 and "at most 40% of its customers in one part is left" in refused.complained
    # The same articles in another layer would give customers two answers at once.
    refused = rapport("experiment", "new", "another", "--file", str(design), "--layer", "elsewhere")
    assert refused.code == 2 and "changes returns too" in refused.complained


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "Give the experiment a name"),
        (("a", "--subject", "article"), "hypothesis is missing"),
        (("a", "--set", "nonsense"), "write VARIANT:KEY=VALUE"),
        (("a", "--guardrail", "complaint"), "write METRIC:WORSE_BY"),
        (("a", "--set", "b:show=[returns"), "is no value"),
        (("a", "--file", "nowhere.yml"), "nowhere.yml: No such file"),
    ],
)
def test_a_mistake_is_one_sentence(rapport: Rapport, engine: Engine, arguments: tuple[str, ...], told: str) -> None:
    outcome = rapport("experiment", "new", *arguments)
    assert outcome.code == 2 and told in outcome.complained


def test_what_a_variant_names_must_be_there(rapport: Rapport, engine: Engine) -> None:
    common = ("--metric", "ordered", "--within-days", "14", "--smallest-effect", "0.05", "--baseline", "0.2",
              "--hypothesis", "made up for this test")  # fmt: skip

    def refused(subject: str, setting: str) -> str:
        outcome = rapport("experiment", "new", "made-up", "--subject", subject, "--set", f"b:{setting}", *common)
        assert outcome.code == 2
        return outcome.complained

    assert "there is no article return; did you mean returns?" in refused("article", "hide=[return]")
    assert "There is no recommendation model" in refused("model", "recommendation=recommendation-20260101-000000")
    assert "there is no response utter_loyalty_points_b" in refused(
        "reply", "utter_loyalty_points=utter_loyalty_points_b"
    )
    assert "the bot remembers by utter_order_choose" in refused("reply", "utter_order_choose=utter_order_choose_b")
    assert "run `rapport train`" in refused("reply", "utter_loyalty_points=utter_loyalty_points_as_discount")
    assert "actions.gift.on is no term of the offer policy" in refused("offer", "actions.gift.on=true")
    assert "actions.retention_offer.percent.cap is 99" in refused("offer", "actions.retention_offer.percent.cap=99")
    assert rapport("experiment", "status", "made-up").code == 2


def test_a_file_that_is_no_design(rapport: Rapport, engine: Engine, tmp_path: Path) -> None:
    for text, told in (("a: [", "is no YAML"), ("- a", "must hold keys")):
        (tmp_path / "x.yml").write_text(text, encoding="utf-8")
        outcome = rapport("experiment", "new", "--file", "x.yml")
        assert outcome.code == 2 and told in outcome.complained


def test_nothing_to_list(rapport: Rapport, engine: Engine) -> None:
    assert "There is no experiment yet" in rapport("experiment", "list").said
