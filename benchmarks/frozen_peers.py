"""Peers on the encoder that ours starts from, as it is: linear classifiers, and the distance to the nearest example."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from benchmarks.datasets import Examples
from benchmarks.draws import set_aside
from benchmarks.metrics import accuracy
from benchmarks.nlu_models import Parsed

LOGISTIC, SVC, NEAREST = "frozen + logistic", "frozen + SVC", "frozen, nearest example"
# Strengths tried on a tenth of the training examples, set aside.
_STRENGTHS = (1.0, 10.0, 100.0)
_ASIDE, _SEED = 0.1, 5


class FrozenEncoder:
    """float32 (texts, width), rows of length 1; each text is encoded once in a run."""

    def __init__(self) -> None:
        self._known: dict[str, np.ndarray] = {}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        new = sorted(set(texts) - self._known.keys())
        if new:
            self._known.update(zip(new, self._model.encode(new, batch_size=64, normalize_embeddings=True), strict=True))
        return np.stack([self._known[text] for text in texts])

    @cached_property
    def _model(self) -> Any:
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        from bot.nlu.weights import find_base_encoder

        # Its report on the weights would stand between our own lines.
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        return SentenceTransformer(str(find_base_encoder()), device="cpu", local_files_only=True)


@dataclass(frozen=True)
class LinearPeer:
    """scikit-learn's classifier on the frozen embeddings."""

    encoder: FrozenEncoder
    model: Any

    def parse(self, texts: Sequence[str]) -> list[Parsed]:
        """With the whole ranking where the classifier has probabilities, else the label alone."""
        vectors = self.encoder.encode(texts)
        if not hasattr(self.model, "predict_proba"):
            return [Parsed(label, ((label, 0.0),)) for label in map(str, self.model.predict(vectors))]
        found = []
        for row in self.model.predict_proba(vectors):
            order = np.argsort(-row, kind="stable")
            ranking = tuple((str(self.model.classes_[place]), float(row[place])) for place in order)
            found.append(Parsed(ranking[0][0], ranking))
        return found


@dataclass(frozen=True)
class NearestPeer:
    """The label of the nearest example, and as `score` the distance to the nearest one that is in scope.

    Sun, Ming, Zhu, Li: Out-of-Distribution Detection with Deep Nearest Neighbors, ICML 2022, with k = 1.
    """

    encoder: FrozenEncoder
    examples: Examples
    out_of_scope: str

    def parse(self, texts: Sequence[str]) -> list[Parsed]:
        labels = np.asarray(self.examples.labels)
        similar = self.encoder.encode(texts) @ self.encoder.encode(self.examples.texts).T
        nearest = labels[similar.argmax(axis=1)]
        distance = 1.0 - similar[:, labels != self.out_of_scope].max(axis=1)
        return [
            Parsed(str(label), ((str(label), 1.0 - float(far)),), out_of_scope={"score": float(far)})
            for label, far in zip(nearest, distance, strict=True)
        ]


def logistic(encoder: FrozenEncoder, examples: Examples) -> LinearPeer:
    from sklearn.linear_model import LogisticRegression

    return _fit(encoder, examples, lambda strength: LogisticRegression(C=strength, max_iter=300))


def svc(encoder: FrozenEncoder, examples: Examples) -> LinearPeer:
    from sklearn.svm import LinearSVC

    return _fit(encoder, examples, lambda strength: LinearSVC(C=strength, random_state=_SEED))


def _fit(encoder: FrozenEncoder, examples: Examples, make: Callable[[float], Any]) -> LinearPeer:
    learn, look = set_aside(examples, _ASIDE, _SEED)

    def score(strength: float) -> float:
        peer = LinearPeer(encoder, make(strength).fit(encoder.encode(learn.texts), learn.labels))
        return accuracy([each.label for each in peer.parse(look.texts)], look.labels)

    best = max(_STRENGTHS, key=score)
    return LinearPeer(encoder, make(best).fit(encoder.encode(examples.texts), examples.labels))
