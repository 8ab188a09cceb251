"""What retrieval costs: one question on the demo's articles, a search among a million, a change among many."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil

from benchmarks.report import Row, at_least, at_most
from benchmarks.retrieval_home import EncoderAround, OnceEncoder, untuned_encoder
from bot.cli.display import step
from bot.settings import PROJECT
from knowledge.answer import compose
from knowledge.build import build_index
from knowledge.chunk import chunk
from knowledge.documents import Document, Format
from knowledge.embed import Matrix, OnnxEncoder
from knowledge.ingest import ingest_path
from knowledge.live import LiveIndex
from knowledge.retrieve import Retriever
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore
from knowledge.tune import read_questions
from knowledge.vectors import build_vectors, load_vectors

MANY, FEW = 1_000_000, 30_000
ARTICLES, SOME_ARTICLES = 100_000, 5_000
QUERIES, CHANGES, CANDIDATES = 300, 5, 50
_STEP = 50_000
_SEED = 0


def cost_rows(home: Path, encoder: OnceEncoder, quick: bool) -> list[Row]:
    """Times on one thread. The million are made up: mixtures of the vectors of real sentences."""
    return [
        *_question_rows(home / "demo"),
        *_many_rows(home / "many", encoder, FEW if quick else MANY),
        _change_row(home / "change", SOME_ARTICLES if quick else ARTICLES),
    ]


def _question_rows(home: Path) -> list[Row]:
    """Encode, search, compose; each question of the demo shop once, after one round that is not counted."""
    with step("One question on the demo's articles"):
        untuned_encoder(home / "encoder")
        encoder = OnnxEncoder(home / "encoder", threads=1)
        settings = KnowledgeSettings(home=home)
        store = KnowledgeStore(settings.database)
        ingest_path(store, PROJECT / "demo" / "articles")
        build_index(settings, encoder)
        retriever = Retriever(store, LiveIndex(settings.index_folder, encoder.fingerprint), encoder, settings)
        questions = [each.text for each in read_questions(PROJECT / "tests" / "behaviour" / "demo_questions.yml")]
        for _ in range(2):
            took = [_timed(lambda text=text: _answer(retriever, text, settings)) for text in questions]
        store.close()
    return [
        Row("one question, demo articles: p50", float(np.percentile(took, 50)), "ms", at_most(8)),
        Row("one question, demo articles: p95", float(np.percentile(took, 95)), "ms", at_most(30)),
    ]


def _answer(retriever: Retriever, text: str, settings: KnowledgeSettings) -> None:
    compose(retriever.store, text, retriever.search(text), settings=settings)


def _many_rows(home: Path, encoder: OnceEncoder, count: int) -> list[Row]:
    home.mkdir(parents=True, exist_ok=True)
    with step(f"Nearest of {count:,} passages") as running:
        seeds = _sentences(encoder)
        np.save(home / "passages.npy", _mixtures(seeds, count, running.count))
        matrix = np.load(home / "passages.npy", mmap_mode="r")
        build_vectors(matrix, exact_limit=1).save(home / "vectors.faiss")
        queries = _mixtures(seeds, QUERIES, seed=_SEED + 1).astype(np.float32)
        truth = _exactly_nearest(matrix, queries)
        del matrix
        # In a process of its own: its memory is that of a search and nothing else.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found, took, memory = pool.apply(_search_many, (home, queries))
    recall = np.mean([len(set(each) & set(true)) / 10 for each, true in zip(found, truth, strict=True)])
    name = f"{count:,} passages"
    return [
        Row(f"{name}: recall@10 against exact", float(recall), "share", at_least(0.95)),
        Row(f"{name}: p50 of a search", float(np.percentile(took, 50)), "ms", at_most(5)),
        Row(f"{name}: memory of the searching process", memory / 2**30, "GiB", at_most(1)),
    ]


def _search_many(home: Path, queries: Matrix) -> tuple[list[list[int]], list[float], int]:
    """As `Retriever` does: candidates by codes, then their order by the vectors themselves, mapped from the disk."""
    import faiss

    faiss.omp_set_num_threads(1)
    index, matrix = load_vectors(home / "vectors.faiss"), np.load(home / "passages.npy", mmap_mode="r")
    found: list[list[int]] = []

    def search(query: Matrix) -> None:
        places = index.nearest(query, CANDIDATES)
        order = np.argsort(-(matrix[places].astype(np.float32) @ query))
        found.append(places[order[:10]].tolist())

    took = [_timed(lambda query=query: search(query)) for query in queries]
    return found, took, psutil.Process().memory_info().rss


def _sentences(encoder: OnceEncoder) -> Matrix:
    """The vectors of all sentences of the demo's articles and questions."""
    texts: list[str] = []
    for file in sorted((PROJECT / "demo" / "articles").rglob("*.md")):
        document = Document("d", file.stem, file.read_text(encoding="utf-8"), Format.MARKDOWN, "s", "h")
        texts += [sentence for passage in chunk(document) for sentence in passage.sentences]
    return encoder.encode(list(dict.fromkeys(texts)))


