"""Training of the sequence model in PyTorch, and its weights for numpy.

Every position of every sequence predicts its next item. The softmax is over all items, or over the right one and a
shared uniform sample whose sum is scaled up to all items (importance-sampled softmax, Bengio and Senecal 2003).

Items have vectors of length 1, so that what is asked is the angle alone (NormFace, Wang et al. 2017): few purchases of
an item say little about a length, and without it much less training leads further. The weights that serve are a moving
average over the steps (Polyak and Juditsky 1992).
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crm_models.recommend.sequence import SequenceModel

Tell = Callable[[str, int, int], None]
Judge = Callable[[SequenceModel], float]  # higher is better, on data that is not trained on


@dataclass(frozen=True)
class SequenceSettings:
    hidden: int = 64
    heads: int = 2
    blocks: int = 2
    dropout: float = 0.5
    length: int = 50  # newest items of a sequence that are read
    negatives: int = 0  # sampled for a step; 0: all items
    batch: int = 256  # sequences
    learning_rate: float = 1e-3
    weight_decay: float = 1e-5
    sharpness: float = 16.0  # log-odds of an item in the very direction of the state, at first; learned from there
    average: float = 0.995  # share of the averaged weights that a step keeps
    epochs: int = 40
    look: int = 5  # epochs between two looks at the validation data
    patience: int = 2  # looks without improvement after which training ends
    seed: int = 7


@dataclass(frozen=True)
class TrainedSequence:
    model: SequenceModel
    worth: float  # by the judge; 0 without one
    epochs: int  # after which it was so


def train_sequence(
    sequences: Sequence[NDArray[np.int64]],
    tokens: Sequence[Sequence[int]],
    judge: Judge | None,
    settings: SequenceSettings | None = None,
    tell: Tell | None = None,
) -> TrainedSequence:
    """Train until `judge` sees no more improvement; the best model.

    Without a judge all epochs are made and the last model is the one.

    Args:
        sequences: items of each customer, oldest first, each below `len(tokens)`.
        tokens: words or attributes of each item, numbers from 0; may be empty for an item.
    """
    import torch

    settings = settings or SequenceSettings()
    usable = [row[-(settings.length + 1) :] for row in sequences if len(row) > 1]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = _network(tokens, settings)
        optimizer = torch.optim.AdamW(
            network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        average = copy.deepcopy(network)
        best = TrainedSequence(_weights(average, settings), float("-inf"), 0)
        idle = steps = 0
        for epoch in range(settings.epochs):
            rng = np.random.default_rng((settings.seed, epoch))
            network.train()
            for batch in _batches(usable, settings.batch, rng):
                optimizer.zero_grad(set_to_none=True)
                _loss(network, batch, settings, rng).backward()
                optimizer.step()
                steps += 1
                _move(average, network, min(settings.average, (1 + steps) / (10 + steps)))
            if tell is not None:
                tell("sequence model", epoch + 1, settings.epochs)
            if judge is not None and ((epoch + 1) % settings.look == 0 or epoch + 1 == settings.epochs):
                found = _weights(average, settings)
                now = judge(found)
                best, idle = (TrainedSequence(found, now, epoch + 1), 0) if now > best.worth else (best, idle + 1)
                if idle >= settings.patience:
                    break
        if judge is None:
            best = TrainedSequence(_weights(average, settings), 0.0, settings.epochs)
    return best


def _move(average: Any, network: Any, keep: float) -> None:
    import torch

    with torch.no_grad():
        for mean, now in zip(average.parameters(), network.parameters(), strict=True):
            mean.lerp_(now, 1 - keep)


def _batches(
    sequences: Sequence[NDArray[np.int64]], size: int, rng: np.random.Generator
) -> Iterator[list[NDArray[np.int64]]]:
    """Sequences of about the same length together, in random order: hardly any padding."""
    order = sorted(rng.permutation(len(sequences)).tolist(), key=lambda row: len(sequences[row]))
    starts = np.arange(0, len(order), size)
    for start in rng.permutation(starts).tolist():
        yield [sequences[row] for row in order[start : start + size]]


def _loss(network: Any, batch: list[NDArray[np.int64]], settings: SequenceSettings, rng: np.random.Generator) -> Any:
    """Mean cross-entropy of the next item over all real positions."""
    import torch

    longest = max(map(len, batch)) - 1
    read = np.zeros((len(batch), longest), dtype=np.int64)
    real = np.zeros((len(batch), longest), dtype=np.bool_)
    for number, row in enumerate(batch):
        read[number, : len(row) - 1] = row[:-1]
        real[number, : len(row) - 1] = True
    wanted = torch.from_numpy(np.concatenate([row[1:] for row in batch]))
    items = network.item_vectors()
    states = network(torch.from_numpy(read), items)[torch.from_numpy(real)]
    if not settings.negatives or settings.negatives >= len(items):
        return torch.nn.functional.cross_entropy(states @ items.T, wanted)
    drawn = torch.from_numpy(rng.choice(len(items), settings.negatives, replace=False))
    right = (states * torch.nn.functional.embedding(wanted, items)).sum(dim=1)
    wrong = states @ items[drawn].T
    place = torch.full((len(items),), -1)
    place[drawn] = torch.arange(settings.negatives)
    both = (place[wanted] >= 0).nonzero()[:, 0]  # the right one was drawn among the wrong ones
    wrong[both, place[wanted[both]]] = float("-inf")
    rest = torch.logsumexp(wrong, dim=1) + float(np.log(len(items) / settings.negatives))
    return (torch.logaddexp(right, rest) - right).mean()


def _network(tokens: Sequence[Sequence[int]], settings: SequenceSettings) -> Any:
    """The transformer; layers are normalised before attention and before the feed-forward part."""
    import torch
    from torch import nn

    width, heads = settings.hidden, settings.heads
    flat = torch.tensor([token for row in tokens for token in row], dtype=torch.int64)
    offsets = torch.tensor(np.concatenate([[0], np.cumsum([len(row) for row in tokens])])[:-1].astype(np.int64))
    known = int(flat.max()) + 1 if len(flat) else 1

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
            self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
            self.wide, self.narrow = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
            self.drop = nn.Dropout(settings.dropout)

        def forward(self, hidden: Any) -> Any:
            batch, length, _ = hidden.shape
            both = self.qkv(self.first(hidden)).view(batch, length, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
            seen = nn.functional.scaled_dot_product_attention(both[0], both[1], both[2], is_causal=True)
            hidden = hidden + self.drop(self.out(seen.transpose(1, 2).reshape(batch, length, width)))
            return hidden + self.drop(self.narrow(self.drop(torch.relu(self.wide(self.second(hidden))))))

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.item, self.token = nn.Embedding(len(tokens), width), nn.EmbeddingBag(known, width, mode="mean")
            self.position = nn.Embedding(settings.length, width)
            self.layers = nn.ModuleList(Block() for _ in range(settings.blocks))
            self.norm, self.drop = nn.LayerNorm(width), nn.Dropout(settings.dropout)
            for table in (self.item, self.token, self.position):
                nn.init.normal_(table.weight, std=0.02)
            nn.init.constant_(self.norm.weight, settings.sharpness / width**0.5)

        def item_vectors(self) -> Any:
            return nn.functional.normalize(self.item.weight + self.token(flat, offsets), dim=1)

        def forward(self, read: Any, items: Any) -> Any:
            hidden = self.drop(nn.functional.embedding(read, items) + self.position.weight[: read.shape[1]])
            for layer in self.layers:
                hidden = layer(hidden)
            return self.norm(hidden)

    return Network()


def _weights(network: Any, settings: SequenceSettings) -> SequenceModel:
    import torch

    with torch.no_grad():
        items = network.item_vectors().numpy().copy()
    state = {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}
    state.pop("item.weight")
    return SequenceModel(items, state.pop("token.weight"), state, settings.blocks, settings.heads)
