"""A design as it is written: every mistake is told, with what to do."""

from __future__ import annotations

from typing import Any

import pytest
from experiment_fixture import design, started, written
from sqlalchemy.engine import Connection

from crm_models.errors import BadExperiment, UnknownExperiment
from crm_models.experiments.design import parse_design
from crm_models.experiments.store import find_experiment

CONTROL = {"name": "control"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"subject": "price"}, "subject is 'price'"),
        ({"variants": [CONTROL]}, "variants"),
        ({"variants": [CONTROL, {"name": "b"}]}, "the variant b has the settings of another one"),
        ({"variants": [CONTROL, {"name": "control", "settings": {"utter_a": "utter_a_b"}}]}, "two variants are called"),
        (
            {"variants": [CONTROL, {"name": "b", "settings": {"utter_a": "utter_b"}}]},
            "the setting utter_a of the variant b must be the name of a response, and the one said instead is called",
        ),
        (
            {
                "variants": [
                    {"name": "a", "share": 0.5},
                    {"name": "b", "share": 0.6, "settings": {"utter_a": "utter_a_b"}},
                ]
            },
            "sum to 1.1",
        ),
        ({"subject": "article"}, "must be `show` or `hide` with a list of articles"),
        ({"smallest_effect": 1.5}, "smallest_effect is 1.5; ordered is a share"),
        ({"guardrails": [{"metric": "ordered", "worse_by": 0.1}]}, "ordered is the metric and a guardrail"),
        ({"guardrails": [{"metric": "complaint", "worse_by": -0.1}]}, "guardrails.0.worse_by is -0.1"),
        ({"layer": "No Spaces"}, "layer is 'No Spaces'"),
        ({"metric": "margin"}, "margin needs baseline and deviation"),
        ({"until": "2027"}, "until is not known"),
    ],
)
def test_a_mistake_is_named(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(BadExperiment, match="cannot be made like this") as error:
        parse_design(written(**changes))
    assert told in str(error.value)


def test_all_mistakes_come_together() -> None:
    with pytest.raises(BadExperiment) as error:
        parse_design(written(level=0.9, traffic=0, hypothesis="no"))
    assert all(name in str(error.value) for name in ("level", "traffic", "hypothesis"))


def test_shares_that_are_not_given_are_equal() -> None:
    variants = [{"name": "control", "share": 0.6}, {"name": "b", "settings": {"utter_a": "utter_a_b"}},
                {"name": "c", "settings": {"utter_a": "utter_a_c"}}]  # fmt: skip
    assert [each.share for each in design(variants=variants).drawn()] == pytest.approx([0.6, 0.2, 0.2])


def test_what_is_stored_is_what_was_written(connection: Connection) -> None:
    guardrails = [{"metric": "complaint", "worse_by": 0.02, "within_days": 7}, {"metric": "margin", "worse_by": 1}]
    experiment = started(connection, guardrails=guardrails, traffic=0.25)
    assert find_experiment(connection, "warm-points") == experiment
    assert [each.within_days for each in experiment.guardrails] == [7, 14]
    assert (experiment.layer, experiment.layer_from, experiment.layer_to) == ("reply", 0.0, 0.25)
    assert experiment.others[0].settings == {"utter_loyalty_points": "utter_loyalty_points_as_discount"}
    with pytest.raises(BadExperiment, match="choose another name"):
        started(connection)
    with pytest.raises(UnknownExperiment, match="rapport experiment list"):
        find_experiment(connection, "warm")
