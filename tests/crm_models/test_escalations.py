import threading
from datetime import timedelta
from pathlib import Path

import pytest
from people import NOW, add_customer
from sqlalchemy import insert
from sqlalchemy.engine import Connection, Engine

from crm_models.database import create_engine, migrate, reading
from crm_models.escalations import (
    ReleaseOutcome,
    RequestOutcome,
    TakeOutcome,
    get_escalation,
    give_back,
    owner_of,
    queue,
    request_person,
    take,
    undo_take,
    withdraw_request,
)
from crm_models.identity import open_conversation
from crm_models.tables import messages, predictions, staff

MARA, JONAS = 1, 2


def add_staff(connection: Connection) -> None:
    for number, name in ((MARA, "Mara"), (JONAS, "Jonas")):
        connection.execute(
            insert(staff).values(
                staff_id=number, username=name.lower(), display_name=name, password_hash="-", role="agent"
            )
        )


@pytest.fixture
def shop(connection: Connection) -> Connection:
    add_staff(connection)
    add_customer(connection, tier="gold")
    return connection


def ask(connection: Connection, conversation_id: str = "web-1", minutes: int = 0) -> int:
    when = NOW + timedelta(minutes=minutes)
    outcome, number = request_person(connection, conversation_id, "C-000001", "angry", when)
    assert outcome is RequestOutcome.REQUESTED
    return number


def test_asking_twice_is_one_place_in_the_queue(shop: Connection) -> None:
    number = ask(shop)
    again = request_person(shop, "web-1", "C-000001", "still angry", NOW)
    assert again == (RequestOutcome.ALREADY_WAITING, number)
    take(shop, number, MARA, NOW)
    again = request_person(shop, "web-1", "C-000001", "hello?", NOW)
    assert again == (RequestOutcome.ALREADY_TAKEN, number)
    assert len(queue(shop)) == 1


def test_after_it_was_given_back_asking_is_a_new_place(shop: Connection) -> None:
    first = ask(shop)
    take(shop, first, MARA, NOW)
    assert give_back(shop, first, MARA, NOW) is ReleaseOutcome.RELEASED
    assert ask(shop) != first


def test_the_queue_shows_who_waits_longest_first_and_what_is_known(shop: Connection) -> None:
    later, first, taken = ask(shop, "web-2", 5), ask(shop, "web-1", 1), ask(shop, "web-3")
    take(shop, taken, JONAS, NOW + timedelta(minutes=6))
    for event, sentiment in (("1", 0.2), ("2", -0.8), ("3", None)):
        shop.execute(
            insert(messages).values(
                event_id=event,
                conversation_id="web-1",
                author="customer",
                text="...",
                sentiment=sentiment,
                created_at=NOW,
            )
        )
    for model, value in (("churn", 0.7), ("segment", 3.0)):
        shop.execute(
            insert(predictions).values(
                customer_id="C-000001", model=model, value=value, model_version="1", scored_at=NOW
            )
        )
    items = queue(shop)
    assert [item.escalation_id for item in items] == [first, later, taken]
    assert (items[0].sentiment, items[0].churn_risk, items[0].tier) == (-0.8, 0.7, "gold")
    assert (items[0].customer_name, items[0].reason) == ("Ada Miller", "angry")
    assert (items[2].status, items[2].staff_name, items[1].sentiment) == ("taken", "Jonas", None)


def test_an_anonymous_visitor_waits_too(shop: Connection) -> None:
    request_person(shop, "web-9", None, "asked", NOW)
    (item,) = queue(shop)
    assert (item.customer_id, item.customer_name, item.churn_risk) == (None, None, None)


def test_one_person_owns_a_conversation(shop: Connection) -> None:
    number = ask(shop)
    assert owner_of(shop, "web-1") is None
    assert take(shop, number, MARA, NOW) is TakeOutcome.TAKEN
    assert take(shop, number, MARA, NOW) is TakeOutcome.ALREADY_YOURS
    assert take(shop, number, JONAS, NOW) is TakeOutcome.TAKEN_BY_OTHER
    assert owner_of(shop, "web-1") == MARA
    assert give_back(shop, number, JONAS, NOW) is ReleaseOutcome.NOT_YOURS
    assert undo_take(shop, number, JONAS) is ReleaseOutcome.NOT_YOURS
    assert give_back(shop, number, MARA, NOW) is ReleaseOutcome.RELEASED
    assert give_back(shop, number, MARA, NOW) is ReleaseOutcome.NOT_YOURS
    assert (owner_of(shop, "web-1"), queue(shop)) == (None, [])
    assert take(shop, number, JONAS, NOW) is TakeOutcome.CLOSED
    assert take(shop, 999, JONAS, NOW) is TakeOutcome.CLOSED
    closed = get_escalation(shop, number)
    assert closed is not None and (closed.status, closed.staff_name) == ("closed", "Mara")


def test_undoing_leads_back_to_the_old_place(shop: Connection) -> None:
    first = ask(shop)
    second = ask(shop, "web-2", 1)
    take(shop, first, MARA, NOW + timedelta(minutes=2))
    assert undo_take(shop, first, MARA) is ReleaseOutcome.RELEASED
    assert [item.escalation_id for item in queue(shop)] == [first, second]
    assert (owner_of(shop, "web-1"), queue(shop)[0].taken_at) == (None, None)


def test_a_customer_who_no_longer_waits_leaves_the_queue(shop: Connection) -> None:
    number = ask(shop)
    assert withdraw_request(shop, "web-1", NOW)
    assert not withdraw_request(shop, "web-1", NOW)
    assert take(shop, number, MARA, NOW) is TakeOutcome.CLOSED
    taken = ask(shop)
    take(shop, taken, MARA, NOW)
    assert not withdraw_request(shop, "web-1", NOW)
    assert owner_of(shop, "web-1") == MARA


def race(engine: Engine) -> None:
    """Ten ask for a person at once, then two take the same conversation at once."""
    with engine.begin() as connection:
        add_staff(connection)
        open_conversation(connection, "web-1", "web", NOW)
    asked: list[RequestOutcome] = []
    taken: list[TakeOutcome] = []

    def asking() -> None:
        with engine.begin() as connection:
            asked.append(request_person(connection, "web-1", None, "asked", NOW)[0])

    def taking(number: int, staff_id: int) -> None:
        with engine.begin() as connection:
            taken.append(take(connection, number, staff_id, NOW))

    run([threading.Thread(target=asking) for _ in range(10)])
    assert sorted(outcome.value for outcome in asked) == ["already_waiting"] * 9 + ["requested"]
    with reading(engine) as connection:
        (item,) = queue(connection)
    run([threading.Thread(target=taking, args=(item.escalation_id, who)) for who in (MARA, JONAS)])
    assert set(taken) == {TakeOutcome.TAKEN, TakeOutcome.TAKEN_BY_OTHER}


def run(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_everything_at_once_is_one_place_and_one_owner(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/rapport.db")
    migrate(engine)
    race(engine)


@pytest.mark.services
def test_everything_at_once_is_one_place_and_one_owner_on_postgresql(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    migrate(engine)
    race(engine)
    engine.dispose()
