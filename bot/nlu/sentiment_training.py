"""Trains the changes and the head of the sentiment encoder. Same data, seed and machine: same weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from tqdm import tqdm

from bot.nlu.lora import Change, add_changes, changes_of, merge, sum_of
from bot.nlu.precision import half_precision
from bot.nlu.sentiment_data import Examples
from bot.nlu.sentiment_encoder import NEGATIVE, NEUTRAL, POSITIVE
from bot.nlu.sentiment_network import SentimentNetwork
from bot.nlu.torch_encoder import batches, padded, token_ids


@dataclass(frozen=True)
class SentimentSettings:
    seed: int = 7
    epochs: int = 3
    rank: int = 32
    batch_size: int = 32
    learning_rate: float = 8e-4
    head_learning_rate: float = 2e-3
    weight_decay: float = 0.01
    # Share of the steps in which the rate climbs.
    warm_up: float = 0.06
    label_smoothing: float = 0.05
    dropout: float = 0.1


@dataclass(frozen=True)
class Learned:
    """Changes of the encoder by weight name, and the head: weight (3, 2 * width) and bias (3,), float32."""

    changes: Mapping[str, Change]
    head: Mapping[str, Tensor]


def learn(
    base: Path,
    tokenizer: Tokenizer,
    examples: Examples,
    settings: SentimentSettings,
    name: str,
    start: Learned | None = None,
) -> Learned:
    """One run over `examples`, going on from `start` where given; `name` stands before the progress bar."""
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    network = SentimentNetwork(base, settings.dropout)
    if start is not None:
        _put(network, start)
    network.bert.requires_grad_(False)
    add_changes(network.bert.encoder, settings.rank)
    ids = token_ids(tokenizer, examples.texts)
    lengths, targets = np.array([len(row) for row in ids]), torch.tensor(examples.labels)
    steps = -(-len(examples) // settings.batch_size) * settings.epochs
    optimizer = _optimizer(network, settings)
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, _rate(steps, settings.warm_up))
    loss_of = nn.CrossEntropyLoss(label_smoothing=settings.label_smoothing)
    network.train()
    with tqdm(total=steps, desc=name, unit="step", mininterval=5) as bar:
        for _ in range(settings.epochs):
            for rows in batches(lengths, settings.batch_size, rng):
                with half_precision(torch.device("cpu")):
                    logits = network(*padded([ids[row] for row in rows], torch.device("cpu")))
                loss = loss_of(logits.float(), targets[rows])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimizer.step()
                scheduler.step()
                bar.update()
    head = {part: value.detach().clone() for part, value in network.head.state_dict().items()}
    changes = changes_of(network.bert.encoder)
    return Learned(changes if start is None else sum_of([start.changes, changes], settings.rank), head)


def network_with(base: Path, learned: Learned) -> SentimentNetwork:
    """The base encoder with the changes merged into its weights, ready to be evaluated or exported."""
    network = SentimentNetwork(base)
    _put(network, learned)
    return network.eval()


def logits_of(network: SentimentNetwork, tokenizer: Tokenizer, texts: Sequence[str]) -> np.ndarray:
    """float32 (texts, 3)."""
    ids = token_ids(tokenizer, texts)
    found = np.empty((len(texts), 3), np.float32)
    with torch.inference_mode():
        for rows in batches(np.array([len(row) for row in ids]), 64):
            found[rows] = network(*padded([ids[row] for row in rows], torch.device("cpu"))).numpy()
    return found


def accuracies(logits: np.ndarray, examples: Examples) -> dict[str, float]:
    """By source: of positive against negative for SST-2, of all three classes for the others."""
    labels = np.array(examples.labels)
    chosen = logits.argmax(1)
    polar = np.where(logits[:, POSITIVE] > logits[:, NEGATIVE], POSITIVE, NEGATIVE)
    sources = np.array(examples.sources)
    found = {}
    for source in dict.fromkeys(examples.sources):
        rows = sources == source
        found[source] = float(((polar if source == "sst2" else chosen)[rows] == labels[rows]).mean())
        if source == "sst2":
            found["sst2 called neutral"] = float((chosen[rows] == NEUTRAL).mean())
    return found


def _put(network: SentimentNetwork, learned: Learned) -> None:
    merge(network.bert.encoder, learned.changes)
    network.head.load_state_dict(dict(learned.head))


def _optimizer(network: SentimentNetwork, settings: SentimentSettings) -> torch.optim.Optimizer:
    body = [weight for weight in network.bert.parameters() if weight.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": body, "lr": settings.learning_rate},
            {"params": network.head.parameters(), "lr": settings.head_learning_rate},
        ],
        weight_decay=settings.weight_decay,
    )


def _rate(steps: int, warm_up: float):  # type: ignore[no-untyped-def]
    climb = max(1, round(warm_up * steps))
    return lambda step: min((step + 1) / climb, max(0.0, (steps - step) / (steps - climb + 1)))
