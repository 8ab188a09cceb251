"""What a decision adds to a turn: reading the situation, choosing, keeping offer and log, in one transaction."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Engine

from benchmarks.report import Row, at_most
from crm_models.next_action.decide import Asking, Means, decide
from crm_models.next_action.kinds import Moment
from crm_models.next_action.policy_file import load_offer_policy
from crm_models.next_action.rules import may_come
from crm_models.recommend.model import Recommender
from crm_models.shop_policy import ShopPolicy

DECISIONS = 600
_WARM_UP = 40
_SEED = 7


def time_decisions(
    engine: Engine, customers: Sequence[str], recommender: Recommender, now: datetime
) -> NDArray[np.float64]:
    """Milliseconds of each of DECISIONS, float: those for which the policy has something, so the database is read.

    Every customer's conversation is a new one; at other moments and moods nothing is read at all.
    """
    draw = random.Random(_SEED)
    policy, terms = load_offer_policy(), ShopPolicy()
    means = Means(policy, lambda: terms, draw, lambda: recommender)
    moments = list(Moment)
    taken: list[float] = []
    while len(taken) < _WARM_UP + DECISIONS:
        moment, mood = draw.choice(moments), draw.uniform(-1, 1)
        if not may_come(moment, mood, policy):
            continue
        number = len(taken)
        asking = Asking(draw.choice(customers), f"bench-{number}", moment, now + timedelta(seconds=number), mood)
        began = time.perf_counter()
        with engine.begin() as connection:
            decide(connection, asking, means)
        taken.append(1000 * (time.perf_counter() - began))
    return np.array(taken[_WARM_UP:])


def rows_of_costs(taken: NDArray[np.float64]) -> list[Row]:
    return [
        Row("a decision in a turn, database included, p50", float(np.quantile(taken, 0.5)), "ms", at_most(5.0)),
        Row("a decision in a turn, database included, p95", float(np.quantile(taken, 0.95)), "ms"),
    ]
