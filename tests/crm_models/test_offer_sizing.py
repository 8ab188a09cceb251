"""The response curve against a known truth, and discounts that are the same for equal cases."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import numpy as np
import pytest
from shop_fixture import NOW
from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection, Engine

from crm_models.errors import BadModel, BadTable
from crm_models.next_action.curve import (
    FILE_NAME,
    Response,
    ResponseCurve,
    fit_curve,
    read_curve,
    read_responses,
    save_curve,
)
from crm_models.next_action.kinds import Moment
from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.next_action.situation import Score, Situation, Sized
from crm_models.next_action.sizing import best_size, size_discount
from crm_models.offers import OfferKind, make_offer
from crm_models.tables import customers, decisions, orders, price_quotes

SIZES = (5, 10, 15, 20)
CURVE = ResponseCurve((0.0, 5.0, 10.0, 20.0), (0.20, 0.26, 0.30, 0.31), (100, 100, 100, 100), "response-1")


def policy_with(vary_share: float = 0.0, margin: float = 0.35) -> OfferPolicy:
    told = load_offer_policy().model_dump(by_alias=True)
    told["sizing"] |= {"vary_share": vary_share, "lines": {"audio": {"floor": 5, "cap": 20}}}
    told["economy"]["margin"] = margin
    return OfferPolicy.model_validate(told)


def truth(percent: int) -> float:
    return float(0.15 + 0.25 * (1 - np.exp(-percent / 8)))


def test_the_curve_is_found_and_never_falls() -> None:
    draw = np.random.default_rng(3)
    sizes = draw.choice([0, *SIZES], size=8000)
    responses = [Response(int(size), bool(draw.random() < truth(int(size))), 0.2) for size in sizes]
    curve = fit_curve(responses, NOW)
    assert curve.percents == (0.0, 5.0, 10.0, 15.0, 20.0)
    assert list(curve.rates) == sorted(curve.rates)
    for percent in (0, 5, 10, 15, 20):
        assert curve.rate(percent) == pytest.approx(truth(percent), abs=0.03)
    assert curve.rate(7.5) == pytest.approx((curve.rate(5) + curve.rate(10)) / 2)
    assert curve.rate(60) == curve.rate(20)


def test_what_the_policy_prefers_does_not_count_more() -> None:
    """Eager customers got the discount nine times of ten, the others one time of ten: the propensities set it right."""
    draw = np.random.default_rng(4)
    responses = []
    for _ in range(20_000):
        eager = draw.random() < 0.5
        chance = 0.9 if eager else 0.1
        given = draw.random() < chance
        ordered = draw.random() < (0.5 if eager else 0.1) + 0.1 * given
        responses.append(Response(10 * given, bool(ordered), chance if given else 1 - chance))
    curve = fit_curve(responses, NOW)
    assert curve.rate(0) == pytest.approx(0.3, abs=0.025)
    assert curve.uplift(10) == pytest.approx(0.1, abs=0.03)


def test_too_little_is_said_with_what_is_there() -> None:
    few = [Response(0, False, 0.5)] * 150 + [Response(10, True, 0.5)] * 20
    with pytest.raises(BadTable, match=r"150 with 0 %, 20 with 10 %.*exploration\.share"):
        fit_curve(few, NOW)
    with pytest.raises(BadTable, match="none at all"):
        fit_curve([], NOW)


def test_the_curve_is_kept_and_read_again(tmp_path: Path) -> None:
    assert read_curve(tmp_path) is None
    save_curve(CURVE, tmp_path / "crm")
    assert read_curve(tmp_path / "crm") == CURVE
    (tmp_path / FILE_NAME).write_text("{}", encoding="utf-8")
    with pytest.raises(BadModel, match="rapport policy fit"):
        read_curve(tmp_path)


def test_the_smallest_size_that_brings_nearly_the_most() -> None:
    def brings(percent: int, stake: float) -> float:
        return CURVE.uplift(percent) * (0.35 * 6000 + stake) - CURVE.rate(percent) * percent / 100 * 6000

    policy = policy_with()
    values = {size: brings(size, 5000.0) for size in SIZES}
    assert max(values, key=values.__getitem__) == 10
    assert best_size(SIZES, CURVE, policy, "audio", 5000.0) == 10
    assert best_size(SIZES, CURVE, policy, "audio", 0.0) == 5
    flat = replace(CURVE, rates=(0.2, 0.2599, 0.26, 0.26))
    assert best_size(SIZES, flat, policy, "audio", 50_000.0) == 5  # twice the discount for next to nothing more
    assert best_size(SIZES, replace(CURVE, rates=(0.2,) * 4), policy, "audio", 5000.0) == 5


def situation(customer: str = "C-1", line: str = "audio", tier_percent: int = 15, **more: object) -> Situation:
    scores = {"churn": Score(0.8, "at_risk", NOW), "value": Score(20_000.0, "middle", NOW)}
    found = Situation(customer, Moment.FEEDBACK, NOW, line=line, tier_percent=tier_percent, scores=scores)
    return replace(found, **more)  # type: ignore[arg-type]


def test_equal_cases_get_the_same_discount_all_day_whatever_is_drawn(shop: Connection) -> None:
    policy, rng = policy_with(vary_share=1.0), random.Random(2)
    sized = [size_discount(shop, situation(f"C-{number}"), policy, CURVE, rng) for number in range(20)]
    assert len({each.percent for each in sized if each is not None}) == 1
    days = [situation(now=NOW + timedelta(days=day)) for day in range(40)]
    drawn = {each.percent for day in days if (each := size_discount(shop, day, policy, CURVE, rng)) is not None}
    assert drawn == set(SIZES) - {20}, "the tier gets 15 at most"


def test_other_cases_have_quotes_of_their_own(shop: Connection) -> None:
    policy, rng = policy_with(), random.Random(2)
    for tier in ("basic", "gold"):
        size_discount(shop, situation(tier=tier), policy, CURVE, rng)
    keys = shop.execute(select(price_quotes.c.case_key).order_by(price_quotes.c.case_key)).scalars().all()
    assert keys == ["audio|basic|at_risk|middle", "audio|gold|at_risk|middle"]


def test_a_line_that_is_not_listed_is_not_sized(shop: Connection) -> None:
    assert size_discount(shop, situation(line="lighting"), policy_with(), CURVE, random.Random(1)) is None
    assert size_discount(shop, situation(), load_offer_policy(), CURVE, random.Random(1)) is None
    assert shop.execute(select(func.count()).select_from(price_quotes)).scalar_one() == 0


def test_the_effect_of_a_smaller_discount_is_that_of_the_curve(shop: Connection) -> None:
    sized = size_discount(shop, situation(tier_percent=10), policy_with(), CURVE, random.Random(1))
    assert sized is not None
    assert sized.effect_factor == pytest.approx(CURVE.uplift(sized.percent) / CURVE.uplift(10))
    assert sized.curve_version == "response-1"


def test_no_size_is_thought_of_that_the_tier_does_not_get(shop: Connection) -> None:
    steep = replace(CURVE, rates=(0.1, 0.11, 0.12, 0.6))  # twenty percent would be best by far
    sized = size_discount(shop, situation(tier_percent=10), policy_with(), steep, random.Random(1))
    assert sized is not None and sized.percent <= 10
    assert sized.effect_factor <= 1.0, "no effect is counted of a discount that is not made"
    poor = situation("C-2", tier_percent=3, tier="new")
    assert size_discount(shop, poor, policy_with(), steep, random.Random(1)) == Sized(3, 1.0, "response-1")


def test_a_discount_that_holds_longer_is_used_more_and_made_smaller() -> None:
    told = policy_with().model_dump(by_alias=True)
    told["actions"]["retention_offer"]["valid_days"] = 365
    assert best_size(SIZES, CURVE, policy_with(), "audio", 5000.0) == 10
    assert best_size(SIZES, CURVE, OfferPolicy.model_validate(told), "audio", 5000.0) == 5


def test_two_conversations_of_a_case_at_once_get_one_quote(shop_engine: Engine) -> None:
    start, found = Barrier(4), list[int]()

    def quote(number: int) -> None:
        start.wait()
        with shop_engine.begin() as connection:
            sized = size_discount(connection, situation(f"C-{number}"), policy_with(1.0), CURVE, random.Random(number))
        assert sized is not None
        found.append(sized.percent)

    threads = [Thread(target=quote, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1


def test_what_became_of_decisions_is_read_from_the_orders(shop: Connection) -> None:
    at = NOW - timedelta(days=60)
    for customer_id, ordered_after, refused in (("C-A", 5, {}), ("C-B", 40, {}), ("C-C", 5, {"refused": "no_consent"})):
        shop.execute(insert(customers).values(customer_id=customer_id, tier="basic", created_at=at, language="en"))
        placed = at + timedelta(days=ordered_after)
        shop.execute(
            insert(orders).values(order_id=f"O-{customer_id}", customer_id=customer_id, status="delivered",
                                  placed_at=placed, items_modified=False, shipping_cents=0, discount_cents=0)
        )  # fmt: skip
        offer = make_offer(shop, customer_id=customer_id, conversation_id=None, kind=OfferKind.RETENTION, reason="r",
                           model_version=None, now=at, valid=timedelta(days=30), percent_off=10)  # fmt: skip
        given = customer_id != "C-C"
        shop.execute(
            insert(decisions).values(
                customer_id=customer_id, moment="feedback", action="retention_offer" if given else "answer_only",
                reason="may_leave", value_cents=1.0, cost_cents=1.0, propensity=0.9, policy_version="1",
                alternatives=[{"action": "retention_offer", **refused}], model_versions={}, created_at=at,
                offer_id=offer.offer_id if given else None,
            )
        )  # fmt: skip
    assert sorted(read_responses(shop, NOW), key=lambda each: each.ordered) == [
        Response(10, False, 0.9),
        Response(10, True, 0.9),
    ]
    assert read_responses(shop, at + timedelta(days=29)) == []
