"""Segments keep their names and mean something; stages follow the customer's own rhythm."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy.engine import Engine

from bot.cli.model_versions import show_card
from crm_models.database import reading
from crm_models.errors import BadTable
from crm_models.features import features_at
from crm_models.history import read_history
from crm_models.registry.versions import add_version, use_version
from crm_models.segments.clusters import HDBSCAN, Judged, choose
from crm_models.segments.model import Segmentation
from crm_models.segments.names import name_clusters
from crm_models.segments.plots import draw, profile_figure
from crm_models.segments.stage import LifecycleStage
from crm_models.segments.training import train_segments, train_stage
from crm_models.training import TrainingContext
from demo.seed import DEFAULT_UNTIL
from tests.homes import config_of

NOW = datetime(DEFAULT_UNTIL.year, DEFAULT_UNTIL.month, DEFAULT_UNTIL.day)
# days since the last order, orders, cents: five kinds of customers that nobody would confuse
KINDS = {
    "best": (10, 40, 900_000),
    "loyal": (25, 9, 90_000),
    "occasional": (45, 3, 15_000),
    "drifting": (420, 14, 150_000),
    "lost": (800, 1, 3_000),
}


def made_up(seed: int, shift: float = 1.0) -> tuple[pd.DataFrame, np.ndarray]:
    """Two hundred of each kind, and which kind each is."""
    random = np.random.default_rng(seed)
    kinds = np.repeat(list(KINDS), 200)
    centres = np.array([KINDS[kind] for kind in kinds], dtype=float) * (shift, 1, shift)
    values = np.expm1(np.log1p(centres) + random.normal(0, 0.15, centres.shape))
    table = pd.DataFrame(values, columns=["no_order_for", "orders", "spent_cents"])
    table["orders"] = table["orders"].round().clip(lower=1)
    table["ordering_for"] = table["no_order_for"] + 200
    table.index.name = "customer_id"
    return table, kinds


@pytest.mark.parametrize("method", ["kmeans", HDBSCAN])
def test_kinds_that_are_apart_are_found_and_named_by_what_they_are(method: str) -> None:
    table, kinds = made_up(1)
    model = Segmentation(method).fit(table)
    assert (model.label(table) == kinds).mean() > 0.98
    assert model.outside < 0.05


def test_the_number_of_clusters_is_that_of_the_kinds() -> None:
    model = Segmentation().fit(made_up(1)[0])
    assert len(model.names) == 5
    best = next(each for each in model.judged if each.number == 5)
    assert best.silhouette > 0.7 and best.stability > 0.99


def test_a_segment_keeps_its_name_when_customers_move() -> None:
    """Everybody spends twice as much and comes twice as seldom; a fresh start from other seeds changes no name."""
    before = Segmentation(seed=1).fit(made_up(1)[0])
    table, kinds = made_up(2, shift=2.0)
    after = Segmentation(previous=before, seed=99).fit(table)
    assert (after.label(table) == kinds).mean() > 0.98


def test_a_name_that_was_given_is_kept_against_the_profile() -> None:
    known = np.array([[-1.0, 1.0, 1.0], [1.0, -1.0, -1.0]])
    names = name_clusters(known[::-1] + 0.1, known, ("loyal", "drifting"))
    assert names == ("drifting", "loyal")
    assert name_clusters(known) == ("best", "lost")


def test_a_cluster_that_is_nothing_like_the_known_ones_is_named_anew() -> None:
    names = name_clusters(np.array([[-1.0, 1.2, 1.2], [1.0, -1.0, -1.0]]), np.array([[-1.0, 1.0, 1.0]]), ("loyal",))
    assert names == ("loyal", "lost")


def test_two_silent_clusters_share_a_name_rather_than_one_being_loyal() -> None:
    names = name_clusters(np.array([[-1.2, 1.2, 1.1], [-1.0, -0.2, -0.1], [0.7, -0.6, -0.3], [0.7, -1.5, -1.8]]))
    assert names == ("best", "occasional", "lost", "lost")


def test_the_number_is_kept_while_stable_and_the_finer_of_two_equals_is_taken() -> None:
    judged = [Judged(4, 0.33, 0.9), Judged(5, 0.32, 0.85), Judged(6, 0.40, 0.3)]
    assert choose(judged) == 5
    assert choose(judged, before=4) == 4
    assert choose(judged, before=6) == 5
    assert choose([Judged(4, 0.3, 0.5), Judged(5, 0.4, 0.4)]) == 4


def test_training_again_in_a_month_changes_few_names(demo_shop: Engine) -> None:
    with reading(demo_shop) as connection:
        history = read_history(connection)
    then, now = features_at(history, NOW - timedelta(days=30)), features_at(history, NOW)
    before = Segmentation().fit(then)
    after = Segmentation(previous=before).fit(now)
    assert (before.label(then) == after.label(then)).mean() > 0.85


def test_segments_differ_in_what_they_are_called_for(demo_shop: Engine) -> None:
    with reading(demo_shop) as connection:
        table = features_at(read_history(connection), NOW)
    profile = Segmentation().fit(table).profile(table)
    assert profile["spent_cents"].idxmax() == "best" and profile["no_order_for"].idxmax() == "lost"
    assert profile["customers"].sum() == len(table)


def test_pictures_and_card_lie_beside_the_model(demo_shop: Engine, tmp_path: Path) -> None:
    context = TrainingContext(demo_shop, NOW, tmp_path)
    model = train_segments(context)
    model.save(tmp_path / "one")
    for name in ("scatter.png", "profile.png"):
        assert (tmp_path / "one" / name).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert draw(model, context.features) == model.pictures
    money = profile_figure(model, context.features).axes[2]  # as the scatter: 1,500 and not 150,000 cents
    longest = max(bar.get_width() for bar in money.patches)
    assert longest == pytest.approx(model.profile(context.features)["spent_cents"].max() / 100)
    text = (tmp_path / "one" / "card.md").read_text()
    assert "silhouette_5" in text and "stability_5" in text


def test_names_are_taken_over_from_the_version_in_use(demo_shop: Engine, tmp_path: Path) -> None:
    context = TrainingContext(demo_shop, NOW, tmp_path)
    first = train_segments(context)
    first.names = first.names[::-1]  # as if they had been called otherwise
    add_version(tmp_path, first.name, "segment-1", first.save)
    use_version(tmp_path, first.name, "segment-1")
    assert train_segments(context).names == first.names


def test_the_command_that_shows_a_model_says_where_its_pictures_are(
    demo_shop: Engine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = config_of(tmp_path)
    model = train_segments(TrainingContext(demo_shop, NOW, settings.crm.models_folder))
    add_version(settings.crm.models_folder, model.name, model.version, model.save)
    use_version(settings.crm.models_folder, model.name, model.version)
    show_card(settings, "segment", None)
    told = [line.removeprefix("picture: ") for line in capsys.readouterr().out.splitlines() if "picture: " in line]
    assert [Path(each).name for each in told] == ["profile.png", "scatter.png"]
    assert all(Path(each).is_file() for each in told)


def test_an_unknown_way_of_clustering_is_refused() -> None:
    with pytest.raises(BadTable, match="'magic'"):
        Segmentation("magic")


# --- stages ---


def life(*days_ago: float, customer_for: float = 900.0) -> dict[str, float]:
    """Columns of a customer who ordered so many days ago; nobody who did is a prospect."""
    placed = sorted(days_ago, reverse=True)
    usual = ((placed[0] - placed[-1]) + 120) / len(placed) if placed else 120
    since = placed[-1] if placed else customer_for
    return {
        "no_order_for": since,
        "orders": float(len(placed)),
        "ordering_for": placed[0] if placed else 0.0,
        "last_gap": placed[-2] - placed[-1] if len(placed) > 1 else 0.0,
        "customer_for": customer_for,
        "times_usual_gap": since / usual,
    }


@pytest.fixture(scope="module")
def stages(demo_shop: Engine) -> LifecycleStage:
    return train_stage(TrainingContext(demo_shop, NOW, Path("nowhere")))


@pytest.mark.parametrize(
    ("ordered", "stage"),
    [
        ((), "prospect"),
        ((20,), "new"),
        ((400, 300, 200, 100, 10), "active"),
        (tuple(range(75, 700, 14)), "at_risk"),  # every two weeks, and now nothing for ten
        (tuple(range(330, 800, 30)), "lapsed"),
        ((800, 780, 760, 740, 720, 700, 15), "won_back"),
    ],
)
def test_a_life_has_the_stage_that_anybody_would_say(
    stages: LifecycleStage, ordered: tuple[float, ...], stage: str
) -> None:
    assert stages.label(pd.DataFrame([life(*ordered)])).tolist() == [stage]


def test_the_same_silence_is_late_for_the_one_and_usual_for_the_other(stages: LifecycleStage) -> None:
    often, seldom = life(*range(90, 700, 14)), life(690, 540, 390, 240, 90)
    table = pd.DataFrame([often, seldom])
    assert stages.label(table).tolist()[1] == "active"
    assert stages.label(table).tolist()[0] in ("at_risk", "lapsed")
    details = stages.details(table)
    assert details["late_after_days"].iloc[0] < 90 < details["late_after_days"].iloc[1]
    assert (details["usual_gap_days"] < details["late_after_days"]).all()


def test_a_stage_says_why(stages: LifecycleStage) -> None:
    told = stages.explain(pd.DataFrame([life(customer_for=77), life(*range(330, 800, 30)), life(800, 780, 760, 15)]))
    assert told.iloc[0] == ("customer_for:77",)
    assert told.iloc[1][0] == "no_order_for:330"
    assert told.iloc[2] == ("last_gap:745", "no_order_for:15")


def test_prospects_are_in_the_table_and_only_there(demo_shop: Engine) -> None:
    context = TrainingContext(demo_shop, NOW, Path("nowhere"))
    table = LifecycleStage.table_of(context)
    prospects = table[table["orders"] == 0]
    assert len(prospects) and not prospects.index.isin(context.features.index).any()
    assert prospects["no_order_for"].equals(prospects["customer_for"])
    pd.testing.assert_frame_equal(table[table["orders"] > 0], context.features)
    model = train_stage(context)
    assert set(model.label(prospects)) == {"prospect"} and (model.predict(prospects) == 0).all()


def test_a_shop_where_nobody_came_again_has_no_stages() -> None:
    table = pd.DataFrame([life(float(day)) for day in range(1, 80)])
    with pytest.raises(BadTable, match="more than once"):
        LifecycleStage().fit(table)
