"""Actions about the customer's own data, on a small shop: with and without scores, for a customer and for a visitor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import yaml
from rasa_sdk.executor import CollectingDispatcher
from sqlalchemy import insert
from sqlalchemy.engine import Connection

from actions.about_me import ActionAboutMe
from actions.context import Context
from actions.frustration import Frustration
from actions.services import services
from actions.settings import PROJECT
from actions.shop_action import ShopAction
from actions.turn import Turn
from actions.why_offer import ActionWhyOffer
from crm_models.consents import Purpose, set_consent
from crm_models.database import create_engine, migrate
from crm_models.identity import Identity, Trust
from crm_models.offers import OfferKind, make_offer
from crm_models.personal_fields import PersonalField, choose
from crm_models.proactive.kinds import NoticeKind
from crm_models.proactive.wishes import stop_notices, want_notices, watch_product
from crm_models.tables import customers, items, predictions, products

NOW = datetime(2026, 5, 13, 10, 0)
ADA = Identity("web-ada", "C-000001", Trust.VERIFIED)
VISITOR = Identity("web-x", None, Trust.ANONYMOUS)


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(
            insert(customers).values(
                customer_id="C-000001",
                first_name="Ada",
                last_name="Miller",
                email="ada@example.com",
                created_at=NOW - timedelta(days=400),
            )
        )
        yield connection
    engine.dispose()


def replies(action: ShopAction, connection: Connection, who: Identity, events: Any = ()) -> dict[str, str]:
    """What is said, by the name of the response, as the customer reads it."""
    turn = Turn(
        conversation_id=who.conversation_id, channel="web", text="?", intent="", intent_set=(), entities={},
        sentiment=0.0, frustrated=False, frustration=Frustration(0.0, ()), question="?", passages=(), answerable=0.0,
        asks_more=False, follows=False, foreign_language=None, now=NOW,
    )  # fmt: skip
    dispatcher = CollectingDispatcher()
    action.act(Context(dispatcher, {}, list(events), turn, connection, who, services()))
    sentences = yaml.safe_load((PROJECT / "bot" / "domain" / "personal.yml").read_text(encoding="utf-8"))["responses"]
    said = {}
    for message in dispatcher.messages:
        text = sentences[message["response"]][0]["text"]
        said[message["response"]] = re.sub(r"{(\w+)}", lambda name, fields=message: str(fields[name[1]]), text)
    return said


def score(connection: Connection, model: str, label: str) -> None:
    connection.execute(
        insert(predictions).values(
            customer_id="C-000001", model=model, value=0.5, label=label, reasons=[], model_version="1", scored_at=NOW
        )
    )


def test_without_scores_nothing_is_supposed(connection: Connection) -> None:
    said = replies(ActionAboutMe(), connection, ADA)
    assert set(said) == {
        "utter_about_me_known", "utter_about_me_sources", "utter_about_me_no_notices", "utter_about_me_use",
    }  # fmt: skip
    assert "Name: Ada Miller (from your account, 8 April 2025)" in said["utter_about_me_sources"]
    assert "what you bought for suggestions: personal suggestions are off" in said["utter_about_me_use"]


def test_scores_are_told_in_words_as_suppositions(connection: Connection) -> None:
    for model, label in (("churn", "at_risk"), ("segment", "loyal"), ("gap", "balanced"), ("own_model", "x")):
        score(connection, model, label)
    told = replies(ActionAboutMe(), connection, ADA)["utter_about_me_estimates"]
    assert "it may be wrong" in told and "less content" in told and "order regularly" in told
    assert "at_risk" not in told and "own_model" not in told


def test_messages_that_come_unasked_are_told_as_they_were_agreed_to(connection: Connection) -> None:
    for kind in (NoticeKind.DELIVERY_LATE, NoticeKind.BACK_IN_STOCK, NoticeKind.WIN_BACK):
        want_notices(connection, "C-000001", kind, "chat", NOW)
    told = replies(ActionAboutMe(), connection, ADA)["utter_about_me_notices"]
    assert "- late deliveries\n" in told and "warranty" not in told
    assert "things that are back in stock: you wait for nothing at the moment" in told
    assert "after a long time (not while personal suggestions are off)" in told
    set_consent(connection, "C-000001", Purpose.PERSONALISATION, True, "chat", NOW)
    connection.execute(insert(products).values(product_id="P", name="Solvik kettle", category="kitchen"))
    for colour in ("red", "blue"):
        row = {"item_id": colour, "options": {"colour": colour}, "price_cents": 4000, "stock": 0}
        connection.execute(insert(items).values(product_id="P", **row))
        watch_product(connection, "C-000001", "P", colour, None, NOW)
    told = replies(ActionAboutMe(), connection, ADA)["utter_about_me_notices"]
    assert "back in stock: Solvik kettle\n" in told and "suggestions are off" not in told
    stop_notices(connection, "C-000001", list(NoticeKind), "chat", NOW)
    assert "utter_about_me_no_notices" in replies(ActionAboutMe(), connection, ADA)


def test_what_is_forbidden_and_what_is_agreed_to_is_told_apart(connection: Connection) -> None:
    set_consent(connection, "C-000001", Purpose.PERSONALISATION, True, "chat", NOW)
    choose(connection, "C-000001", PersonalField.NAME, False, "chat", NOW)
    told = replies(ActionAboutMe(), connection, ADA)["utter_about_me_use"]
    assert "I don't use your name for greeting you: you forbade it." in told
    assert "I use what you bought for suggestions." in told


@pytest.mark.parametrize(
    ("kind", "given", "reason", "told"),
    [
        (OfferKind.RETENTION, {"percent_off": 10}, "late_deliveries:3", "offered 10 % off on 13 May 2026 because deli"),
        (OfferKind.APOLOGY, {"credit_cents": 500}, "slow_refund", "offered 5.00 EUR off on 13 May 2026 because things"),
        (OfferKind.PERK, {"points": 200}, "fits_the_customer", "offered 200 points on 13 May 2026 to thank you"),
    ],
)
def test_why_something_was_given(
    connection: Connection, kind: OfferKind, given: dict[str, int], reason: str, told: str
) -> None:
    make_offer(
        connection,
        customer_id="C-000001",
        conversation_id="web-ada",
        kind=kind,
        reason=reason,
        model_version=None,
        now=NOW,
        valid=timedelta(days=30),
        **given,
    )
    (text,) = replies(ActionWhyOffer(), connection, ADA).values()
    assert told in text
    # of another customer's offer nothing is told
    assert list(replies(ActionWhyOffer(), connection, VISITOR)) == ["utter_why_offer_none"]


def test_a_visitor_hears_that_nothing_was_used(connection: Connection) -> None:
    suggested = {"event": "bot", "metadata": {"utter_action": "utter_recommend_popular"}}
    assert list(replies(ActionWhyOffer(), connection, VISITOR, [suggested])) == ["utter_why_offer_visitor"]
