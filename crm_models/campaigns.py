"""Campaigns: an offer to many customers, and a control group, drawn at random, that does not get it.

Only such a campaign tells what an offer changes: who was chosen for another reason differs in other ways too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from crm_models.errors import BadCampaign
from crm_models.tables import campaign_members, campaigns


class CampaignOutcome(StrEnum):
    ORDER = "order"  # ordered, and did not cancel
    VISIT = "visit"  # looked at a product


@dataclass(frozen=True)
class Campaign:
    campaign_id: str
    name: str
    started_at: datetime
    outcome: CampaignOutcome
    within_days: int


@dataclass(frozen=True)
class Member:
    campaign_id: str
    customer_id: str
    treated: bool
    propensity: float | None


def draw_campaign(
    connection: Connection,
    campaign: Campaign,
    customer_ids: Sequence[str],
    share: float = 0.5,
    seed: int = 7,
) -> list[str]:
    """Note a campaign and draw who gets its offer; the others are the control group.

    Args:
        customer_ids: who may get it; consent and the shop's policy are the caller's to check.
        share: of the customers who get it, between 0 and 1; kept as each customer's propensity.

    Returns:
        The customers who get the offer, in the order of `customer_ids`.

    Raises:
        BadCampaign: the share, the days or the customers make no control group.
    """
    if not 0.0 < share < 1.0:
        raise BadCampaign(f"A share of {share} leaves an arm empty; give one between 0 and 1, best 0.5.")
    if campaign.within_days < 1:
        raise BadCampaign(f"An outcome within {campaign.within_days} days cannot be seen; give 1 or more.")
    if len(set(customer_ids)) < 2 or len(set(customer_ids)) != len(customer_ids):
        raise BadCampaign("A campaign needs two or more different customers, each once.")
    treated = np.random.default_rng(seed).random(len(customer_ids)) < share
    connection.execute(insert(campaigns).values({**vars(campaign), "outcome": campaign.outcome.value}))
    connection.execute(
        insert(campaign_members),
        [
            {
                "campaign_id": campaign.campaign_id,
                "customer_id": customer_id,
                "treated": bool(given),
                "propensity": share,
            }
            for customer_id, given in zip(customer_ids, treated, strict=True)
        ],
    )
    return [customer_id for customer_id, given in zip(customer_ids, treated, strict=True) if given]


def read_campaigns(connection: Connection, until: datetime) -> list[Campaign]:
    """Campaigns that started before `until`, oldest first."""
    columns = [campaigns.c[name] for name in ("campaign_id", "name", "started_at", "outcome", "within_days")]
    rows = connection.execute(
        select(*columns).where(campaigns.c.started_at < until).order_by(campaigns.c.started_at, campaigns.c.campaign_id)
    )
    return [Campaign(**{**row._mapping, "outcome": CampaignOutcome(row.outcome)}) for row in rows]


def read_members(connection: Connection, campaign_id: str) -> list[Member]:
    """Both arms, by customer_id."""
    columns = [campaign_members.c[name] for name in ("campaign_id", "customer_id", "treated", "propensity")]
    rows = connection.execute(
        select(*columns).where(campaign_members.c.campaign_id == campaign_id).order_by(campaign_members.c.customer_id)
    )
    return [Member(**row._mapping) for row in rows]