def _mixtures(seeds: Matrix, count: int, progress=None, seed: int = _SEED) -> np.ndarray:  # type: ignore[no-untyped-def]
    """float16 (count, dimension): two sentences in part, and noise; length 1."""
    random = np.random.default_rng(seed)
    rows = np.empty((count, seeds.shape[1]), dtype=np.float16)
    for start in range(0, count, _STEP):
        size = min(_STEP, count - start)
        one, other = (seeds[random.integers(len(seeds), size=size)] for _ in range(2))
        share = random.uniform(0.1, 0.5, (size, 1)).astype(np.float32)
        mixed = (1 - share) * one + share * other + random.normal(0, 0.02, one.shape).astype(np.float32)
        rows[start : start + size] = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
        if progress is not None:
            progress(start + size, count)
    return rows


def _exactly_nearest(matrix: np.ndarray, queries: Matrix) -> list[list[int]]:
    best = np.full((len(queries), 0), -2.0, dtype=np.float32)
    places = np.zeros((len(queries), 0), dtype=np.int64)
    for start in range(0, len(matrix), _STEP):
        scores = queries @ matrix[start : start + _STEP].astype(np.float32).T
        top = np.argpartition(-scores, 9, axis=1)[:, :10]
        best = np.concatenate([best, np.take_along_axis(scores, top, axis=1)], axis=1)
        places = np.concatenate([places, top + start], axis=1)
        kept = np.argsort(-best, axis=1)[:, :10]
        best, places = np.take_along_axis(best, kept, axis=1), np.take_along_axis(places, kept, axis=1)
    return places.tolist()


class _Stocked(EncoderAround):
    """The encoder in use, but with vectors off the shelf while `stocking`: their meaning plays no part here."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        super().__init__(encoder)
        self.stocking = True

    def encode(self, texts: Sequence[str]) -> Matrix:
        if not self.stocking:
            return self._encoder.encode(texts)
        rows = np.random.default_rng(len(texts)).normal(size=(len(texts), self.dimension)).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _change_row(home: Path, count: int) -> Row:
    """From the change of a file to the first answer with it, in a bot that was searching all along; the median."""
    with step(f"A change among {count:,} articles"):
        untuned_encoder(home / "encoder")
        encoder = _Stocked(OnnxEncoder(home / "encoder", threads=1))
        settings = KnowledgeSettings(home=home)
        store = KnowledgeStore(settings.database)
        _stock(store, count)
        shelf = home / "shelf"
        shelf.mkdir()
        article = shelf / "zebra.md"
        article.write_text("# Zebra policy\n\nZebras are delivered on day 0.\n", encoding="utf-8")
        ingest_path(store, shelf)
        build_index(settings, encoder)
        encoder.stocking = False
        retriever = Retriever(store, LiveIndex(settings.index_folder, encoder.fingerprint), encoder, settings)
        took = [_until_answered(store, retriever, settings, encoder, article, day) for day in range(1, CHANGES + 1)]
        store.close()
    return Row(f"change among {count:,} passages, until answered with", float(np.median(took)), "s", at_most(2))


def _stock(store: KnowledgeStore, count: int) -> None:
    random = np.random.default_rng(_SEED)
    words = [f"word{number}" for number in range(20_000)]
    with store.transaction():
        for number in range(count):
            body = " ".join(words[place] for place in (random.pareto(1.0, 25) * 40).astype(int) % len(words)) + "."
            document = Document(f"a{number}", f"Article {number}", body, Format.TEXT, f"a{number}", "h")
            store.put_document(document, chunk(document))


def _until_answered(
    store: KnowledgeStore,
    retriever: Retriever,
    settings: KnowledgeSettings,
    encoder: _Stocked,
    article: Path,
    day: int,
) -> float:
    question, said = "on which day are zebras delivered?", f"on day {day}."
    retriever.search(question)
    start = time.perf_counter()
    article.write_text(f"# Zebra policy\n\nZebras are delivered {said}\n", encoding="utf-8")
    ingest_path(store, article)
    build_index(settings, encoder)
    while time.perf_counter() - start < 60:
        answer = compose(store, question, retriever.search(question), settings=settings)
        if any(said in sentence for sentence in answer.sentences):
            return time.perf_counter() - start
        time.sleep(0.01)
    raise RuntimeError("the changed article was never answered with")


def _timed(call) -> float:  # type: ignore[no-untyped-def]
    """Milliseconds."""
    start = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - start)
