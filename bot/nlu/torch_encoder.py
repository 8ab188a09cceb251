"""The encoder in its training form: a BERT body with two or three heads over one pass. Imported by training alone.

The layers run one by one, so that the frozen lower ones need be computed only once per text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from bot.nlu.chain_learning import ChainLoss
from bot.nlu.errors import BaseEncoderError

TAG_DROPOUT = 0.1


class TorchEncoder(nn.Module):
    """`(input_ids, attention_mask)` -> `(embedding, intent_features)`, both of shape (texts, width).

    The embedding is the mean over the tokens, of length 1: what retrieval compares. The intent features join the
    first token's state with that mean and may move freely, so that learning intents need not bend the embedding.
    With `tags` above 0 there is a third output, `entity_scores` of shape (texts, tokens, tags), before the softmax.
    """

    def __init__(self, bert: BertModel, frozen_layers: int, tags: int = 0) -> None:
        super().__init__()
        layers = len(bert.encoder.layer)
        if not 0 <= frozen_layers <= layers:
            raise BaseEncoderError(f"frozen_layers is {frozen_layers}; this encoder has {layers} layers.")
        self.bert = bert
        self.frozen_layers = frozen_layers
        width = bert.config.hidden_size
        self.project = nn.Sequential(nn.Linear(2 * width, width), nn.Tanh())
        # A layer of its own, because the states below are held near those of the base encoder.
        self.tag = (
            nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Dropout(TAG_DROPOUT), nn.Linear(width, tags))
            if tags
            else None
        )
        # Belongs to the scores of the tags, and is no part of the pass.
        self.chain = ChainLoss(tags) if tags else None
        for module in (bert.embeddings, *bert.encoder.layer[:frozen_layers]):
            module.requires_grad_(False)

    def lower(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """The token states above the frozen layers: they never change in training."""
        hidden = self.bert.embeddings(input_ids=input_ids)
        return self._run(self.bert.encoder.layer[: self.frozen_layers], hidden, attention_mask)

    def upper(self, hidden: Tensor, attention_mask: Tensor) -> tuple[Tensor, ...]:
        hidden = self._run(self.bert.encoder.layer[self.frozen_layers :], hidden, attention_mask)
        weight = attention_mask.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * weight).sum(1) / weight.sum(1)
        features = self.project(torch.cat([hidden[:, 0], mean], dim=-1))
        outputs = (nn.functional.normalize(mean, dim=-1), features)
        return outputs if self.tag is None else (*outputs, self.tag(hidden))

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, ...]:
        return self.upper(self.lower(input_ids, attention_mask), attention_mask)

    @staticmethod
    def _run(layers: nn.ModuleList, hidden: Tensor, attention_mask: Tensor) -> Tensor:
        hidden_tokens = 1.0 - attention_mask[:, None, None, :].to(hidden.dtype)
        bias = hidden_tokens * torch.finfo(hidden.dtype).min
        for layer in layers:
            hidden = layer(hidden, bias)
        return hidden

    @property
    def width(self) -> int:
        return int(self.bert.config.hidden_size)


def load_encoder(folder: Path, frozen_layers: int, tags: int = 0) -> TorchEncoder:
    """The base encoder of a checked folder (see `weights.find_base_encoder`)."""
    config = BertConfig.from_pretrained(folder)
    if config.model_type != "bert":
        raise BaseEncoderError(f"{folder} holds a {config.model_type} model; only BERT encoders can be fine-tuned.")
    bert = BertModel(config, add_pooling_layer=False)
    bert.set_attn_implementation("sdpa")
    weights = {name.removeprefix("bert."): value for name, value in load_file(folder / "model.safetensors").items()}
    missing, _ = bert.load_state_dict(weights, strict=False)
    lost = [name for name in missing if name.startswith(("embeddings.", "encoder."))]
    if lost:
        raise BaseEncoderError(f"The weights in {folder} lack {', '.join(sorted(lost)[:3])}.")
    return TorchEncoder(bert, frozen_layers, tags)


def token_ids(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    return [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]


def padded(ids: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Token ids and attention mask, filled up to the longest of the batch."""
    longest = max(len(row) for row in ids)
    input_ids = torch.zeros((len(ids), longest), dtype=torch.long)
    for number, row in enumerate(ids):
        input_ids[number, : len(row)] = torch.tensor(row, dtype=torch.long)
    lengths = torch.tensor([len(row) for row in ids])
    attention_mask = (torch.arange(longest)[None, :] < lengths[:, None]).long()
    return input_ids.to(device), attention_mask.to(device)


def batches(lengths: np.ndarray, size: int, rng: np.random.Generator | None = None) -> Iterator[np.ndarray]:
    """Rows grouped with others of about their length (so little padding is computed), in random order with `rng`."""
    order = np.argsort(lengths, kind="stable")
    if rng is not None:
        # Shuffling first makes rows of one length fall into other batches each time.
        shuffled = rng.permutation(len(lengths))
        order = shuffled[np.argsort(lengths[shuffled] // 3, kind="stable")]
    groups = [order[start : start + size] for start in range(0, len(order), size)]
    if rng is not None:
        rng.shuffle(groups)
    yield from groups
