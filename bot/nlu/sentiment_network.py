"""The sentiment encoder in its training form: the base encoder, changed by an adapter, and a head of three classes."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from bot.nlu.sentiment_encoder import LABELS
from bot.nlu.torch_encoder import load_encoder


class SentimentNetwork(nn.Module):
    """`(input_ids, attention_mask)` -> logits of `LABELS`, float32 (texts, 3).

    The head reads the first token's state beside the mean of all.
    """

    def __init__(self, base: Path, dropout: float = 0.1) -> None:
        super().__init__()
        encoder = load_encoder(base, frozen_layers=0)
        self.bert = encoder.bert
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * encoder.width, len(LABELS))
        self.head.weight.data.normal_(0.0, 0.02)
        self.head.bias.data.zero_()

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        hidden = self.bert.embeddings(input_ids=input_ids)
        bias = (1.0 - attention_mask[:, None, None, :].to(hidden.dtype)) * torch.finfo(hidden.dtype).min
        for layer in self.bert.encoder.layer:
            hidden = layer(hidden, bias)
        weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weight).sum(1) / weight.sum(1)
        return self.head(self.dropout(torch.cat([hidden[:, 0], mean], dim=-1)))
