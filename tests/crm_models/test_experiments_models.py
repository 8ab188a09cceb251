"""Experiments on versions of models and on the policy for offers."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from experiment_fixture import crowd, started
from sqlalchemy import select
from sqlalchemy.engine import Connection, Engine
from trained_shop import TrainedShop

from crm_models.database import create_engine
from crm_models.errors import BadPolicy, UnknownVersion
from crm_models.experiments.assignment import variant_of
from crm_models.experiments.models import versions_tried
from crm_models.experiments.offer_terms import with_settings
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.registry.live import LiveModel
from crm_models.registry.versions import KEPT, add_version, current_version, prune, use_version, versions_of
from crm_models.scoring import score_all
from crm_models.tables import customers, predictions

CONTROL = {"name": "control"}


def tried(version: str) -> list[dict[str, object]]:
    return [CONTROL, {"name": "new", "settings": {"churn": version}}]


def test_each_customer_of_a_variant_is_named_with_its_version(connection: Connection) -> None:
    assert versions_tried(connection) == {}
    experiment = started(connection, subject="model", variants=tried("churn-1"))
    people = crowd(connection, 50)
    found = versions_tried(connection)["churn"]["churn-1"]
    assert found == {each for each in people if (v := variant_of(experiment, each, 0.05)) and v.name == "new"}
    assert 10 < len(found) < 40


def test_a_version_that_is_tried_is_not_removed(connection: Connection, tmp_path: Path) -> None:
    started(connection, subject="model", variants=tried("churn-0"))
    for number in range(KEPT + 3):
        add_version(tmp_path, "churn", f"churn-{number}", lambda folder: folder.mkdir())
        use_version(tmp_path, "churn", f"churn-{number}")
        prune(tmp_path, "churn", needed=versions_tried(connection)["churn"])
    assert versions_of(tmp_path, "churn")[-2:] == (f"churn-{3}", "churn-0")


def test_customers_of_a_variant_are_scored_by_its_version(
    demo_shop: Engine, trained_shop: TrainedShop, tmp_path: Path
) -> None:
    folder, shop = tmp_path / "models", tmp_path / "shop.db"
    shutil.copytree(trained_shop.folder, folder)
    current = current_version(folder, "churn")
    assert current is not None
    shutil.copytree(folder / "churn" / current, folder / "churn" / "churn-0")
    parameters = folder / "churn" / "churn-0" / "model.json"
    parameters.write_text(parameters.read_text().replace(current, "churn-0"))
    with closing(sqlite3.connect(str(demo_shop.url.database))) as source, closing(sqlite3.connect(shop)) as target:
        source.backup(target)
    copy = create_engine(f"sqlite:///{shop}")
    with copy.begin() as connection:
        experiment = started(connection, subject="model", variants=tried("churn-0"))
    report = score_all(copy, folder, trained_shop.now)
    with copy.connect() as connection:
        people = set(connection.execute(select(customers.c.customer_id)).scalars())
        rows = connection.execute(select(predictions.c.customer_id, predictions.c.model_version).where(
            predictions.c.model == "churn")).all()  # fmt: skip
    copy.dispose()
    new = {each for each in people if (v := variant_of(experiment, each, 0.05)) and v.name == "new"}
    assert {row.customer_id for row in rows if row.model_version == "churn-0"} == new & {
        row.customer_id for row in rows
    }
    assert len(rows) == report.scored["churn"] == len({row.customer_id for row in rows})
    assert {row.model_version for row in rows} == {current, "churn-0"}


def test_a_server_serves_two_versions_at_once(tmp_path: Path) -> None:
    reads: list[str] = []

    def load(folder: Path) -> str:
        reads.append(folder.name)
        return folder.name

    live = LiveModel(tmp_path, "churn", load)
    for name in ("churn-1", "churn-2"):
        add_version(tmp_path, "churn", name, lambda folder: folder.mkdir())
    use_version(tmp_path, "churn", "churn-2")
    assert [live.get(), live.get("churn-1"), live.get(), live.get("churn-1")] == ["churn-2", "churn-1"] * 2
    assert reads == ["churn-2", "churn-1"]
    with pytest.raises(UnknownVersion, match="no version churn-9"):
        live.get("churn-9")


def test_terms_of_the_policy_are_replaced_and_told_by_the_version() -> None:
    policy = load_offer_policy()
    changed = with_settings(policy, {"actions.retention_offer.percent.cap": 25, "exploration.share": 0.1})
    assert changed.actions.retention_offer.percent.cap == 25 and changed.exploration.share == 0.1
    assert changed.version != policy.version
    assert with_settings(policy, {}) is policy


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        ("actions.retention.percent", 5, "actions.retention.percent is no term"),
        ("actions.retention_offer.colour", "red", "actions.retention_offer.colour is no term"),
        ("actions.retention_offer.percent.cap", 95, "actions.retention_offer.percent.cap is 95"),
        ("actions.retention_offer.percent.cap", 1, "more than cap"),
    ],
)
def test_terms_that_there_are_not_are_refused(place: str, value: object, told: str) -> None:
    with pytest.raises(BadPolicy) as error:
        with_settings(load_offer_policy(), {place: value})
    assert told in str(error.value)
