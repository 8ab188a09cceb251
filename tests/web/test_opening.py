"""Who gets which conversation."""

from __future__ import annotations

import pytest

from crm_models.identity import Trust, identity_of
from tests.web.conftest import Web, token_for
from tests.web.visitor import Visitor
from web.services import utc_now


def who(engine, conversation_id: str):
    with engine.begin() as connection:
        identity = identity_of(connection, conversation_id, utc_now())
    return identity.customer_id, identity.trust


def test_a_token_verifies_the_conversation(web: Web, engine) -> None:
    visitor = web.visitor(token_for("C-000001"))
    assert visitor.opened["signed_in"] and not visitor.opened["token_rejected"]
    assert who(engine, visitor.conversation_id) == ("C-000001", Trust.VERIFIED)


def test_without_a_token_the_visitor_is_nobody(web: Web, engine) -> None:
    assert who(engine, web.visitor().conversation_id) == (None, Trust.ANONYMOUS)


@pytest.mark.parametrize("token", ["rubbish", token_for("C-000001", minutes=10, issued_ago=60), token_for("C-999999")])
def test_a_token_that_proves_nothing_makes_nobody_and_says_so(web: Web, engine, token: str) -> None:
    visitor = web.visitor(token)
    assert visitor.opened["token_rejected"]
    assert who(engine, visitor.conversation_id) == (None, Trust.ANONYMOUS)


def test_the_next_page_goes_on_with_the_conversation(web: Web) -> None:
    visitor = web.visitor(token_for("C-000001"))
    before = visitor.conversation_id
    assert visitor.open(token_for("C-000001"))["fresh"] is False
    assert visitor.conversation_id == before


def test_signing_in_keeps_the_conversation_begun_without_a_name(web: Web, engine) -> None:
    visitor = web.visitor()
    before = visitor.conversation_id
    visitor.open(token_for("C-000001"))
    assert visitor.conversation_id == before
    assert who(engine, before) == ("C-000001", Trust.VERIFIED)


def test_another_customer_gets_another_conversation(web: Web) -> None:
    visitor = web.visitor(token_for("C-000001"))
    before = visitor.conversation_id
    assert visitor.open(token_for("C-000002"))["fresh"] is True
    assert visitor.conversation_id != before


def test_signing_out_ends_the_conversation(web: Web, engine) -> None:
    visitor = web.visitor(token_for("C-000001"))
    visitor.say("my secret")
    before = visitor.conversation_id
    visitor.open(None)
    assert visitor.conversation_id != before
    assert visitor.rows() == []
    assert who(engine, visitor.conversation_id) == (None, Trust.ANONYMOUS)


def test_a_forged_secret_opens_a_new_conversation(web: Web) -> None:
    visitor = web.visitor()
    before = visitor.conversation_id
    thief = Visitor(web.url)
    thief.secret = visitor.conversation_id
    thief.open()
    assert thief.conversation_id != before
