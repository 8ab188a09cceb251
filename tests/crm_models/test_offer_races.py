"""Two conversations of one customer that end at the same moment, on every database."""

from __future__ import annotations

from threading import Barrier, Thread

from shop_fixture import NOW
from sqlalchemy import func, insert, select
from sqlalchemy.engine import Engine

from crm_models.consents import Purpose, set_consent
from crm_models.offers import accept_offer, decline_offer, propose_retention
from crm_models.shop_policy import ShopPolicy
from crm_models.tables import offers, predictions

ADA = "C-000001"


def test_a_customer_gets_one_discount_and_gives_one_answer(shop_engine: Engine) -> None:
    with shop_engine.begin() as connection:
        set_consent(connection, ADA, Purpose.PERSONALISATION, True, "shop", NOW)
        connection.execute(
            insert(predictions).values(
                customer_id=ADA, model="churn", value=0.9, label="at_risk", model_version="churn-1", scored_at=NOW
            )
        )
    start, outcomes, answers = Barrier(4), list[str](), list[bool]()

    def propose(number: int) -> None:
        start.wait()
        with shop_engine.begin() as connection:
            result = propose_retention(connection, ADA, f"web-{number}", ShopPolicy(), NOW)
        outcomes.append(result.outcome.value)
        start.wait()
        with shop_engine.begin() as connection:
            assert result.offer is not None
            answer = accept_offer if number % 2 else decline_offer
            answers.append(answer(connection, result.offer.offer_id, NOW))

    threads = [Thread(target=propose, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already_offered"] * 3 + ["offered"]
    assert sorted(answers) == [False, False, False, True]
    with shop_engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(offers)).scalar_one() == 1
