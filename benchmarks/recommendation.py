"""`rapport bench recommendation`: what somebody buys next, among all items of Amazon Beauty.

Of each customer the last item is for the test and the one before it for choosing; all models learn from the rest, and
rank all items for the test with the one before it as part of the history. Also: items held out of training altogether,
and how long ten of 100,000 items take.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import MissingData
from benchmarks.recommendation_peers import item_knn, matrix_factorisation
from benchmarks.report import Report, Row, at_least, at_most
from bot.cli.display import step
from crm_models.purchase_log import ProductText, PurchaseLog
from crm_models.recommend.candidates import nearest, text_vectors
from crm_models.recommend.choice import choose_blend
from crm_models.recommend.evaluation import leave_last_out
from crm_models.recommend.model import Blend, Recommender
from crm_models.recommend.sequence import SequenceModel
from crm_models.recommend.sequence_training import SequenceSettings

FOLDER = "amazon_5core_s3rec"
SEED, K = 7, 10
DAYS_APART = 180  # the file has an order but no dates: as if so many days lay between two purchases
# Chosen on the second last items. The gain of an epoch is uneven: with less patience training ends too early.
SETTINGS = SequenceSettings(hidden=64, negatives=1000, epochs=48, look=4, patience=3)
QUICK_USERS = 250
NEW_SHARE = 10  # one item in so many is held out
Scores = Callable[[Mapping[int, float]], NDArray[np.float64]]


@dataclass(frozen=True)
class Beauty:
    sequences: list[NDArray[np.int64]]
    texts: list[str]  # attributes of each item, as words


def run(data: Path | None, quick: bool) -> Report:
    """All measures.

    Raises:
        MissingData: the data set is not in the data folder.
    """
    beauty = read_beauty(data)
    if quick:
        beauty = _fewer(beauty, QUICK_USERS)
    rows = [*_next_item(beauty, quick), *_new_items(beauty), _ten_of_many(10_000 if quick else 100_000)]
    notes = [
        f"{len(beauty.sequences):,} customers, {len(beauty.texts):,} items, all ranked but those already bought; ties "
        "count against",
        "every model learns from all but the last two items of a customer; weights, epochs and settings are chosen on "
        "the second last",
        f"the file has no dates: purchases count as {DAYS_APART} days apart",
        "new items: a tenth is held out of training; each customer whose last item is one of them is asked; from the "
        "attributes only; ranked among all items, and among the new ones",
    ]
    if quick:
        notes.append(f"--quick: {QUICK_USERS} customers, 4 epochs, 10,000 items; the figures say nothing about quality")
    return Report("recommendation", rows, {"training": SEED}, notes)


def read_beauty(data: Path | None) -> Beauty:
    """The customers' sequences, items numbered from 0, and the attributes of each item."""
    file = (data or Path()) / FOLDER / "Beauty.txt"
    if data is None or not file.is_file():
        raise MissingData(f"{file} is missing: pass --data with the folder that holds {FOLDER}.")
    lines = file.read_text(encoding="utf-8").splitlines()
    sequences = [np.array([int(each) - 1 for each in line.split()[1:]], dtype=np.int64) for line in lines]
    attributes = json.loads((file.parent / "Beauty_item2attributes.json").read_text(encoding="utf-8"))
    count = max(int(each.max()) for each in sequences) + 1
    texts = [" ".join(f"attribute{each}" for each in attributes.get(str(item + 1), [])) for item in range(count)]
    return Beauty(sequences, texts)


def purchase_log(sequences: Sequence[NDArray[np.int64]], texts: Sequence[str]) -> PurchaseLog:
    """A log in which every purchase is an order of its own."""
    count = [len(each) for each in sequences]
    place = np.concatenate([np.arange(n) for n in count])
    return PurchaseLog(
        products=tuple(ProductText(f"{item:06d}", "all", "", text) for item, text in enumerate(texts)),
        customers=tuple(f"{who:06d}" for who in range(len(sequences))),
        customer=np.repeat(np.arange(len(sequences)), count),
        order=np.arange(sum(count)),
        product=np.concatenate(list(sequences)),
        day=place.astype(np.float64) * DAYS_APART,
    )


def ndcg_and_recall(
    scores: Scores, histories: Sequence[NDArray[np.int64]], wanted: Sequence[int]
) -> tuple[float, float]:
    """NDCG@10 and Recall@10 of one wanted item each; what is in the history is not ranked, ties count against."""
    ndcg, hits = 0.0, 0
    for history, right in zip(histories, wanted, strict=True):
        found = scores(weighted(history)).copy()
        found[history] = -np.inf
        rank = int((found >= found[right]).sum())
        if rank <= K:
            ndcg, hits = ndcg + 1 / np.log2(rank + 1), hits + 1
    return ndcg / max(len(wanted), 1), hits / max(len(wanted), 1)


def weighted(history: NDArray[np.int64]) -> dict[int, float]:
    """The history with the weights that the model gives purchases of that age."""
    ages = np.arange(len(history))[::-1] * DAYS_APART
    return {int(row): float(0.5 ** (age / 365.0)) for row, age in zip(history, ages, strict=True)}


