"""What was decided about logged messages, so that nobody is asked twice: a line of `reviewed.jsonl` for each.

A line holds a digest of the masked text, not the text: the file keeps nobody's words.
"""

from __future__ import annotations

import hashlib
import json
import os
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from bot.nlu_tools.examples import same_key

FILE = "reviewed.jsonl"


class Decision(StrEnum):
    ACCEPTED = "accepted"
    NEVER = "never"  # of no use; not asked again


def digest_of(masked: str) -> str:
    """Equal for messages that differ in case, punctuation and personal data alone."""
    return hashlib.sha256(same_key(masked).encode()).hexdigest()[:24]


class Decisions:
    """Those of one data folder."""

    def __init__(self, home: Path) -> None:
        self.path = home / FILE
        self._digests = set(self._read())

    def __contains__(self, masked: str) -> bool:
        return digest_of(masked) in self._digests

    def remember(
        self, masked: str, decision: Decision, now: datetime, message_id: int, intent: str | None = None
    ) -> None:
        """Append it, on the disk before anything else is asked."""
        line = {
            "digest": digest_of(masked),
            "decision": decision.value,
            "intent": intent,
            "message_id": message_id,
            "at": now.isoformat(timespec="seconds"),
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._digests.add(line["digest"])

    def _read(self) -> list[str]:
        if not self.path.exists():
            return []
        found = []
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(str(json.loads(line)["digest"]))
            except (ValueError, KeyError, TypeError):
                continue  # a line that was cut off: at worst somebody is asked again
        return found
