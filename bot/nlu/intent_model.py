"""The intent classifier without Rasa: a linear head, calibrated, with sets and a refusal of what is unknown.

Learning needs scikit-learn; reading and asking need numpy alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
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
from bot.nlu.out_of_scope import KnownGround, fit_farthest

WEIGHTS_FILE, FACTS_FILE = "intent_model.npz", "intent_model.json"
_FOLDS = 5


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
    strength: float = 1.0
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
    refused: bool


@dataclass(frozen=True)
class IntentModel:
    labels: tuple[str, ...]
    weights: np.ndarray
    """float32 (width, labels)"""
    bias: np.ndarray
    temperature: float
    least: float
    """Least probability of a member of the set."""
    ground: KnownGround

    def understand(self, features: np.ndarray, embedding: np.ndarray) -> Understanding:
        """For one message: `features` and `embedding` float32 (width,)."""
        probabilities = softmax(features @ self.weights + self.bias, self.temperature)
        order = np.argsort(-probabilities, kind="stable")
        members = prediction_sets(probabilities[None, :], self.least)[0]
        ranking = tuple(Likely(self.labels[place], float(probabilities[place])) for place in order)
        chosen = tuple(each for each, place in zip(ranking, order, strict=True) if members[place])
        return Understanding(ranking, chosen, self.ground.refuses(embedding))

    def save(self, folder: Path) -> None:
        np.savez(folder / WEIGHTS_FILE, weights=self.weights, bias=self.bias, examples=self.ground.examples)
        facts = {
            "labels": self.labels,
            "temperature": self.temperature,
            "least": self.least,
            "farthest": self.ground.farthest,
        }
        (folder / FACTS_FILE).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> IntentModel:
        facts = json.loads((folder / FACTS_FILE).read_text(encoding="utf-8"))
        with np.load(folder / WEIGHTS_FILE, allow_pickle=False) as stored:
            weights, bias, examples = stored["weights"], stored["bias"], stored["examples"]
        ground = KnownGround(examples, facts["farthest"])
        return cls(tuple(facts["labels"]), weights, bias, facts["temperature"], facts["least"], ground)


def learn(examples: Examples, settings: LearnSettings, rule: DecisionRule) -> tuple[IntentModel, Report]:
    """Calibrates on the held-out rows by a head of the first run, then learns the head that serves from all rows.

    The serving head has seen more than the one that was calibrated, so its sets cover rather more than promised.
    """
    labels = np.asarray(examples.labels)
    names = tuple(sorted(set(examples.labels)))
    held, seen = examples.held_out, ~examples.held_out
    weights, bias = _fit_head(examples.first_features[seen], labels[seen], names, settings)
    logits = examples.first_features[held] @ weights + bias
    targets = np.searchsorted(names, labels[held])
    temperature = fit_temperature(logits, targets)
    least = least_probability(softmax(logits, temperature), targets, settings.coverage)
    inside = labels != OUT_OF_SCOPE
    farthest = fit_farthest(
        examples.first_embedding[held & inside],
        examples.first_embedding[seen & inside],
        settings.refused_share,
    )
    checked = IntentModel(
        names,
        weights,
        bias,
        temperature,
        least,
        KnownGround(examples.first_embedding[seen & inside], farthest),
    )
    report = _report(checked, examples, logits, targets, settings, rule)
    weights, bias = _fit_head(examples.features, labels, names, settings)
    ground = KnownGround(examples.embedding[inside], farthest)
    return IntentModel(names, weights, bias, temperature, least, ground), report


def _fit_head(
    features: np.ndarray, labels: np.ndarray, names: tuple[str, ...], settings: LearnSettings
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.linear_model import LogisticRegression

    head = LogisticRegression(C=settings.strength, max_iter=300, random_state=settings.seed)
    head.fit(features.astype(np.float64), labels)
    weights = np.zeros((features.shape[1], len(names)), np.float32)
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
