"""What stays the same over all epochs of a fine-tuning, computed once for each text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from bot.nlu.precision import half_precision
from bot.nlu.torch_encoder import TorchEncoder, batches, padded, token_ids

_BATCH = 64


class TrainingCache:
    """The token states above the frozen layers, and the embedding by the encoder as it is before training."""

    def __init__(
        self,
        model: TorchEncoder,
        tokenizer: Tokenizer,
        texts: Sequence[str],
        device: torch.device,
        embedded: bool = True,
    ) -> None:
        """Without `embedded` there are only the states: `before` stays empty."""
        self.device = device
        ids = token_ids(tokenizer, texts)
        self.lengths = np.array([len(row) for row in ids], dtype=np.int64)
        # In half precision: the states of 15,000 questions are 250 MB in full.
        self._states: list[Tensor] = [torch.empty(0)] * len(ids)
        self.before = torch.empty((len(ids) if embedded else 0, model.width), device=device)
        """float32 (texts, width): the embedding before training."""
        model.to(device).eval()
        with torch.no_grad(), half_precision(device):
            for rows in batches(self.lengths, _BATCH):
                input_ids, mask = padded([ids[row] for row in rows], device)
                hidden = model.lower(input_ids, mask)
                if embedded:
                    self.before[rows] = model.upper(hidden, mask)[0].float()
                for place, row in enumerate(rows):
                    self._states[row] = hidden[place, : self.lengths[row]].to(torch.bfloat16, copy=True)

    def __len__(self) -> int:
        return len(self._states)

    def batch(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        """States float32 (rows, tokens, width) and attention mask int64 (rows, tokens), filled up to the longest."""
        hidden = nn.utils.rnn.pad_sequence([self._states[row] for row in rows], batch_first=True).float()
        lengths = torch.tensor(self.lengths[rows], device=self.device)
        return hidden, (torch.arange(hidden.shape[1], device=self.device)[None, :] < lengths[:, None]).long()
