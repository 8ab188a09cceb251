"""One training of the encoder from the base weights: its epochs, and when to stop.

loss = cross entropy(intent | intent features)
       + `distill_weight` * (1 - cosine(embedding, embedding before training))
       + `entity_weight` * negative log-likelihood(tags | states of the words), where entities are marked
       + `pair_weight` * cross entropy(answer | question, the other answers of the batch), where pairs are given
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from bot.nlu.dropout import seed_dropout
from bot.nlu.pair_learning import PairBatches
from bot.nlu.precision import half_precision
from bot.nlu.side_by_side import Choice
from bot.nlu.span_scores import SpanScores
from bot.nlu.tag_learning import TagTargets
from bot.nlu.torch_encoder import TorchEncoder, batches, load_encoder
from bot.nlu.training_cache import TrainingCache
from bot.nlu.training_text import Span


@dataclass(frozen=True)
class FinetuneSettings:
    seed: int = 7
    # The word vectors and this many of the lower layers stay as they are: half the work, the same accuracy.
    frozen_layers: int = 3
    max_epochs: int = 5
    # More epochs where examples are few, so that there are about so many steps.
    fewest_steps: int = 640
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
    # Weight of questions and their answers, where any are given.
    pair_weight: float = 0.5
    # Share of the examples of an epoch that are read with typos.
    misspelt_share: float = 0.3
    held_out_share: float = 0.2
    # No more examples are held out than this: it is enough to stop and to calibrate on.
    most_held_out: int = 1500

    def epochs(self, examples: int) -> int:
        """The most epochs over so many examples."""
        return max(self.max_epochs, -(-self.fewest_steps * self.batch_size // examples))


@dataclass(frozen=True)
class Lessons:
    """What a run learns from. Rows are texts, the same in all of it."""

    clean: TrainingCache
    misspelt: TrainingCache
    targets: Tensor
    """int64 (texts,): number of the intent."""
    intents: int
    marked: TagTargets
    """Of the clean texts; the other of the misspelt, where the same entities lie elsewhere."""
    misspelt_marked: TagTargets
    pairs: PairBatches | None


class TrainingRun:
    """Each run starts at the same seed, so the same lessons give the same weights on a CPU."""

    def __init__(self, base: Path, lessons: Lessons, settings: FinetuneSettings) -> None:
        torch.manual_seed(settings.seed)
        self.rng = np.random.default_rng(settings.seed)
        self.lessons, self.settings = lessons, settings
        self.device = lessons.clean.device
        self.model: TorchEncoder = load_encoder(base, settings.frozen_layers, len(lessons.marked.tags)).to(self.device)
        seed_dropout(self.model, self.model.bert, torch.Generator(self.device).manual_seed(settings.seed))
        self.head = nn.Linear(self.model.width, lessons.intents).to(self.device)
        body = [weight for weight in self.model.bert.parameters() if weight.requires_grad]
        fresh = [*self.model.project.parameters(), *self.head.parameters()]
        if self.model.tag is not None and self.model.chain is not None:
            fresh += [*self.model.tag.parameters(), *self.model.chain.parameters()]
        self.optimizer = torch.optim.AdamW(
            [
                {"params": body, "lr": settings.learning_rate},
                {"params": fresh, "lr": settings.head_learning_rate},
            ],
            weight_decay=settings.weight_decay,
            fused=True,
        )
        self.loss = nn.CrossEntropyLoss(label_smoothing=settings.label_smoothing)
        self.epochs = 0
        """How many it has trained by now."""

    def until_no_better(self, learn: np.ndarray, held_out: np.ndarray, choice: Choice, bar: tqdm) -> float:
        """Trains on `learn`, goes back to the epoch that is best on `held_out`, and returns its accuracy.

        Where entities are learned too, best is the mean of accuracy and F1. The epoch is told to `choice`.
        """
        scheduler = self._scheduler(len(learn))
        best: tuple[float, float] = (-1.0, 0.0)
        best_epoch, best_accuracy, best_state = 0, 0.0, self._state()
        for epoch in range(1, self.settings.epochs(len(learn)) + 1):
            self._epoch(learn, scheduler, choice)
            accuracy, loss = self._evaluate(held_out)
            shown, good = {"held_out_accuracy": f"{accuracy:.3f}"}, accuracy
            if self.lessons.marked.tags:
                f1 = self.entities(held_out).f1
                shown["entity_f1"], good = f"{f1:.3f}", (accuracy + f1) / 2
            bar.update()
            bar.set_postfix(shown)
            if (good, -loss) > best:
                best, best_epoch, best_accuracy, best_state = (good, -loss), epoch, accuracy, self._state()
            choice.tell(epoch, best_epoch)
            if epoch - best_epoch >= self.settings.patience:
                break
        choice.decide()
        self._go_back(best_state)
        return best_accuracy

    def follow(self, learn: np.ndarray, choice: Choice, told: Callable[[int], object] = lambda _: None) -> None:
        """Trains on `learn` for as many epochs as the other run chooses; `told` hears of each.

        Where the other has not chosen yet, it goes on as if it were to choose the last, and goes back in the end:
        the rate of a step does not depend on how many epochs there will be.
        """
        scheduler = self._scheduler(len(learn))
        most = self.settings.epochs(len(learn))
        states: dict[int, list[Tensor]] = {}
        for epoch in range(1, most + 1):
            if not choice.wants(epoch):
                break
            self._epoch(learn, scheduler, choice)
            states = {number: state for number, state in states.items() if number >= choice.best}
            states[epoch] = self._state()
            self.epochs = epoch
            told(epoch)
        # With few examples the other run has more epochs than there is a rate for here.
        self._go_back(states[min(choice.wait(), most)])

    def average_with(self, other: TrainingRun) -> None:
        """Takes the mean of both runs' weights: Wortsman et al., Model soups, ICML 2022. Both began with the same."""
        with torch.no_grad():
            for weight, theirs in zip(self._learned(), other._learned(), strict=True):
                weight.lerp_(theirs, 0.5)

    def outputs(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Embedding and intent features of `rows`, float32 (rows, width)."""
        embedding, features = (np.empty((len(rows), self.model.width), np.float32) for _ in range(2))
        for places, (first, second, *_) in self._read(rows):
            embedding[places], features[places] = first.float().cpu().numpy(), second.float().cpu().numpy()
        return embedding, features

    def entities(self, rows: np.ndarray) -> SpanScores:
        """How well the entities of these rows are found."""
        assert self.model.chain is not None
        found: list[Sequence[Span]] = [()] * len(rows)
        for places, outputs in self._read(rows):
            spans_of_rows = self.lessons.marked.found(self.model.chain, outputs[2], rows[places])
            for place, spans in zip(places, spans_of_rows, strict=True):
                found[place] = spans
        return self.lessons.marked.score(found, rows)

    def _learned(self) -> list[Tensor]:
        return [weight for weight in (*self.model.parameters(), *self.head.parameters()) if weight.requires_grad]

    def _state(self) -> list[Tensor]:
        return [weight.detach().clone() for weight in self._learned()]

    def _go_back(self, state: list[Tensor]) -> None:
        with torch.no_grad():
            for weight, kept in zip(self._learned(), state, strict=True):
                weight.copy_(kept)

    def _read(self, rows: np.ndarray) -> Iterator[tuple[np.ndarray, tuple[Tensor, ...]]]:
        """Places in `rows`, and what the model makes of those texts."""
        self.model.eval()
        with torch.no_grad(), half_precision(self.device):
            for places in batches(self.lessons.clean.lengths[rows], 64):
                yield places, self.model.upper(*self.lessons.clean.batch(rows[places]))

    def _epoch(self, learn: np.ndarray, scheduler: torch.optim.lr_scheduler.LRScheduler, choice: Choice) -> None:
        self.model.train()
        pairs = self.lessons.pairs.endless(self.rng) if self.lessons.pairs else None
        misspelt = self.rng.random(len(learn)) < self.settings.misspelt_share
        for step, (rows, wrong) in enumerate(self._steps(learn, misspelt)):
            choice.check()
            loss = self._loss(rows, wrong)
            if pairs is not None and self.lessons.pairs is not None and step % self.lessons.pairs.every == 0:
                loss = loss + self.settings.pair_weight * self.lessons.pairs.loss(self.model, next(pairs))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            scheduler.step()

    def _steps(self, learn: np.ndarray, misspelt: np.ndarray) -> Iterator[tuple[np.ndarray, bool]]:
        """Batches of rows and whether they are read misspelt, both kinds in turns at random."""
        steps = []
        for wrong, cache in ((False, self.lessons.clean), (True, self.lessons.misspelt)):
            rows = learn[misspelt == wrong]
            steps += [
                (rows[places], wrong) for places in batches(cache.lengths[rows], self.settings.batch_size, self.rng)
            ]
        for place in self.rng.permutation(len(steps)):
            yield steps[place]

    def _loss(self, rows: np.ndarray, wrong: bool) -> Tensor:
        cache = self.lessons.misspelt if wrong else self.lessons.clean
        with half_precision(self.device):
            embedding, features, *tag_scores = self.model.upper(*cache.batch(rows))
        loss: Tensor = self.loss(self.head(features.float()), self.lessons.targets[rows])
        # Also of a misspelt text: its embedding shall be that of the text well spelt.
        apart = 1.0 - (embedding.float() * self.lessons.clean.before[rows]).sum(-1)
        loss = loss + self.settings.distill_weight * apart.mean()
        marked = self.lessons.misspelt_marked if wrong else self.lessons.marked
        for scores in tag_scores:
            assert self.model.chain is not None
            loss = loss + self.settings.entity_weight * marked.loss(self.model.chain, scores.float(), rows)
        return loss

    def _evaluate(self, rows: np.ndarray) -> tuple[float, float]:
        right, loss = 0.0, 0.0
        for places, outputs in self._read(rows):
            logits, targets = self.head(outputs[1].float()), self.lessons.targets[rows[places]]
            right += float((logits.argmax(-1) == targets).sum())
            loss += float(nn.functional.cross_entropy(logits, targets, reduction="sum"))
        return right / len(rows), loss / len(rows)

    def _scheduler(self, examples: int) -> torch.optim.lr_scheduler.LRScheduler:
        # One more batch than whole ones: the misspelt and the others are batched apart.
        steps = (-(-examples // self.settings.batch_size) + 1) * self.settings.epochs(examples)
        climb = max(1, round(self.settings.warm_up * steps))

        def rate(step: int) -> float:
            return min((step + 1) / climb, max(0.0, (steps - step) / (steps - climb + 1)))

        return torch.optim.lr_scheduler.LambdaLR(self.optimizer, rate)
