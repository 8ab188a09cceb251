"""What is due, of every kind."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.engine import Connection

from crm_models.proactive.back_in_stock import BackInStock
from crm_models.proactive.kinds import Candidate, NoticeKind
from crm_models.proactive.late import LateDeliveries
from crm_models.proactive.notices import is_new, note_due
from crm_models.proactive.occasion import Occasions
from crm_models.proactive.policy import NoticePolicy
from crm_models.proactive.warranty import WarrantyEnds
from crm_models.proactive.win_back import WinBack

_log = logging.getLogger(__name__)


def occasions(policy: NoticePolicy) -> Mapping[NoticeKind, Occasions]:
    """How each kind is found."""
    return {each.kind: each(policy) for each in (LateDeliveries, BackInStock, WarrantyEnds, WinBack)}


def find_new(connection: Connection, policy: NoticePolicy, now: datetime) -> list[tuple[NoticeKind, Candidate]]:
    """What is due and is no notice yet, or is one that may be revived; only reads.

    A kind that cannot be looked for keeps no other kind back.
    """
    found: list[tuple[NoticeKind, Candidate]] = []
    for kind, source in occasions(policy).items():
        if not policy.rules(kind).enabled:
            continue
        try:
            with connection.begin_nested():
                new = [each for each in source.find(connection, now) if is_new(connection, kind, each)]
        except Exception:
            _log.exception("Messages of the kind %s could not be looked for", kind)
        else:
            found += [(kind, each) for each in new]
    return found


def find_due(connection: Connection, policy: NoticePolicy, now: datetime) -> int:
    """Make everything due that is; returns how many are new."""
    return sum(note_due(connection, *found, now) for found in find_new(connection, policy, now))
