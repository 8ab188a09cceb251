"""Which customers are one person: certain links, scores, households, review, and undoing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection, Engine

from crm_models.errors import BadLink
from crm_models.gaps import GapKind, GapSort, list_gaps
from crm_models.tables import customer_links, customers, identities, profile_facts
from crm_models.view import links
from crm_models.view.clusters import LARGEST, LinkMethod, LinkStatus, decide
from crm_models.view.data_gaps import note_gaps
from crm_models.view.linking import Scored, score_pairs
from crm_models.view.person import person_of
from crm_models.view.records import Record, as_table, record_of
from crm_models.view.rules import HOUSEHOLD, apart, certain_pairs

NOW = datetime(2026, 11, 1, 12)
TODAY = date(2026, 11, 1)
FIRST = [
    "anna",
    "ben",
    "clara",
    "david",
    "eva",
    "felix",
    "greta",
    "hugo",
    "ida",
    "jonas",
    "karla",
    "lars",
    "mona",
    "nils",
    "olga",
    "paul",
    "rosa",
    "sven",
    "tina",
    "uwe",
]
LAST = [
    "adler",
    "becker",
    "cramer",
    "dorn",
    "ebert",
    "fuchs",
    "gross",
    "hahn",
    "jung",
    "keller",
    "lang",
    "maier",
    "nowak",
    "otto",
    "pohl",
    "roth",
    "sommer",
    "wolf",
]
STREETS = [
    "birch rd",
    "oak lane",
    "mill street",
    "station road",
    "church lane",
    "park avenue",
    "high street",
    "quay street",
]


def person(record_id: str, **raw: object) -> Record:
    return record_of(record_id, raw, country="GB", today=TODAY)


def add(connection: Connection, customer_id: str, facts: dict[str, str] | None = None, **values: object) -> None:
    connection.execute(
        insert(customers).values(customer_id=customer_id, language="en", tier="basic", created_at=NOW, **values)
    )
    for field, value in (facts or {}).items():
        connection.execute(
            insert(profile_facts).values(
                customer_id=customer_id, field=field, value=value, source="file.csv", source_kind="import",
                as_of=NOW, confidence=0.6,
            )
        )  # fmt: skip


def two_of_one_person(connection: Connection) -> None:
    """One phone number and one name, written in two ways."""
    add(connection, "A", first_name="Zoë", last_name="Müller", phone="01632 960001", email="zoe@example.org")
    add(connection, "B", first_name="Zoe", last_name="MULLER", phone="+44 1632 960001", email="z.m@example.net")


def made_up(count: int = 400) -> tuple[list[Record], list[Record]]:
    """Persons, and the same with a slip in each."""
    random = Random(7)
    clean, slipped = [], []
    for number in range(count):
        born = date(1940, 1, 1) + timedelta(days=random.randrange(25_000))
        raw = {
            "first_name": random.choice(FIRST),
            "last_name": random.choice(LAST) + random.choice(["", "mann", "s", "er"]),
            "address1": f"{random.randrange(1, 200)} {random.choice(STREETS)}",
            "postcode": str(random.randrange(1000, 9999)),
            "birth_date": f"{born:%Y%m%d}",
        }
        clean.append(person(f"a{number:04}", **raw))
        slip = random.choice(["first_name", "last_name", "postcode", "birth_date", "address1"])
        letters = list(str(raw[slip]))
        place = random.randrange(len(letters) - 1)
        letters[place], letters[place + 1] = letters[place + 1], letters[place]
        slipped.append(person(f"b{number:04}", **(raw | {slip: "".join(letters)})))
    return clean, slipped


def test_persons_with_a_slip_are_found_without_a_label_and_the_same_every_time() -> None:
    clean, slipped = made_up()
    scored = score_pairs(as_table(clean), as_table(slipped))
    decided = decide([*clean, *slipped], scored).new
    found = {each.pair for each in decided if each.status is LinkStatus.LINKED}
    truth = {(f"a{number:04}", f"b{number:04}") for number in range(400)}
    assert len(found & truth) >= 375
    assert len({each.pair for each in decided} & truth) >= 390
    assert len(found - truth) <= 4
    best = scored[0]
    assert best.probability > 0.99
    assert best.evidence[0][1] > 0
    assert {says for says, _ in best.evidence} & {"the same date of birth", "the same last name"}
    assert score_pairs(as_table(clean), as_table(slipped))[:50] == scored[:50]


def test_too_few_columns_give_no_scores() -> None:
    assert score_pairs(as_table([person("a", email="x@example.org"), person("b", email="y@example.org")])) == []


def test_the_same_phone_and_name_is_linked_although_written_in_two_ways(connection: Connection) -> None:
    two_of_one_person(connection)
    report = links.link_customers(connection, NOW, country="GB")
    assert report.linked["rule"] == 1
    assert person_of(connection, "B") == ("A", "B")
    [link] = links.list_links(connection, LinkStatus.LINKED)
    assert link.method is LinkMethod.RULE
    assert link.evidence[0][0] == "the same phone number and name"


def test_a_phone_number_alone_links_nobody() -> None:
    records = [
        person("a", first_name="Ann", last_name="Lee", phone="01632 960001"),
        person("b", first_name="Tom", last_name="Lee", phone="01632 960001"),
    ]
    assert certain_pairs(records) == {}


def test_a_verified_address_links_and_an_unverified_one_does_not(connection: Connection) -> None:
    for customer_id, name in (("A", "Ann"), ("B", "Annette")):
        add(connection, customer_id, first_name=name, last_name="Lee", email="ann.lee@gmail.com")
    assert links.link_customers(connection, NOW).linked["rule"] == 0
    for customer_id, value in (("A", "ann.lee@gmail.com"), ("B", "annlee@gmail.com")):
        connection.execute(insert(identities).values(kind="email", value=value, customer_id=customer_id, linked_at=NOW))
        connection.execute(customers.update().where(customers.c.customer_id == customer_id).values(email=value))
    links.link_customers(connection, NOW)
    assert person_of(connection, "A") == ("A", "B")


def test_a_household_is_not_one_person() -> None:
    same = {"last_name": "Lee", "address1": "12 Oak Lane", "postcode": "AB1 2CD", "phone": "01632 960001"}
    ann, tom = person("a", first_name="Ann", **same), person("b", first_name="Tom", **same)
    assert apart(ann, tom) == HOUSEHOLD
    sure = Scored("a", "b", 0.999, 10.0, (("the same last name", 5.0),))
    found = decide([ann, tom], [sure])
    assert found.new == () and found.kept_apart == 1


def test_twins_are_looked_at() -> None:
    same = {"last_name": "Lee", "address1": "12 Oak Lane", "birth_date": "19900102"}
    reason = apart(person("a", first_name="Ann", **same), person("b", first_name="Tom", **same))
    assert reason is not None and "twins" in reason


@pytest.mark.parametrize("other", ["Bob", "R.", "Rob", "Robert", "Roberto"])
def test_short_forms_and_initials_are_no_other_name(other: str) -> None:
    same = {"last_name": "Lee", "address1": "12 Oak Lane"}
    assert apart(person("a", first_name="Robert", **same), person("b", first_name=other, **same)) is None


def test_different_dates_of_birth_stop_a_link_and_day_and_month_exchanged_do_not() -> None:
    ann = person("a", first_name="Ann", last_name="Lee", birth_date="1990-02-11")
    assert apart(ann, person("b", first_name="Ann", last_name="Lee", birth_date="1990-11-02")) is None
    reason = apart(ann, person("c", first_name="Ann", last_name="Lee", birth_date="1964-07-30"))
    assert reason is not None and "19640730" in reason


def test_a_chain_of_likely_pairs_does_not_tie_strangers_together() -> None:
    records = [
        person("a", first_name="Ann", last_name="Lee", birth_date="1990-02-11", postcode="AB1 2CD"),
        person("b", first_name="Ann", last_name="Lee", postcode="AB1 2CD"),
        person("c", first_name="Ann", last_name="Lee", birth_date="1964-07-30", postcode="AB1 2CD"),
    ]
    scored = [Scored("a", "b", 0.999, 10.0, ()), Scored("b", "c", 0.995, 8.0, ())]
    first, second = decide(records, scored).new
    assert first.pair == ("a", "b") and first.status is LinkStatus.LINKED
    assert second.status is LinkStatus.REVIEW
    assert "a and c: different dates of birth" in (second.reason or "")


def test_a_name_alone_links_nobody_however_likely_it_seems() -> None:
    """Mailboxes are made of names: a similar one says nothing that the name has not said."""
    records = [
        person("a", first_name="Ann", last_name="Lee", email="ann.lee1@example.org", postcode="AB1 2CD"),
        person("b", first_name="Ann", last_name="Lee", email="ann.lee7@example.org", postcode="XY9 8ZZ"),
    ]
    [found] = decide(records, [Scored("a", "b", 0.999, 10.0, ())]).new
    assert found.status is LinkStatus.REVIEW and found.reason == "alike in their names alone"


def test_a_large_group_is_looked_at_before_it_grows() -> None:
    records = [person(f"r{number}", first_name="Ann", last_name="Lee", postcode="1") for number in range(LARGEST + 1)]
    scored = [Scored("r0", f"r{number}", 0.999, 10.0, ()) for number in range(1, LARGEST + 1)]
    *linked, last = decide(records, scored).new
    assert all(each.status is LinkStatus.LINKED for each in linked)
    assert last.status is LinkStatus.REVIEW and str(LARGEST) in (last.reason or "")


def test_a_link_can_be_undone_and_is_not_made_again(connection: Connection) -> None:
    two_of_one_person(connection)
    before = connection.execute(select(customers).order_by(customers.c.customer_id)).all()
    links.link_customers(connection, NOW, country="GB")
    links.unlink(connection, "B", "A", "mara", NOW, "mother and daughter")
    assert person_of(connection, "A") == ("A",)
    assert sum(links.link_customers(connection, NOW, country="GB").linked.values()) == 0
    [link] = links.list_links(connection, LinkStatus.REJECTED)
    assert (link.decided_by, link.reason) == ("mara", "mother and daughter")
    assert link.evidence[0][0] == "the same phone number and name"
    assert connection.execute(select(customers).order_by(customers.c.customer_id)).all() == before
    links.link_by_hand(connection, "A", "B", "mara", NOW, "one after all")
    assert person_of(connection, "A") == ("A", "B")


def test_linking_twice_adds_nothing(connection: Connection) -> None:
    two_of_one_person(connection)
    links.link_customers(connection, NOW, country="GB")
    again = links.link_customers(connection, NOW, country="GB")
    assert sum(again.linked.values()) == 0 and again.review == 0
    assert connection.execute(select(func.count()).select_from(customer_links)).scalar_one() == 1


def waiting(connection: Connection, left: str, right: str) -> int:
    result = connection.execute(
        insert(customer_links).values(
            left_id=left, right_id=right, status="review", method="model", probability=0.7,
            evidence=[{"says": "the same last name", "weight": 4.0}], created_at=NOW, changed_at=NOW,
        )
    )  # fmt: skip
    return int(result.inserted_primary_key[0])


def test_a_reviewed_pair_is_remembered(connection: Connection) -> None:
    for customer_id in "ABCD":
        add(connection, customer_id, last_name="Lee")
    accepted, rejected = waiting(connection, "A", "B"), waiting(connection, "C", "D")
    links.resolve_review(connection, accepted, True, "mara", NOW)
    links.resolve_review(connection, rejected, False, "mara", NOW)
    assert person_of(connection, "A") == ("A", "B") and person_of(connection, "C") == ("C",)
    assert links.list_links(connection, LinkStatus.REVIEW) == []
    with pytest.raises(BadLink, match=r"does not wait for review: it is rejected"):
        links.resolve_review(connection, rejected, True, "mara", NOW)


def test_accepting_cannot_join_what_was_rejected(connection: Connection) -> None:
    for customer_id in "ABC":
        add(connection, customer_id, last_name="Lee")
    links.resolve_review(connection, waiting(connection, "A", "C"), False, "mara", NOW)
    links.resolve_review(connection, waiting(connection, "A", "B"), True, "mara", NOW)
    with pytest.raises(BadLink, match="one person of A and C"):
        links.resolve_review(connection, waiting(connection, "B", "C"), True, "mara", NOW)


def test_what_cannot_be_linked_or_undone_is_said(connection: Connection) -> None:
    for customer_id in "ABC":
        add(connection, customer_id, last_name="Lee")
    links.link_by_hand(connection, "A", "B", "mara", NOW, "")
    links.link_by_hand(connection, "B", "C", "mara", NOW, "")
    with pytest.raises(BadLink, match="by way of B"):
        links.unlink(connection, "A", "C", "mara", NOW, "")
    with pytest.raises(BadLink, match="no customer 'X'"):
        links.link_by_hand(connection, "A", "X", "mara", NOW, "")
    with pytest.raises(BadLink, match="one customer already"):
        links.link_by_hand(connection, "A", "A", "mara", NOW, "")


def test_a_pair_that_waits_is_a_gap_once(connection: Connection) -> None:
    for customer_id in "AB":
        add(connection, customer_id, last_name="Lee")
    waiting(connection, "A", "B")
    note_gaps(connection, NOW)
    assert note_gaps(connection, NOW) == 0
    found = [gap for gap in list_gaps(connection, sort=GapSort.DATA) if gap.kind is GapKind.DUPLICATE]
    assert [gap.evidence["other"] for gap in found] == ["B"]


def test_links_work_in_every_database(shop_engine: Engine) -> None:
    with shop_engine.begin() as connection:
        two_of_one_person(connection)
        links.link_customers(connection, NOW, country="GB")
        assert person_of(connection, "A") == ("A", "B")
        links.unlink(connection, "A", "B", "mara", NOW, "no")
        assert person_of(connection, "A") == ("A",)
