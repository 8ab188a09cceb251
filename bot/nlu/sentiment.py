"""How the customer feels: polarity of the words, and signs of a patience that ends."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.training_data.message import Message
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from bot.nlu.frustration import frustration_of
from bot.nlu.messages import is_payload, text_of
from bot.nlu.vectors import SENTIMENT

# Words that VADER counts as feelings and customers use for their errands: "I would like to cancel", "no, the other
# one", "help with my gift card".
ERRANDS = (
    "like", "no", "yes", "ok", "okay", "sure", "help", "please", "want", "wanted", "cancel", "cancelled", "canceled",
    "cancelling", "canceling", "stop", "stopped", "free", "gift", "gifts", "share", "save", "charge", "charged",
    "charges", "credit", "pay", "paid", "payment", "interest", "interested", "chance", "cut", "drop", "cash",
    "warranty", "secure", "security", "care", "safe", "number", "straight", "easy", "certain", "forget", "forgot",
    "leave", "left", "miss", "missing", "alone", "claim", "demand", "reward", "rewards", "promotion", "novel",
    "natural", "cool", "warm", "fresh", "sharp", "fun", "hand", "shock", "iron", "super", "joke", "solved", "allow",
)  # fmt: skip
# What VADER does not know and customers feel, on its scale from -4 to 4.
COMPLAINTS = {
    "refuse": -1.5, "refused": -1.5, "unusable": -2.5, "overpriced": -1.8, "nonsense": -1.8, "rubbish": -2.4,
    "crap": -2.4, "scam": -3.0, "ripoff": -2.8, "unhelpful": -2.0, "incompetent": -2.6, "shambles": -2.6,
    "flimsy": -1.6, "late": -0.8, "delayed": -1.0, "overdue": -1.2, "waiting": -0.5, "defective": -1.8,
    "unresponsive": -1.6, "disgrace": -2.8, "chaos": -2.4, "pathetic": -2.6, "fobbed": -2.0, "spotless": 1.8,
    "speedy": 1.4, "prompt": 1.2, "flawless": 2.6, "recommendable": 2.0, "sturdy": 1.4,
}  # fmt: skip


# Of the kinds that Rasa knows, this one asks for nothing in training.
@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class SentimentAnalyser(GraphComponent):
    """Sets `sentiment`: score in [-1, 1], label (negative, neutral, positive), frustration in [0, 1].

    Score: VADER's compound (Hutto, Gilbert: VADER, A Parsimonious Rule-based Model for Sentiment Analysis of Social
    Media Text, ICWSM 2014) over a lexicon fitted to customer service. A frustration of 0 means no sign of any weight.
    """

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {
            # Scores nearer to 0 are neutral; VADER's authors take 0.05, at which every "thanks" is positive and
            # "it came late" negative.
            "neutral_below": 0.25,
            # A weaker frustration is reported as 0: one exclamation mark is no anger.
            "frustrated_from": 0.3,
            # Letters read; feelings of longer texts show at the start.
            "longest": 2_000,
        }

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = {**self.get_default_config(), **config}
        self._vader = SentimentIntensityAnalyzer()
        for word in ERRANDS:
            self._vader.lexicon.pop(word, None)
        self._vader.lexicon.update(COMPLAINTS)

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentimentAnalyser:
        return cls(config)

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = text_of(message)
            if not is_payload(text):
                message.set(SENTIMENT, self.sentiment(text), add_to_output=True)
        return messages

    def sentiment(self, text: str) -> dict[str, Any]:
        text = text[: self.config["longest"]]
        score = round(float(self._vader.polarity_scores(text)["compound"]), 3) if text.strip() else 0.0
        frustration = frustration_of(text, score)
        return {
            "score": score,
            "label": self._label(score),
            "frustration": round(frustration, 2) if frustration >= self.config["frustrated_from"] else 0.0,
        }

    def _label(self, score: float) -> str:
        if abs(score) < self.config["neutral_below"]:
            return "neutral"
        return "positive" if score > 0 else "negative"
