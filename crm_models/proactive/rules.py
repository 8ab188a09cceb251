"""Whether a notice that is due may be sent now. All rules, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from crm_models.complaints import open_complaints
from crm_models.consents import has_consent
from crm_models.experiments.holdout import is_held_out
from crm_models.proactive.channel import WEB, Channel, channel_of
from crm_models.proactive.hours import is_quiet, zone_of
from crm_models.proactive.kinds import Candidate, Dropped, Held, Notice, NoticeKind
from crm_models.proactive.notices import SENT
from crm_models.proactive.occasions import occasions
from crm_models.proactive.policy import NoticePolicy
from crm_models.tables import customers, escalations, notices
from crm_models.view.person import person_of

DAY, WEEK = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Go:
    """It may be sent: by which channel, and what its sentence says."""

    channel: Channel
    fields: Mapping[str, Any]


def decide(connection: Connection, notice: Notice, policy: NoticePolicy, now: datetime) -> Go | Held | Dropped:
    """Consent and truth are looked up anew: both may have changed since it became due.

    Truth comes last, because it is dear to look up and of no matter to what waits.
    """
    rules = policy.rules(notice.kind)
    if not rules.enabled:
        return Dropped.SWITCHED_OFF
    person = person_of(connection, notice.customer_id)
    if rules.marketing and is_held_out(connection, person[0]):
        return Dropped.HOLDOUT
    if not may_write(connection, notice.customer_id, policy, notice.kind):
        return Dropped.NO_CONSENT
    if now >= notice.due_at + timedelta(hours=rules.expires_hours):
        return Dropped.EXPIRED
    channel = channel_of(connection, notice.customer_id, policy, now)
    if channel is None:
        return Held.NO_CHANNEL
    held = _held(connection, notice.customer_id, person, channel, policy, now)
    if held is None and rules.marketing:
        held = _marketing_held(connection, person)
    if held is not None:
        return held
    fields = occasions(policy)[notice.kind].look(connection, Candidate(notice.customer_id, notice.about), now)
    return fields if isinstance(fields, Dropped) else Go(channel, fields)


def _held(
    connection: Connection,
    customer_id: str,
    person: tuple[str, ...],
    channel: Channel,
    policy: NoticePolicy,
    now: datetime,
) -> Held | None:
    """What holds back a message of any kind."""
    if channel.busy:
        return Held.IN_CONVERSATION
    if channel.name != WEB and is_quiet(policy, zone_of(policy, _country(connection, customer_id)), now):
        return Held.QUIET_HOURS
    if _sent_since(connection, person, now - DAY) >= policy.most_per_day:
        return Held.CAP_PER_DAY
    if _sent_since(connection, person, now - WEEK) >= policy.most_per_week:
        return Held.CAP_PER_WEEK
    return None


def may_write(connection: Connection, customer_id: str, policy: NoticePolicy, kind: NoticeKind) -> bool:
    """Whether the customer has agreed to all that this kind needs."""
    return all(has_consent(connection, customer_id, purpose) for purpose in policy.rules(kind).consents)


def _marketing_held(connection: Connection, person: tuple[str, ...]) -> Held | None:
    if any(open_complaints(connection, customer_id) for customer_id in person):
        return Held.COMPLAINT_OPEN
    asked = select(func.count()).where(
        escalations.c.customer_id.in_(person), escalations.c.status.in_(("waiting", "taken"))
    )
    return Held.WITH_A_PERSON if connection.execute(asked).scalar_one() else None


def _sent_since(connection: Connection, person: tuple[str, ...], since: datetime) -> int:
    sent = select(func.count()).where(
        notices.c.customer_id.in_(person), notices.c.status == SENT, notices.c.sent_at > since
    )
    return int(connection.execute(sent).scalar_one())


def _country(connection: Connection, customer_id: str) -> str | None:
    country: str | None = connection.execute(
        select(customers.c.country).where(customers.c.customer_id == customer_id)
    ).scalar_one_or_none()
    return country