def _next_item(beauty: Beauty, quick: bool) -> list[Row]:
    training = purchase_log([each[:-2] for each in beauty.sequences], beauty.texts)
    held = leave_last_out(purchase_log([each[:-1] for each in beauty.sequences], beauty.texts))
    customers = np.random.default_rng(SEED).permutation(sorted(held.next_new)).tolist()
    settings = replace(SETTINGS, epochs=4, negatives=500) if quick else SETTINGS
    with step("Training the candidates and choosing their weights") as shown:
        choice = choose_blend(held, customers, SEED, settings, shown.part)
    model = Recommender().fit(training, datetime(1970, 1, 1), choice.blend, choice.sequence, SEED)
    popular = np.bincount(training.product, minlength=len(beauty.texts)).astype(np.float64)
    ranked: dict[str, Scores] = {
        "ours": model.scores,
        "popularity": lambda _: popular,
        "item-kNN": item_knn(training),
        "implicit ALS": matrix_factorisation(training, "als", SEED),
        "implicit BPR": matrix_factorisation(training, "bpr", SEED),
    }
    if choice.sequence is not None:
        ranked["sequence model alone"] = _sequence_alone(choice.sequence)
    histories = [each[:-1] for each in beauty.sequences]
    wanted = [int(each[-1]) for each in beauty.sequences]
    found = {}
    for name, scores in ranked.items():
        with step(f"Ranking all items for {len(wanted):,} customers: {name}"):
            found[name] = ndcg_and_recall(scores, histories, wanted)
    ours = found.pop("ours")
    weights = ", ".join(f"{name} {value:g}" for name, value in choice.blend.tables.items())
    said = f"weights: {weights}, sequence {choice.blend.sequence:g}"
    return [
        Row(f"Beauty, next item: NDCG@10 ({said})", ours[0], "share", at_least(0.053),
            {name: each[0] for name, each in found.items()}, "SASRec .053, TIGER .038"),
        Row("Beauty, next item: Recall@10", ours[1], "share", at_least(0.095),
            {name: each[1] for name, each in found.items()}, "SASRec .092, TIGER .065"),
    ]  # fmt: skip


def _sequence_alone(model: SequenceModel) -> Scores:
    return lambda bought: model.scores(list(bought)).astype(np.float64)


def _new_items(beauty: Beauty) -> list[Row]:
    """The recommender's own way with a product nobody bought: by its text."""
    count = len(beauty.texts)
    new = np.zeros(count, dtype=np.bool_)
    new[np.random.default_rng(SEED).choice(count, count // NEW_SHARE, replace=False)] = True
    asked = [each for each in beauty.sequences if new[each[-1]] and (~new[each[:-1]]).any()]
    histories = [each[:-1][~new[each[:-1]]] for each in asked]
    wanted = [int(each[-1]) for each in asked]
    with step("Items held out of training"):
        near = nearest(text_vectors(beauty.texts, SEED), count - 1 if count < 2000 else 1000)

        def by_text(bought: Mapping[int, float]) -> NDArray[np.float64]:
            scores = np.zeros(count)
            for row, weight in bought.items():
                scores[near.product[row]] += weight * near.score[row]
            return scores

        sold = np.bincount(np.concatenate([each[~new[each]] for each in beauty.sequences]), minlength=count)
        among_all = ndcg_and_recall(by_text, histories, wanted)[1]
        among_new = ndcg_and_recall(lambda own: np.where(new, by_text(own), -1.0), histories, wanted)[1]
        popular = ndcg_and_recall(lambda _: sold.astype(np.float64), histories, wanted)[1]
    chance = K / max(int(new.sum()), 1)
    return [
        Row("Beauty, new items among all items: Recall@10", among_all, "share", None, {"popularity": popular}),
        Row(
            "Beauty, new items among the new: Recall@10",
            among_new,
            "share",
            None,
            {"chance": chance},
        ),
    ]


def _ten_of_many(count: int) -> Row:
    """A made-up catalogue with a full blend, a history of 20 purchases; median of 50 calls."""
    rng = np.random.default_rng(SEED)
    weights: dict[str, NDArray[np.float32]] = {"position.weight": rng.normal(size=(50, 64)).astype(np.float32)}
    shapes = {"qkv": (192, 64), "out": (64, 64), "wide": (128, 64), "narrow": (64, 128)}
    for block in ("layers.0.", "layers.1."):
        for name, shape in shapes.items():
            weights[f"{block}{name}.weight"] = rng.normal(scale=0.1, size=shape).astype(np.float32)
            weights[f"{block}{name}.bias"] = np.zeros(shape[0], dtype=np.float32)
        weights |= _norm(f"{block}first.") | _norm(f"{block}second.")
    weights |= _norm("norm.")
    items = rng.normal(size=(count, 64)).astype(np.float32)
    sequence = SequenceModel(items, items[:1], weights, blocks=2, heads=2)
    model = Recommender.made_up(count, Blend(sequence=1.0), sequence, rng)
    history = {int(row): 0.9 for row in rng.choice(count, 20, replace=False)}
    model.best(history, K, model.fresh(history))
    took = []
    for _ in range(50):
        start = time.perf_counter()
        model.best(history, K, model.fresh(history))
        took.append(1000 * (time.perf_counter() - start))
    return Row(f"10 of {count:,} items, median of 50", float(np.median(took)), "ms", at_most(5.0))


def _norm(name: str) -> dict[str, NDArray[np.float32]]:
    return {f"{name}weight": np.ones(64, dtype=np.float32), f"{name}bias": np.zeros(64, dtype=np.float32)}


def _fewer(beauty: Beauty, users: int) -> Beauty:
    """Some customers, with the items they bought: those whose items sell best.

    Of a few customers drawn at random hardly two share an item: most of the items wanted would never have been seen,
    and every model that learns from purchases alone would score 0.
    """
    sold = np.bincount(np.concatenate(beauty.sequences))
    liking = [float(np.log(sold[each]).mean()) for each in beauty.sequences]
    chosen = np.sort(np.argsort(-np.asarray(liking), kind="stable")[:users])
    sequences = [beauty.sequences[who] for who in chosen]
    known, numbers = np.unique(np.concatenate(sequences), return_inverse=True)
    ends = np.cumsum([len(each) for each in sequences])[:-1]
    return Beauty(list(np.split(numbers, ends)), [beauty.texts[item] for item in known])
