"""The customers of the offer benchmark: what the shop knows of them, with models trained on it, and what is true.

A demo shop is generated; the models of the shop are trained on its history and on one campaign with a control group,
and score its customers on the last day. The hidden traits go into `Nature` alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import PCG64, Generator
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.engine import Connection

from benchmarks.offer_costs import time_decisions
from benchmarks.offer_world import RETENTION, WINDOW_DAYS, Contact, Nature, World, in_world, order_chance, respond
from bot.cli.display import step
from crm_models.churn.labels import CHURN
from crm_models.churn.model import SHOP_PLAN, ChurnModel
from crm_models.churn.shop_table import HORIZON, churn_cut_offs, churn_table
from crm_models.consents import Purpose
from crm_models.database import create_engine, migrate, reading
from crm_models.features import bought_within, features_at
from crm_models.history import History
from crm_models.model import CustomerModel
from crm_models.model_files import model_version
from crm_models.next_action.situation import Candidate, Score
from crm_models.recommend.model import Recommender
from crm_models.scoring import models_in_use, score_all
from crm_models.shop_policy import ShopPolicy
from crm_models.snapshot import ShopSnapshot
from crm_models.tables import consents, customers, items
from crm_models.train import train_all
from crm_models.trainers import trainers_named
from crm_models.training import Trainer, TrainingContext
from crm_models.uplift.model import UpliftModel
from demo.seed import DEFAULT_UNTIL, seed_shop

NOW = datetime.combine(DEFAULT_UNTIL, datetime.min.time())
PILOT = timedelta(days=60)  # before NOW, the campaign went out
PILOT_PERCENT = 10
_REMEMBERED = timedelta(days=300)  # bad service, as `demo.campaigns` has it
_STREAM = 11  # of the seed, for the campaign


def _fit_churn(context: TrainingContext) -> ChurnModel:
    """As `crm_models.churn.train` does it, without the second model that only measures."""
    days = churn_cut_offs(context.history, context.now - HORIZON)
    model = ChurnModel(SHOP_PLAN, context.progress).fit(churn_table(context.history, days))
    model.version = model_version(model.name, context.now)
    return model


_TRAINERS = (Trainer(CHURN, _fit_churn), *trainers_named("segment"), *trainers_named("value"))


@dataclass(frozen=True)
class Known:
    """What the shop knows of one customer: what a decision may read."""

    customer_id: str
    tier: str
    tier_percent: int
    consents: frozenset[str]
    scores: Mapping[str, Score]
    candidate: Candidate | None
    order_cents: float | None


@dataclass(frozen=True)
class Population:
    """Customers by number: what is known of each, and what is true in a world."""

    seed: int
    world: World
    known: tuple[Known, ...]
    natures: tuple[Nature, ...]
    uplift_qini: float  # percent, of customers held out by the model's own training

    def __len__(self) -> int:
        return len(self.known)


@dataclass(frozen=True)
class Shop:
    """A generated shop with trained models, before anything is said about a world."""

    seed: int
    features: pd.DataFrame
    scores: Mapping[str, pd.DataFrame]
    people: pd.DataFrame  # tier, consents; index customer_id
    candidates: Mapping[str, Candidate]
    offered_taste: pd.Series[float]  # true share of the candidate's category
    truth: pd.DataFrame
    pilot: pd.DataFrame  # features before the campaign, `ordered` without it, and `badly_served`
    badly_served: frozenset[str]
    baskets: pd.Series[float]  # mean value of a customer's orders, in cents
    turn_ms: NDArray[np.float64]  # of single decisions in its database; empty where they were not timed


def open_shop(seed: int, customer_count: int, timed: bool = False) -> Shop:
    """Generate, train and score; in a folder that is removed again. `timed`: also how long decisions take in it."""
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as folder:
        home = Path(folder)
        engine = create_engine(f"sqlite:///{home / 'shop.db'}")
        migrate(engine)
        with step(f"Generating shop {seed}") as running:
            seed_shop(engine, seed, DEFAULT_UNTIL, customer_count, running.part, truth_file=home / "truth.csv")
        truth = pd.read_csv(home / "truth.csv", index_col="customer_id")
        snapshot = ShopSnapshot(engine, NOW)
        with step(f"Training its models {seed}") as running:
            train_all(engine, home / "crm", NOW, seed, running.part, _TRAINERS)
        scores = {kind.name: _scored(kind.load(version), snapshot) for kind, version in models_in_use(home / "crm")}
        recommender = Recommender().fit(snapshot.purchases, NOW)
        with reading(engine) as connection:
            people = _people(connection)
            candidates = _candidates(connection, recommender, list(snapshot.features.index), people)
            category = _categories(snapshot)
        tastes = truth.filter(like="taste_")
        offered = {
            customer_id: float(tastes.loc[customer_id, "taste_" + category[found.product_id].replace(" ", "_")])
            for customer_id, found in candidates.items()
        }
        turn_ms = np.zeros(0)
        if timed:
            score_all(engine, home / "crm", NOW)
            turn_ms = time_decisions(engine, list(snapshot.features.index), recommender, NOW)
        orders = snapshot.history.orders
        shop = Shop(
            seed=seed,
            features=snapshot.features,
            scores=scores,
            people=people,
            candidates=candidates,
            offered_taste=pd.Series(offered, dtype=float),
            truth=truth,
            pilot=_before_campaign(snapshot.history),
            badly_served=_badly_served(snapshot.history, NOW),
            baskets=orders[orders["cancelled_at"].isna()].groupby("customer_id")["value_cents"].mean(),
            turn_ms=turn_ms,
        )
        engine.dispose()
    return shop


def population_of(shop: Shop, world: World) -> Population:
    """The shop's customers in a world; the effect of offers is learned from a campaign in that world."""
    uplift = UpliftModel(seed=shop.seed).fit(campaign_in(shop, world))
    scores = {**shop.scores, UpliftModel.name: _table_of_scores(uplift, shop.features)}
    usual = float(shop.baskets.mean())
    known, natures = [], []
    for customer_id in shop.features.index:
        person = shop.people.loc[customer_id]
        known.append(
            Known(
                customer_id=customer_id,
                tier=person["tier"],
                tier_percent=ShopPolicy().terms(person["tier"]).retention_percent,
                consents=person["consents"],
                scores={name: _score(table.loc[customer_id]) for name, table in scores.items()},
                candidate=shop.candidates.get(customer_id),
                order_cents=float(shop.baskets.get(customer_id, usual)),
            )
        )
        natures.append(in_world(world, _nature(shop, customer_id, usual)))
    assert uplift.comparison is not None
    qini = 100 * uplift.comparison.held_out[uplift.comparison.best]
    return Population(shop.seed, world, tuple(known), tuple(natures), qini)


