"""Fine-tunes the encoder on the examples of the intents, without spoiling its embedding for retrieval.

loss = cross entropy(intent | intent features) + `distill_weight` * (1 - cosine(embedding, embedding before training))
       + `entity_weight` * cross entropy(tag | state of each word), where entities are marked in the examples

Two runs. The first learns from a part and is stopped by the held-out rest; what it makes of that rest is what
confidences are calibrated on. The second learns from everything for as many epochs, and is the one that serves.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from tqdm import tqdm

from bot.nlu.span_scores import SpanScores
from bot.nlu.split import held_out_mask
from bot.nlu.tag_learning import TagTargets
from bot.nlu.torch_encoder import TorchEncoder, batches, load_encoder, padded, token_ids
from bot.nlu.training_text import Span

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FinetuneSettings:
    seed: int = 7
    # The word vectors and this many of the lower layers stay as they are: half the work, the same accuracy.
    frozen_layers: int = 3
    max_epochs: int = 8
    # Epochs without a better held-out accuracy before it stops.
    patience: int = 2
    batch_size: int = 32
    learning_rate: float = 3e-4
    head_learning_rate: float = 2e-3
    weight_decay: float = 0.01
    # Share of the steps in which the rate climbs.
    warm_up: float = 0.1
    label_smoothing: float = 0.05
    # Weight of staying near the embedding of the base encoder.
    distill_weight: float = 2.0
    # Weight of the entities, where any are marked in the examples.
    entity_weight: float = 1.0
    held_out_share: float = 0.2


@dataclass(frozen=True)
class Finetuned:
    """What training hands over. Rows follow the texts; features are float32 (texts, width)."""

    model: TorchEncoder
    held_out: np.ndarray
    """bool (texts,): the rows that the first run did not learn from."""
    first_embedding: np.ndarray
    first_features: np.ndarray
    """Embedding and intent features by the first run: what it makes of the held-out rows is honest."""
    epochs: int
    held_out_accuracy: float
    embedding_cosine: float
    """Mean cosine of the served embedding to the base encoder's, over the texts."""
    tags: tuple[str, ...] = ()
    """Names of the last axis of the entity scores; none where no entity is marked."""
    held_out_entities: SpanScores | None = None


def load_tokenizer(base: Path, max_length: int) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.enable_truncation(max_length)
    tokenizer.no_padding()
    return tokenizer


def finetune(
    base: Path,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    labels: Sequence[str],
    settings: FinetuneSettings,
    spans: Sequence[Sequence[Span]] = (),
    held_out: np.ndarray | None = None,
    serve_first: bool = False,
) -> Finetuned:
    """Learns from `texts` (not empty, no duplicates) and their intents; same input and seed, same weights on a CPU.

    `spans` are the entities of each text; none at all, or an empty sequence, makes a model without entity scores.
    `held_out` (bool (texts,)) is for data with a validation split of its own; with `serve_first` there is no second
    run, so that nothing was learned from the held-out rows.
    """
    if held_out is None:
        held_out = held_out_mask(labels, settings.held_out_share, settings.seed)
    names = sorted(set(labels))
    targets = torch.tensor([names.index(label) for label in labels])
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    began = time.monotonic()
    with torch.random.fork_rng():
        cache = _Cache(load_encoder(base, settings.frozen_layers), tokenizer, texts, device)
        marked = TagTargets(tokenizer, texts, spans, device)
        first = _Run(base, cache, targets, len(names), settings, marked)
        with tqdm(total=settings.max_epochs, desc="Fine-tuning, held out", unit="epoch") as bar:
            epochs, accuracy = first.until_no_better(np.flatnonzero(~held_out), np.flatnonzero(held_out), bar)
        first_embedding, first_features = first.outputs()
        entities = first.entities(np.flatnonzero(held_out)) if marked.tags else None
        final = first if serve_first else _Run(base, cache, targets, len(names), settings, marked)
        if not serve_first:
            with tqdm(total=epochs, desc="Fine-tuning, all examples", unit="epoch") as bar:
                final.for_epochs(np.arange(len(texts)), epochs, bar)
        embedding = first_embedding if serve_first else final.outputs()[0]
    cosine = float((embedding * cache.teacher.cpu().numpy()).sum(1).mean())
    logger.info("Fine-tuned on %d examples in %.0f s on %s.", len(texts), time.monotonic() - began, device)
    served = final.model.cpu().eval()
    return Finetuned(served, held_out, first_embedding, first_features, epochs, accuracy, cosine, marked.tags, entities)


class _Cache:
    """What stays the same over all epochs: the states above the frozen layers, and the base encoder's embedding."""

    def __init__(self, model: TorchEncoder, tokenizer: Tokenizer, texts: Sequence[str], device: torch.device) -> None:
        self.device = device
        ids = token_ids(tokenizer, texts)
        self.lengths = np.array([len(row) for row in ids])
        self.states: list[Tensor] = [torch.empty(0)] * len(ids)
        self.teacher = torch.empty((len(ids), model.width), device=device)
        model.to(device).eval()
        with torch.inference_mode():
            for rows in batches(self.lengths, 64):
                input_ids, mask = padded([ids[row] for row in rows], device)
                hidden = model.lower(input_ids, mask)
                self.teacher[rows], _ = model.upper(hidden, mask)
                for place, row in enumerate(rows):
                    self.states[row] = hidden[place, : self.lengths[row]].clone()
        self.teacher = self.teacher.clone()

    def batch(self, rows: np.ndarray) -> tuple[Tensor, Tensor]:
        hidden = nn.utils.rnn.pad_sequence([self.states[row] for row in rows], batch_first=True)
        lengths = torch.tensor(self.lengths[rows], device=self.device)
        return hidden, (torch.arange(hidden.shape[1], device=self.device)[None, :] < lengths[:, None]).long()


