from datetime import timedelta

import pytest
from people import NOW, add_customer, add_order
from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from crm_models.complaints import (
    CloseOutcome,
    ComplaintOutcome,
    close_complaint,
    open_complaint,
    open_complaints,
)
from crm_models.consents import ConsentChange, Purpose, has_consent, read_consents, set_consent
from crm_models.feedback import FeedbackOutcome, record_feedback
from crm_models.tables import consents, feedback


@pytest.fixture(autouse=True)
def two_customers(connection: Connection) -> None:
    add_customer(connection)
    add_customer(connection, "C-000002", "ben@example.com", "Ben")


def complain(connection: Connection, **changes: object) -> tuple[ComplaintOutcome, int | None]:
    given = {
        "customer_id": "C-000001",
        "conversation_id": "web-1",
        "topic": "delivery",
        "text": "It never came.",
        "now": NOW,
    }
    return open_complaint(connection, **{**given, **changes})


def rate(connection: Connection, rating: int | None, comment: str | None = None) -> FeedbackOutcome:
    return record_feedback(
        connection,
        conversation_id="web-1",
        customer_id=None,
        rating=rating,
        comment=comment,
        sentiment=-0.4,
        now=NOW,
    )


def test_nobody_has_consented_before_they_were_asked(connection: Connection) -> None:
    assert read_consents(connection, "C-000001") == {purpose: False for purpose in Purpose}


def test_the_newest_word_holds_and_the_older_ones_are_kept(connection: Connection) -> None:
    for day, granted in enumerate((True, False, True, False)):
        when = NOW + timedelta(days=day)
        change = set_consent(connection, "C-000001", Purpose.NEWSLETTER, granted, "chat", when)
        assert change is ConsentChange.CHANGED
        assert has_consent(connection, "C-000001", Purpose.NEWSLETTER) is granted
    assert not has_consent(connection, "C-000001", Purpose.PERSONALISATION)
    assert not has_consent(connection, "C-000002", Purpose.NEWSLETTER)
    assert connection.execute(select(func.count()).select_from(consents)).scalar_one() == 4


def test_of_two_words_at_the_same_moment_the_later_one_holds(connection: Connection) -> None:
    set_consent(connection, "C-000001", Purpose.NEWSLETTER, True, "shop", NOW)
    set_consent(connection, "C-000001", Purpose.NEWSLETTER, False, "chat", NOW)
    assert not has_consent(connection, "C-000001", Purpose.NEWSLETTER)


def test_saying_the_same_again_changes_nothing(connection: Connection) -> None:
    first = set_consent(connection, "C-000001", Purpose.NEWSLETTER, False, "chat", NOW)
    again = set_consent(connection, "C-000001", Purpose.NEWSLETTER, False, "chat", NOW)
    assert (first, again) == (ConsentChange.CHANGED, ConsentChange.ALREADY_SO)


def test_a_complaint_is_open_until_it_is_closed(connection: Connection) -> None:
    add_order(connection, "HV-1")
    outcome, number = complain(connection, order_id="HV-1")
    assert outcome is ComplaintOutcome.RECORDED and number is not None
    (found,) = open_complaints(connection, "C-000001")
    assert (found.complaint_id, found.order_id, found.text) == (number, "HV-1", "It never came.")
    assert open_complaints(connection, "C-000002") == []
    assert close_complaint(connection, number, NOW) is CloseOutcome.CLOSED
    assert close_complaint(connection, number, NOW) is CloseOutcome.NOT_OPEN
    assert open_complaints(connection, "C-000001") == []


def test_complaining_again_about_the_same_adds_to_it(connection: Connection) -> None:
    _, number = complain(connection)
    assert complain(connection, text="Still nothing!") == (ComplaintOutcome.ALREADY_OPEN, number)
    assert open_complaints(connection, "C-000001")[0].text == "It never came.\nStill nothing!"
    assert complain(connection, topic="quality")[0] is ComplaintOutcome.RECORDED


@pytest.mark.parametrize("customer_id", ["C-000002", None])
def test_nobody_complains_about_another_customers_order(connection: Connection, customer_id: str | None) -> None:
    add_order(connection, "HV-1")
    refused = (ComplaintOutcome.UNKNOWN_ORDER, None)
    assert complain(connection, customer_id=customer_id, order_id="HV-1") == refused


def test_a_visitor_without_a_name_can_complain(connection: Connection) -> None:
    outcome, number = complain(connection, customer_id=None)
    assert outcome is ComplaintOutcome.RECORDED
    assert complain(connection, customer_id=None) == (ComplaintOutcome.ALREADY_OPEN, number)
    other, another = complain(connection, customer_id=None, conversation_id="web-2")
    assert other is ComplaintOutcome.RECORDED and another != number


@pytest.mark.parametrize(
    ("rating", "comment", "outcome"),
    [
        (1, None, FeedbackOutcome.UNHAPPY),
        (2, "slow", FeedbackOutcome.UNHAPPY),
        (3, None, FeedbackOutcome.NEUTRAL),
        (4, None, FeedbackOutcome.HAPPY),
        (5, "great", FeedbackOutcome.HAPPY),
        (None, " fine ", FeedbackOutcome.COMMENT_ONLY),
    ],
)
def test_every_answer_is_stored(
    connection: Connection, rating: int | None, comment: str | None, outcome: FeedbackOutcome
) -> None:
    assert rate(connection, rating, comment) is outcome
    row = connection.execute(select(feedback)).one()
    assert (row.rating, row.comment) == (rating, comment.strip() if comment else None)
    assert (row.sentiment, row.conversation_id, row.created_at) == (-0.4, "web-1", NOW)


@pytest.mark.parametrize(
    ("rating", "comment", "outcome"),
    [
        (0, "bad", FeedbackOutcome.OUT_OF_RANGE),
        (6, None, FeedbackOutcome.OUT_OF_RANGE),
        (None, "  ", FeedbackOutcome.EMPTY),
        (None, None, FeedbackOutcome.EMPTY),
    ],
)
def test_what_is_no_answer_is_not(
    connection: Connection, rating: int | None, comment: str | None, outcome: FeedbackOutcome
) -> None:
    assert rate(connection, rating, comment) is outcome
    assert connection.execute(select(feedback)).all() == []
