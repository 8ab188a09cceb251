"""Which sentences of a passage answer: the best stretch of two to five that follow each other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST, MOST = 2, 5
# A sentence is worth its place while its similarity is at least this share of the best one's.
_WORTH = 0.65
# Added to the first sentence's similarity, half of it to the second's and so on: articles state first what holds.
_LEAD = 0.15


def best_sentences(similarity: NDArray[np.float32]) -> tuple[int, ...]:
    """Ids of the sentences to show, in order of the text; all of a passage that has no more than two.

    `similarity` is float32 (sentences,), each sentence's nearness to the question. Sentences that follow
    each other read as one answer, which picked ones do not: pronouns and steps keep what they refer to.
    """
    count = len(similarity)
    if count <= LEAST:
        return tuple(range(count))
    similarity = similarity + _LEAD / np.arange(1, count + 1)
    best = int(np.argmax(similarity))
    gain = np.concatenate([[0.0], np.cumsum(similarity - _WORTH * similarity[best])])
    windows = [
        (start, start + length)
        for length in range(LEAST, min(MOST, count) + 1)
        for start in range(max(0, best - length + 1), min(best, count - length) + 1)
    ]
    # Of equal windows the one in which the best sentence comes first.
    first, last = max(windows, key=lambda window: (gain[window[1]] - gain[window[0]], window[0]))
    return tuple(range(first, last))
