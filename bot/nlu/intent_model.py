"""The intent classifier without Rasa: a linear head, calibrated, with sets and a refusal of what is unknown.

Learning needs scikit-learn; reading and asking need numpy alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from bot.nlu.calibration import (
    cross_check,
    fit_temperature,
    least_probability,
    prediction_sets,
    softmax,
)
from bot.nlu.decision import AMBIGUOUS, OUT_OF_SCOPE, UNSURE, DecisionRule, Likely
from bot.nlu.out_of_scope import ForeignScore, KnownGround, learn_ground, learn_score

WEIGHTS_FILE, FACTS_FILE = "intent_model.npz", "intent_model.json"
_FOLDS = 5
# The embedding has length 1, the intent features about twelve times that; at this weight both are heard.
_EMBEDDING_SCALE = 5.0


@dataclass(frozen=True)
class Examples:
    """Training examples as the encoder hands them over; rows are examples, vectors float32 (n, width).

    `features` and `embedding` are of the encoder that serves, the `first_*` of the run that has not seen the rows
    in `held_out` (bool (n,)).
    """

    labels: Sequence[str]
    features: np.ndarray
    embedding: np.ndarray
    first_features: np.ndarray
    first_embedding: np.ndarray
    held_out: np.ndarray


@dataclass(frozen=True)
class LearnSettings:
    seed: int = 7
    # Inverse strength of the ridge of the logistic regression.
    strength: float = 0.1
    # Share of messages whose set shall hold the intent that was meant.
    coverage: float = 0.95
    # Share of messages in scope that may be refused as unknown.
    refused_share: float = 0.03


@dataclass(frozen=True)
class Report:
    """What the held-out examples say; shares of 1."""

    examples: int
    intents: int
    held_out: int
    accuracy: float
    coverage: float
    mean_set_size: float
    calibration_error: float
    acts: float
    right_when_acting: float
    asks: float
    unsure: float
    refused_in_scope: float
    recognised_out_of_scope: float


@dataclass(frozen=True)
class Understanding:
    ranking: tuple[Likely, ...]
    """All intents, likeliest first; the confidences sum to 1."""
    intent_set: tuple[Likely, ...]
    """Those of them that may be meant at the coverage asked for."""
    foreign: float
    """How unlike everything known it is: 0 for an average message in scope, see `out_of_scope.ForeignScore`."""
    refused: bool
    """Whether it is too unlike."""


@dataclass(frozen=True)
class IntentModel:
    labels: tuple[str, ...]
    weights: np.ndarray
    """float32 (2 width, labels)"""
    bias: np.ndarray
    temperature: float
    least: float
    """Least probability of a member of the set."""
    ground: KnownGround
    foreign: ForeignScore

    def logits(self, features: np.ndarray, embedding: np.ndarray) -> np.ndarray:
        """float32 (n, labels) for `features` and `embedding` float32 (n, width)."""
        logits: np.ndarray = _joined(features, embedding) @ self.weights + self.bias
        return logits

    def foreign_signals(self, features: np.ndarray, embedding: np.ndarray, logits: np.ndarray) -> np.ndarray:
        """float64 (n, signals), see `out_of_scope`."""
        outside = self.labels.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in self.labels else None
        return self.ground.signals(_joined(features, embedding), embedding, logits, outside)

    def understand(self, features: np.ndarray, embedding: np.ndarray) -> Understanding:
        """For one message: `features` and `embedding` float32 (width,)."""
        logits = self.logits(features[None], embedding[None])
        probabilities = softmax(logits, self.temperature)
        order = np.argsort(-probabilities[0], kind="stable")
        members = prediction_sets(probabilities, self.least)[0]
        ranking = tuple(Likely(self.labels[place], float(probabilities[0, place])) for place in order)
        chosen = tuple(each for each, place in zip(ranking, order, strict=True) if members[place])
        foreign = float(self.foreign.of(self.foreign_signals(features[None], embedding[None], logits))[0])
        return Understanding(ranking, chosen, foreign, foreign > self.foreign.limit)

    def save(self, folder: Path) -> None:
        np.savez(
            folder / WEIGHTS_FILE,
            weights=self.weights,
            bias=self.bias,
            **{f"ground_{name}": value for name, value in vars(self.ground).items()},
        )
        facts = {
            "labels": self.labels,
            "temperature": self.temperature,
            "least": self.least,
            "foreign": {name: np.asarray(value).tolist() for name, value in vars(self.foreign).items()},
        }
        (folder / FACTS_FILE).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        facts = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
        with np.load(folder / WEIGHTS_FILE, allow_pickle=False) as stored:
            ground = KnownGround(**{each.name: stored[f"ground_{each.name}"][()] for each in fields(KnownGround)})
            weights, bias = stored["weights"], stored["bias"]
        weighed = {name: np.array(facts["foreign"][name]) for name in ("centre", "scale", "weights")}
        foreign = ForeignScore(**weighed, limit=facts["foreign"]["limit"])
        return cls(tuple(facts["labels"]), weights, bias, facts["temperature"], facts["least"], ground, foreign)


def learn(examples: Examples, settings: LearnSettings, rule: DecisionRule) -> tuple[IntentModel, Report]:
    """Calibrates on the held-out rows by a head of the first run, then learns the head that serves from all rows.

    The serving head has seen more than the one that was calibrated, so its sets cover rather more than promised.
    """
    labels = np.asarray(examples.labels)
    names = tuple(sorted(set(examples.labels)))
    held, seen = examples.held_out, ~examples.held_out
    inside = labels != OUT_OF_SCOPE
    vectors = _joined(examples.first_features, examples.first_embedding)
    weights, bias = _fit_head(vectors[seen], labels[seen], names, settings)
    logits = vectors[held] @ weights + bias
    targets = np.searchsorted(names, labels[held])
    temperature = fit_temperature(logits, targets)
    least = least_probability(softmax(logits, temperature), targets, settings.coverage)
    known = seen & inside
    ground = learn_ground(vectors[known], examples.first_embedding[known], labels[known], settings.seed)
    outside = names.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in names else None
    signals = ground.signals(vectors[held], examples.first_embedding[held], logits, outside)
    foreign = learn_score(signals[inside[held]], signals[~inside[held]], settings.refused_share)
    checked = IntentModel(names, weights, bias, temperature, least, ground, foreign)
    report = _report(checked, examples, logits, targets, settings, rule)
    vectors = _joined(examples.features, examples.embedding)
    weights, bias = _fit_head(vectors, labels, names, settings)
    ground = learn_ground(vectors[inside], examples.embedding[inside], labels[inside], settings.seed)
    return IntentModel(names, weights, bias, temperature, least, ground, foreign), report


def _joined(features: np.ndarray, embedding: np.ndarray) -> np.ndarray:
    """What the head reads, float32 (n, 2 width): the features know the intents best, the embedding the rest."""
    return np.concatenate([features, _EMBEDDING_SCALE * embedding], axis=1, dtype=np.float32)


def _fit_head(
    vectors: np.ndarray, labels: np.ndarray, names: tuple[str, ...], settings: LearnSettings
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.linear_model import LogisticRegression

    head = LogisticRegression(C=settings.strength, max_iter=300, random_state=settings.seed)
    head.fit(vectors, labels)
    weights = np.zeros((vectors.shape[1], len(names)), np.float32)
    # An intent all of whose examples are held out is never likely.
    bias = np.full(len(names), -30.0, np.float32)
    if len(head.classes_) == 2:
        weights[:, np.searchsorted(names, head.classes_[1])] = head.coef_[0]
        bias[np.searchsorted(names, head.classes_)] = (0.0, head.intercept_[0])
    else:
        places = np.searchsorted(names, head.classes_)
        weights[:, places], bias[places] = head.coef_.T, head.intercept_
    return weights, bias


def _report(
    model: IntentModel,
    examples: Examples,
    logits: np.ndarray,
    targets: np.ndarray,
    settings: LearnSettings,
    rule: DecisionRule,
) -> Report:
    checked = cross_check(logits, targets, settings.coverage, min(_FOLDS, len(targets)), settings.seed)
    held = examples.held_out
    truth = np.asarray(examples.labels)[held]
    understood = [
        model.understand(features, embedding)
        for features, embedding in zip(examples.first_features[held], examples.first_embedding[held], strict=True)
    ]
    decided = np.array([rule.decide(each.intent_set, each.refused).name for each in understood])
    acted = ~np.isin(decided, (AMBIGUOUS, UNSURE))
    inside = truth != OUT_OF_SCOPE
    refused = np.array([each.refused for each in understood])
    outside_caught = np.isin(decided[~inside], (OUT_OF_SCOPE, UNSURE))
    return Report(
        examples=len(examples.labels),
        intents=len(model.labels),
        held_out=int(held.sum()),
        accuracy=checked.accuracy,
        coverage=checked.coverage,
        mean_set_size=checked.mean_size,
        calibration_error=checked.expected_calibration_error,
        acts=float(acted.mean()),
        right_when_acting=float((decided == truth)[acted].mean()) if acted.any() else 0.0,
        asks=float((decided == AMBIGUOUS).mean()),
        unsure=float((decided == UNSURE).mean()),
        refused_in_scope=float(refused[inside].mean()),
        recognised_out_of_scope=float(outside_caught.mean()) if (~inside).any() else 0.0,
    )


def report_json(report: Report) -> str:
    return json.dumps({name: round(value, 4) for name, value in asdict(report).items()}, indent=1) + "\n"