class _Run:
    """One training from the base weights. Each run starts at the same seed."""

    def __init__(
        self,
        base: Path,
        cache: _Cache,
        targets: Tensor,
        intents: int,
        settings: FinetuneSettings,
        marked: TagTargets,
    ) -> None:
        torch.manual_seed(settings.seed)
        self.rng = np.random.default_rng(settings.seed)
        self.cache, self.settings, self.marked = cache, settings, marked
        self.targets = targets.to(cache.device)
        self.model = load_encoder(base, settings.frozen_layers, len(marked.tags)).to(cache.device)
        self.head = nn.Linear(self.model.width, intents).to(cache.device)
        body = [weight for weight in self.model.bert.parameters() if weight.requires_grad]
        fresh = [*self.model.project.parameters(), *self.head.parameters()]
        if self.model.tag is not None:
            fresh += self.model.tag.parameters()
        self.optimizer = torch.optim.AdamW(
            [
                {"params": body, "lr": settings.learning_rate},
                {"params": fresh, "lr": settings.head_learning_rate},
            ],
            weight_decay=settings.weight_decay,
        )
        self.loss = nn.CrossEntropyLoss(label_smoothing=settings.label_smoothing)

    def until_no_better(self, learn: np.ndarray, held_out: np.ndarray, bar: tqdm) -> tuple[int, float]:
        """Trains on `learn` and goes back to the epoch that is best on `held_out`: (its number, its accuracy).

        Where entities are learned too, best is the mean of accuracy and F1.
        """
        scheduler = self._scheduler(len(learn))
        best: tuple[float, float] = (-1.0, 0.0)
        best_epoch, best_accuracy, best_state = 0, 0.0, None
        for epoch in range(1, self.settings.max_epochs + 1):
            self._epoch(learn, scheduler)
            accuracy, loss = self._evaluate(held_out)
            shown, good = {"held_out_accuracy": f"{accuracy:.3f}"}, accuracy
            if self.marked.tags:
                f1 = self.entities(held_out).f1
                shown["entity_f1"], good = f"{f1:.3f}", (accuracy + f1) / 2
            bar.update()
            bar.set_postfix(shown)
            if (good, -loss) > best:
                best, best_epoch, best_accuracy = (good, -loss), epoch, accuracy
                best_state = {name: value.clone() for name, value in self.model.state_dict().items()}
            elif epoch - best_epoch >= self.settings.patience:
                break
        if best_state is not None:
            self.model.load_state_dict(best_state)
        return best_epoch, best_accuracy

    def for_epochs(self, learn: np.ndarray, epochs: int, bar: tqdm) -> None:
        scheduler = self._scheduler(len(learn))
        for _ in range(epochs):
            self._epoch(learn, scheduler)
            bar.update()

    def entities(self, rows: np.ndarray) -> SpanScores:
        """How well the entities of these rows are found."""
        self.model.eval()
        found: dict[int, list[Span]] = {}
        with torch.inference_mode():
            for places in batches(self.cache.lengths[rows], 64):
                chosen = rows[places]
                scores = self.model.upper(*self.cache.batch(chosen))[2]
                found.update(zip(chosen.tolist(), self.marked.found(scores, chosen), strict=True))
        return self.marked.score([found[row] for row in rows.tolist()], rows)

    def outputs(self) -> tuple[np.ndarray, np.ndarray]:
        """Embedding and intent features of every text, float32 (texts, width)."""
        count = len(self.cache.lengths)
        embedding, features = (np.empty((count, self.model.width), np.float32) for _ in range(2))
        self.model.eval()
        with torch.inference_mode():
            for rows in batches(self.cache.lengths, 64):
                first, second, *_ = self.model.upper(*self.cache.batch(rows))
                embedding[rows], features[rows] = first.cpu().numpy(), second.cpu().numpy()
        return embedding, features

    def _epoch(self, learn: np.ndarray, scheduler: torch.optim.lr_scheduler.LRScheduler) -> None:
        self.model.train()
        for places in batches(self.cache.lengths[learn], self.settings.batch_size, self.rng):
            rows = learn[places]
            embedding, features, *tag_scores = self.model.upper(*self.cache.batch(rows))
            apart = 1.0 - (embedding * self.cache.teacher[rows]).sum(-1)
            loss = self.loss(self.head(features), self.targets[rows])
            loss = loss + self.settings.distill_weight * apart.mean()
            for scores in tag_scores:
                loss = loss + self.settings.entity_weight * self.marked.loss(scores, rows)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            scheduler.step()

    def _evaluate(self, rows: np.ndarray) -> tuple[float, float]:
        self.model.eval()
        right, loss = 0.0, 0.0
        with torch.inference_mode():
            for places in batches(self.cache.lengths[rows], 64):
                chosen = rows[places]
                logits = self.head(self.model.upper(*self.cache.batch(chosen))[1])
                right += float((logits.argmax(-1) == self.targets[chosen]).sum())
                loss += float(nn.functional.cross_entropy(logits, self.targets[chosen], reduction="sum"))
        return right / len(rows), loss / len(rows)

    def _scheduler(self, examples: int) -> torch.optim.lr_scheduler.LRScheduler:
        steps = -(-examples // self.settings.batch_size) * self.settings.max_epochs
        climb = max(1, round(self.settings.warm_up * steps))

        def rate(step: int) -> float:
            return min((step + 1) / climb, max(0.0, (steps - step) / (steps - climb + 1)))

        return torch.optim.lr_scheduler.LambdaLR(self.optimizer, rate)