def campaign_in(shop: Shop, world: World) -> pd.DataFrame:
    """What the shop has on record of a mailing with a 10 percent voucher to a random half of its customers.

    The control group does what it did in the generated history. In the other group some order because of the voucher,
    and some who would have ordered do not; the history itself goes on as if nothing had been sent, as in
    `demo.campaigns`.
    """
    random = Generator(PCG64([shop.seed, _STREAM]))
    table = shop.pilot.drop(columns=["ordered", "badly_served"])
    left_on = pd.to_datetime(shop.truth["churned_on"])
    treated = random.random(len(table)) < 0.5
    draws = random.random(len(table))
    outcome = shop.pilot["ordered"].to_numpy(dtype=float).copy()
    for number, (customer_id, row) in enumerate(shop.pilot.iterrows()):
        if not treated[number]:
            continue
        found = _nature(shop, str(customer_id), 0.0)
        gone = bool(left_on[customer_id] < NOW - PILOT)
        nature = in_world(world, replace(found, badly_served=bool(row["badly_served"]), gone=gone))
        lift = respond(world, nature, Contact(), RETENTION, PILOT_PERCENT).lift
        base = max(order_chance(nature), 1e-9)
        if lift > 0 and draws[number] < lift / max(1 - base, 1e-9):
            outcome[number] = 1.0
        elif lift < 0 and draws[number] < -lift / base:
            outcome[number] = 0.0
    return table.assign(treated=treated, outcome=outcome, propensity=0.5)


