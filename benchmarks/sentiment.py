"""`rapport bench sentiment`: polarity on a public test set, feelings of customers, and what a message costs.

Ours is measured as it serves: the shipped adapter, merged, exported and quantised as `rapport train` does it.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from benchmarks import vader
from benchmarks.errors import MissingData
from benchmarks.report import Report, Row, at_least
from bot.cli.display import step
from bot.nlu.errors import TrainingDataError
from bot.nlu.sentiment_data import Pair, sst2
from bot.nlu.sentiment_encoder import LABELS, NEGATIVE, POSITIVE
from bot.settings import PROJECT

CUSTOMERS = PROJECT / "tests" / "behaviour" / "sentiment.yml"
FROZEN = "frozen encoder + logistic regression"
QUICK_SENTENCES = 200
WARM_UP = 10
REPEATS, QUICK_REPEATS = 5, 1
ANCHOR = (
    "development set, trained on 67,349 phrases: MiniLM-L6 91.5 %, MiniLM-L12 93.0 % "
    "(github.com/microsoft/unilm/tree/master/minilm)"
)


@dataclass(frozen=True)
class Customers:
    """Held-out sentences of customers with the feeling they show, and of which kind they are."""

    texts: list[str]
    labels: list[str]
    kinds: list[str]


def run(data: Path | None, quick: bool) -> Report:
    """Measure on SST-2's test sentences and on the held-out customers.

    Raises:
        MissingData: SST-2 is not in `data`.
    """
    if data is None:
        raise MissingData("The suite sentiment needs public data. Give --data the folder that holds sst2.")
    try:
        train, dev, test = (sst2(data, part) for part in ("train", "dev", "test"))
    except TrainingDataError as error:
        raise MissingData(str(error)) from error
    if quick:
        train, test = train[:QUICK_SENTENCES], test[:: max(1, len(test) // QUICK_SENTENCES)]
    customers = read_customers()
    texts = [text for text, _ in test]
    with tempfile.TemporaryDirectory() as folder:
        analyser, loss = _ours(Path(folder))
        with step("Ours"):
            read = [analyser.sentiment(text) for text in texts]
            polar = np.array([each["score"] for each in read])
            felt = [analyser.sentiment(text)["label"] for text in customers.texts]
        with step("Milliseconds"):
            taken = _milliseconds(analyser, customers.texts, QUICK_REPEATS if quick else REPEATS)
    with step("Peers"):
        plain, fitted = (vader.vader_scores(texts, fitted=each) for each in (False, True))
        frozen = _frozen(train, dev, texts)
    rows = [
        Row(
            "SST-2 test accuracy",
            _accuracy(polar, test),
            "share",
            at_least(0.925),
            {vader.NAME: _accuracy(plain, test), vader.FITTED_NAME: _accuracy(fitted, test),
             FROZEN: _accuracy(frozen, test)},
            ANCHOR,
        ),
        *_customer_rows(customers, felt),
        Row("one message, one core, median", taken, "ms"),
    ]  # fmt: skip
    notes = (
        f"SST-2: {len(test)} test sentences, positive against negative by the sign of the score; "
        f"{np.mean([each['label'] == 'neutral' for each in read]):.1%} of them would be called neutral.",
        f"Customers: {len(customers.texts)} sentences of tests/behaviour/sentiment.yml, written for this project and "
        "held out; macro F1 over negative, neutral, positive.",
        f"Ours as served, in 8 bits; its probabilities differ from those in 32 bits by {loss:.3f} on average. "
        f"VADER, fitted: without {len(vader.ERRANDS)} words of errands and with {len(vader.COMPLAINTS)} of complaints.",
    )
    return Report("sentiment", rows, notes=notes)


def read_customers() -> Customers:
    """All held-out sentences."""
    content = yaml.safe_load(CUSTOMERS.read_text(encoding="utf-8"))
    rows = [(each["text"], each["label"], kind) for kind, group in content.items() for each in group]
    return Customers(*(list(column) for column in zip(*rows, strict=True)))


def _ours(folder: Path):  # type: ignore[no-untyped-def]
    """The component as a trained bot serves it, and what 8 bits change of its probabilities."""
    from bot.nlu.sentiment import SentimentAnalyser
    from bot.nlu.sentiment_encoder import SentimentEncoder
    from bot.nlu.sentiment_export import export_sentiment

    with step("Exporting"):
        loss = export_sentiment(folder).mean_loss
    return SentimentAnalyser({}, model=SentimentEncoder(folder)), loss


def _customer_rows(customers: Customers, felt: Sequence[str]) -> Iterator[Row]:
    peers = {
        vader.NAME: _labels(vader.vader_scores(customers.texts), vader.NEUTRAL_BELOW),
        vader.FITTED_NAME: _labels(vader.vader_scores(customers.texts, fitted=True), vader.FITTED_NEUTRAL_BELOW),
    }
    yield Row(
        "customers, macro F1",
        macro_f1(felt, customers.labels),
        "share",
        peers={name: None if found is None else macro_f1(found, customers.labels) for name, found in peers.items()},
    )
    for kind in dict.fromkeys(customers.kinds):
        rows = [row for row, each in enumerate(customers.kinds) if each == kind]
        yield Row(
            f"customers: {kind}, right",
            _share_right(felt, customers.labels, rows),
            "share",
            peers={
                name: None if found is None else _share_right(found, customers.labels, rows)
                for name, found in peers.items()
            },
        )


def macro_f1(found: Sequence[str], truth: Sequence[str]) -> float:
    """Mean F1 of the three labels."""
    from sklearn.metrics import f1_score

    return float(f1_score(truth, found, labels=list(LABELS), average="macro", zero_division=0))


def _share_right(found: Sequence[str], truth: Sequence[str], rows: Sequence[int]) -> float:
    return sum(found[row] == truth[row] for row in rows) / len(rows)


def _labels(scores: np.ndarray | None, neutral_below: float) -> list[str] | None:
    if scores is None:
        return None
    return ["neutral" if abs(each) < neutral_below else "positive" if each > 0 else "negative" for each in scores]


def _accuracy(scores: np.ndarray | None, pairs: Sequence[Pair]) -> float | None:
    """Of positive against negative by the sign; a score of 0 counts as positive."""
    if scores is None:
        return None
    labels = np.array([label for _, label in pairs])
    return float((np.where(scores >= 0, POSITIVE, NEGATIVE) == labels).mean())


def _frozen(train: Sequence[Pair], dev: Sequence[Pair], texts: Sequence[str]) -> np.ndarray:
    """Scores by a logistic regression on the base encoder's embeddings; its C is chosen on the dev sentences."""
    from sklearn.linear_model import LogisticRegression

    features = {name: _embeddings([text for text, _ in pairs]) for name, pairs in (("train", train), ("dev", dev))}
    labels = {name: [label for _, label in pairs] for name, pairs in (("train", train), ("dev", dev))}
    models = [
        LogisticRegression(C=strength, max_iter=2_000).fit(features["train"], labels["train"])
        for strength in (1.0, 4.0, 16.0)
    ]
    best = max(models, key=lambda model: model.score(features["dev"], labels["dev"]))
    return np.asarray(best.decision_function(_embeddings(texts)))


def _embeddings(texts: Sequence[str]) -> np.ndarray:
    """float32 (texts, width) of the base encoder, unchanged."""
    import torch

    from bot.nlu.finetune import load_tokenizer
    from bot.nlu.torch_encoder import batches, load_encoder, padded, token_ids
    from bot.nlu.weights import find_base_encoder

    base = find_base_encoder()
    model = load_encoder(base, 0).eval()
    ids = token_ids(load_tokenizer(base, 128), texts)
    found = np.empty((len(texts), model.width), np.float32)
    with torch.inference_mode():
        for rows in batches(np.array([len(row) for row in ids]), 64):
            found[rows] = model(*padded([ids[row] for row in rows], torch.device("cpu")))[0].numpy()
    return found


def _milliseconds(analyser, texts: Sequence[str], repeats: int) -> float:  # type: ignore[no-untyped-def]
    taken = []
    with _one_core():
        for text in texts[:WARM_UP]:
            analyser.sentiment(text)
        for text in list(texts) * repeats:
            began = time.perf_counter()
            analyser.sentiment(text)
            taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


@contextmanager
def _one_core() -> Iterator[None]:
    """Where the system can: the process stays on one core."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
