"""What the running experiments mean for one customer in one turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy.engine import Connection

from crm_models.experiments.assignment import in_holdout, variant_of
from crm_models.experiments.experiment import Experiment, Subject, Variant
from crm_models.experiments.exposure import Exposure
from crm_models.experiments.live import LiveExperiments, Running
from crm_models.view.person import person_of


@dataclass
class Participation:
    """Which variants a verified customer gets. Nobody else is in an experiment.

    Whoever asks for settings shows what they change: the variant is noted in `shown`, the control's too, at the moment
    where the variants begin to differ. So both groups are of the same kind of customers.
    """

    live: LiveExperiments
    connection: Connection
    customer_id: str | None  # None: not verified
    conversation_id: str
    now: datetime
    shown: list[Exposure] = field(default_factory=list)

    @cached_property
    def _now_running(self) -> Running:
        """The same from the beginning of a turn to its end."""
        return self.live.running(self.connection)

    @cached_property
    def person_id(self) -> str | None:
        """Names the person, so that two records of one person get the same variant."""
        return None if self.customer_id is None else person_of(self.connection, self.customer_id)[0]

    def look_up(self) -> None:
        """Read what can be needed later, while the connection is open; nothing where no experiment runs."""
        if self._now_running.by_subject:
            _ = self.person_id

    @property
    def in_holdout(self) -> bool:
        """Whether the customer is among those that get no offers and are in no experiment."""
        share = self._now_running.holdout_share
        return share > 0 and self.person_id is not None and in_holdout(self.person_id, share)

    def running(self, subject: Subject) -> tuple[Experiment, ...]:
        """Whoever the customer is."""
        return self._now_running.by_subject.get(subject, ())

    def variants(self, subject: Subject) -> Iterator[tuple[Experiment, Variant]]:
        """Those that the customer gets, one of each experiment they are in."""
        running = self.running(subject)
        if not running or self.person_id is None:
            return
        for experiment in running:
            variant = variant_of(experiment, self.person_id, self._now_running.holdout_share)
            if variant is not None:
                yield experiment, variant

    def show(self, experiment: Experiment, variant: Variant) -> None:
        """Note that the customer sees what the variant makes of it."""
        if self.person_id is not None:
            self.shown.append(
                Exposure(experiment.experiment_id, self.person_id, variant.name, self.conversation_id, self.now)
            )

    def settings(self, subject: Subject, key: str | None = None) -> dict[str, Any]:
        """What the customer's variants change, and note that it is shown.

        Args:
            key: only experiments that change this; None: every experiment about the subject.

        Returns:
            Nothing where no experiment runs or the customer is in none.
        """
        found: dict[str, Any] = {}
        for experiment, variant in self.variants(subject):
            if key is None or key in experiment.keys:
                self.show(experiment, variant)
                found |= variant.settings
        return found