def _nature(shop: Shop, customer_id: str, usual: float) -> Nature:
    true = shop.truth.loc[customer_id]
    return Nature(
        rate=float(true["rate_per_year"]),
        pace=1.0 - float(true["drift"]),
        price_sensitivity=float(true["price_sensitivity"]),
        patience=float(true["patience"]),
        experience=float(true["service_experience"]),
        taste=float(shop.offered_taste.get(customer_id, 0.0)),
        basket_cents=float(shop.baskets.get(customer_id, usual)),
        badly_served=customer_id in shop.badly_served,
        gone=bool(true["churned"]),
    )


def _before_campaign(history: History) -> pd.DataFrame:
    started = NOW - PILOT
    table = features_at(history, started)
    ordered = bought_within(history, started, timedelta(days=WINDOW_DAYS))
    badly = _badly_served(history, started)
    return table.assign(ordered=table.index.isin(ordered), badly_served=table.index.isin(badly))


def _badly_served(history: History, at: datetime) -> frozenset[str]:
    """A complaint, or a parcel two days late, within 300 days, as the shop has them on record."""
    since, orders, filed = at - _REMEMBERED, history.orders, history.complaints
    late = (
        (orders["delivered_at"] >= since)
        & (orders["delivered_at"] < at)
        & (orders["delivered_at"] >= orders["promised_on"] + timedelta(days=2))
    )
    complained = (filed["created_at"] >= since) & (filed["created_at"] < at)
    return frozenset(orders.loc[late, "customer_id"]) | frozenset(filed.loc[complained, "customer_id"])


def _people(connection: Connection) -> pd.DataFrame:
    rows = connection.execute(select(customers.c.customer_id, customers.c.tier)).all()
    agreed: dict[str, dict[str, bool]] = {}
    told = select(consents.c.customer_id, consents.c.purpose, consents.c.granted)
    for row in connection.execute(told.order_by(consents.c.changed_at, consents.c.consent_id)):
        agreed.setdefault(row.customer_id, {})[row.purpose] = bool(row.granted)
    table = pd.DataFrame([tuple(row) for row in rows], columns=["customer_id", "tier"]).set_index("customer_id")
    table["consents"] = [
        frozenset(purpose for purpose, granted in agreed.get(customer_id, {}).items() if granted)
        for customer_id in table.index
    ]
    return table


def _candidates(
    connection: Connection, model: Recommender, ids: list[str], people: pd.DataFrame
) -> dict[str, Candidate]:
    """What the recommender would suggest to each who agreed to it."""
    query = select(items.c.product_id, items.c.price_cents, items.c.stock)
    prices: dict[str, int] = {}
    stock: dict[str, int] = {}
    for row in connection.execute(query):
        prices[row.product_id] = min(prices.get(row.product_id, row.price_cents), row.price_cents)
        stock[row.product_id] = stock.get(row.product_id, 0) + row.stock
    found = {}
    for customer_id in ids:
        if Purpose.PERSONALISATION.value not in people.loc[customer_id, "consents"]:
            continue
        suggested = model.suggest(connection, customer_id)
        if suggested is not None:
            product_id = suggested.product_id
            found[customer_id] = Candidate(product_id, prices[product_id], None, stock[product_id])
    return found


def _categories(snapshot: ShopSnapshot) -> dict[str, str]:
    return {product.product_id: product.category for product in snapshot.purchases.products}


def _scored(model: CustomerModel, snapshot: ShopSnapshot) -> pd.DataFrame:
    return _table_of_scores(model, model.table_of(snapshot))


def _table_of_scores(model: CustomerModel, table: pd.DataFrame) -> pd.DataFrame:
    details = model.details(table).to_dict("records") or [{} for _ in range(len(table))]
    return pd.DataFrame(
        {"value": model.predict(table), "label": model.label(table), "details": details}, index=table.index
    ).assign(version=model.version)


def _score(row: pd.Series) -> Score:
    """Never stale: a shop scores its customers anew each night, and theirs change little in a season."""
    return Score(float(row["value"]), str(row["label"]), datetime.max, str(row["version"]), dict(row["details"]))
