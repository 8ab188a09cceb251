from datetime import timedelta

import pytest
from people import NOW, add_customer
from sqlalchemy.engine import Connection

from crm_models.errors import UnknownConversation
from crm_models.identity import (
    Identity,
    Trust,
    forget_identity,
    identity_of,
    open_conversation,
    set_identity,
)

LATER = NOW + timedelta(minutes=30)


def test_an_unknown_conversation_is_anonymous(connection: Connection) -> None:
    assert identity_of(connection, "web-1", NOW) == Identity("web-1", None, Trust.ANONYMOUS)


def test_a_visitor_without_proof_is_anonymous(connection: Connection) -> None:
    open_conversation(connection, "web-1", "web", NOW)
    assert identity_of(connection, "web-1", NOW) == Identity("web-1", None, Trust.ANONYMOUS)


def test_a_customer_without_proof_is_not_that_customer(connection: Connection) -> None:
    add_customer(connection)
    open_conversation(connection, "web-1", "web", NOW, customer_id="C-000001")
    assert identity_of(connection, "web-1", NOW).customer_id is None


def test_trust_ends_at_its_time(connection: Connection) -> None:
    add_customer(connection)
    open_conversation(connection, "web-1", "web", NOW, "C-000001", Trust.VERIFIED, LATER)
    before = identity_of(connection, "web-1", LATER - timedelta(seconds=1))
    assert before == Identity("web-1", "C-000001", Trust.VERIFIED)
    assert identity_of(connection, "web-1", LATER) == Identity("web-1", None, Trust.ANONYMOUS)


def test_a_claim_is_about_one_order(connection: Connection) -> None:
    add_customer(connection)
    open_conversation(connection, "web-1", "web", NOW)
    set_identity(connection, "web-1", "C-000001", Trust.CLAIMED, LATER, claimed_order_id="HV-1")
    assert identity_of(connection, "web-1", NOW) == Identity("web-1", "C-000001", Trust.CLAIMED, "HV-1")
    set_identity(connection, "web-1", "C-000001", Trust.VERIFIED, LATER)
    assert identity_of(connection, "web-1", NOW).claimed_order_id is None


def test_opening_again_without_a_token_keeps_who_it_is(connection: Connection) -> None:
    add_customer(connection)
    open_conversation(connection, "web-1", "web", NOW, "C-000001", Trust.VERIFIED, LATER)
    open_conversation(connection, "web-1", "web", NOW)
    assert identity_of(connection, "web-1", NOW).trust is Trust.VERIFIED


def test_signing_out_leaves_an_anonymous_visitor(connection: Connection) -> None:
    add_customer(connection)
    open_conversation(connection, "web-1", "web", NOW, "C-000001", Trust.VERIFIED, LATER)
    forget_identity(connection, "web-1")
    assert identity_of(connection, "web-1", NOW) == Identity("web-1", None, Trust.ANONYMOUS)


def test_a_conversation_that_was_never_opened_proves_nothing(connection: Connection) -> None:
    add_customer(connection)
    with pytest.raises(UnknownConversation, match="web-1"):
        set_identity(connection, "web-1", "C-000001", Trust.VERIFIED, LATER)
