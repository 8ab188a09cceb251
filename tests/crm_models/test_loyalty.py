import random
from datetime import datetime, timedelta

import pytest
from people import NOW, add_customer
from sqlalchemy.engine import Connection

from crm_models.loyalty import EXPIRED, PointsBalance, add_points, points_balance, points_history
from crm_models.shop_policy import ShopPolicy

POLICY = ShopPolicy()
START = datetime(2024, 1, 31)


@pytest.fixture(autouse=True)
def ada(connection: Connection) -> None:
    add_customer(connection)


def book(connection: Connection, *entries: tuple[datetime, int]) -> None:
    for when, points in entries:
        add_points(connection, "C-000001", points, "order" if points > 0 else "voucher", when)


def balance(connection: Connection, now: datetime, policy: ShopPolicy = POLICY) -> PointsBalance:
    return points_balance(connection, "C-000001", policy, now)


def test_points_are_worth_a_cent_each(connection: Connection) -> None:
    book(connection, (NOW, 1234))
    assert balance(connection, NOW) == PointsBalance(1234, 1234, 0, None)


def test_points_expire_after_24_months_to_the_day(connection: Connection) -> None:
    book(connection, (START, 100))
    end = datetime(2026, 1, 31)
    assert balance(connection, end - timedelta(seconds=1)).points == 100
    assert balance(connection, end).points == 0


def test_a_day_that_the_month_lacks_is_its_last(connection: Connection) -> None:
    book(connection, (datetime(2024, 2, 29), 100))
    assert balance(connection, datetime(2026, 2, 27)).expiring_on == datetime(2026, 2, 28)


def test_the_oldest_points_are_spent_first(connection: Connection) -> None:
    book(connection, (START, 100), (START + timedelta(days=300), 50), (START + timedelta(days=400), -80))
    assert balance(connection, datetime(2026, 1, 1)) == PointsBalance(70, 70, 20, datetime(2026, 1, 31))
    assert balance(connection, datetime(2026, 2, 1)).points == 50


def test_a_shop_that_books_expiry_itself_does_not_lose_points_twice(connection: Connection) -> None:
    book(connection, (START, 100), (START + timedelta(days=300), 50))
    add_points(connection, "C-000001", -100, EXPIRED, datetime(2026, 1, 31))
    assert balance(connection, datetime(2026, 2, 1)).points == 50


def test_points_of_a_shop_without_expiry_stay(connection: Connection) -> None:
    book(connection, (START, 100))
    assert balance(connection, datetime(2036, 1, 1), ShopPolicy(points_expire_months=None)).points == 100


def test_the_balance_is_never_negative_and_agrees_with_counting_single_points(connection: Connection) -> None:
    """A second, naive implementation: every point is a thing with a date of its own."""
    chance = random.Random(7)
    when, single = START, list[datetime]()
    for _ in range(60):
        when += timedelta(days=chance.randint(0, 40))
        points = chance.choice([5, 9, 14, -6, -20])
        book(connection, (when, points))
        single = [point for point in single if point > when - timedelta(days=731)]
        single = single + [when] * points if points > 0 else single[-points:]
    # 24 months are 730 or 731 days: look on a day when no point is that old
    now = when + timedelta(days=1)
    ages = {(now - point).days for point in single}
    assert not ages & {729, 730, 731}
    assert balance(connection, now).points == len(single)


def test_history_is_newest_first(connection: Connection) -> None:
    book(connection, (START, 100), (NOW, -30))
    assert [(entry.points, entry.reason) for entry in points_history(connection, "C-000001")] == [
        (-30, "voucher"),
        (100, "order"),
    ]
    assert len(points_history(connection, "C-000001", limit=1)) == 1
