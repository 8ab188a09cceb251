"""Names of what the components hand each other on a message, and what they hand over in training only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

# On a message while it is processed; never stored with it.
EMBEDDING = "embedding"  # float32 (width,), length 1: for retrieval
INTENT_FEATURES = "intent_features"  # float32 (width,): for the intent classifier
ENTITY_SCORES = "entity_scores"  # message_encoder.EntityScores, of the text as `emoji.spell_emoji` writes it
SPELLED = "spelled"  # the text with its mistyped words put right; only where it has any
PART = "part"  # True on a message that is a part of another, see `requests.RequestFinder`
TRAINING_FEATURES = "training_features"  # TrainingFeatures, on training examples

# Stored with the message: ids and scores, no texts.
INTENT_SET = "intent_set"
OUT_OF_SCOPE_SCORE = "out_of_scope"
PASSAGES = "passages"
ANSWERABLE = "answerable"
FOLLOWS = "follows"  # True where it is understood as following a question that an article answered
SENTIMENT = "sentiment"
FURTHER_REQUESTS = "further_requests"
LANGUAGE = "language"


@dataclass(frozen=True)
class TrainingFeatures:
    """What the classifier learns and calibrates from, of one training example."""

    features: np.ndarray
    embedding: np.ndarray
    """Both of the encoder that serves; it has seen this example."""
    first_features: np.ndarray
    first_embedding: np.ndarray
    """Both of the first training run, which has not seen the held-out examples."""
    held_out: bool

    def fingerprint(self) -> str:
        """Asked for by Rasa's training cache; hashing the bytes spares it printing a million numbers."""
        digest = hashlib.sha256(bytes([self.held_out]))
        for vector in (self.features, self.embedding, self.first_features, self.first_embedding):
            digest.update(vector.tobytes())
        return digest.hexdigest()
