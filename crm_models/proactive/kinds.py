"""The kinds of messages that the shop sends unasked, and what a notice is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from crm_models.consents import Purpose


class NoticeKind(StrEnum):
    DELIVERY_LATE = "delivery_late"
    BACK_IN_STOCK = "back_in_stock"
    WARRANTY_ENDS = "warranty_ends"
    WIN_BACK = "win_back"

    @property
    def purpose(self) -> Purpose:
        """The consent that switches this kind on and off."""
        return Purpose(f"notice_{self.value}")


class Held(StrEnum):
    """Why a notice waits; it is looked at again until it expires."""

    COMPLAINT_OPEN = "complaint_open"
    WITH_A_PERSON = "with_a_person"  # a person of the staff has a conversation of the customer, or is asked for
    IN_CONVERSATION = "in_conversation"  # the customer is writing just now
    NO_CHANNEL = "no_channel"  # neither a window nor an address
    QUIET_HOURS = "quiet_hours"
    CAP_PER_DAY = "cap_per_day"
    CAP_PER_WEEK = "cap_per_week"


class Dropped(StrEnum):
    """Why a notice is not sent."""

    SWITCHED_OFF = "switched_off"
    EXPIRED = "expired"
    NO_CONSENT = "no_consent"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    NO_LONGER_LATE = "no_longer_late"  # the promise was moved
    OUT_OF_STOCK = "out_of_stock"  # again
    NO_LONGER_WANTED = "no_longer_wanted"  # the wish was taken back, or is too old
    NOTHING_KEPT = "nothing_kept"  # what the warranty was on went back
    WARRANTY_OVER = "warranty_over"
    CAME_BACK = "came_back"  # ordered meanwhile, or no longer at risk
    SLEEPING_DOG = "sleeping_dog"  # a message makes this customer less likely to come
    NO_SCORE = "no_score"  # no model says it, or not lately
    TOLD_ALREADY = "told_already"  # under another account of the same person
    HOLDOUT = "holdout"  # gets no advertisements, so that others can be compared with them


# What may be found true again later; then the notice is due again. The others are final.
_REVIVED = frozenset(
    {Dropped.SWITCHED_OFF, Dropped.NO_CONSENT, Dropped.NO_LONGER_LATE, Dropped.OUT_OF_STOCK, Dropped.CAME_BACK,
     Dropped.SLEEPING_DOG, Dropped.NO_SCORE, Dropped.TOLD_ALREADY}
)  # fmt: skip


def revived(kind: NoticeKind) -> frozenset[Dropped]:
    """After which reasons one of this kind may be due again.

    A wish is open until it is told: asking for the product again makes no other one, so what expired must come back.
    """
    return _REVIVED | {Dropped.EXPIRED} if kind is NoticeKind.BACK_IN_STOCK else _REVIVED


@dataclass(frozen=True)
class Candidate:
    """What is due: `about` is the order, watch or year, and makes it one notice of a kind each."""

    customer_id: str
    about: str


@dataclass(frozen=True)
class Notice:
    notice_id: int
    customer_id: str
    kind: NoticeKind
    about: str
    status: str  # due, sent, dropped
    held_because: str | None  # of one that is due: why it was not sent when last looked at
    dropped_because: str | None
    channel: str | None
    conversation_id: str | None
    fields: Mapping[str, Any]
    due_at: datetime
    sent_at: datetime | None
