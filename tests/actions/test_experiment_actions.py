"""Experiments where they take effect: real actions over a real database, without a bot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import insert, select, text

from actions.answer import ActionAnswer
from actions.loyalty import ActionLoyaltyPoints
from actions.next_action import add_what_fits
from actions.offer import ActionRecommend
from actions.services import Services, services
from actions.shop_action import ShopAction
from crm_models.consents import Purpose, set_consent
from crm_models.database import migrate
from crm_models.experiments.assignment import in_holdout, variant_of
from crm_models.experiments.design import parse_design
from crm_models.experiments.experiment import Experiment
from crm_models.experiments.store import start_experiment
from crm_models.identity import Trust, open_conversation, set_identity
from crm_models.next_action.kinds import Moment
from crm_models.purchase_log import read_purchases
from crm_models.recommend.model import Recommender
from crm_models.registry.versions import add_version, use_version
from crm_models.shop_policy import ShopPolicy, write_policy
from crm_models.tables import customers, decisions, exposures, items, products
from knowledge.ingest import ingest_path

NOW = datetime(2026, 5, 13, 10)
PEOPLE = [f"C-{number:06d}" for number in range(40)]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """The action server's services over a new data folder, with customers, two products and two articles."""
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path))
    monkeypatch.setenv("RAPPORT_EXPERIMENTS_FRESH_S", "0")
    services.cache_clear()
    found = services()
    migrate(found.engine)
    with found.engine.begin() as connection:
        connection.execute(insert(customers), [{"customer_id": each, "created_at": NOW} for each in PEOPLE])
        for name in ("Kettle", "Lamp"):
            connection.execute(insert(products).values(product_id=f"P-{name}", name=name, category=name))
            connection.execute(insert(items).values(item_id=name, product_id=f"P-{name}", price_cents=9000, stock=30))
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "returns.md").write_text("# Returns\n\nSend it back within thirty days. Use the label.\n")
    (folder / "short.md").write_text("# Returns in short\n\nThirty days, with the label. Then money back.\n")
    ingest_path(found.store, folder)
    yield found
    found.engine.dispose()
    services.cache_clear()


def start(
    served: Services, subject: str, settings: dict[str, Any], control: dict[str, Any] | None = None
) -> Experiment:
    written = {
        "name": "tried",
        "subject": subject,
        "hypothesis": "made up for this test",
        "variants": [{"name": "control"}, {"name": "new", "settings": settings}],
        "metric": "ordered",
        "within_days": 14,
        "smallest_effect": 0.05,
    }
    with served.engine.begin() as connection:
        return start_experiment(connection, parse_design(written), 1000, NOW)


def somebody(experiment: Experiment, variant: str) -> str:
    """A customer who gets this variant by the hash."""
    return next(each for each in PEOPLE if (found := variant_of(experiment, each, 0.05)) and found.name == variant)


def run(served: Services, action: ShopAction, customer_id: str | None, message: dict[str, Any] | None = None) -> Any:
    """What the action says to the customer, or to a visitor."""
    conversation = f"web-{customer_id}"
    now = datetime.utcnow()
    with served.engine.begin() as connection:
        open_conversation(connection, conversation, "web", now)
        if customer_id is not None:
            set_identity(connection, conversation, customer_id, Trust.VERIFIED, now + timedelta(hours=1))
    latest = {"text": "x", "intent": {"name": "x"}, **(message or {})}
    dispatcher = CollectingDispatcher()
    event = {"event": "user", "text": latest["text"], "parse_data": latest}
    action.run(dispatcher, Tracker(conversation, {}, latest, [event], False, None, {}, ""), {})
    return dispatcher.messages


def exposed(served: Services) -> list[tuple[str, str]]:
    with served.engine.connect() as connection:
        found = connection.execute(select(exposures.c.customer_id, exposures.c.variant).order_by(exposures.c.variant))
        return [(row.customer_id, row.variant) for row in found]


def test_a_response_is_replaced_for_the_variant_and_noted_for_both(served: Services) -> None:
    experiment = start(served, "reply", {"utter_loyalty_points": "utter_loyalty_points_as_discount"})
    new, control = somebody(experiment, "new"), somebody(experiment, "control")
    assert run(served, ActionLoyaltyPoints(), new)[0]["response"] == "utter_loyalty_points_as_discount"
    assert run(served, ActionLoyaltyPoints(), new)[0]["response"] == "utter_loyalty_points_as_discount"
    assert run(served, ActionLoyaltyPoints(), control)[0]["response"] == "utter_loyalty_points"
    assert exposed(served) == [(control, "control"), (new, "new")]


def test_another_response_shows_nobody_anything(served: Services) -> None:
    experiment = start(served, "reply", {"utter_offer_declined": "utter_offer_declined_b"})
    run(served, ActionLoyaltyPoints(), somebody(experiment, "new"))
    assert exposed(served) == []


def test_a_sentence_that_is_gone_from_the_domain_is_not_said(served: Services) -> None:
    experiment = start(served, "reply", {"utter_loyalty_points": "utter_loyalty_points_of_last_year"})
    assert run(served, ActionLoyaltyPoints(), somebody(experiment, "new"))[0]["response"] == "utter_loyalty_points"


def asked(served: Services, *articles: str) -> dict[str, Any]:
    """A message for which the search found these articles, the best first."""
    passages = {each.document_id: each.passage_id for each in served.store.list_passages()}
    hits = [
        {
            "passage_id": passages[name],
            "score": 5.0 - place,
            "dense": 0.95,
            "lexical": 0.9,
            "sentences": [0],
            "support": 0.9,
        }
        for place, name in enumerate(articles)
    ]
    return {"text": "can I return it?", "intent": {"name": "ask_returns"}, "passages": hits, "answerable": 0.9}


