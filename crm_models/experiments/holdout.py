"""Who is kept without offers and advertisements, to compare with."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from crm_models.experiments.assignment import in_holdout
from crm_models.shop_policy import read_policy


def is_held_out(connection: Connection, person_id: str) -> bool:
    """Whether the person gets nothing that is not asked for.

    Args:
        person_id: names the person, the first of `crm_models.view.person.person_of`.
    """
    share = read_policy(connection).holdout_share
    return share > 0 and in_holdout(person_id, share)
