"""A scripted customer: says what they want, answers what the bot asks, and gives up at some point."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence

from benchmarks.dialogue_goals import Goal
from benchmarks.load import Reply
from benchmarks.phrases import phrases

# How often they say what they want in other words.
REPHRASES = 2


class Customer:
    """Taps or types, as the dice of `rng` fall; what was typed and not understood is tapped the next time."""

    def __init__(self, goal: Goal, rng: random.Random) -> None:
        self._goal = goal
        self._rng = rng
        self._openings = rng.sample(list(goal.openings), len(goal.openings))
        self._typed: set[str] = set()
        self._rephrased = 0

    def opening(self) -> str:
        """What they come with."""
        return self._openings[0]

    def answer(self, replies: Sequence[Reply]) -> str | None:
        """The next message; None when they have nothing left to say."""
        text = "\n".join(reply.text for reply in replies)
        payloads = [_read(payload) for reply in replies for _, payload in reply.buttons]
        tap = self._fitting(payloads)
        if tap is not None:
            return self._tap_or_type(*tap)
        if any(intent == "affirm" for intent, _, _ in payloads):
            return self._confirm(text)
        asked = {entity for _, entities, _ in payloads for entity in entities}
        if asked & self._goal.facts.keys():
            # What they want is not among the buttons: they type it.
            return self._type(next(iter(asked & self._goal.facts.keys()))) or self._rephrase()
        leading = [payload for intent, entities, payload in payloads if intent in self._goal.intents and not entities]
        if leading:
            return leading[0]
        return self._answer_in_words(text) or self._rephrase()

    def _fitting(self, payloads: Sequence[tuple[str, dict[str, str], str]]) -> tuple[str, str] | None:
        """The entity and the payload of the button that holds what they want."""
        for _, entities, payload in payloads:
            for entity, value in entities.items():
                if self._goal.facts.get(entity) == str(value):
                    return entity, payload
        return None

    def _tap_or_type(self, entity: str, payload: str) -> str:
        typed = self._type(entity) if self._rng.random() < 0.5 else None
        return typed or payload

    def _type(self, entity: str) -> str | None:
        """In words, once."""
        words = self._goal.spoken.get(entity)
        if not words or entity in self._typed:
            return None
        self._typed.add(entity)
        return self._rng.choice(list(words))

    def _confirm(self, text: str) -> str:
        """Yes, if it is about their order."""
        order_id = self._goal.facts.get("order_id")
        if order_id is not None and order_id not in text:
            return "/deny"
        return self._rng.choice([*phrases()["confirm"], "/affirm"])

    def _answer_in_words(self, text: str) -> str | None:
        """A question without buttons: for an address, or for the order's number."""
        if "address" in text.lower() and (told := self._type("address")):
            return told
        return self._type("order_id") if "which order" in text.lower() else None

    def _rephrase(self) -> str | None:
        self._rephrased += 1
        if self._rephrased > min(REPHRASES, len(self._openings) - 1):
            return None
        return self._openings[self._rephrased]


def _read(payload: str) -> tuple[str, dict[str, str], str]:
    """`/inform{"order_id": "HV-104233"}` -> intent, entities, payload."""
    intent, brace, rest = payload.removeprefix("/").partition("{")
    try:
        entities = json.loads(brace + rest) if brace else {}
    except ValueError:
        entities = {}
    return intent, entities, payload
