"""The chance that something off the next order is used: by whoever orders while it holds, offered or not.

An order that an offer draws is one of the few that use it; most are used by customers who would have ordered anyway,
the more the longer it holds. So a cost counts the orders of the whole life of the code.
"""

from __future__ import annotations

from math import exp

from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.rules import fresh_score
from crm_models.next_action.situation import VALUE, Situation

BASELINE_DAYS = 30  # of the policy's `economy.baseline`
_YEAR_DAYS = 365  # over which the value model expects its orders


def chance_of_use(situation: Situation, policy: OfferPolicy, uplift: float, days: int) -> float:
    """That the customer orders within `days`, 0 to 1: of those who would not have, the offer brings the uplift."""
    alone = chance_of_order(situation, policy, days)
    return min(max(alone + uplift * (1.0 - alone), 0.0), 1.0)


def chance_of_order(situation: Situation, policy: OfferPolicy, days: int) -> float:
    """That the customer orders within `days` without any offer, 0 to 1.

    Whoever writes is still a customer, whatever the value model thought of that before (`alive`): so its orders of a
    year count as those of one who is, and come at that rate, as BG/NBD and Pareto/NBD have it (Fader, Hardie and Lee
    2005). Without its score the policy's assumption, drawn out to `days`.
    """
    score = fresh_score(VALUE, situation, policy)
    told = {} if score is None else score.details
    alive, orders = told.get("alive"), told.get("expected_orders")
    if alive is None or orders is None:
        return over_days(policy.economy.baseline, BASELINE_DAYS, days)
    a_year = max(orders, 0.0) / min(max(alive, 1e-9), 1.0)
    return 1.0 - exp(-a_year * days / _YEAR_DAYS)


def over_days(chance: float, known_days: int, days: int) -> float:
    """A chance of an order within `known_days`, at the same rate over other `days`."""
    missed: float = (1.0 - min(max(chance, 0.0), 1.0)) ** (days / known_days)
    return 1.0 - missed
