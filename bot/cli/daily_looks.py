"""A look a day at every running experiment, in a thread of the projector's."""

from __future__ import annotations

import logging
import threading

from sqlalchemy.engine import Engine

from bot.cli.shop import utc_now
from crm_models.experiments.looks import look_at_due
from crm_models.order_margins import Margin

logger = logging.getLogger(__name__)

_EVERY_SECONDS = 3600.0  # whether a look is due


def look_daily(engine: Engine, margin: Margin, stopping: threading.Event) -> None:
    """Until told to stop; a look that fails is tried again an hour later."""
    while not stopping.is_set():
        try:
            for look in look_at_due(engine, utc_now(), margin):
                experiment = look.experiment
                logger.info("Experiment %s: %s", experiment.experiment_id, experiment.stopped_because or look.verdict)
        except Exception:
            logger.exception("The running experiments could not be looked at")
        stopping.wait(_EVERY_SECONDS)
