"""What the token head learns beside the intents: the tag of each word, and how well it finds what is marked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence

from bot.nlu.chain_learning import ChainLoss
from bot.nlu.span_scores import SpanScores, score_spans
from bot.nlu.tagging import decode, pieces_of, tag_ids, tag_set
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
            self._firsts, self._ids = [], []
            for marked, pieces in zip(spans, self._pieces, strict=True):
                first = pieces.first
                self._firsts.append(torch.from_numpy(first).to(device))
                self._ids.append(torch.from_numpy(tag_ids(marked, pieces, self.tags)[first]).to(device))

    def loss(self, chain: ChainLoss, scores: Tensor, rows: np.ndarray) -> Tensor:
        """Of a batch, mean over its words; `scores` (rows, tokens, tags)."""
        ids = [self._ids[row] for row in rows]
        words = torch.tensor([len(each) for each in ids], device=scores.device)
        # A column too many, so that there is one where no text has a word.
        first = pad_sequence([nn.functional.pad(self._firsts[row], (0, 1)) for row in rows], batch_first=True)
        of_words = scores.gather(1, first[:, :, None].expand(-1, -1, scores.shape[2]))
        tags = pad_sequence([nn.functional.pad(each, (0, 1)) for each in ids], batch_first=True)
        loss: Tensor = chain(of_words, tags, words)
        return loss

    def found(self, chain: ChainLoss, scores: Tensor, rows: np.ndarray) -> list[list[Span]]:
        """The spans of each row by `scores` (rows, tokens, tags)."""
        learned = chain.chain(self.tags)
        by_row = zip(scores.float().cpu().numpy(), rows, strict=True)
        return [
            [Span(each.start, each.end, each.label) for each in decode(values, self._pieces[row], learned)]
            for values, row in by_row
        ]

    def score(self, found: Sequence[Sequence[Span]], rows: np.ndarray) -> SpanScores:
        """What was found in these rows beside what is marked there."""
        return score_spans([self.spans[row] for row in rows], found)
