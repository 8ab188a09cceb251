"""A score of 1 to 5 for a conversation, and what each signal adds or takes away.

The score is linear in the signals (ridge regression), so that the base and the parts sum to it exactly. Where the sum
would leave the scale, all parts are shortened by the same factor. Needs nothing but the standard library and numpy.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from crm_models.errors import BadModel, BadTable
from crm_models.model_files import ModelCard, read_card, read_model, write_model
from crm_models.satisfaction.signals import SIGNALS, signals_of
from crm_models.satisfaction.turns import Conversation, customer_turns

LOWEST, HIGHEST = 1.0, 5.0
SHIPPED = Path(__file__).with_name("weights.json")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Satisfaction:
    """`base` and `parts` sum to `score`; `turns` is the score after each message of the customer."""

    conversation_id: str
    score: float
    base: float
    parts: Mapping[str, float]
    turns: tuple[float, ...]
    dissatisfied: bool
    model_version: str

    @property
    def reasons(self) -> tuple[str, ...]:
        """The parts worth telling, the largest first, as `signal:stars`."""
        told = sorted(self.parts.items(), key=lambda part: -abs(part[1]))
        return tuple(f"{name}:{stars:+.1f}" for name, stars in told if abs(stars) >= 0.05)


class SatisfactionModel:
    """Weights in stars for each unit of a signal."""

    name: ClassVar[str] = "satisfaction"

    def __init__(self) -> None:
        self.version = ""
        self.card: ModelCard | None = None
        self.base = 3.0
        self.weights: dict[str, float] = {}
        self.threshold = 2.5  # scores below count as dissatisfied
        self.source = ""

    def fit(self, signals: Floats, ratings: Floats, weight: Floats | None = None, names: Sequence[str] = ()) -> Self:
        """Learn weights and threshold.

        Args:
            signals: float (rows, signals), in the order of `names`, SIGNALS by default.
            ratings: float (rows,), 1 to 5; means of several judges may lie between.
            weight: float (rows,), how much each row counts.

        Raises:
            BadTable: a rating outside 1 to 5, or fewer than 20 rows.
        """
        from sklearn.linear_model import RidgeCV  # type: ignore[import-untyped]

        names = tuple(names) or tuple(SIGNALS)
        if len(ratings) < 20:
            raise BadTable(f"Satisfaction needs 20 rated conversations; there are {len(ratings)}.")
        if ratings.min() < LOWEST or ratings.max() > HIGHEST:
            raise BadTable("The ratings must lie between 1 and 5.")
        scale = signals.std(axis=0)
        known = scale > 1e-9
        fitted = RidgeCV(alphas=np.logspace(-1, 4, 11)).fit(signals[:, known] / scale[known], ratings, weight)
        values = fitted.coef_ / scale[known]
        self.weights = dict(zip(np.asarray(names)[known].tolist(), values.tolist(), strict=True))
        self.base = float(fitted.intercept_)
        self.threshold = best_threshold(self.scores(signals, names), ratings < 2.5)
        return self

    def scores(self, signals: Floats, names: Sequence[str] = ()) -> Floats:
        """Scores of rows of signals, float (rows,), 1 to 5."""
        names = tuple(names) or tuple(SIGNALS)
        weights = np.asarray([self.weights.get(name, 0.0) for name in names])
        return np.asarray(np.clip(self.base + signals @ weights, LOWEST, HIGHEST))

    def satisfaction_of(self, conversation: Conversation) -> Satisfaction:
        """The whole conversation, with its parts, and every message of the customer."""
        places = customer_turns(conversation.turns)
        base, parts = self._parts(signals_of(conversation))
        score = base + sum(parts.values())
        turns = tuple(self._score(signals_of(conversation, place + 1)) for place in places)
        return Satisfaction(
            conversation.conversation_id, score, base, parts, turns, score < self.threshold, self.version
        )

    def _score(self, signals: Mapping[str, float]) -> float:
        base, parts = self._parts(signals)
        return base + sum(parts.values())

    def _parts(self, signals: Mapping[str, float]) -> tuple[float, dict[str, float]]:
        base = float(np.clip(self.base, LOWEST, HIGHEST))
        parts = {name: weight * signals[name] for name, weight in self.weights.items()}
        total = base + sum(parts.values())
        if not LOWEST <= total <= HIGHEST:
            share = (float(np.clip(total, LOWEST, HIGHEST)) - base) / (total - base)
            parts = {name: share * part for name, part in parts.items()}
        return base, parts

    def save(self, folder: Path) -> None:
        write_model(folder, {"kind": self.name, "version": self.version, **self._told()}, {}, self.card)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            BadModel: nothing usable is there.
        """
        parameters, _ = read_model(folder, cls.name)
        try:
            model = cls._from(parameters)
            model.version = parameters["version"]
        except (KeyError, TypeError, ValueError) as error:
            raise BadModel(f"{folder} holds a damaged satisfaction model ({error}). Run `rapport train`.") from error
        model.card = read_card(folder)
        return model

    @classmethod
    def shipped(cls) -> Self:
        """Weights learned on public dialogues, for shops with too few ratings."""
        told = json.loads(SHIPPED.read_text(encoding="utf-8"))
        model = cls._from(told)
        model.version = f"satisfaction-shipped-{told['made']}"
        return model

    def _told(self) -> dict[str, Any]:
        return {
            "base": self.base,
            "weights": self.weights,
            "threshold": self.threshold,
            "source": self.source,
        }

    @classmethod
    def _from(cls, told: Mapping[str, Any]) -> Self:
        model = cls()
        model.base, model.threshold = float(told["base"]), float(told["threshold"])
        model.weights = {name: float(value) for name, value in told["weights"].items()}
        unknown = set(model.weights) - set(SIGNALS)
        if unknown:
            raise ValueError(f"unknown signals {', '.join(sorted(unknown))}")
        model.source = told["source"]
        return model


def best_threshold(scores: Floats, dissatisfied: NDArray[np.bool_]) -> float:
    """The score below which calling a customer dissatisfied has the best F1 on these rows; 2.5 without any."""
    if not dissatisfied.any():
        return 2.5
    order = np.argsort(scores, kind="stable")
    hits = np.cumsum(dissatisfied[order])
    f1 = 2 * hits / (np.arange(1, len(scores) + 1) + dissatisfied.sum())
    ends = np.append(np.diff(scores[order]) > 0, True)
    best = int(np.argmax(np.where(ends, f1, -1.0)))
    above = scores[order][best + 1] if best + 1 < len(scores) else scores[order][best] + 1e-6
    return float((scores[order][best] + above) / 2)
