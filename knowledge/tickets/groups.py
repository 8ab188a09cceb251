"""Texts that say the same, by the nearness of their vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]

_BLOCK = 1024


def alike(vectors: Vectors, weights: NDArray[np.float64], least_cosine: float) -> list[Rows]:
    """Groups of rows around the densest of them, those of most weight first; a row is in exactly one.

    The row with most weight within `least_cosine` takes all of these, then the densest that is left, and so on: the
    first of a group stands for it. As "fast clustering" of Sentence-BERT (Reimers and Gurevych, EMNLP 2019) does,
    but without keeping all neighbours in memory.

    Args:
        vectors: (rows, dimension), each of length 1.
        weights: (rows,), such as how often a text was said.
    """
    density = np.concatenate(
        [
            (vectors[start : start + _BLOCK] @ vectors.T >= least_cosine) @ weights
            for start in range(0, len(vectors), _BLOCK)
        ]
        or [np.zeros(0)]
    )
    free = np.ones(len(vectors), dtype=np.bool_)
    groups = []
    for row in np.argsort(-density, kind="stable"):
        if not free[row]:
            continue
        rows = np.flatnonzero(free)
        cosine = vectors[rows] @ vectors[row]
        near = (cosine >= least_cosine) | (rows == row)
        members = rows[near][np.argsort(-np.where(rows == row, 2.0, cosine)[near], kind="stable")]
        free[members] = False
        groups.append(members)
    return sorted(groups, key=lambda members: -weights[members].sum())
