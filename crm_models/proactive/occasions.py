"""What is due, of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.engine import Connection

from crm_models.consents import has_consent
from crm_models.proactive.back_in_stock import BackInStock
from crm_models.proactive.kinds import NoticeKind
from crm_models.proactive.late import LateDeliveries
from crm_models.proactive.notices import note_due
from crm_models.proactive.occasion import Occasions
from crm_models.proactive.policy import NoticePolicy
from crm_models.proactive.warranty import WarrantyEnds
from crm_models.proactive.win_back import WinBack


def occasions(policy: NoticePolicy) -> Mapping[NoticeKind, Occasions]:
    """How each kind is found."""
    return {each.kind: each(policy) for each in (LateDeliveries, BackInStock, WarrantyEnds, WinBack)}


def find_due(connection: Connection, policy: NoticePolicy, now: datetime) -> int:
    """Make everything due that is, for customers who agreed to it; returns how many are new."""
    new = 0
    for kind, source in occasions(policy).items():
        rules = policy.rules(kind)
        if not rules.enabled:
            continue
        for candidate in source.find(connection, now):
            if all(has_consent(connection, candidate.customer_id, purpose) for purpose in rules.consents):
                new += note_due(connection, kind, candidate, now)
    return new
