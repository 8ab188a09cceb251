"""One way of finding for each kind of notice: what is due, and whether it is still so when it is to be sent."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.sql import ColumnElement

from crm_models.consents import is_granted
from crm_models.proactive.kinds import Candidate, Dropped, NoticeKind
from crm_models.proactive.policy import NoticePolicy

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Occasions(ABC):
    """Occasions of one kind, under the shop's rules."""

    policy: NoticePolicy

    @property
    @abstractmethod
    def kind(self) -> NoticeKind:
        """A plain class attribute in subclasses."""

    @abstractmethod
    def find(self, connection: Connection, now: datetime) -> Iterable[Candidate]:
        """What is due, to customers who agreed to it; whether it was told before is the caller's to know."""

    @abstractmethod
    def look(self, connection: Connection, candidate: Candidate, now: datetime) -> Fields | Dropped:
        """What its sentence says, as it is now; or why it is no longer true.

        Days are ISO texts, money is in cents. `sentence` names the sentence where the kind has several.
        """

    def agreed(self, customer_id: ColumnElement[str]) -> tuple[ColumnElement[bool], ...]:
        """Conditions of a query: the customer has agreed to all that this kind needs."""
        return tuple(is_granted(customer_id, purpose) for purpose in self.policy.rules(self.kind).consents)
