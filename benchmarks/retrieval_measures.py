"""How well a collection's questions are answered: rankings, and whether it is known that nothing answers."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.retrieval_data import Asked
from benchmarks.retrieval_home import BM25, ENCODER, PeerSearch, Shelf
from knowledge.answerability import Answerability, features_of, fit_answerability
from knowledge.evaluate import auroc, ndcg_at_k, recall_at_k
from knowledge.hits import Hit
from knowledge.retrieve import Retriever
from knowledge.tune import DEPTH, Question, best_fusion

OURS = "ours"
# Questions that weights are learnt from; more hardly move them.
_TUNED_ON = 400


@dataclass(frozen=True)
class Rankings:
    """By system, one ranking a question."""

    by_system: dict[str, list[list[str]]]
    relevant: list[frozenset[str]]

    def ndcg_at_10(self, system: str) -> float:
        return ndcg_at_k(self.by_system[system], self.relevant, 10)

    def recall_at(self, k: int, system: str) -> float:
        return recall_at_k(self.by_system[system], self.relevant, k)


def halves(asked: Sequence[Asked]) -> list[tuple[list[Asked], list[Asked]]]:
    """Two pairs of questions to learn from and questions to measure on; each question is measured once."""
    one = [each for each in asked if zlib.crc32(each.whole.encode()) % 2]
    other = [each for each in asked if not zlib.crc32(each.whole.encode()) % 2]
    return [(one, other), (other, one)]


def tuned(shelf: Shelf, asked: Sequence[Asked]) -> Retriever:
    """Ours with the weights that are best on these questions."""
    return shelf.retriever.with_fusion(best_fusion(shelf.retriever, _questions(asked[:_TUNED_ON])))


def rank(
    shelf: Shelf, retriever: Retriever, asked: Sequence[Asked], peers: PeerSearch | None, tick: Callable[[], None]
) -> Rankings:
    """Ours, and the peers where there are any."""
    by_system: dict[str, list[list[str]]] = {}
    for each in asked:
        hits = retriever.search(each.text, k=DEPTH, earlier=each.earlier)
        found = [hit.passage_id if shelf.collection.by_passage else hit.document_id for hit in hits]
        by_system.setdefault(OURS, []).append(list(dict.fromkeys(found)))
        if peers is not None:
            for name, ranking in peers.rankings(each.whole).items():
                by_system.setdefault(name, []).append(ranking)
        tick()
    return Rankings(by_system, [each.relevant for each in asked])


def joined(parts: Sequence[Rankings]) -> Rankings:
    systems = parts[0].by_system
    return Rankings(
        {name: [ranking for part in parts for ranking in part.by_system[name]] for name in systems},
        [relevant for part in parts for relevant in part.relevant],
    )


@dataclass(frozen=True)
class Doubt:
    """Of one question: whether its answer was left in, and how sure each system is that it is there."""

    answerable: bool
    sure: dict[str, float]


def doubts(
    shelf: Shelf, retriever: Retriever, learn: Sequence[Asked], asked: Sequence[Asked], peers: PeerSearch | None
) -> list[Doubt]:
    """What answers is taken away from half of the questions, chosen by their words.

    The judge learns on other questions of the same collection, each with and without its answer.
    """
    judge = _judge(retriever, learn)
    found = []
    for each in asked:
        answerable = bool(zlib.crc32(b"kept " + each.whole.encode()) % 2)
        hidden = frozenset() if answerable else each.relevant
        hits = [hit for hit in _search(retriever, each) if not _in(hidden, hit)]
        sure = {OURS: judge.probability(hits)}
        if peers is not None:
            sure |= _sureness(peers, each, hidden)
        found.append(Doubt(answerable, sure))
    return found


def told_apart(found: Sequence[Doubt], system: str) -> float:
    """AUROC of the sureness, answers left in against answers taken away."""
    return auroc([each.sure[system] for each in found], [each.answerable for each in found])


def _judge(retriever: Retriever, learn: Sequence[Asked]) -> Answerability:
    features, right = [], []
    for each in learn:
        hits = _search(retriever, each)
        for kept, is_right in ((hits, True), ([hit for hit in hits if not _in(each.relevant, hit)], False)):
            if kept:
                features.append(features_of(kept))
                right.append(is_right)
    return fit_answerability(np.array(features), right, [1.0] * len(right))


def _sureness(peers: PeerSearch, each: Asked, hidden: frozenset[str]) -> dict[str, float]:
    left = np.array([name not in hidden for name in peers.names()])
    scores = peers.scores(each.whole)
    return {name: float(scores[name][left].max()) for name in (BM25, ENCODER)}


def _search(retriever: Retriever, each: Asked) -> list[Hit]:
    return retriever.search(each.text, k=DEPTH, earlier=each.earlier)


def _in(names: frozenset[str], hit: Hit) -> bool:
    return bool(names & {hit.document_id, hit.passage_id})


def _questions(asked: Sequence[Asked]) -> list[Question]:
    return [Question(each.text, each.relevant, each.earlier) for each in asked]
