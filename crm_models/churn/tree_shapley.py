"""Shapley values of LightGBM's trees for many rows at once.

LightGBM follows every path for every row. For many rows it is much quicker to find, leaf by leaf, which few patterns of
met and unmet conditions there are, and to compute each once: Woodelf (Nadel and Wettenstein 2026). The values are the
same, path-dependent ones. Woodelf's own reader refuses splits of categories, so the trees are read here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from woodelf import WoodelfExplainer  # type: ignore[import-untyped]
from woodelf.core.trees.decision_trees_ensemble import (  # type: ignore[import-untyped]
    DecisionTreeNode,
    DecisionTreesEnsemble,
    LeftIsSmallerEqualDecisionTreeNode,
)

from crm_models.churn.encoding import Floats


class ManyRows:
    """Made of a trained `lightgbm.Booster`."""

    def __init__(self, booster: Any, share: float) -> None:
        """Args:
        share: what a tree counts for, 1 where they are summed.
        """
        self._columns = [str(number) for number in range(booster.num_feature())]
        trees = [each["tree_structure"] for each in booster.dump_model()["tree_info"]]
        grown = [_tree(each, share) for each in trees if "split_feature" in each]  # one without a split tells nothing
        self._explainer = WoodelfExplainer(DecisionTreesEnsemble(grown)) if grown else None

    def values(self, codes: NDArray[np.float64]) -> Floats:
        """In log-odds, float64 (rows, columns), right to about 1e-6."""
        if self._explainer is None:
            return np.zeros(codes.shape)
        table = pd.DataFrame(codes, columns=self._columns)
        return np.asarray(self._explainer.shap_values(table, verbose=False), dtype=np.float64)


class _OneOf(DecisionTreeNode):  # type: ignore[misc]
    """Goes left with one of some categories; what is missing or unknown goes right."""

    categories: tuple[int, ...] = ()

    def shall_go_left(self, row: Any, GPU: bool = False) -> Any:
        return row[self.feature_name].isin(self.categories)


def _tree(structure: Mapping[str, Any], share: float) -> DecisionTreeNode:
    root = _node(structure, share, count())
    root.depth = root.get_depth()
    return root


def _node(found: Mapping[str, Any], share: float, numbers: Iterator[int]) -> DecisionTreeNode:
    """A node of LightGBM's dump with all below it."""
    number = next(numbers)
    if "split_feature" not in found:
        leaf = found["leaf_value"] * share
        return LeftIsSmallerEqualDecisionTreeNode(None, leaf, None, None, index=number, cover=found["leaf_count"])
    told: dict[str, Any] = {"index": number, "cover": found["internal_count"]}
    name = str(found["split_feature"])
    if found["decision_type"] == "==":
        node = _OneOf(name, 0.0, None, None, nan_go_left=False, **told)
        node.categories = tuple(int(each) for each in found["threshold"].split("||"))
    else:
        threshold = float(found["threshold"])
        # where training saw no gap LightGBM takes one for a 0
        left = found["default_left"] if found["missing_type"] == "NaN" else threshold >= 0.0
        node = LeftIsSmallerEqualDecisionTreeNode(name, threshold, None, None, nan_go_left=left, **told)
    node.left, node.right = (_node(found[side], share, numbers) for side in ("left_child", "right_child"))
    node.left.parent = node.right.parent = node
    return node
