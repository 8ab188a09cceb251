"""`rapport policy`: mistakes are told with their place, decisions as they were made."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import insert

from bot.cli.config import read_config
from bot.cli.prepare import open_database
from bot.cli.shop import utc_now
from crm_models.consents import Purpose, set_consent
from crm_models.next_action.decide import Asking, Means, decide
from crm_models.next_action.decision_log import read_decisions
from crm_models.next_action.kinds import Moment
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.offers import accept_offer
from crm_models.shop_policy import ShopPolicy
from crm_models.tables import customers, predictions, products


@pytest.fixture
def decided(rapport, home):
    """A shop with one customer, about whom one decision was made."""
    now = utc_now()
    with open_database(read_config()).begin() as connection:
        connection.execute(insert(customers).values(customer_id="C-1", tier="basic", created_at=now, language="en"))
        set_consent(connection, "C-1", Purpose.PERSONALISATION, True, "shop", now)
        for model, value in (("churn", 0.9), ("value", 30_000)):
            row = {"model": model, "value": value, "label": "at_risk", "model_version": "m-1", "scored_at": now}
            connection.execute(insert(predictions).values(customer_id="C-1", **row))
        policy = load_offer_policy()
        without_chance = policy.exploration.model_copy(update={"share": 0.0})
        means = Means(policy.model_copy(update={"exploration": without_chance}), ShopPolicy, random.Random(1))
        decide(connection, Asking("C-1", "web-1", Moment.FEEDBACK, now, -0.9), means)


def test_a_policy_with_mistakes_is_told_in_one_message(rapport, home):
    home.mkdir(parents=True, exist_ok=True)
    (home / "policy.yml").write_text("rules: {offers_per_conversation: x}\nbudget: {day_cent: 1}\n", encoding="utf-8")
    said = rapport("policy", "check")
    assert said.code == 2
    assert "has 2 mistakes" in said.complained
    assert "rules.offers_per_conversation (line 1)" in said.complained
    assert "budget.day_cent (line 2) is unknown; did you mean day_cents?" in said.complained


def test_what_differs_from_the_shipped_policy_is_told(rapport, home, tmp_path):
    assert "that is shipped has no mistakes" in rapport("policy", "check").said
    own = tmp_path / "own.yml"
    own.write_text("budget: {day_cents: 100}\n", encoding="utf-8")
    said = rapport("policy", "check", str(own))
    assert said.code == 0
    assert "budget.day_cents: 100 (shipped: 50000)" in said.said


def test_names_that_nothing_has_are_told(rapport, home, tmp_path):
    with open_database(read_config()).begin() as connection:
        connection.execute(insert(products).values(product_id="P", name="Pebble", category="audio"))
    own = tmp_path / "own.yml"
    own.write_text(
        "economy: {margin_by_line: {adio: 0.2, audio: 0.2}}\n"
        "actions:\n"
        "  retention_offer: {labels: {churn: [at_rsk], own_model: [anything]}, effect: {model: uplfit}}\n",
        encoding="utf-8",
    )
    said = rapport("policy", "check", str(own))
    assert said.code == 0
    told = " ".join(said.said.split())
    assert "economy.margin_by_line.adio: adio is no product line here" in told and "did you mean audio?" in told
    assert "at_rsk is no label of churn here; did you mean at_risk?" in told
    assert "uplfit is no model" in told and "own_model is no model" in told
    assert told.count(" is no ") == 4
    assert " is no " not in rapport("policy", "check").said


def test_the_policy_in_force_is_shown_with_what_is_left_today(rapport, home, decided):
    said = rapport("policy", "show").said
    assert "retention_offer  5 to 20 % off, again after 90 days" in said
    assert "300.00 left today" not in said  # the decision has cost something
    assert "apology_credit  5.00 off, again after 60 days, 150.00 left today" in said
    assert "ask_feedback  switched off" in said


def test_decisions_are_told_with_their_reason_and_alternatives(rapport, home, decided):
    said = rapport("policy", "log", "C-1", "--alternatives").said
    assert "C-1  at feedback: retention_offer, may_leave" in said
    assert "the customer has not answered" in said
    assert "score of uplift missing" in said
    assert "hand_over: does_not_fit_trouble" in said
    unknown = rapport("policy", "log", "C-2")
    assert (unknown.code, unknown.complained.strip()) == (2, "Nobody has the number or e-mail 'C-2'.")


@pytest.mark.parametrize(("seconds", "told"), [(1, "1 second"), (190, "3 minutes"), (90_000, "1 day")])
def test_an_answer_is_told_with_how_soon_it_came(rapport, home, decided, seconds, told):
    with open_database(read_config()).begin() as connection:
        (made,) = read_decisions(connection)
        assert accept_offer(connection, made.offer_id, made.created_at + timedelta(seconds=seconds))
    assert f"the customer accepted after {told}\n" in rapport("policy", "log", "C-1").said


def test_without_decisions_there_is_nothing_to_tell_and_nothing_to_learn(rapport, home):
    assert "Nothing was decided" in rapport("policy", "log").said
    assert "Nothing was decided within 90 days" in rapport("policy", "fairness").said
    said = rapport("policy", "fit")
    assert said.code == 2 and "exploration.share" in said.complained


def test_a_changed_policy_is_estimated_only_where_the_log_can_tell(rapport, home, decided, tmp_path):
    own = tmp_path / "own.yml"
    own.write_text("actions: {retention_offer: {on: false}}\n", encoding="utf-8")
    said = rapport("policy", "evaluate", str(own))
    assert said.code == 1
    # its credits can be used for 60 days, and cost until then
    assert "There are 0 decisions from the last 180 days that are 60 days old" in said.said
    within = rapport("policy", "evaluate", str(own), "--within", "14")
    assert "that are 14 days old" in within.said
    missing = rapport("policy", "evaluate", str(tmp_path / "none.yml"))
    assert missing.code == 2 and "none.yml" in missing.complained
