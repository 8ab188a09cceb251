"""Fine-tunes the encoder on the examples of the intents, without spoiling its embedding for retrieval.

Two runs (see `training_run`). The first learns from a part and is stopped by the held-out rest; what it makes of that
rest is what confidences are calibrated on. The second learns from everything for as many epochs, and is the one that
serves. Pairs of questions and answers take part in it only if the first run finds held-out answers no worse for them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from tqdm import tqdm

from bot.nlu.pair_learning import PairBatches
from bot.nlu.pairs import FEWEST, Pair, held_out_pairs
from bot.nlu.span_scores import SpanScores
from bot.nlu.split import held_out_mask
from bot.nlu.tag_learning import TagTargets
from bot.nlu.torch_encoder import TorchEncoder, load_encoder
from bot.nlu.training_cache import TrainingCache
from bot.nlu.training_run import FinetuneSettings, Lessons, TrainingRun
from bot.nlu.training_text import Span
from bot.nlu.typos import misspell_marked

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PairScores:
    """Share of held-out questions whose own answer is found first among all answers."""

    questions: int
    before: float
    after: float

    @property
    def kept(self) -> bool:
        """Whether learning from the pairs did no harm, so that the encoder that serves learns from them too."""
        return self.after >= self.before


@dataclass(frozen=True)
class Finetuned:
    """What training hands over. Rows follow the texts; vectors are float32."""

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
    pairs: PairScores | None = None
    on_gpu: bool = False


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
    pairs: Sequence[Pair] = (),
) -> Finetuned:
    """Learns from `texts` (not empty, no duplicates) and their intents; same input and seed, same weights on a CPU.

    `spans` are the entities of each text; none at all, or an empty sequence, makes a model without entity scores.
    `held_out` (bool (texts,)) is for data with a validation split of its own; with `serve_first` there is no second
    run, so that nothing was learned from the held-out rows.
    """
    if held_out is None:
        share = min(settings.held_out_share, settings.most_held_out / len(texts))
        held_out = held_out_mask(labels, share, settings.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    began = time.monotonic()
    everything = np.arange(len(texts))
    with torch.random.fork_rng():
        lessons = _lessons(base, tokenizer, texts, labels, spans, pairs, settings, device)
        first = TrainingRun(base, lessons, settings)
        with tqdm(total=settings.epochs(int((~held_out).sum())), desc="Fine-tuning, held out", unit="epoch") as bar:
            epochs, accuracy = first.until_no_better(np.flatnonzero(~held_out), np.flatnonzero(held_out), bar)
        first_embedding, first_features = first.outputs(everything)
        entities = first.entities(np.flatnonzero(held_out)) if lessons.marked.tags else None
        pair_scores = _pair_scores(lessons.pairs, first)
        final = first
        if not serve_first:
            if pair_scores and not pair_scores.kept:
                lessons = replace(lessons, pairs=None)
            final = TrainingRun(base, lessons, settings)
            with tqdm(total=epochs, desc="Fine-tuning, all examples", unit="epoch") as bar:
                final.for_epochs(everything, epochs, bar)
        embedding = final.outputs(everything)[0]
    logger.info("Fine-tuned on %d examples in %.0f s on %s.", len(texts), time.monotonic() - began, device)
    return Finetuned(
        model=final.model.cpu().eval(),
        held_out=held_out,
        first_embedding=first_embedding,
        first_features=first_features,
        epochs=epochs,
        held_out_accuracy=accuracy,
        embedding_cosine=float((embedding * lessons.clean.before.cpu().numpy()).sum(1).mean()),
        tags=lessons.marked.tags,
        held_out_entities=entities,
        pairs=pair_scores,
        on_gpu=device.type == "cuda",
    )


def _lessons(
    base: Path,
    tokenizer: Tokenizer,
    texts: Sequence[str],
    labels: Sequence[str],
    spans: Sequence[Sequence[Span]],
    pairs: Sequence[Pair],
    settings: FinetuneSettings,
    device: torch.device,
) -> Lessons:
    model = load_encoder(base, settings.frozen_layers)
    rng = np.random.default_rng(settings.seed)
    names = sorted(set(labels))
    number = {name: place for place, name in enumerate(names)}
    learned = None
    if len(pairs) >= FEWEST:
        held_out = held_out_pairs(pairs, settings.held_out_share, settings.seed)
        # About once through the pairs in each epoch.
        every = max(1, round(len(texts) / settings.batch_size * PairBatches.BATCH / len(pairs)))
        learned = PairBatches(model, tokenizer, pairs, held_out, every, device)
    misspelt = [misspell_marked(text, spans[row] if len(spans) else (), rng) for row, text in enumerate(texts)]
    wrong = [text for text, _ in misspelt]
    return Lessons(
        clean=TrainingCache(model, tokenizer, texts, device),
        misspelt=TrainingCache(model, tokenizer, wrong, device),
        targets=torch.tensor([number[label] for label in labels], device=device),
        intents=len(names),
        marked=TagTargets(tokenizer, texts, spans, device),
        misspelt_marked=TagTargets(tokenizer, wrong, [moved for _, moved in misspelt], device),
        pairs=learned,
    )


def _pair_scores(pairs: PairBatches | None, run: TrainingRun) -> PairScores | None:
    if pairs is None:
        return None
    return PairScores(pairs.held_out_questions, pairs.found_first_before(), pairs.found_first(run.model))
