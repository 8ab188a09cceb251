"""What is added to an answer, and what is said of it: real actions over a real database, without a bot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import insert, select, text, update

from actions.cancel import ActionCancelOrder
from actions.feedback import ActionFeedback
from actions.loyalty import ActionLoyaltyPoints
from actions.offer import ActionAcceptOffer, ActionDeclineOffer
from actions.order_status import ActionOrderStatus
from actions.services import Services, services
from actions.shop_action import ShopAction
from crm_models.consents import Purpose, set_consent
from crm_models.database import migrate
from crm_models.experiments.assignment import variant_of
from crm_models.experiments.design import parse_design
from crm_models.experiments.store import start_experiment
from crm_models.identity import Trust, open_conversation, set_identity
from crm_models.next_action.decision_log import LoggedDecision, read_decisions
from crm_models.offers import propose_recommendation
from crm_models.shop_policy import ShopPolicy, write_policy
from crm_models.tables import customers, escalations, offers, orders, predictions, products

NOW = datetime.now(UTC).replace(tzinfo=None)
PEOPLE = [f"C-{number:06d}" for number in range(40)]
WITHOUT_CHANCE = "exploration: {share: 0.0}\n"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """The action server's services over a new shop whose customers wait for a late parcel and may leave."""
    monkeypatch.setenv("RAPPORT_HOME", str(tmp_path))
    monkeypatch.setenv("RAPPORT_EXPERIMENTS_FRESH_S", "0")
    services.cache_clear()
    found = services()
    migrate(found.engine)
    with found.engine.begin() as connection:
        write_policy(connection, ShopPolicy(holdout_share=0.0))
        connection.execute(insert(customers), [{"customer_id": each, "created_at": NOW} for each in PEOPLE])
        for each in PEOPLE:
            set_consent(connection, each, Purpose.PERSONALISATION, True, "shop", NOW)
            for model, value in (("churn", 0.9), ("value", 40_000)):
                row = {"model": model, "value": value, "label": "at_risk", "model_version": "m-1", "scored_at": NOW}
                connection.execute(insert(predictions).values(customer_id=each, **row))
            connection.execute(
                insert(orders).values(order_id=f"O-{each}", customer_id=each, status="shipped",
                                      placed_at=NOW - timedelta(days=20), promised_on=NOW - timedelta(days=10))
            )  # fmt: skip
    put_policy(found, WITHOUT_CHANCE)
    yield found
    found.engine.dispose()
    services.cache_clear()


def put_policy(served: Services, text: str) -> None:
    (served.crm.home / "policy.yml").write_text(text, encoding="utf-8")


def run(
    served: Services, action: ShopAction, text: str = "Where is it?", mood: float = -0.9, **more: Any
) -> list[dict[str, Any]]:
    """What the action says to a customer who is signed in."""
    customer_id = more.get("customer_id", PEOPLE[0])
    conversation = more.get("conversation", f"web-{customer_id}")
    now = datetime.now(UTC).replace(tzinfo=None)
    with served.engine.begin() as connection:
        open_conversation(connection, conversation, "web", now)
        if customer_id is not None:
            set_identity(connection, conversation, customer_id, Trust.VERIFIED, now + timedelta(hours=1))
    latest = {"text": text, "intent": {"name": "order_late"}, "sentiment": {"score": mood, "frustration": 0.0}}
    events = [*more.get("events", ()), {"event": "user", "text": text, "parse_data": latest}]
    dispatcher = CollectingDispatcher()
    tracker = Tracker(conversation, more.get("slots", {}), latest, events, False, None, {}, "")
    action.run(dispatcher, tracker, {})
    return dispatcher.messages


def names(messages: list[dict[str, Any]]) -> list[str]:
    return [message["response"] for message in messages]


def log(served: Services) -> list[LoggedDecision]:
    with served.engine.connect() as connection:
        return read_decisions(connection)


def waiting(served: Services) -> list[str]:
    with served.engine.connect() as connection:
        return list(connection.execute(select(escalations.c.reason)).scalars())


