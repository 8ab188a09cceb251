"""Experiments as a server sees them: the customer's variant, noted once, and never in the way of a reply."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from experiment_fixture import START, after, started
from sqlalchemy import select, text
from sqlalchemy.engine import Engine

from crm_models.experiments.assignment import in_holdout, variant_of
from crm_models.experiments.experiment import Subject
from crm_models.experiments.exposure import Exposure, log_exposures
from crm_models.experiments.live import LiveExperiments
from crm_models.experiments.participation import Participation
from crm_models.experiments.store import stop_experiment
from crm_models.shop_policy import ShopPolicy, write_policy
from crm_models.tables import exposures
from crm_models.view.links import link_by_hand

ADA, BEN = "C-000001", "C-000002"
KEY = "utter_loyalty_points"
OTHER = "utter_loyalty_points_as_discount"


def taking_part(live: LiveExperiments, connection: object, customer_id: str | None) -> Participation:
    return Participation(live, connection, customer_id, "web-1", START)  # type: ignore[arg-type]


def test_a_customer_hears_their_variant_and_it_is_noted(shop_engine: Engine) -> None:
    live = LiveExperiments()
    with shop_engine.begin() as connection:
        experiment = started(connection)
    with shop_engine.begin() as connection:
        for customer_id in (ADA, BEN):
            variant = variant_of(experiment, customer_id, 0.05)
            assert variant is not None
            mine = taking_part(live, connection, customer_id)
            assert mine.settings(Subject.REPLY, "utter_greet") == {} and mine.shown == []
            assert mine.settings(Subject.OFFER) == {}
            assert mine.settings(Subject.REPLY, KEY) == dict(variant.settings)
            assert [(each.customer_id, each.variant) for each in mine.shown] == [(customer_id, variant.name)]


def test_nobody_else_is_in_an_experiment(shop_engine: Engine) -> None:
    with shop_engine.begin() as connection:
        started(connection)
        visitor = taking_part(LiveExperiments(), connection, None)
        assert visitor.settings(Subject.REPLY, KEY) == {} and visitor.shown == [] and not visitor.in_holdout
        write_policy(connection, ShopPolicy(holdout_share=0.5))
        for customer_id in (ADA, BEN):
            mine = taking_part(LiveExperiments(), connection, customer_id)
            assert mine.in_holdout is in_holdout(customer_id, 0.5)
            if mine.in_holdout:
                assert mine.settings(Subject.REPLY, KEY) == {} and mine.shown == []


def test_two_records_of_a_person_get_one_variant(shop_engine: Engine) -> None:
    with shop_engine.begin() as connection:
        started(connection)
        link_by_hand(connection, ADA, BEN, "staff", START, "same")
        one, other = (taking_part(LiveExperiments(), connection, each) for each in (ADA, BEN))
        assert one.settings(Subject.REPLY, KEY) == other.settings(Subject.REPLY, KEY)
        assert {each.customer_id for each in (*one.shown, *other.shown)} == {ADA}


def test_a_stop_is_noticed(shop_engine: Engine) -> None:
    patient, quick = LiveExperiments(fresh_seconds=3600), LiveExperiments(fresh_seconds=0)
    with shop_engine.begin() as connection:
        started(connection)
        assert taking_part(patient, connection, ADA).running(Subject.REPLY)
        assert taking_part(quick, connection, ADA).running(Subject.REPLY)
        stop_experiment(connection, "warm-points", "by hand", after(1))
        assert taking_part(patient, connection, ADA).running(Subject.REPLY)
        assert not taking_part(quick, connection, ADA).running(Subject.REPLY)


def test_the_first_of_two_exposures_at_once_stays(shop_engine: Engine) -> None:
    with shop_engine.begin() as connection:
        experiment = started(connection)
    start, failed = Barrier(4), list[BaseException]()

    def show(number: int) -> None:
        start.wait()
        try:
            with shop_engine.begin() as connection:
                log_exposures(connection, [Exposure(experiment.experiment_id, ADA, "warm", f"web-{number}", START)])
        except BaseException as error:
            failed.append(error)

    threads = [Thread(target=show, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with shop_engine.connect() as connection:
        assert len(connection.execute(select(exposures)).all()) == 1


def test_what_was_noted_is_not_written_again(shop_engine: Engine) -> None:
    live = LiveExperiments()
    with shop_engine.begin() as connection:
        started(connection)
    shown = [Exposure("warm-points", ADA, "warm", "web-1", START)]
    live.log(shop_engine, shown)
    with shop_engine.begin() as connection:
        connection.execute(exposures.delete())
    live.log(shop_engine, shown)
    with shop_engine.connect() as connection:
        assert connection.execute(select(exposures)).all() == []


def test_experiments_that_cannot_be_read_or_noted_harm_nobody(
    shop_engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    live = LiveExperiments(fresh_seconds=0)
    with shop_engine.begin() as connection:
        started(connection)
        connection.execute(text("UPDATE experiments SET subject = 'weather'"))
        write_policy(connection, ShopPolicy(holdout_share=0.3))
        mine = taking_part(live, connection, ADA)
        assert mine.settings(Subject.REPLY, KEY) == {}
        assert mine.in_holdout  # she is at 0.27, and stays there
        # the reply's own transaction goes on
        write_policy(connection, ShopPolicy(holdout_share=0.1))
    assert "could not be read" in caplog.text
    live.log(shop_engine, [Exposure("no-such-experiment", ADA, "warm", "web-1", START)])
    assert "could not be noted" in caplog.text
