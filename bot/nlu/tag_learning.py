"""What the token head learns beside the intents: the tag of each word, and how well it finds what is marked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from bot.nlu.span_scores import SpanScores, score_spans
from bot.nlu.tagging import IGNORED, decode, pieces_of, tag_ids, tag_set
from bot.nlu.training_text import Span


class TagTargets:
    """Of a list of texts, whose rows the methods are given. Without any span there are no tags, and nothing to learn.

    In texts where anything is marked, all else is outside; that holds for the texts without marks beside them too.
    """

    def __init__(
        self, tokenizer: Tokenizer, texts: Sequence[str], spans: Sequence[Sequence[Span]], device: torch.device
    ) -> None:
        self.tags = tag_set(span.label for marked in spans for span in marked)
        self.spans = spans
        if self.tags:
            self._pieces = [pieces_of(encoding) for encoding in tokenizer.encode_batch(list(texts))]
            self._ids = [
                torch.from_numpy(tag_ids(marked, pieces, self.tags)).to(device)
                for marked, pieces in zip(spans, self._pieces, strict=True)
            ]

    def loss(self, scores: Tensor, rows: np.ndarray) -> Tensor:
        """Mean cross entropy over the words of a batch; `scores` (rows, tokens, tags)."""
        ids = nn.utils.rnn.pad_sequence([self._ids[row] for row in rows], True, IGNORED)
        scores = scores[:, : ids.shape[1]]
        total = nn.functional.cross_entropy(scores.flatten(0, 1), ids.flatten(), ignore_index=IGNORED, reduction="sum")
        # A batch of texts without any word has none to divide by.
        return total / (ids != IGNORED).sum().clamp(min=1)

    def found(self, scores: Tensor, rows: np.ndarray) -> list[list[Span]]:
        """The spans of each row by `scores` (rows, tokens, tags)."""
        by_row = zip(scores.float().cpu().numpy(), rows, strict=True)
        return [
            [Span(each.start, each.end, each.label) for each in decode(values, self._pieces[row], self.tags)]
            for values, row in by_row
        ]

    def score(self, found: Sequence[Sequence[Span]], rows: np.ndarray) -> SpanScores:
        """What was found in these rows beside what is marked there."""
        return score_spans([self.spans[row] for row in rows], found)
