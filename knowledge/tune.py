"""Measures retrieval on questions with known articles, and fits how sure an answer may be.

    python -m knowledge.tune QUESTIONS.yml

The file lists `question` and `articles`, the ids of the documents that answer it, none where none does.
The half that `in_development` names is for choosing; the other is for reporting and never chosen on.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from knowledge.answerability import Answerability, fit_answerability
from knowledge.embed import load_encoder
from knowledge.errors import KnowledgeError
from knowledge.evaluate import auroc, mrr, ndcg_at_k, recall_at_k
from knowledge.live import LiveIndex
from knowledge.retrieve import Retriever, open_retriever
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore

# Hits in which the articles of a question are looked for.
_DEPTH = 30


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    articles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Measures:
    """Over the questions that have an answer; `auroc` over all: does the score tell right answers from wrong."""

    first: float
    recall_at_10: float
    ndcg_at_10: float
    mrr: float
    auroc: float


def read_questions(path: Path) -> list[Question]:
    """The questions in a YAML file. Raises KnowledgeError for a file of another make."""
    try:
        entries = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return [Question(entry["question"], frozenset(entry["articles"])) for entry in entries]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise KnowledgeError(f"{path} is not a list of 'question' and 'articles': {error!r}") from error


def in_development(question: Question) -> bool:
    """Whether a question is for choosing; by its words, so that new questions move none to the other half."""
    return zlib.crc32(question.text.encode("utf-8")) % 2 == 0


def measure(retriever: Retriever, questions: Sequence[Question]) -> Measures:
    """Rankings of documents, each at its best passage."""
    rankings, relevant, scores, right = [], [], [], []
    for question in questions:
        hits = retriever.search(question.text, k=_DEPTH)
        found = list(dict.fromkeys(hit.document_id for hit in hits))
        scores.append(hits[0].score if hits else 0.0)
        right.append(bool(found) and found[0] in question.articles)
        if question.articles:
            rankings.append(found)
            relevant.append(question.articles)
    return Measures(
        first=sum(right) / len(rankings),
        recall_at_10=recall_at_k(rankings, relevant, 10),
        ndcg_at_10=ndcg_at_k(rankings, relevant, 10),
        mrr=mrr(rankings, relevant),
        auroc=auroc(scores, right),
    )


def fit(retriever: Retriever, questions: Sequence[Question]) -> Answerability:
    """Answerability from questions; right is an answer whose first passage is from an article named.

    A question with an answer is also seen with its articles taken away, at half the weight: what the
    nearest wrong passage of the same shop scores is what an unanswerable question is up against.
    """
    scores: list[float] = []
    right: list[bool] = []
    weights: list[float] = []
    for question in questions:
        hits = retriever.search(question.text, k=_DEPTH)
        if not hits:
            continue
        scores.append(hits[0].score)
        right.append(hits[0].document_id in question.articles)
        weights.append(1.0)
        rest = [hit for hit in hits if hit.document_id not in question.articles]
        if question.articles and rest:
            scores.append(rest[0].score)
            right.append(False)
            weights.append(0.5)
    return fit_answerability(scores, right, weights)


def words_only(settings: KnowledgeSettings) -> Retriever:
    """A retriever that no embedding will be given to, over an index of whatever encoder."""
    store = KnowledgeStore(settings.database)
    return Retriever(store, LiveIndex(settings.index_folder), settings=settings)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m knowledge.tune", description="Measure retrieval and fit answerability."
    )
    parser.add_argument("questions", type=Path, help="YAML file of questions with the articles that answer")
    questions = read_questions(parser.parse_args(arguments).questions)
    settings = KnowledgeSettings()
    encoder = load_encoder(settings.encoder_folder)
    development = [question for question in questions if in_development(question)]
    held_out = [question for question in questions if not in_development(question)]
    for name, retriever in (
        ("by meaning", open_retriever(settings, encoder)),
        ("by words", words_only(settings)),
    ):
        print(name, fit(retriever, development))
        print("  development", measure(retriever, development))
        print("  held out   ", measure(retriever, held_out))


if __name__ == "__main__":
    main()
