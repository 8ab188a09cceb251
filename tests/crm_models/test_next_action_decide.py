"""Decisions on a real database: the situation that is read, the offer that is kept, the row in the log."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from shop_fixture import NOW, OLD
from sqlalchemy import delete, event, func, insert, select, update
from sqlalchemy.engine import Connection

from crm_models.complaints import close_complaint, open_complaint
from crm_models.consents import Purpose, set_consent
from crm_models.escalations import request_person
from crm_models.next_action.decide import Asking, Decision, Means, decide
from crm_models.next_action.decision_log import LoggedDecision, read_decisions
from crm_models.next_action.effects import Effect, effects_of
from crm_models.next_action.kinds import ActionKind, Moment, Reason, Refusal, Trouble
from crm_models.next_action.live import LivePolicy
from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.offers import OfferKind, decline_offer, open_offer
from crm_models.personal_fields import PersonalField
from crm_models.personal_fields import choose as choose_field
from crm_models.purchase_log import read_purchases
from crm_models.recommend.model import Recommender
from crm_models.shop_policy import ShopPolicy, TierTerms
from crm_models.tables import campaigns, customers, decisions, escalations, offers, orders, predictions

ADA = "C-000001"  # silver
SHIPPED = load_offer_policy()
ANGRY = Asking(ADA, "web-ada", Moment.FEEDBACK, NOW, mood=-0.8)


def changed(**terms: Any) -> OfferPolicy:
    """The shipped policy without chance, with some terms replaced, `budget__day_cents=value`."""
    told = SHIPPED.model_dump(by_alias=True)
    for path, value in ({"exploration__share": 0.0} | terms).items():
        *way, last = path.split("__")
        place = told
        for part in way:
            place = place[part]
        place[last] = value
    return OfferPolicy.model_validate(told)


def means(policy: OfferPolicy | None = None, **more: Any) -> Means:
    terms = more.pop("terms", ShopPolicy())
    return Means(policy or changed(), lambda: terms, random.Random(1), **more)


def score(connection: Connection, model: str, value: float, label: str, **more: Any) -> None:
    connection.execute(delete(predictions).where(predictions.c.model == model, predictions.c.customer_id == ADA))
    connection.execute(
        insert(predictions).values(
            customer_id=ADA, model=model, value=value, label=label, model_version=f"{model}-1", scored_at=NOW, **more
        )
    )


@pytest.fixture
def at_risk(shop: Connection) -> Connection:
    """The small shop, where Ada agreed to offers and may leave."""
    set_consent(shop, ADA, Purpose.PERSONALISATION, True, "shop", NOW)
    score(shop, "churn", 0.8, "at_risk", reasons=["no_order_for:74", "late_deliveries:2"])
    score(shop, "value", 20_000, "middle")
    return shop


def logged(connection: Connection) -> LoggedDecision:
    return read_decisions(connection, limit=1)[0]


def outcome(connection: Connection, asking: Asking = ANGRY, using: Means | None = None) -> tuple[str, str]:
    decision = decide(connection, asking, using or means())
    return decision.action.value, logged(connection).reason


def test_who_may_leave_is_offered_a_discount_and_the_log_says_why(at_risk: Connection) -> None:
    decision = decide(at_risk, ANGRY, means())
    offer = decision.offer
    assert decision.action is ActionKind.RETENTION_OFFER and offer is not None
    assert (offer.kind, offer.percent_off, offer.status) == (OfferKind.RETENTION, 10, "shown")
    assert (offer.reason, offer.model_version) == ("no_order_for:74", "churn-1")
    assert (offer.created_at, offer.expires_at) == (NOW, NOW + timedelta(days=30))
    assert open_offer(at_risk, "web-ada") == offer
    row = logged(at_risk)
    assert (row.decision_id, row.offer_id, row.answer) == (decision.decision_id, offer.offer_id, "shown")
    assert (row.moment, row.action, row.reason) == ("feedback", "retention_offer", "may_leave")
    assert row.value_cents > 0 and row.cost_cents > 0 and row.propensity == 1.0
    assert row.policy_version == changed().version
    assert row.model_versions["churn"] == "churn-1" and row.model_versions["uplift"] == "missing"
    assert [each["action"] for each in row.alternatives] == [kind.value for kind in ActionKind]


def test_gold_customers_get_more(at_risk: Connection) -> None:
    at_risk.execute(update(customers).where(customers.c.customer_id == ADA).values(tier="gold"))
    offer = decide(at_risk, ANGRY, means()).offer
    assert offer is not None and offer.percent_off == 15


def test_a_shop_that_gives_a_tier_nothing_makes_no_offer(at_risk: Connection) -> None:
    none = means(terms=ShopPolicy(tiers={"user": TierTerms(retention_percent=0)}))
    assert outcome(at_risk, using=none)[0] == "answer_only"
    late = replace(ANGRY, moment=Moment.ORDER_LATE, trouble=Trouble.LATE_DELIVERY)
    assert outcome(at_risk, late, none)[0] == "answer_only"


def test_nothing_is_sold_while_a_complaint_is_open(at_risk: Connection) -> None:
    _, number = open_complaint(at_risk, customer_id=ADA, conversation_id=None, topic="other", text="Broken.", now=NOW)
    assert outcome(at_risk) == ("answer_only", "complaint_open")
    assert number is not None
    close_complaint(at_risk, number, NOW)
    assert outcome(at_risk) == ("retention_offer", "may_leave")


def test_consent_that_is_withdrawn_counts_at_once(at_risk: Connection) -> None:
    set_consent(at_risk, ADA, Purpose.PERSONALISATION, False, "chat", NOW)
    assert outcome(at_risk) == ("answer_only", "no_consent")
    set_consent(at_risk, ADA, Purpose.PERSONALISATION, True, "chat", NOW)
    assert outcome(at_risk)[0] == "retention_offer"


def test_one_offer_until_it_cooled_off(at_risk: Connection) -> None:
    offer = decide(at_risk, ANGRY, means()).offer
    assert offer is not None

    def later(days: float) -> str:
        asking = replace(ANGRY, conversation_id=f"web-{days}", now=NOW + timedelta(days=days))
        score(at_risk, "churn", 0.8, "at_risk", reasons=[])
        at_risk.execute(update(predictions).values(scored_at=asking.now))
        return outcome(at_risk, asking)[0]

    assert [later(29), later(30), later(89.9)] == ["answer_only"] * 3
    assert later(90) == "retention_offer"


def test_a_declined_offer_is_not_repeated_and_a_person_comes(at_risk: Connection) -> None:
    offer = decide(at_risk, ANGRY, means()).offer
    assert offer is not None and decline_offer(at_risk, offer.offer_id, NOW)
    declined = replace(ANGRY, moment=Moment.OFFER_DECLINED, mood=-1.0)
    assert outcome(at_risk, declined) == ("hand_over", "due")
    assert outcome(at_risk)[0] == "answer_only"
    told = [(row.moment, row.action, row.answer) for row in reversed(read_decisions(at_risk, customer_id=ADA))]
    assert told == [
        ("feedback", "retention_offer", "declined"),
        ("offer_declined", "hand_over", None),
        ("feedback", "answer_only", None),
    ]


def test_a_person_who_was_asked_for_is_not_paid_for_again(at_risk: Connection) -> None:
    declined = replace(ANGRY, moment=Moment.OFFER_DECLINED, mood=-1.0)
    assert outcome(at_risk, declined) == ("hand_over", "due")
    _, number = request_person(at_risk, "web-ada", ADA, "offer_declined", NOW)
    again = decide(at_risk, declined, means())
    assert again.choice is not None and again.choice.of(ActionKind.HAND_OVER).refused is Refusal.PERSON_ASKED
    assert logged(at_risk).cost_cents == 0.0
    assert outcome(at_risk, replace(declined, conversation_id="web-other")) == ("hand_over", "due")
    at_risk.execute(update(escalations).where(escalations.c.escalation_id == number).values(status="closed"))
    assert outcome(at_risk, declined) == ("hand_over", "due")


def test_what_became_of_each_step_is_told(at_risk: Connection) -> None:
    offer = decide(at_risk, ANGRY, means()).offer
    assert offer is not None and decline_offer(at_risk, offer.offer_id, NOW + timedelta(seconds=40))
    decide(at_risk, replace(ANGRY, moment=Moment.OFFER_DECLINED, now=NOW + timedelta(minutes=1)), means())
    request_person(at_risk, "web-ada", ADA, "offer_declined", NOW)
    ordered = {"placed_at": NOW + timedelta(days=12, hours=1), "cancelled_at": None}
    at_risk.execute(update(orders).where(orders.c.order_id == OLD).values(**ordered))
    person, discount = effects_of(at_risk, read_decisions(at_risk, customer_id=ADA))
    after = {"ordered_after_days": 12, "complained_after_days": None}
    assert discount == Effect("declined", timedelta(seconds=40), None, **after)
    assert person == Effect(None, None, "waiting", **after)
    for days, known in ((31, None), (29, 28)):  # the decision was a minute after NOW
        later = NOW + timedelta(days=days)
        open_complaint(at_risk, customer_id=ADA, conversation_id=None, topic=f"day {days}", text="y", now=later)
        assert effects_of(at_risk, read_decisions(at_risk))[0].complained_after_days == known


def test_the_offer_fits_what_went_wrong(at_risk: Connection) -> None:
    late = replace(ANGRY, moment=Moment.ORDER_LATE, trouble=Trouble.LATE_DELIVERY)
    decision = decide(at_risk, late, means())
    assert decision.offer is not None
    assert (decision.action, decision.offer.credit_cents) == (ActionKind.APOLOGY_CREDIT, 500)
    assert decision.offer.reason == "late_delivery"


def test_who_gets_parcels_late_again_and_again_is_offered_more(at_risk: Connection) -> None:
    days = {"placed_at": NOW - timedelta(days=60), "promised_on": NOW - timedelta(days=55), "delivered_at": None}
    at_risk.execute(update(orders).where(orders.c.customer_id == ADA, orders.c.order_id != OLD).values(**days))
    late = replace(ANGRY, moment=Moment.ORDER_LATE, trouble=Trouble.LATE_DELIVERY)
    decision = decide(at_risk, late, means())
    assert (decision.action, decision.trouble) == (ActionKind.RETENTION_OFFER, Trouble.LATE_AGAIN)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("You are far too expensive by now", Trouble.PRICE),
        ("The lid came cracked", Trouble.PRODUCT),
        ("I have been waiting for my money back", Trouble.SLOW_REFUND),
        ("Nobody answered my three mails", Trouble.SERVICE),
        ("The search finds nothing", Trouble.NONE),
        ("translated it later", Trouble.NONE),
    ],
)
def test_what_went_wrong_is_heard_in_the_words(at_risk: Connection, text: str, trouble: Trouble) -> None:
    assert decide(at_risk, replace(ANGRY, text=text), means()).trouble is trouble


def declined(connection: Connection, asking: Asking, using: Means) -> Decision:
    """An offer that was made and declined, so that the next one may come."""
    decision = decide(connection, asking, using)
    assert decision.offer is not None and decline_offer(connection, decision.offer.offer_id, asking.now)
    return decision


def test_the_budget_of_a_day_is_not_exceeded_and_the_next_day_begins_anew(at_risk: Connection) -> None:
    def within(cents: float) -> Means:
        return means(changed(budget__day_cents=int(cents), actions__retention_offer__cooling_off_days=0))

    first = declined(at_risk, ANGRY, within(10_000))
    assert first.choice is not None and first.choice.cost_cents > 0
    enough = within(first.choice.cost_cents * 1.9)
    other = replace(ANGRY, conversation_id="web-2")
    assert outcome(at_risk, other, enough) == ("answer_only", "budget_spent")
    assert outcome(at_risk, replace(other, now=NOW + timedelta(days=1)), enough)[0] == "retention_offer"


def test_the_budget_of_a_campaign_holds_over_its_days(at_risk: Connection) -> None:
    def within(cents: float) -> Means:
        campaign = {"name": "may", "from": "2026-05-01", "until": "2026-05-31", "actions": ["retention_offer"]}
        running = [campaign | {"cents": int(cents)}]
        return means(changed(budget__campaigns=running, actions__retention_offer__cooling_off_days=0))

    first = declined(at_risk, ANGRY, within(10_000))
    assert first.choice is not None and first.choice.cost_cents > 0
    tomorrow = replace(ANGRY, conversation_id="web-2", now=NOW + timedelta(days=1))
    assert outcome(at_risk, tomorrow, within(first.choice.cost_cents * 1.9)) == ("answer_only", "budget_spent")
    assert outcome(at_risk, tomorrow, within(first.choice.cost_cents * 2.1))[0] == "retention_offer"


def test_without_scores_nothing_personal_is_offered_and_the_log_says_which_are_missing(at_risk: Connection) -> None:
    at_risk.execute(delete(predictions))
    assert outcome(at_risk) == ("answer_only", "nothing_allowed")
    assert set(logged(at_risk).model_versions.values()) == {"missing"}


def test_scores_that_are_stale_are_not_used_and_the_log_says_so(at_risk: Connection) -> None:
    at_risk.execute(update(predictions).values(scored_at=NOW - timedelta(days=46)))
    assert outcome(at_risk)[0] == "answer_only"
    assert logged(at_risk).model_versions["churn"] == "stale"
    refused = {each["action"]: each.get("refused") for each in logged(at_risk).alternatives}
    assert refused["retention_offer"] == "score_stale"


def test_an_effect_on_visits_is_no_effect_on_orders(at_risk: Connection) -> None:
    put_off = {"effect": -0.2, "low": -0.3, "high": -0.1, "chance_negative": 0.99, "baseline": 0.3}
    score(at_risk, "uplift", -0.2, "sleeping_dog", details=put_off)
    for number, (kind, offered) in enumerate((("order", False), ("visit", True))):
        at_risk.execute(
            insert(campaigns).values(campaign_id=kind, name=kind, started_at=NOW, outcome=kind, within_days=9)
        )
        asking = replace(ANGRY, conversation_id=f"web-{number}")
        assert (outcome(at_risk, asking)[0] == "retention_offer") is offered
    assert logged(at_risk).model_versions["uplift"] == "about_visits"


def test_scores_that_make_no_sense_are_left_out(at_risk: Connection) -> None:
    score(at_risk, "uplift", 0.1, "persuadable", details={"effect": "much", "baseline": None, "low": [1]})
    assert outcome(at_risk)[0] == "retention_offer"


HAPPY = replace(ANGRY, mood=1.0)


@pytest.fixture
def recommender(at_risk: Connection) -> Recommender:
    return Recommender().fit(read_purchases(at_risk), NOW)


def test_a_happy_customer_gets_a_product_that_fits(at_risk: Connection, recommender: Recommender) -> None:
    decision = decide(at_risk, HAPPY, means(recommender=lambda: recommender))
    assert decision.action is ActionKind.RECOMMENDATION
    assert decision.offer is not None and decision.suggestion is not None
    assert decision.offer.product_id == decision.suggestion.product_id
    assert logged(at_risk).model_versions["recommendation"] == recommender.version


def test_a_model_that_fails_recommends_nothing_and_the_log_says_so(at_risk: Connection) -> None:
    def broken() -> Recommender:
        raise RuntimeError("no such file")

    assert outcome(at_risk, HAPPY, means(recommender=broken)) == ("answer_only", "nothing_allowed")
    assert logged(at_risk).model_versions["recommendation"] == "failed"
    assert outcome(at_risk, HAPPY, means()) == ("answer_only", "nothing_allowed")
    assert logged(at_risk).model_versions["recommendation"] == "missing"


def test_when_deciding_fails_nothing_is_added_nothing_is_lost_and_the_log_says_so(at_risk: Connection) -> None:
    def broken() -> ShopPolicy:
        raise ZeroDivisionError

    set_consent(at_risk, ADA, Purpose.NEWSLETTER, True, "chat", NOW)
    decision = decide(at_risk, ANGRY, replace(means(), terms=broken))
    assert (decision.action, decision.offer) == (ActionKind.ANSWER_ONLY, None)
    assert logged(at_risk).reason == Reason.UNAVAILABLE.value
    assert at_risk.execute(select(func.count()).select_from(offers)).scalar_one() == 0


def test_where_the_policy_has_nothing_the_database_is_not_asked(at_risk: Connection) -> None:
    with counted(at_risk) as statements:
        assert decide(at_risk, replace(ANGRY, moment=Moment.ANSWER), means()) == Decision()
    assert statements == []


class counted:
    """The statements that a block sends."""

    def __init__(self, connection: Connection) -> None:
        self._engine, self._said = connection.engine, list[str]()

    def __enter__(self) -> list[str]:
        event.listen(self._engine, "before_cursor_execute", self._note)
        return self._said

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._note)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        self._said.append(statement)


def test_a_decision_costs_few_queries(at_risk: Connection) -> None:
    with counted(at_risk) as statements:
        assert decide(at_risk, replace(ANGRY, mood=0.0), means()).action is ActionKind.ANSWER_ONLY
    assert len([each for each in statements if each.startswith("SELECT")]) <= 3
    with counted(at_risk) as statements:
        assert decide(at_risk, ANGRY, means()).offer is not None
    assert len([each for each in statements if each.startswith("SELECT")]) <= 6


def test_a_policy_that_is_changed_counts_at_once_and_one_with_mistakes_does_not(tmp_path: Path) -> None:
    path = tmp_path / "policy.yml"
    live = LivePolicy(lambda: path if path.exists() else None)
    assert live.get() == SHIPPED
    path.write_text("rules: {offers_per_conversation: 3}\n", encoding="utf-8")
    changed_policy = live.get()
    assert changed_policy is not None and changed_policy.rules.offers_per_conversation == 3
    path.write_text("rules: {offers_per_conversation: many}\n", encoding="utf-8")
    assert live.get() == changed_policy
    assert LivePolicy(lambda: path).get() is None
    path.unlink()
    assert live.get() == SHIPPED


def test_what_the_customer_forbade_is_read(at_risk: Connection) -> None:
    assert decide(at_risk, ANGRY, means()).offer is not None
    at_risk.execute(delete(decisions))
    at_risk.execute(delete(offers))
    choose_field(at_risk, ADA, PersonalField.INTERESTS, False, "chat", NOW)
    decision = decide(at_risk, ANGRY, means())
    assert decision.action is not ActionKind.RETENTION_OFFER
