"""Where experiments take effect in what the bot says: which response, which articles, which version of a model."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from crm_models.experiments.experiment import Subject
from crm_models.experiments.participation import Participation

logger = logging.getLogger(__name__)

Found = TypeVar("Found")


def response_of(experiments: Participation, name: str) -> str:
    """The response that the customer hears in place of `name`."""
    settings = unharmed(lambda: experiments.settings(Subject.REPLY, name), {})
    return str(settings.get(name, name))


def unharmed(ask: Callable[[], Found], otherwise: Found) -> Found:
    """What an experiment says, or `otherwise` when it fails: no reply ever does because of one."""
    try:
        return ask()
    except Exception:
        logger.exception("An experiment failed; the customer is served without it")
        return otherwise
