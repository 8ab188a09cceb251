"""Fine-tunes the encoder on the examples of the intents, without spoiling its embedding for retrieval.

Two runs (see `two_runs`). The first learns from a part and is stopped by the held-out rest; what it makes of that
rest is what confidences are calibrated on. The second learns from everything for as many epochs; the mean of both is
what serves. Pairs of questions and answers take part in the second unless the first finds held-out answers worse for
them; then the second serves alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from bot.nlu.pair_learning import PairBatches
from bot.nlu.pairs import FEWEST, Pair, held_out_pairs
from bot.nlu.side_by_side import can_share, half_the_threads
from bot.nlu.span_scores import SpanScores
from bot.nlu.split import held_out_mask
from bot.nlu.tag_chain import TagChain
from bot.nlu.tag_learning import TagTargets
from bot.nlu.torch_encoder import TorchEncoder, load_encoder
from bot.nlu.training_cache import TrainingCache
from bot.nlu.training_run import FinetuneSettings, Lessons
from bot.nlu.training_text import Span
from bot.nlu.two_runs import PairScores, TwoRuns
from bot.nlu.typos import misspell_marked

logger = logging.getLogger(__name__)


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
    chain: TagChain | None = None
    """How the entity scores are read; none where no entity is marked."""
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
    pairs: Sequence[Pair] = (),
) -> Finetuned:
    """Learns from `texts` (not empty, no duplicates) and their intents; same input and seed, same weights on a CPU.

    `spans` are the entities of each text; none at all, or an empty sequence, makes a model without entity scores.
    """
    share = min(settings.held_out_share, settings.most_held_out / len(texts))
    held_out = held_out_mask(labels, share, settings.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    shared = can_share(device)
    began = time.monotonic()
    with torch.random.fork_rng(), half_the_threads() if shared else nullcontext():
        lessons = _lessons(base, tokenizer, texts, labels, spans, pairs, settings, device, workers=2 if shared else 1)
        runs = TwoRuns(base, lessons, settings, held_out)
        first, final = runs.at_once() if shared else runs.in_turn()
        embedding = final.outputs(np.arange(len(texts)))[0]
    logger.info("Fine-tuned on %d examples in %.0f s on %s.", len(texts), time.monotonic() - began, device)
    return Finetuned(
        model=final.model.cpu().eval(),
        held_out=held_out,
        first_embedding=first.embedding,
        first_features=first.features,
        epochs=runs.epochs,
        held_out_accuracy=first.accuracy,
        embedding_cosine=float((embedding * lessons.clean.before.cpu().numpy()).sum(1).mean()),
        chain=final.model.chain.chain(lessons.marked.tags) if final.model.chain is not None else None,
        held_out_entities=first.entities,
        pairs=first.pairs,
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
    workers: int,
) -> Lessons:
    model = load_encoder(base, settings.frozen_layers)
    rng = np.random.default_rng(settings.seed)
    names = sorted(set(labels))
    number = {name: place for place, name in enumerate(names)}
    misspelt = [misspell_marked(text, spans[row] if len(spans) else (), rng) for row, text in enumerate(texts)]
    wrong = [text for text, _ in misspelt]
    with ThreadPoolExecutor(max_workers=workers) as pool:
        clean = pool.submit(TrainingCache, model, tokenizer, texts, device)
        misread = pool.submit(TrainingCache, model, tokenizer, wrong, device, embedded=False)
        learned = pool.submit(_pair_batches, model, tokenizer, pairs, len(texts), settings, device)
    return Lessons(
        clean=clean.result(),
        misspelt=misread.result(),
        targets=torch.tensor([number[label] for label in labels], device=device),
        intents=len(names),
        marked=TagTargets(tokenizer, texts, spans, device),
        misspelt_marked=TagTargets(tokenizer, wrong, [moved for _, moved in misspelt], device),
        pairs=learned.result(),
    )


def _pair_batches(
    model: TorchEncoder,
    tokenizer: Tokenizer,
    pairs: Sequence[Pair],
    texts: int,
    settings: FinetuneSettings,
    device: torch.device,
) -> PairBatches | None:
    if len(pairs) < FEWEST:
        return None
    held_out = held_out_pairs(pairs, settings.held_out_share, settings.seed)
    # About once through the pairs in each epoch.
    every = max(1, round(texts / settings.batch_size * PairBatches.BATCH / len(pairs)))
    return PairBatches(model, tokenizer, pairs, held_out, every, device)
