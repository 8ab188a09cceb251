"""`rapport bench retrieval`: whether the right text comes first, whether it is known that none does, and at what cost.

Three public collections through the product's own path (store, index, search), with the encoder that nobody has tuned.
What is learnt (weights of the clues, judge of answerability) is learnt on half of the questions and measured on the
other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.errors import MissingData
from benchmarks.options import Options
from benchmarks.report import Report, Row, Target, at_least
from benchmarks.retrieval_costs import cost_rows
from benchmarks.retrieval_data import READERS, Collection, with_paraphrases, without_questions
from benchmarks.retrieval_home import BM25, ENCODER, RANK_FUSION, OnceEncoder, PeerSearch, shelve, untuned_encoder
from benchmarks.retrieval_measures import OURS, Rankings, doubts, halves, joined, rank, told_apart, tuned
from bot.cli.display import step

DATA_SETS = (*READERS, "costs")
QUICK_ASKED = 120
PEERS = (BM25, ENCODER, RANK_FUSION)
FOLDS = 5


def run(data: Path | None, quick: bool, options: Options) -> Report:
    """The collections and costs, or those that the options name.

    Raises:
        MissingData: a data set is not in the data folder.
        BadOption: the options name a data set that is not in this suite.
    """
    chosen = options.chosen(DATA_SETS)
    if data is None and chosen != ["costs"]:
        raise MissingData("The suite retrieval reads public data. Give --data the folder of the public data sets.")
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with step("Exporting the untuned encoder"):
            encoder = untuned_encoder(home / "encoder")
        for name in chosen:
            if name == "costs":
                rows += cost_rows(home, encoder, quick)
            else:
                collection = READERS[name](data)  # type: ignore[arg-type]
                if quick:
                    collection = collection.first(QUICK_ASKED)
                rows += _collection_rows(collection, encoder, home, with_peers=options.peers != "none")
    return Report("retrieval", rows, {}, [*_NOTES, *options.notes(DATA_SETS)])


def _collection_rows(collection: Collection, encoder: OnceEncoder, home: Path, with_peers: bool) -> list[Row]:
    if collection.name == "stackfaq":
        return _stackfaq_rows(collection, encoder, home, with_peers)
    name = collection.name
    found, apart = _measure(collection, encoder, home / name, with_peers)
    if name == "doc2dial":
        recalls = ((1, at_least(38), "tuned DPR 37.5 (MultiDoc2Dial)"), (10, at_least(76), "tuned DPR 75.8"))
    else:
        recalls = ((1, at_least(90), None), (10, None, None))
    rows = [
        _row(f"{name} recall@{k}", lambda system, k=k: 100 * found.recall_at(k, system), found, target, anchor)
        for k, target, anchor in recalls
    ]
    return [*rows, _apart_row(name, apart)]


def _stackfaq_rows(collection: Collection, encoder: OnceEncoder, home: Path, with_peers: bool) -> list[Row]:
    alone, apart = _measure(without_questions(collection), encoder, home / "answers", with_peers)
    named, _ = _measure(collection, encoder, home / "named", with_peers, with_doubts=False)
    known = _with_known(collection, encoder, home / "known")
    return [
        _row(
            "stackfaq NDCG@10, answers only", alone.ndcg_at_10, alone, at_least(0.86), "BERT .858, Elasticsearch .789"
        ),
        _row("stackfaq NDCG@10, with the thread's question", named.ndcg_at_10, named),
        _row("stackfaq NDCG@10, and known paraphrases", known.ndcg_at_10, known, at_least(0.98), "BERT .986"),
        _apart_row("stackfaq, answers only", apart),
    ]


def _measure(
    collection: Collection, encoder: OnceEncoder, home: Path, with_peers: bool, with_doubts: bool = True
) -> tuple[Rankings, dict[str, float]]:
    with step(f"{collection.name}: encoding and searching") as running:
        shelf = shelve(collection, encoder, home)
        peers = PeerSearch(shelf) if with_peers else None
        done = 0

        def tick() -> None:
            nonlocal done
            done += 1
            running.count(done, len(collection.asked))

        ranked, found = [], []
        for learn, asked in halves(collection.asked):
            retriever = tuned(shelf, learn)
            ranked.append(rank(shelf, retriever, asked, peers, tick))
            if with_doubts:
                found += doubts(shelf, retriever, learn, asked, peers)
        shelf.store.close()
    apart = {system: told_apart(found, system) for system in found[0].sure} if found else {}
    return joined(ranked), apart


def _with_known(collection: Collection, encoder: OnceEncoder, home: Path) -> Rankings:
    """Each fifth of the questions against threads for which the other fifths are known ways to ask."""
    parts = []
    with step(f"{collection.name}: with known paraphrases") as running:
        for fold in range(FOLDS):
            asked = collection.asked[fold::FOLDS]
            known = [each for number, each in enumerate(collection.asked) if number % FOLDS != fold]
            shelf = shelve(with_paraphrases(collection, known), encoder, home / str(fold))
            parts.append(rank(shelf, shelf.retriever, asked, None, lambda: None))
            shelf.store.close()
            running.count(fold + 1, FOLDS)
    return joined(parts)


def _row(
    name: str,
    value: Callable[[str], float],
    found: Rankings,
    target: Target | None = None,
    anchor: str | None = None,
) -> Row:
    peers = {system: value(system) for system in PEERS if system in found.by_system}
    unit = "NDCG" if "NDCG" in name else "%"
    return Row(name, value(OURS), unit, target, peers, anchor)


def _apart_row(name: str, apart: dict[str, float]) -> Row:
    peers = {system: value for system, value in apart.items() if system != OURS}
    return Row(f"{name}: answerable or not", apart[OURS], "AUROC", at_least(0.85), peers)


_NOTES: Sequence[str] = (
    "the encoder is all-MiniLM-L6-v2 as published, in 8 bits; its training data held Stack Exchange threads, "
    "which favours all that use it on stackfaq",
    "the weights of the clues (400 questions) and the judge of answerability are learnt on half of the questions and "
    "measured on the other; with known paraphrases the weights are those of the settings",
    "doc2dial: 272 pages cut into passages by the product; peers get the question and its history as one text; the "
    "question's own share against the history (0.4) was set while looking at this collection",
    "answerable or not: what answers is taken away from half of the questions; in doc2dial the other passages of the "
    "page stay",
)
