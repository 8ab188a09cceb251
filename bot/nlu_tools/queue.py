"""Which logged messages to label first: those that teach the intents most.

worth(x) = uncertainty(x) * density(x) * novelty(x)

- uncertainty: 1 - (p1 - p2), the margin between the two likeliest intents (Settles: Active Learning Literature
  Survey, 2009, section 3.1), joined with signs that the bot was wrong though sure (refused, a person called right
  afterwards, an unhappy rating, another intent chosen by button) by 1 - prod(1 - sign): each can only add.
- density: log2(1 + how many logged messages are alike), after information density (Settles and Craven, EMNLP 2008):
  what many say is worth more than what one says.
- novelty: the distance (1 - cosine) to the nearest example or message that is in the queue already, chosen greedily
  as in k-center core-sets (Sener and Savarese: Active Learning for Convolutional Neural Networks, ICLR 2018), so that
  the queue does not ask the same thing in other words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bot.nlu.decision import AMBIGUOUS, UNSURE
from bot.nlu.messages import is_payload
from bot.nlu_tools.examples import Example, same_key
from bot.nlu_tools.made_up import shown
from crm_models.label_log import LoggedMessage

Encode = Callable[[Sequence[str]], np.ndarray]
_ASK_PERSON = "ask_person"


@dataclass(frozen=True)
class QueueSettings:
    # How far each sign speaks for a mistake, beside the margin.
    refused: float = 0.6
    chosen_otherwise: float = 0.6
    escalated: float = 0.4
    unhappy: float = 0.2
    # Cosine from which two messages are alike.
    alike_from: float = 0.8
    # Nearer than this to an example, a message teaches nothing new.
    least_novelty: float = 0.03
    # Longer messages are no examples to learn an intent from.
    longest: int = 600
    # So many of the most uncertain texts are compared with each other.
    compared: int = 5000


@dataclass(frozen=True)
class Candidate:
    """A message worth labelling; `masked` is what may be shown."""

    message: LoggedMessage
    masked: str
    times: int
    """How often it was logged, personal data, case and punctuation aside."""
    alike: int
    """How many logged messages are alike, itself included."""
    worth: float
    reasons: tuple[str, ...]
    suggested: tuple[str, ...]
    """Intents to choose from, likeliest first."""

    @property
    def free_label(self) -> str | None:
        """What the customer said it meant."""
        return self.message.chosen


@dataclass(frozen=True)
class _Text:
    message: LoggedMessage
    masked: str
    times: int
    uncertainty: float


def uncertainty(message: LoggedMessage, settings: QueueSettings) -> float:
    """In [0, 1]; see the module."""
    confidences = [confidence for _, confidence in message.intent_set]
    margin = confidences[0] - (confidences[1] if len(confidences) > 1 else 0.0)
    signs = [min(1.0, max(0.0, 1.0 - margin)), *(weight for weight, _ in _signs(message, settings))]
    return 1.0 - math.prod(1.0 - sign for sign in signs)


def label_queue(
    messages: Iterable[LoggedMessage],
    examples: Sequence[Example],
    example_vectors: np.ndarray,
    reviewed: Container[str],
    encode: Encode,
    settings: QueueSettings = QueueSettings(),
    limit: int = 50,
) -> list[Candidate]:
    """The `limit` messages worth most, best first. Messages in the training data or `reviewed` are left out."""
    texts = _distinct(messages, examples, reviewed, settings)
    if not texts:
        return []
    vectors = encode([each.masked for each in texts])
    times = np.array([each.times for each in texts], np.float64)
    to_examples = vectors @ example_vectors.T
    alike = ((vectors @ vectors.T) >= settings.alike_from) @ times
    value = np.array([each.uncertainty for each in texts]) * np.log2(1.0 + alike)
    novelty = np.clip(1.0 - to_examples.max(1), 0.0, 1.0)
    novelty[novelty < settings.least_novelty] = 0.0
    chosen = []
    for _ in range(min(limit, len(texts))):
        worth = value * novelty
        best = int(worth.argmax())
        if worth[best] <= 0:
            break
        near = [examples[place].intent for place in np.argsort(-to_examples[best], kind="stable")[:10]]
        chosen.append(_candidate(texts[best], round(float(alike[best])), float(worth[best]), near, settings))
        novelty = np.minimum(novelty, np.clip(1.0 - vectors @ vectors[best], 0.0, 1.0))
        novelty[best] = 0.0
    return chosen


def _distinct(
    messages: Iterable[LoggedMessage], examples: Sequence[Example], reviewed: Container[str], settings: QueueSettings
) -> list[_Text]:
    known = {same_key(each.text) for each in examples}
    found: dict[str, _Text] = {}
    for message in messages:
        wordless = message.text.isascii() and not any(map(str.isalnum, message.text))
        if wordless or is_payload(message.text) or len(message.text) > settings.longest:
            continue
        masked = shown(message.text, message.known)
        key = same_key(masked)
        if key in known or same_key(message.text) in known or masked in reviewed:
            continue
        doubt, former = uncertainty(message, settings), found.get(key)
        if former is None:
            found[key] = _Text(message, masked, 1, doubt)
        elif doubt > former.uncertainty:
            found[key] = _Text(message, masked, former.times + 1, doubt)
        else:
            found[key] = replace(former, times=former.times + 1)
    ranked = sorted(found.values(), key=lambda each: (-each.uncertainty * math.log2(1 + each.times), each.masked))
    return ranked[: settings.compared]


def _candidate(text: _Text, alike: int, worth: float, near: Sequence[str], settings: QueueSettings) -> Candidate:
    message = text.message
    reasons = [reason for _, reason in _signs(message, settings)]
    if len(message.intent_set) > 1:
        (_, first), (_, second), *_ = message.intent_set
        reasons.insert(0, f"{first:.2f} against {second:.2f}")
    elif not reasons:
        reasons.append(f"sure at {message.intent_set[0][1]:.2f} only")
    if message.intent == AMBIGUOUS and not message.chosen:
        reasons.append("asked what was meant")
    if alike > 1:
        reasons.append(f"{alike} alike")
    likely = [name for name, _ in message.intent_set]
    suggested = dict.fromkeys([*filter(None, [message.chosen]), *likely, *near])
    return Candidate(message, text.masked, text.times, alike, worth, tuple(reasons), tuple(suggested)[:5])


def _signs(message: LoggedMessage, settings: QueueSettings) -> list[tuple[float, str]]:
    """Signs of a mistake, with what each weighs."""
    signs = []
    if message.intent == UNSURE:
        signs.append((settings.refused, "refused"))
    if message.chosen is not None:
        otherwise = message.chosen != message.intent_set[0][0]
        weight = settings.chosen_otherwise if otherwise else 0.0
        signs.append((weight, f"the customer chose {message.chosen}"))
    if message.escalated and message.intent != _ASK_PERSON:
        signs.append((settings.escalated, "a person was called"))
    if message.unhappy:
        signs.append((settings.unhappy, "rated badly"))
    return signs
