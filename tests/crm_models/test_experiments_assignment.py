"""Who gets which variant: stable, in the shares wanted, never in two experiments of a layer, never in the holdout."""

from __future__ import annotations

from collections import Counter

import pytest
from experiment_fixture import started
from sqlalchemy.engine import Connection

from crm_models.errors import BadExperiment
from crm_models.experiments.assignment import in_holdout, place_of, variant_of

PEOPLE = [f"C-{number:06d}" for number in range(20_000)]


def test_the_place_of_a_person_never_changes() -> None:
    # Written down: another hash would move every customer of every running experiment.
    assert place_of("C-000001", "holdout") == pytest.approx(0.26665337051210664, abs=1e-15)
    assert place_of("bc", "a") != place_of("c", "ab")


def test_variants_have_their_shares_and_customers_keep_theirs(connection: Connection) -> None:
    variants = [
        {"name": "control", "share": 0.5},
        {"name": "one", "share": 0.3, "settings": {"utter_a": "utter_a_b"}},
        {"name": "two", "settings": {"utter_a": "utter_a_c"}},
    ]
    experiment = started(connection, variants=variants)
    drawn = [variant_of(experiment, each, 0.0) for each in PEOPLE]
    counts = Counter(each.name for each in drawn if each is not None)
    assert sum(counts.values()) == len(PEOPLE)
    assert counts["control"] / len(PEOPLE) == pytest.approx(0.5, abs=0.015)
    assert counts["two"] / len(PEOPLE) == pytest.approx(0.2, abs=0.015)
    assert drawn == [variant_of(experiment, each, 0.0) for each in PEOPLE]


def test_experiments_of_a_layer_share_nobody_and_those_of_two_layers_are_independent(connection: Connection) -> None:
    one = started(connection, name="one", traffic=0.4)
    two = started(connection, name="two", traffic=0.6)
    other = started(connection, name="other", subject="model", layer="models", variants=[
        {"name": "control"}, {"name": "new", "settings": {"recommendation": "v2"}}])  # fmt: skip
    inside = {each for each in PEOPLE if variant_of(one, each, 0.0)}
    assert len(inside) / len(PEOPLE) == pytest.approx(0.4, abs=0.015)
    assert not inside & {each for each in PEOPLE if variant_of(two, each, 0.0)}
    new = {each for each in PEOPLE if (found := variant_of(other, each, 0.0)) and found.name == "new"}
    assert len(inside & new) / len(inside) == pytest.approx(0.5, abs=0.02)


def test_a_layer_without_room_says_how_much_is_left(connection: Connection) -> None:
    started(connection, name="one", traffic=0.7)
    with pytest.raises(BadExperiment, match=r"no room for 50% .*at most 30%"):
        started(connection, name="two", traffic=0.5)
    started(connection, name="three", traffic=0.3)
    with pytest.raises(BadExperiment, match="nothing is left"):
        started(connection, name="four", traffic=0.01)


def test_two_layers_may_not_change_the_same(connection: Connection) -> None:
    started(connection, name="one", traffic=0.5)
    with pytest.raises(BadExperiment, match="changes utter_loyalty_points too"):
        started(connection, name="two", layer="elsewhere")


def test_the_holdout_is_in_no_experiment_and_a_larger_one_keeps_it(connection: Connection) -> None:
    experiment = started(connection)
    held = {each for each in PEOPLE if in_holdout(each, 0.05)}
    assert len(held) / len(PEOPLE) == pytest.approx(0.05, abs=0.006)
    assert held <= {each for each in PEOPLE if in_holdout(each, 0.1)}
    assert not any(variant_of(experiment, each, 0.05) for each in held)
    assert not any(in_holdout(each, 0.0) for each in PEOPLE)
