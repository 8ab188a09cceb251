"""The running experiments as a server that talks to customers sees them: read every few seconds, never in the way."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar

from sqlalchemy.engine import Connection, Engine

from crm_models.experiments.experiment import Experiment, Subject
from crm_models.experiments.exposure import Exposure, log_exposures
from crm_models.experiments.store import list_experiments
from crm_models.shop_policy import ShopPolicy, read_policy

logger = logging.getLogger(__name__)

_REMEMBERED = 200_000  # exposures that need not be written again


@dataclass(frozen=True)
class Running:
    """What runs, by subject, and who is kept out of all of it."""

    by_subject: MappingProxyType[Subject, tuple[Experiment, ...]]
    holdout_share: float


_NOTHING = Running(MappingProxyType({}), ShopPolicy().holdout_share)

Found = TypeVar("Found")


class LiveExperiments:
    """One of a process. A failure is logged and means that nobody is in an experiment: replies go on."""

    def __init__(self, fresh_seconds: float = 5.0) -> None:
        """A new or stopped experiment may go unnoticed for `fresh_seconds`."""
        self._fresh_seconds = fresh_seconds
        self._running = _NOTHING
        self._read_at = float("-inf")
        self._logged: set[tuple[str, str]] = set()

    def running(self, connection: Connection) -> Running:
        """What runs now, some seconds old at most."""
        if time.monotonic() - self._read_at >= self._fresh_seconds:
            self._running = self._read(connection)
            self._read_at = time.monotonic()
        return self._running

    def log(self, engine: Engine, shown: Sequence[Exposure]) -> None:
        """Write what was shown, in a transaction of its own: after the reply is certain, and never instead of it."""
        new = [each for each in shown if (each.experiment_id, each.customer_id) not in self._logged]
        if not new:
            return
        try:
            with engine.begin() as connection:
                log_exposures(connection, new)
        except Exception:
            logger.exception("What was shown in an experiment could not be noted")
            return
        if len(self._logged) > _REMEMBERED:
            self._logged.clear()
        self._logged.update((each.experiment_id, each.customer_id) for each in new)

    def _read(self, connection: Connection) -> Running:
        former = self._running
        # The holdout is kept whatever becomes of the experiments.
        share = _unharmed(connection, lambda: read_policy(connection).holdout_share, former.holdout_share)
        none: list[Experiment] = []
        found = _unharmed(connection, lambda: list_experiments(connection, running=True), none)
        grouped = {subject: tuple(each for each in found if each.subject is subject) for subject in Subject}
        return Running(MappingProxyType({subject: group for subject, group in grouped.items() if group}), share)


def _unharmed(connection: Connection, read: Callable[[], Found], otherwise: Found) -> Found:
    """What is read, or `otherwise`; a failure does not end the transaction of the reply."""
    try:
        with connection.begin_nested():
            return read()
    except Exception:
        logger.exception("The running experiments could not be read")
        return otherwise
