"""Tables to learn an effect from: the shop's campaigns, or a table of the user's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from crm_models.campaigns import Campaign, CampaignOutcome, Member
from crm_models.churn.columns import as_texts
from crm_models.churn.labels import yes_or_no
from crm_models.errors import BadTable
from crm_models.features import bought_within, features_at
from crm_models.history import History

TREATED, OUTCOME, PROPENSITY = "treated", "outcome", "propensity"

HOW_TO = (
    "Draw a control group that gets no offer for your next campaign (`crm_models.campaigns.draw_campaign`), or train "
    "from a table of your own with a column that says who got it."
)


def uplift_table(
    history: History, campaigns: Iterable[tuple[Campaign, Sequence[Member]]], now: datetime
) -> pd.DataFrame:
    """One row a customer and campaign whose time is over: FEATURES on the day it went out, and what came of it.

    Returns:
        The columns of FEATURES, float, and `treated` (bool), `outcome` (0 or 1), `propensity` (NaN: unknown);
        index `customer_id`, the same customer once a campaign. Only customers who had ordered before it.

    Raises:
        BadTable: there is no such campaign, or none with both arms.
    """
    parts = [
        _rows(history, campaign, members)
        for campaign, members in campaigns
        if campaign.started_at + timedelta(days=campaign.within_days) <= now and _two_arms(members)
    ]
    if not parts:
        raise BadTable(f"Uplift needs a campaign that is over and had a control group; this shop has none. {HOW_TO}")
    return pd.concat(parts)


def read_trial(
    table: pd.DataFrame,
    treatment: str,
    outcome: str,
    *,
    treated: Any = None,
    control: Any = None,
    propensity: str | None = None,
) -> pd.DataFrame:
    """A user's table in the form of `uplift_table`.

    Args:
        treatment: the column that says who got the offer: 1 or 0, yes or no, or names of arms.
        outcome: the column with what was wanted, 1 or 0, or yes or no.
        treated, control: names of the two arms; rows of other arms are left out.
        propensity: the column with the chance of being treated; None where it is unknown, to be estimated.

    Raises:
        BadTable: names the column and the rule.
    """
    needed = [treatment, outcome, *([propensity] if propensity else [])]
    missing = [name for name in needed if name not in table]
    if missing:
        raise BadTable(f"The table for the uplift model lacks {', '.join(missing)}.")
    said = np.array(as_texts(table[treatment]), dtype=object)
    counts = np.ones(len(table), dtype=np.bool_) if treated is None else (said == str(treated)) | (said == str(control))
    pair: pd.DataFrame = table[counts]
    found = pair.drop(columns=list({treatment, outcome, *([propensity] if propensity else [])}))
    found[TREATED] = (
        _zero_or_one(pair, treatment) > 0 if treated is None else np.asarray(said[counts] == str(treated), dtype=bool)
    )
    found[OUTCOME] = _zero_or_one(pair, outcome)
    found[PROPENSITY] = pair[propensity].astype(float) if propensity else np.nan
    return found


def _rows(history: History, campaign: Campaign, members: Sequence[Member]) -> pd.DataFrame:
    table = features_at(history, campaign.started_at)
    arms = pd.DataFrame([vars(member) for member in members]).set_index("customer_id")
    found = table.join(arms[[TREATED, PROPENSITY]], how="inner")
    found[TREATED] = found[TREATED].astype(bool)
    found[PROPENSITY] = found[PROPENSITY].astype(float)
    found[OUTCOME] = found.index.isin(_came(history, campaign)).astype(float)
    return found


def _came(history: History, campaign: Campaign) -> frozenset[str]:
    span = timedelta(days=campaign.within_days)
    if campaign.outcome is CampaignOutcome.ORDER:
        return bought_within(history, campaign.started_at, span)
    at = history.visits["created_at"]
    within = (at >= campaign.started_at) & (at < campaign.started_at + span)
    return frozenset(history.visits.loc[within, "customer_id"])


def _two_arms(members: Sequence[Member]) -> bool:
    return {member.treated for member in members} == {True, False}


def _zero_or_one(table: pd.DataFrame, name: str) -> NDArray[np.float64]:
    found = [yes_or_no(text) for text in as_texts(table[name])]
    if None in found:
        odd = table[name].iloc[found.index(None)]
        raise BadTable(
            f"The column {name} must be 1 or 0, or yes or no, in every row, not {odd!r}. Name the arms of an "
            "offer with --arms, and write what was wanted as 1 and 0."
        )
    return np.array(found, dtype=np.float64)
