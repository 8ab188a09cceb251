"""What a policy does in situations that were met before: the chance of each action, without doing any."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from crm_models.next_action.choice import choose
from crm_models.next_action.kinds import ActionKind, Moment, Trouble
from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.situation import CHURN, UPLIFT, VALUE, Situation

ACTIONS = tuple(ActionKind)  # the columns of every table of chances

Floats = NDArray[np.float64]


class _NoDraw:
    """The draw does not matter: the chances are those before it."""

    def random(self) -> float:
        return 1.0


def action_chances(situation: Situation, policy: OfferPolicy) -> Floats:
    """With which chance `choose` takes each action, float (ACTIONS,); sums to 1."""
    told = {each.action: each.chance for each in choose(situation, policy, _NoDraw()).alternatives}
    return np.array([told[kind] for kind in ACTIONS])


def table_of_chances(situations: Sequence[Situation], policy: OfferPolicy) -> Floats:
    """`action_chances` of many, float (situations, ACTIONS)."""
    rows = [action_chances(each, policy) for each in situations]
    return np.array(rows) if rows else np.zeros((0, len(ACTIONS)))


def context_of(situation: Situation) -> Floats:
    """What a model of the outcomes reads, float (k,): the scores, the usual order, mood, trouble and moment.

    A score that is missing counts as 0. Money as the logarithm of whole units, so that all is of one scale.
    """
    churn, value, uplift = (situation.scores.get(name) for name in (CHURN, VALUE, UPLIFT))
    told = uplift.details if uplift is not None else {}
    numbers = [
        (churn.value if churn is not None else None) or 0.0,
        math.log1p(max((value.value if value is not None else None) or 0.0, 0.0) / 100),
        told.get("effect", 0.0),
        told.get("baseline", 0.0),
        math.log1p(max(situation.order_cents or 0.0, 0.0) / 100),
        situation.mood,
        float(situation.open_complaint),
        *(float(situation.trouble is each) for each in Trouble),
        *(float(situation.moment is each) for each in Moment),
    ]
    return np.array(numbers)
