"""The policy that is in force now: a file that was changed counts from the next decision on, without a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from crm_models.errors import BadPolicy
from crm_models.next_action.policy import OfferPolicy
from crm_models.next_action.policy_file import load_offer_policy

_log = logging.getLogger(__name__)


class LivePolicy:
    """Reads the shop's file again when it has changed; looking whether it has takes some microseconds."""

    def __init__(self, own: Callable[[], Path | None]) -> None:
        """`own` says where the shop's file is; None: there is none, and the shipped policy holds."""
        self._own = own
        self._seen: object = self  # nothing yet
        self._policy: OfferPolicy | None = None

    def get(self) -> OfferPolicy | None:
        """The policy; with mistakes in the file the last one without, or None: then nothing is offered."""
        own = self._own()
        seen = (own, _state(own))
        if seen != self._seen:
            self._seen = seen
            try:
                self._policy = load_offer_policy(own)
            except BadPolicy as error:
                kept = "nothing is offered" if self._policy is None else "the policy before it stays in force"
                _log.error("%s\nUntil that is corrected %s.", error, kept)
        return self._policy

    def margin(self, line: str | None) -> float:
        """Share of the price that is earned with a product line, see `crm_models.order_margins`.

        Raises:
            BadPolicy: there is no policy without mistakes.
        """
        policy = self.get()
        if policy is None:
            raise BadPolicy(
                "What orders earn stands in the offer policy, which has mistakes; see `rapport policy check`."
            )
        return policy.margin(line)


def _state(path: Path | None) -> tuple[int, int] | None:
    """Time and size of a file; None where there is none."""
    try:
        found = None if path is None else path.stat()
    except OSError:
        return None
    return None if found is None else (found.st_mtime_ns, found.st_size)
