"""Customers who are about to be lost, or are, and whom a message does not drive away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.engine import Connection

from crm_models.order_records import OPEN
from crm_models.personal_fields import PersonalField, forbidden_fields
from crm_models.proactive.kinds import Candidate, Dropped, NoticeKind
from crm_models.proactive.occasion import Fields, Occasions
from crm_models.tables import customers, notices, orders, predictions
from crm_models.view.person import person_of

STAGE, UPLIFT = "stage", "uplift"
SLEEPING_DOG = "sleeping_dog"


class WinBack(Occasions):
    kind = NoticeKind.WIN_BACK

    def find(self, connection: Connection, now: datetime) -> Iterable[Candidate]:
        """Customers whose stage was scored lately and is one to act on."""
        rules = self.policy.kinds.win_back
        told = select(notices.c.customer_id).where(
            notices.c.kind == self.kind.value, notices.c.sent_at > self._long_ago(now)
        )
        rows = connection.execute(
            select(predictions.c.customer_id)
            .where(
                *self.agreed(predictions.c.customer_id),
                predictions.c.model == STAGE,
                predictions.c.label.in_(rules.stages),
                predictions.c.scored_at >= now - timedelta(days=rules.score_days),
                predictions.c.customer_id.not_in(told),
            )
            .order_by(predictions.c.customer_id)
        )
        found = [Candidate(customer_id, str(now.year)) for customer_id in rows.scalars()]
        return [each for each in found if not isinstance(self.look(connection, each, now), Dropped)]

    def look(self, connection: Connection, candidate: Candidate, now: datetime) -> Fields | Dropped:
        """By the scores as they are now, where they may be used, and what was ordered since."""
        rules = self.policy.kinds.win_back
        forbidden = forbidden_fields(connection, candidate.customer_id)
        if PersonalField.INTERESTS in forbidden:
            return Dropped.NO_CONSENT
        rows = connection.execute(
            select(predictions.c.model, predictions.c.label, predictions.c.scored_at).where(
                predictions.c.customer_id == candidate.customer_id, predictions.c.model.in_((STAGE, UPLIFT))
            )
        ).all()
        recent = {row.model: row for row in rows if row.scored_at >= now - timedelta(days=rules.score_days)}
        if STAGE not in recent or (UPLIFT not in recent and not rules.without_uplift):
            return Dropped.NO_SCORE
        if UPLIFT in recent and recent[UPLIFT].label == SLEEPING_DOG:
            return Dropped.SLEEPING_DOG
        person = person_of(connection, candidate.customer_id)
        if recent[STAGE].label not in rules.stages or self._is_back(connection, person, recent[STAGE].scored_at):
            return Dropped.CAME_BACK
        if self._was_told(connection, person, now):
            return Dropped.TOLD_ALREADY
        known = select(customers.c.first_name).where(customers.c.customer_id == candidate.customer_id)
        name = None if PersonalField.NAME in forbidden else connection.execute(known).scalar_one()
        return {"first_name": name} if name else {"sentence": "win_back_no_name"}

    def _was_told(self, connection: Connection, person: tuple[str, ...], now: datetime) -> bool:
        """Whether any account of the person was written to not long ago."""
        count = select(func.count()).where(
            notices.c.customer_id.in_(person),
            notices.c.kind == self.kind.value,
            notices.c.sent_at > self._long_ago(now),
        )
        return bool(connection.execute(count).scalar_one())

    def _long_ago(self, now: datetime) -> datetime:
        return now - timedelta(days=self.policy.kinds.win_back.again_days)

    def _is_back(self, connection: Connection, person: tuple[str, ...], since: datetime) -> bool:
        """Whether an order of any account is open, or was placed after the score."""
        count = select(func.count()).where(
            orders.c.customer_id.in_(person),
            orders.c.status.in_([status.value for status in OPEN]) | (orders.c.placed_at > since),
        )
        return bool(connection.execute(count).scalar_one())