def cited(messages: list[dict[str, Any]]) -> list[str]:
    return [each["url"] for each in messages[0].get("sources") or ()]


def test_an_article_that_is_tried_is_cited_to_its_variant_alone(served: Services) -> None:
    experiment = start(served, "article", {"show": ["short"], "hide": ["returns"]})
    new, control = somebody(experiment, "new"), somebody(experiment, "control")
    message = asked(served, "short", "returns")
    assert cited(run(served, ActionAnswer(), None, message)) == ["/help/returns"]
    assert exposed(served) == []
    assert cited(run(served, ActionAnswer(), control, message)) == ["/help/returns"]
    assert cited(run(served, ActionAnswer(), new, message)) == ["/help/short"]
    assert exposed(served) == [(control, "control"), (new, "new")]


def test_an_answer_that_is_the_same_in_all_variants_exposes_nobody(served: Services) -> None:
    experiment = start(served, "article", {"hide": ["short"]})
    new = somebody(experiment, "new")
    assert cited(run(served, ActionAnswer(), new, asked(served, "returns", "short"))) == ["/help/returns"]
    assert cited(run(served, ActionAnswer(), new, asked(served, "returns"))) == ["/help/returns"]
    assert exposed(served) == []


def test_a_version_of_the_recommender_serves_its_variant(served: Services) -> None:
    models = served.models
    for name, popular in (("in-use", "P-Kettle"), ("tried", "P-Lamp")):
        with served.engine.begin() as connection:
            model = Recommender().fit(read_purchases(connection), NOW)
        model.version = name
        model.popularity[:] = [float(each == popular) for each in model.catalogue.product_ids]
        add_version(models, "recommendation", name, model.save)
    use_version(models, "recommendation", "in-use")
    experiment = start(served, "model", {"recommendation": "tried"})
    for variant, product in (("control", "Kettle"), ("new", "Lamp")):
        customer_id = somebody(experiment, variant)
        with served.engine.begin() as connection:
            set_consent(connection, customer_id, Purpose.PERSONALISATION, True, "shop", NOW)
        assert run(served, ActionRecommend(), customer_id)[0]["name"] == product
    assert [variant for _, variant in exposed(served)] == ["control", "new"]
    # A version that was removed by hand: the one in use serves.
    with served.engine.begin() as connection:
        connection.execute(text("UPDATE experiments SET variants = replace(variants, '\"tried\"', '\"gone\"')"))
    assert run(served, ActionRecommend(), somebody(experiment, "new"))[0]["name"] == "Kettle"


def adding(moment: Moment) -> ShopAction:
    """An action that writes, and says only what may be added at a moment."""
    action = ActionRecommend()
    action.act = lambda context: add_what_fits(context, moment)  # type: ignore[method-assign]
    return action


ASKING = {"actions.ask_feedback.on": True, "actions.ask_feedback.always_at": ["task_done"]}


def test_terms_of_the_offer_policy_hold_for_the_variant(served: Services) -> None:
    experiment = start(served, "offer", ASKING)
    new, control = somebody(experiment, "new"), somebody(experiment, "control")
    assert [each["response"] for each in run(served, adding(Moment.TASK_DONE), new)] == ["utter_offer_feedback"]
    assert run(served, adding(Moment.TASK_DONE), control) == []
    assert exposed(served) == [(control, "control"), (new, "new")]
    with served.engine.connect() as connection:
        versions = dict(connection.execute(select(decisions.c.customer_id, decisions.c.policy_version)).all())
    assert versions[new] != served.offer_policy.version  # type: ignore[union-attr]


def test_a_moment_at_which_no_variant_adds_anything_exposes_nobody(served: Services) -> None:
    experiment = start(served, "offer", {"actions.ask_feedback.cost_cents": 9})
    run(served, adding(Moment.TASK_DONE), somebody(experiment, "new"))
    assert exposed(served) == []


def test_who_decides_by_scores_is_shown_the_model_behind_them(served: Services) -> None:
    experiment = start(served, "model", {"churn": "churn-2"})
    new = somebody(experiment, "new")
    run(served, adding(Moment.TASK_DONE), new, {"sentiment": {"score": 0.9}})
    assert exposed(served) == [(new, "new")]


def test_the_holdout_gets_no_suggestion_unasked(served: Services) -> None:
    with served.engine.begin() as connection:
        write_policy(connection, ShopPolicy(holdout_share=0.5))
        model = Recommender().fit(read_purchases(connection), NOW)
        for each in PEOPLE:
            set_consent(connection, each, Purpose.PERSONALISATION, True, "shop", NOW)
    add_version(served.models, "recommendation", "one", model.save)
    use_version(served.models, "recommendation", "one")
    happy = {"sentiment": {"score": 0.9}}
    held = next(each for each in PEOPLE if in_holdout(each, 0.5))
    other = next(each for each in PEOPLE if not in_holdout(each, 0.5))
    assert run(served, adding(Moment.FEEDBACK), held, happy) == []
    assert [each["response"] for each in run(served, adding(Moment.FEEDBACK), other, happy)] == [
        "utter_recommend_popular"
    ]
    # Whoever asks gets an answer.
    assert run(served, ActionRecommend(), held)[0]["name"]


def test_a_damaged_experiment_changes_no_reply(served: Services) -> None:
    experiment = start(served, "reply", {"utter_loyalty_points": "utter_loyalty_points_as_discount"})
    with served.engine.begin() as connection:
        connection.execute(text('UPDATE experiments SET variants = \'[{"name": "control"}]\''))
    said = run(served, ActionLoyaltyPoints(), somebody(experiment, "new"))
    assert said[0]["response"] == "utter_loyalty_points"
