"""Questions and the texts that answer them, learned beside the intents so that one encoder serves both.

Each question shall be nearer to its own answer than to the other answers of its batch (multiple negatives ranking:
Henderson et al., Efficient Natural Language Response Suggestion for Smart Reply, 2017, section 4.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from bot.nlu.pairs import Pair
from bot.nlu.precision import half_precision
from bot.nlu.torch_encoder import TorchEncoder, batches
from bot.nlu.training_cache import TrainingCache

# Cosines are multiplied by this before the softmax, as the base encoder was trained.
SCALE = 20.0


class PairBatches:
    """The pairs of the learning part, and those held out, on which before and after are compared."""

    BATCH = 8

    def __init__(
        self,
        model: TorchEncoder,
        tokenizer: Tokenizer,
        pairs: Sequence[Pair],
        held_out: np.ndarray,
        every: int,
        device: torch.device,
    ) -> None:
        """`held_out`: bool (pairs,); `every` so many steps of the intents comes one of the pairs."""
        self.every = every
        # Many questions may have one answer: it is read once, and is never wrong for any of them.
        answers = list(dict.fromkeys(pair.answer for pair in pairs))
        place = {answer: number for number, answer in enumerate(answers)}
        self._own = np.array([place[pair.answer] for pair in pairs], dtype=np.int64)
        self._questions = TrainingCache(model, tokenizer, [pair.question for pair in pairs], device)
        self._answers = TrainingCache(model, tokenizer, answers, device)
        self._learn, self._held_out = np.flatnonzero(~held_out), np.flatnonzero(held_out)

    @property
    def held_out_questions(self) -> int:
        return len(self._held_out)

    def endless(self, rng: np.random.Generator) -> Iterator[np.ndarray]:
        """Batches of rows, answers of about a length together, all pairs in random order before any comes again."""
        lengths = self._answers.lengths[self._own[self._learn]]
        while True:
            for places in batches(lengths, self.BATCH, rng):
                # One pair alone has no other answer to be told from.
                if len(places) > 1:
                    yield self._learn[places]

    def loss(self, model: TorchEncoder, rows: np.ndarray) -> Tensor:
        """Mean cross entropy of the right answers."""
        with half_precision(self._questions.device):
            questions, *_ = model.upper(*self._questions.batch(rows))
            own, columns = np.unique(self._own[rows], return_inverse=True)
            answers, *_ = model.upper(*self._answers.batch(own))
        scores = SCALE * questions.float() @ answers.float().T
        return nn.functional.cross_entropy(scores, torch.as_tensor(columns, device=scores.device))

    def found_first(self, model: TorchEncoder) -> float:
        """Share of the held-out questions whose own answer is the nearest of all answers, the learned ones too."""
        questions = _embed(model, self._questions, self._held_out)
        answers = _embed(model, self._answers, np.arange(len(self._answers)))
        return _first(questions, answers, self._own[self._held_out])

    def found_first_before(self) -> float:
        """The same by the encoder as it is before training."""
        questions = self._questions.before[self._held_out].cpu().numpy()
        return _first(questions, self._answers.before.cpu().numpy(), self._own[self._held_out])


def _embed(model: TorchEncoder, cache: TrainingCache, rows: np.ndarray) -> np.ndarray:
    model.eval()
    with torch.no_grad(), half_precision(cache.device):
        parts = [
            model.upper(*cache.batch(rows[start : start + 32]))[0].float().cpu().numpy()
            for start in range(0, len(rows), 32)
        ]
    return np.concatenate(parts)


def _first(questions: np.ndarray, answers: np.ndarray, own: np.ndarray) -> float:
    return float(((questions @ answers.T).argmax(1) == own).mean())
