"""What the bot does with what it understood: act, ask which of a few things was meant, or say that it is not sure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

AMBIGUOUS = "nlu_ambiguous"
UNSURE = "nlu_unsure"
OUT_OF_SCOPE = "out_of_scope"
# They mean something only after a question of the bot's, which knows what to do with them; no alternative to a wish.
ANSWERS = frozenset({"affirm", "deny", "inform", "choose"})


@dataclass(frozen=True)
class Likely:
    name: str
    confidence: float


@dataclass(frozen=True)
class DecisionRule:
    # At this probability of the first intent the bot acts, whatever else is in the set: asking would annoy more
    # people than the one in seven or fewer that it errs on.
    act_from: float = 0.85
    # Intents that look something up or answer, and change nothing. A wrong one costs the customer another message,
    # about as much as three questions; a question costs everybody one. So from about 2/3 on it is better to act.
    harmless: tuple[str, ...] = ()
    harmless_from: float = 0.7
    # More options than this are no question that one can answer with a tap.
    most_options: int = 3
    # From this probability of the first intent the likeliest of a longer set are asked about all the same: what is
    # meant is then mostly among them.
    ask_from: float = 0.5

    def decide(self, intent_set: Sequence[Likely], refused: bool) -> Likely:
        """The intent to report for a prediction set (likeliest first, never empty)."""
        first = intent_set[0]
        if refused and first.name != OUT_OF_SCOPE:
            return Likely(UNSURE, first.confidence)
        others = [each for each in intent_set[1:] if each.name not in ANSWERS]
        if not others or first.confidence >= (self.harmless_from if first.name in self.harmless else self.act_from):
            return first
        options = [each for each in intent_set if each.name != OUT_OF_SCOPE]
        # Likeliest beyond the shop, yet perhaps something that we do: neither an act nor a good question.
        if first.name == OUT_OF_SCOPE or (len(options) > self.most_options and first.confidence < self.ask_from):
            return Likely(UNSURE, first.confidence)
        return Likely(AMBIGUOUS, first.confidence)
