"""Dropout that draws from a generator of its own: several trainings in one process then do not disturb each other.

It takes 8 random bits for each value, where torch takes a number: on a CPU that takes less than half of the time.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface
from transformers.models.bert.modeling_bert import BertModel

_LEVELS = 256
_ATTENTION = "seeded_dropout"


class SeededDropout(nn.Module):
    """As `nn.Dropout`; the share that is dropped is rounded to a 256th."""

    def __init__(self, p: float, generator: torch.Generator) -> None:
        super().__init__()
        self.p = p
        self._generator = generator
        self._level = round(p * _LEVELS)

    def forward(self, values: Tensor) -> Tensor:
        if not self.training or not self._level:
            return values
        count = values.numel()
        # Eight values of 8 bits each from one number of 64.
        drawn = torch.empty(-(-count // 8), dtype=torch.int64, device=values.device)
        drawn = drawn.random_(-(2**63), None, generator=self._generator).view(torch.uint8)[:count].view(values.shape)
        kept = (drawn >= self._level).to(values.dtype)
        return values * kept.mul_(_LEVELS / (_LEVELS - self._level))


def seed_dropout(model: nn.Module, bert: BertModel, generator: torch.Generator) -> None:
    """Has all dropout of `model`, that of the attention of its `bert` too, draw from `generator`."""
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Dropout):
                setattr(module, name, SeededDropout(child.p, generator))
    bert.set_attn_implementation(_ATTENTION)


def _attend(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float = 1.0,
    **_: Any,
) -> tuple[Tensor, None]:
    scores = torch.matmul(query * scaling, key.transpose(2, 3))
    if attention_mask is not None:
        scores = scores + attention_mask
    weights = module.dropout(torch.softmax(scores, dim=-1).to(value.dtype))
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), None


AttentionInterface.register(_ATTENTION, _attend)