def test_a_late_parcel_is_made_good_with_a_credit_that_can_be_kept(served: Services) -> None:
    said = run(served, ActionOrderStatus())
    assert names(said) == ["utter_order_status_late", "utter_offer_apology"]
    assert said[1]["amount"] == "5.00 EUR" and said[1]["code"]
    assert names(run(served, ActionAcceptOffer(), "/accept_offer")) == ["utter_offer_accepted_apology"]
    assert (log(served)[0].reason, log(served)[0].answer) == ("makes_good", "accepted")


def test_an_offer_that_has_ended_is_not_said_to_be_kept(served: Services) -> None:
    run(served, ActionOrderStatus())
    with served.engine.begin() as connection:
        connection.execute(update(offers).values(expires_at=NOW - timedelta(days=1)))
    said = run(served, ActionAcceptOffer(), "/accept_offer")
    assert names(said) == ["utter_offer_expired"] and "code" not in said[0]
    assert log(served)[0].answer == "shown"


def test_whoever_declines_it_gets_a_person_once(served: Services) -> None:
    run(served, ActionOrderStatus())
    assert names(run(served, ActionDeclineOffer(), "no thanks", mood=0.1)) == ["utter_offer_declined_person"]
    assert waiting(served) == ["offer_declined"]
    assert names(run(served, ActionDeclineOffer(), "no thanks")) == ["utter_offer_declined"]
    assert [each.action for each in log(served)] == ["hand_over", "apology_credit"]


def test_a_calm_customer_gets_the_answer_alone_and_nothing_is_decided(served: Services) -> None:
    assert names(run(served, ActionOrderStatus(), mood=0.0)) == ["utter_order_status_late"]
    assert log(served) == []


def test_a_suggestion_that_was_asked_for_keeps_no_fault_from_being_made_good(served: Services) -> None:
    with served.engine.begin() as connection:
        connection.execute(insert(products).values(product_id="P", name="Kettle", category="kitchen"))
        propose_recommendation(connection, PEOPLE[0], f"web-{PEOPLE[0]}", "P", "popular", "recommendation-1", NOW)
    assert names(run(served, ActionOrderStatus())) == ["utter_order_status_late", "utter_offer_apology"]


def test_stars_count_and_not_the_mood_before_them(served: Services) -> None:
    slots = {"rating": 1, "comment": "you have become far too expensive"}
    said = run(served, ActionFeedback(), "you have become far too expensive", mood=0.3, slots=slots)
    assert names(said) == ["utter_feedback_unhappy", "utter_offer_retention"]
    assert said[1]["percent"] == 10


def test_a_visitor_who_is_not_verified_is_offered_nothing(served: Services) -> None:
    said = run(served, ActionFeedback(), customer_id=None, conversation="web-x", slots={"rating": 1, "comment": None})
    assert names(said) == ["utter_feedback_unhappy"]
    assert log(served) == []


def test_with_a_policy_that_has_mistakes_the_answer_stands_alone(served: Services) -> None:
    put_policy(served, "rules: {offers_per_conversation: many}\n")
    assert names(run(served, ActionOrderStatus())) == ["utter_order_status_late"]
    put_policy(served, WITHOUT_CHANCE)
    assert "utter_offer_apology" in names(run(served, ActionOrderStatus()))


def test_a_customer_of_the_holdout_gets_the_answer_and_the_log_says_why(served: Services) -> None:
    with served.engine.begin() as connection:
        write_policy(connection, ShopPolicy(holdout_share=0.5))
    for each in PEOPLE[:12]:
        run(served, ActionOrderStatus(), customer_id=each)
    reasons = {each.reason for each in log(served)}
    assert reasons == {"holdout", "makes_good"}


