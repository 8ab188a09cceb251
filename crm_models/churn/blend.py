"""What serves: one candidate or several, their log-odds weighted, with parts that explain the sum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from crm_models.churn.candidates import KINDS, Candidate
from crm_models.churn.comparison import Comparison, Plan, Rows
from crm_models.churn.encoding import Floats
from crm_models.churn.linear import sigmoid


@dataclass(frozen=True)
class Blend:
    members: Mapping[str, Candidate]
    weights: Mapping[str, float]
    bias: float

    @classmethod
    def fit(cls, rows: Rows, found: Comparison, plan: Plan) -> Self:
        """The chosen candidates, on all rows, with the weights that the comparison found on unseen ones.

        Where it had to draw a rare outcome more often, on what it drew: weights fit candidates that learned alike.
        """
        rows = found.drawn or rows
        members = {
            name: plan.candidates[name]().fit(rows.codes, rows.left, rows.levels, rows.directions, plan.seed)
            for name in found.weights
        }
        return cls(members, found.weights, found.bias - rows.too_many * sum(found.weights.values()))

    def log_odds(self, codes: Floats) -> Floats:
        total = np.full(len(codes), self.bias)
        for name, member in self.members.items():
            total += self.weights[name] * member.log_odds(codes)
        return total

    def chance(self, codes: Floats) -> Floats:
        return sigmoid(self.log_odds(codes))

    def parts(self, codes: Floats) -> Floats:
        """Shapley values of the log-odds, (rows, columns): they are additive, so a weighted sum is one again."""
        return np.asarray(sum(self.weights[name] * member.parts(codes) for name, member in self.members.items()))

    def scaled(self, slope: float, shift: float) -> Self:
        """The same, with log-odds `slope` times as large and `shift` higher."""
        weights = {name: weight * slope for name, weight in self.weights.items()}
        return replace(self, weights=weights, bias=self.bias * slope + shift)

    def parameters(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        rows, arrays = [], {}
        for number, (name, member) in enumerate(self.members.items()):
            parameters, own = member.parameters()
            rows.append({"name": name, "kind": member.kind, "weight": self.weights[name], **parameters})
            arrays.update({f"{number}.{key}": value for key, value in own.items()})
        return {"bias": self.bias, "members": rows}, arrays

    @classmethod
    def restore(cls, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        members: dict[str, Candidate] = {}
        for number, row in enumerate(parameters["members"]):
            start = f"{number}."
            own = {key.removeprefix(start): value for key, value in arrays.items() if key.startswith(start)}
            members[row["name"]] = KINDS[row["kind"]].restore(row, own)
        weights = {row["name"]: float(row["weight"]) for row in parameters["members"]}
        return cls(members, weights, float(parameters["bias"]))
