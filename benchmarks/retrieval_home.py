"""A knowledge base for a collection, with the encoder that nobody has tuned, and its peers on the same passages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.retrieval_data import Collection
from bot.settings import PROJECT
from knowledge.build import build_index
from knowledge.chunk import chunk
from knowledge.documents import Document, Format
from knowledge.embed import Matrix, OnnxEncoder
from knowledge.live import LiveIndex
from knowledge.retrieve import Retriever
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore

# As in Cormack, Clarke & Buettcher (2009), "Reciprocal rank fusion outperforms Condorcet".
_RRF_K = 60
BM25, ENCODER, RANK_FUSION = "BM25", "untuned encoder", "rank fusion"


class EncoderAround:
    """Stands for another encoder, whose vectors it gives in a way of its own."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        self._encoder = encoder

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    @property
    def dimension(self) -> int:
        return self._encoder.dimension


class OnceEncoder(EncoderAround):
    """Encodes each text once in a run: folds and variants of a collection share most of their texts."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        super().__init__(encoder)
        self._known: dict[str, np.ndarray] = {}

    def encode(self, texts: Sequence[str]) -> Matrix:
        new = sorted(set(texts) - self._known.keys())
        if new:
            self._known.update(zip(new, self._encoder.encode(new), strict=True))
        return np.stack([self._known[text] for text in texts])


def untuned_encoder(folder: Path, threads: int = 2) -> OnceEncoder:
    """The base encoder exported as `rapport train` exports the fine-tuned one: ONNX in 8 bits."""
    from tokenizers import Tokenizer

    from bot.nlu.onnx_export import export_encoder
    from bot.nlu.torch_encoder import load_encoder
    from bot.nlu.weights import find_base_encoder

    if not (folder / "encoder.json").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        base = find_base_encoder()
        tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(256)
        export_encoder(load_encoder(base, frozen_layers=0).eval(), tokenizer, 256, folder, _sentences())
    return OnceEncoder(OnnxEncoder(folder, threads))


def _sentences() -> list[str]:
    """What the 8 bits are fitted to: sentences of the demo's articles, none of a collection that is measured on."""
    texts = []
    for file in sorted((PROJECT / "demo" / "articles").glob("*.md")):
        document = Document("d", file.stem, file.read_text(encoding="utf-8"), Format.MARKDOWN, "s", "h")
        texts += [sentence for passage in chunk(document) for sentence in passage.sentences]
    return texts[::8]


@dataclass(frozen=True)
class Shelf:
    """A collection taken in and indexed."""

    collection: Collection
    settings: KnowledgeSettings
    store: KnowledgeStore
    retriever: Retriever
    encoder: OnceEncoder


def shelve(collection: Collection, encoder: OnceEncoder, home: Path) -> Shelf:
    """Take the documents of the collection in, in the place of what is in `home`, and build the index."""
    settings = KnowledgeSettings(home=home)
    store = KnowledgeStore(settings.database)
    with store.transaction():
        for document in collection.documents:
            store.put_document(document, chunk(document))
    build_index(settings, encoder)
    retriever = Retriever(store, LiveIndex(settings.index_folder, encoder.fingerprint), encoder, settings)
    return Shelf(collection, settings, store, retriever, encoder)


class PeerSearch:
    """What the same passages give by words alone (BM25 of bm25s), meaning alone, and by the fusion of their ranks."""

    def __init__(self, shelf: Shelf) -> None:
        import bm25s

        passages = shelf.store.list_passages()
        self._names = [
            passage.passage_id if shelf.collection.by_passage else passage.document_id for passage in passages
        ]
        self._texts = [passage.search_text for passage in passages]
        self._matrix = shelf.encoder.encode(self._texts)
        self._encoder = shelf.encoder
        self._bm25 = bm25s.BM25()
        self._bm25.index([_words(text) or [""] for text in self._texts], show_progress=False)

    def rankings(self, text: str) -> dict[str, list[str]]:
        """Names, the best first, by peer."""
        scored = self.scores(text)
        ranks = sum(1 / (_RRF_K + 1 + np.argsort(np.argsort(-each, kind="stable"))) for each in scored.values())
        return {name: self._named(each) for name, each in {**scored, RANK_FUSION: ranks}.items()}

    def scores(self, text: str) -> dict[str, np.ndarray]:
        """float (passages,) by peer that has scores, in the order of the store."""
        known = [word for word in _words(text) if word in self._bm25.vocab_dict]
        words = self._bm25.get_scores(known) if known else np.zeros(len(self._texts), dtype=np.float32)
        return {BM25: words, ENCODER: self._matrix @ self._encoder.encode([text])[0]}

    def names(self) -> list[str]:
        """Of each passage, as `Asked.relevant` names it."""
        return self._names

    def _named(self, scores: np.ndarray) -> list[str]:
        order = np.argsort(-scores, kind="stable")[:200]
        return list(dict.fromkeys(self._names[place] for place in order))


def _words(text: str) -> list[str]:
    import bm25s

    words: list[str] = bm25s.tokenize([text], stopwords="en", return_ids=False, show_progress=False)[0]
    return words