def test_an_experiment_gives_another_credit_to_its_variant(served: Services) -> None:
    written = {
        "name": "tried", "subject": "offer", "hypothesis": "made up for this test", "metric": "accepted",
        "within_days": 14, "smallest_effect": 0.05,
        "variants": [{"name": "control"}, {"name": "new", "settings": {"actions.apology_credit.credit_cents": 600}}],
    }  # fmt: skip
    with served.engine.begin() as connection:
        experiment = start_experiment(connection, parse_design(written), 1000, NOW)
    for name, amount in (("control", "5.00 EUR"), ("new", "6.00 EUR")):
        mine = (each for each in PEOPLE if (found := variant_of(experiment, each, 0.0)) and found.name == name)
        assert run(served, ActionOrderStatus(), customer_id=next(mine))[1]["amount"] == amount
    assert len({each.policy_version for each in log(served)}) == 2


AGAIN = {"event": "user", "text": "how many points do I have now", "parse_data": {"sentiment": {"score": -0.9}}}
POINTS = "I said how many points do I have now"


def test_a_person_comes_by_themselves_where_the_policy_says_so(served: Services) -> None:
    put_policy(served, WITHOUT_CHANCE + "actions: {hand_over: {moments: [impatience], always_at: [impatience]}}\n")
    said = names(run(served, ActionLoyaltyPoints(), POINTS, events=[AGAIN]))
    assert said[0] == "utter_offer_person_impatient"
    assert not any(name.startswith("utter_frustration") for name in said)
    assert waiting(served) == ["impatience"]


def test_by_default_an_impatient_customer_is_shown_the_way_to_a_person(served: Services) -> None:
    said = names(run(served, ActionLoyaltyPoints(), POINTS, events=[AGAIN]))
    assert said[0].startswith("utter_frustration")
    assert waiting(served) == [] and log(served) == []


def test_scores_that_are_gone_leave_the_answer_as_it_is(served: Services) -> None:
    with served.engine.begin() as connection:
        connection.execute(update(predictions).values(scored_at=NOW - timedelta(days=400)))
    slots = {"rating": 1, "comment": "too expensive"}
    assert names(run(served, ActionFeedback(), "too expensive", slots=slots)) == ["utter_feedback_unhappy"]
    assert log(served)[0].model_versions["churn"] == "stale"


def test_a_task_that_ends_without_a_yes_says_that_nothing_was_done(served: Services) -> None:
    said = run(served, ActionCancelOrder(), "no", slots={"confirmed": False, "order_id": f"O-{PEOPLE[0]}"})
    assert names(said) == ["utter_task_not_done"]


def test_a_task_that_is_done_is_a_moment_of_its_own(served: Services) -> None:
    with served.engine.begin() as connection:
        connection.execute(update(orders).values(status="pending"))
    slots = {"confirmed": True, "order_id": f"O-{PEOPLE[0]}", "reason": "takes_too_long"}
    said = run(served, ActionCancelOrder(), "yes, and this is a disgrace", slots=slots)
    assert names(said) == ["utter_cancel_cancelled_unpaid", "utter_offer_apology"]
    assert (log(served)[0].moment, log(served)[0].reason) == ("task_done", "makes_good")


IMPATIENT = (
    WITHOUT_CHANCE
    + """
actions:
  hand_over: {moments: [impatience], always_at: [impatience]}
"""
)
ASKED_AGAIN = [
    {"event": "user", "text": "how many points do I have by now", "parse_data": {"sentiment": {"score": -0.5}}},
    {"event": "bot", "text": "...", "metadata": {"utter_action": "utter_loyalty_points"}},
]


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (False, ["utter_offer_person_impatient", "utter_loyalty_points"]),
        (True, ["utter_frustration_said_again", "utter_loyalty_points"]),
    ],
)
def test_the_answer_stands_also_when_no_decision_can_be_written(
    served: Services, broken: bool, said: list[str]
) -> None:
    put_policy(served, IMPATIENT)
    if broken:
        with served.engine.begin() as connection:
            connection.execute(text("DROP TABLE decisions"))
    assert names(run(served, ActionLoyaltyPoints(), "how many points do I have by now?", events=ASKED_AGAIN)) == said
