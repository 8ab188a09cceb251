"""One ticket: what a customer asked, what an agent answered, and how that was liked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

GOOD_FROM = 0.75
BAD_BELOW = 0.5


@dataclass(frozen=True, slots=True)
class Ticket:
    """`question` and `answer` hold no personal data any more; `rating` is 0 (worst) to 1 (best), None if not rated.

    `ticket_id` is the same whenever the same ticket is read; `source` is the file it was read from.
    """

    ticket_id: str
    question: str
    answer: str
    asked_on: date | None
    rating: float | None
    source: str

    @property
    def is_good(self) -> bool:
        """Liked: four of five stars and more."""
        return self.rating is not None and self.rating >= GOOD_FROM

    @property
    def is_bad(self) -> bool:
        return self.rating is not None and self.rating < BAD_BELOW
