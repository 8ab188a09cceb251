"""Which candidates go into the blend, and with what weight: chosen on customers held back for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from crm_models.purchase_log import PurchaseLog
from crm_models.recommend.candidates import ITEM_TO_ITEM, candidate_tables
from crm_models.recommend.evaluation import HeldOut
from crm_models.recommend.model import NEIGHBOURS, Blend
from crm_models.recommend.sequence import SequenceModel
from crm_models.recommend.sequence_training import SequenceSettings, Tell, train_sequence

SEQUENCE = "sequence"
WEIGHTS = (0.25, 0.5, 1.0, 2.0, 4.0)
MOST_CUSTOMERS = 1500  # to choose on
TOP = 10


@dataclass(frozen=True)
class Choice:
    blend: Blend
    sequence: SequenceModel | None  # trained on the histories alone
    epochs: int  # after which the sequence model was best; 0 where it is left out
    measures: Mapping[str, float]  # NDCG@10 on the customers it was chosen on: each candidate alone, and the blend


def sequences_of(log: PurchaseLog) -> list[NDArray[np.int64]]:
    """Products of each customer, oldest first; one array a customer, empty for who bought nothing."""
    order = np.argsort(log.customer, kind="stable")
    starts = np.searchsorted(log.customer[order], np.arange(1, len(log.customers)))
    return [np.asarray(part) for part in np.split(log.product[order], starts)]


def tokens_of(log: PurchaseLog, most: int = 2000) -> list[list[int]]:
    """The words of each product's text that describe at least two products, the most frequent `most`."""
    words = [sorted({word for word in product.text.lower().split() if word}) for product in log.products]
    count: dict[str, int] = {}
    for own in words:
        for word in own:
            count[word] = count.get(word, 0) + 1
    known = sorted((word for word, n in count.items() if n > 1), key=lambda word: (-count[word], word))[:most]
    number = {word: index for index, word in enumerate(known)}
    return [[number[word] for word in own if word in number] for own in words]


def choose_blend(
    held: HeldOut,
    customers: Sequence[int],
    seed: int,
    settings: SequenceSettings | None = None,
    tell: Tell | None = None,
) -> Choice:
    """Add one candidate after the other to item-to-item, the best alone first, while it helps these customers.

    A candidate is kept where the mean gain in NDCG@10 over the customers exceeds its own standard error, so that
    what adds nothing is left out.

    Args:
        customers: of `held.next_new`; only the first MOST_CUSTOMERS are looked at.
        settings: of the sequence model; None leaves it out without trying.
    """
    customers = list(customers)[:MOST_CUSTOMERS]
    own = {who: [row for row, weight in held.bought[who].items() if weight > 0] for who in customers}
    tables = candidate_tables(held.history, NEIGHBOURS, seed)
    shape = (len(customers), len(held.history.products))
    found = {name: np.zeros(shape, dtype=np.float32) for name in tables}
    for name, table in tables.items():
        for number, who in enumerate(customers):
            for row, weight in held.bought[who].items():
                found[name][number, table.product[row]] += np.float32(weight) * table.score[row]
    sequence, epochs = None, 0
    if settings is not None:

        def judge(model: SequenceModel) -> float:
            return float(_gains(np.stack([model.scores(own[who]) for who in customers]), held, customers).mean())

        trained = train_sequence(
            sequences_of(held.history), tokens_of(held.history), judge, replace(settings, seed=seed), tell
        )
        sequence, epochs = trained.model, trained.epochs
        found[SEQUENCE] = np.stack([np.maximum(sequence.ahead(own[who]), 0.0) for who in customers])
    measures = {name: float(_gains(scores, held, customers).mean()) for name, scores in found.items()}
    weights, best = {ITEM_TO_ITEM: 1.0}, _gains(found[ITEM_TO_ITEM], held, customers)
    for name in sorted(set(found) - {ITEM_TO_ITEM}, key=lambda each: -measures[each]):
        total = sum(weight * found[each] for each, weight in weights.items())
        tried = {weight: _gains(total + weight * found[name], held, customers) for weight in WEIGHTS}
        weight = max(tried, key=lambda each: float(tried[each].mean()))
        gain = tried[weight] - best
        if gain.mean() > gain.std() / max(np.sqrt(len(gain)), 1.0):
            weights[name], best = weight, tried[weight]
    measures["blend"] = float(best.mean())
    in_order = {name: weight for name, weight in weights.items() if name != SEQUENCE}
    blend = Blend(in_order, weights.get(SEQUENCE, 0.0))
    return Choice(blend, sequence if blend.sequence else None, epochs if blend.sequence else 0, measures)


def _gains(scores: NDArray[np.float32], held: HeldOut, customers: Sequence[int]) -> NDArray[np.float64]:
    """NDCG@10 of each customer, by the best ranked new product of the order held back; ties count against."""
    gains = np.zeros(len(customers))
    for number, who in enumerate(customers):
        row = scores[number].copy()
        row[list(held.bought[who])] = -np.inf
        wanted = list(held.next_new[who])
        rank = min(int((row >= row[each]).sum()) for each in wanted)
        gains[number] = 1 / np.log2(rank + 1) if rank <= TOP else 0.0
    return gains
