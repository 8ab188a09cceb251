"""What a conversation shows of the customer's satisfaction, as numbers; each becomes a part of the score.

Events count the less the longer ago they are: an event of `a` replies ago counts 0.7 to the power of `a`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from math import log1p
from pathlib import Path

from crm_models.satisfaction.turns import CUSTOMER, Conversation, Turn

# signal: what it is, from the first turn to the one that is judged
SIGNALS = {
    "mood": "sentiment of the customer's messages, -1 to 1, the last ones most",
    "thanks": "the customer thanked",
    "praise": "the customer used words of praise",
    "dislike": "the customer used words of anger or disappointment",
    "corrections": "the customer said no, or that something was meant otherwise",
    "repetition": "the customer said nearly the same again",
    "refusals": "the reply was sorry, or had nothing to offer",
    "unresolved": "something was asked that could not be answered",
    "questions_back": "the reply asked the customer something",
    "escalation": "a person was asked for or brought in",
    "waiting": "replies that took longer than ten seconds",
    "length": "how many messages the customer needed, as a logarithm",
}

_FADE = 0.7
_ALIKE = 0.6  # share of words in common (Jaccard) above which a message repeats an earlier one
_FEWEST_WORDS = 3  # shorter messages repeat each other by chance
_SLOW_MS = 10_000.0
_WORD = re.compile(r"[a-z']+|[\u4e00-\u9fff]")


def signals_of(conversation: Conversation, turns: int | None = None) -> dict[str, float]:
    """The signals after the first `turns` turns; after all by default."""
    said = conversation.turns if turns is None else conversation.turns[:turns]
    found = dict.fromkeys(SIGNALS, 0.0)
    heard: list[frozenset[str]] = []
    weights, moods = 0.0, 0.0
    for turn in said:
        if turn.author == CUSTOMER:
            words = frozenset(_WORD.findall(turn.text.lower()))
            found["thanks"] += has_cue(turn.text, "thanks")
            found["praise"] += has_cue(turn.text, "praise")
            found["dislike"] += has_cue(turn.text, "dislike")
            found["corrections"] += has_cue(turn.text, "correction")
            found["repetition"] += any(_alike(words, earlier) for earlier in heard)
            heard.append(words)
            if turn.sentiment is not None:
                weights, moods = _FADE * weights + 1.0, _FADE * moods + turn.sentiment
        else:
            for name in ("thanks", "praise", "dislike", "corrections", "repetition", "refusals"):
                found[name] *= _FADE
            found["questions_back"] *= _FADE
            found["refusals"] += has_cue(turn.text, "refusal")
            found["questions_back"] += "?" in turn.text or "\uff1f" in turn.text
            found["waiting"] += (turn.latency_ms or 0.0) > _SLOW_MS
    until = _last_time(said)
    found["mood"] = moods / weights if weights else 0.0
    found["length"] = log1p(len(heard))
    found["escalation"] = float(_happened(conversation.escalated_at, until) > 0)
    found["unresolved"] = log1p(_happened(conversation.unanswered_at, until))
    found["waiting"] = log1p(found["waiting"])
    return found


def has_cue(text: str, kind: str) -> bool:
    """Whether a text holds one of the words of `cues.json`."""
    lowered = text.lower().replace("\u2019", "'")
    words = set(_WORD.findall(lowered))
    return any(cue in words or ((not cue.isalpha() or not cue.isascii()) and cue in lowered) for cue in _cues()[kind])


def _alike(words: frozenset[str], earlier: frozenset[str]) -> bool:
    if min(len(words), len(earlier)) < _FEWEST_WORDS:
        return False
    return len(words & earlier) / len(words | earlier) >= _ALIKE


def _happened(times: Iterable[object], until: object) -> int:
    """Events up to a moment; all of them where the moment is unknown."""
    return sum(until is None or at <= until for at in times)  # type: ignore[operator]


def _last_time(said: tuple[Turn, ...]) -> object:
    return said[-1].said_at if said else None


@cache
def _cues() -> Mapping[str, tuple[str, ...]]:
    told = json.loads(Path(__file__).with_name("cues.json").read_text(encoding="utf-8"))
    return {kind: tuple(words) for kind, words in told.items()}
