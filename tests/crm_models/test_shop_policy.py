import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection

from crm_models.database import create_engine, migrate
from crm_models.errors import BadPolicy
from crm_models.shop_policy import (
    ShopFacts,
    ShopPolicy,
    parse_policy,
    read_facts,
    read_policy,
    write_fact,
    write_facts,
    write_policy,
)


def test_a_shop_without_terms_of_its_own_has_the_demo_shops(connection: Connection) -> None:
    policy = read_policy(connection)
    assert [policy.terms(tier).return_days for tier in ("basic", "silver", "gold")] == [30, 45, 60]
    assert [policy.terms(tier).retention_percent for tier in ("basic", "silver", "gold")] == [10, 10, 15]
    assert policy.terms("platinum") == policy.terms("basic")
    assert [policy.next_tier(tier) for tier in ("basic", "silver", "gold")] == ["silver", "gold", None]
    assert read_facts(connection) == ShopFacts("Hearth & Volt", "EUR", "demo")


def test_written_terms_come_back_as_they_were(connection: Connection) -> None:
    policy = dataclasses.replace(ShopPolicy(), cancel_reasons=("changed_my_mind",), recommendations=False)
    write_policy(connection, policy)
    write_policy(connection, policy)
    write_facts(connection, ShopFacts("Mine", "USD", "own"))
    assert read_policy(connection) == policy
    assert read_facts(connection) == ShopFacts("Mine", "USD", "own")


def test_what_is_left_out_keeps_the_default(connection: Connection) -> None:
    write_fact(connection, "policy", {"price_match_days": 30, "tiers": {"all": {"return_days": None}}})
    policy = read_policy(connection)
    assert (policy.price_match_days, policy.refund_working_days) == (30, (5, 7))
    assert policy.terms("gold").return_days is None


def test_all_wrong_values_are_named_at_once() -> None:
    with pytest.raises(BadPolicy) as refusal:
        parse_policy(
            {
                "tiers": {"basic": {"return_days": -1, "discount": 5}},
                "cancel_reasons": ["Too late!"],
                "refund_targets": ["cash"],
                "return_window": 30,
            }
        )
    message = str(refusal.value)
    for part in ("tiers.basic.return_days is -1", "discount", "'Too late!'", "'cash'", "return_window"):
        assert part in message


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"refund_working_days": [7, 5]}, r"fewest, most.*\(7, 5\)"),
        ({"tiers": {}}, "tiers"),
        (
            {"tiers": {"a": {"reached_from_cents": 100}, "b": {"reached_from_cents": 50}}},
            r"lowest first.*\[100, 50\]",
        ),
    ],
)
def test_terms_that_contradict_each_other_are_refused(wrong: dict[str, object], reason: str) -> None:
    with pytest.raises(BadPolicy, match=reason):
        parse_policy(wrong)


def test_terms_that_are_no_object_are_refused(connection: Connection) -> None:
    write_fact(connection, "policy", ["return everything"])
    with pytest.raises(BadPolicy, match="must be an object"):
        read_policy(connection)


@pytest.mark.parametrize("make", [parse_policy, lambda told: ShopPolicy(**told)])
def test_a_term_that_is_set_elsewhere_now_is_told_where(make: Callable[[dict[str, Any]], ShopPolicy]) -> None:
    with pytest.raises((BadPolicy, ValueError), match=r"margin_share is now .*economy: margin:.*policy\.yml"):
        make({"margin_share": 0.4})


@pytest.mark.parametrize(("share", "told"), [(0.35, False), (0.4, True)])
def test_a_shop_from_before_keeps_its_terms_and_is_told_of_its_margin(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, share: float, told: bool
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/rapport.db")
    config = Config()
    config.set_main_option("script_location", "crm_models:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
        write_fact(connection, "policy", {"price_match_days": 30, "margin_share": share})
    migrate(engine)
    with engine.begin() as connection:
        assert read_policy(connection) == ShopPolicy(price_match_days=30)
    assert (f"economy: {{margin: {share}}}" in caplog.text) is told
    engine.dispose()
