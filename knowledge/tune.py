"""Measures retrieval on questions with known articles, and fits fusion and answerability to them.

    python -m knowledge.tune QUESTIONS.yml [--held-out OTHERS.yml] [--write]

A file lists `question` and `articles`, the ids of the documents that answer it, none where none does; where it followed
others, `earlier` is what was said before, the latest first.
What is held out is for reporting and never chosen on: another file, or else the half that is not `in_development`.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

import numpy as np
from ruamel.yaml import YAML

from knowledge.answerability import Answerability, BothWays, features_of, fit_answerability
from knowledge.embed import load_encoder
from knowledge.errors import KnowledgeError
from knowledge.evaluate import auroc, mrr, ndcg_at_k, recall_at_k
from knowledge.fusion import Fusion, Lesson, learn_weights
from knowledge.hits import Hit
from knowledge.live import LiveIndex
from knowledge.retrieve import Retriever, open_retriever
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore
from knowledge.tuning import Tuning

# Hits in which the articles of a question are looked for.
DEPTH = 30


@dataclass(frozen=True, slots=True)
class Question:
    """`articles` are ids of the documents, or of the passages, that answer; `earlier` was said before, latest first."""

    text: str
    articles: frozenset[str]
    earlier: tuple[str, ...] = ()

    def answered_by(self, hit: Hit) -> bool:
        return bool(self.articles & {hit.document_id, hit.passage_id})

    def search(self, retriever: Retriever) -> list[Hit]:
        return retriever.search(self.text, k=DEPTH, earlier=self.earlier)


@dataclass(frozen=True, slots=True)
class Measures:
    """Over the questions that have an answer; `auroc` over all: does the probability tell right answers from wrong."""

    first: float
    recall_at_10: float
    ndcg_at_10: float
    mrr: float
    auroc: float


def read_questions(path: Path) -> list[Question]:
    """The questions in a YAML file. Raises KnowledgeError for a file of another make."""
    try:
        entries = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
        return [
            Question(each["question"], frozenset(each["articles"]), tuple(each.get("earlier", ()))) for each in entries
        ]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise KnowledgeError(f"{path} is not a list of 'question' and 'articles': {error!r}") from error


def in_development(question: Question) -> bool:
    """Whether a question is for choosing; by its words, so that new questions move none to the other half."""
    return zlib.crc32(question.text.encode("utf-8")) % 2 == 0


def measure(retriever: Retriever, questions: Sequence[Question], judge: Answerability) -> Measures:
    """Rankings of documents, each at its best passage; `judge` says how likely the first passage answers."""
    rankings, relevant, scores, right = [], [], [], []
    for question in questions:
        hits = question.search(retriever)
        found = list(dict.fromkeys(hit.document_id for hit in hits))
        scores.append(judge.probability(hits))
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
    seen: list[tuple[list[Hit], bool, float]] = []
    for question in questions:
        hits = question.search(retriever)
        if not hits:
            continue
        seen.append((hits, question.answered_by(hits[0]), 1.0))
        rest = [hit for hit in hits if not question.answered_by(hit)]
        if question.articles and rest:
            seen.append((rest, False, 0.5))
    features = np.array([features_of(hits) for hits, _, _ in seen])
    return fit_answerability(features, [right for _, right, _ in seen], [weight for _, _, weight in seen])


def best_fusion(retriever: Retriever, questions: Sequence[Question]) -> Fusion:
    """The weights that these questions teach, or those of `retriever` where they rank questions left out better.

    Better is by the mean reciprocal rank; each half is ranked by what the other teaches.
    """
    asked = [question for question in questions if question.articles]
    halves = (asked[::2], asked[1::2])
    if not all(halves):
        return retriever.fusion
    reached = [
        _reciprocal_ranks(retriever.with_fusion(learn_fusion(retriever, learn)), others)
        for learn, others in (halves, halves[::-1])
    ]
    before = _reciprocal_ranks(retriever, asked)
    return learn_fusion(retriever, asked) if sum(map(sum, reached)) > sum(before) else retriever.fusion


def learn_fusion(retriever: Retriever, questions: Sequence[Question]) -> Fusion:
    """The weights under which the answers of `questions` come first, drawn towards those of `retriever`.

    What only questions of one kind are there for, those alone or those that follow others, holds for the other too
    as far as it can: weights alone are shared out for both queries of a question that follows.
    """
    start = retriever.fusion
    alone = [_lesson(retriever, question) for question in questions if not question.earlier]
    following = [_lesson(retriever, question) for question in questions if question.earlier]
    (by_itself,) = learn_weights(alone, (start.alone,))
    shared = Fusion.of(by_itself, sum(astuple(start.own)))
    return Fusion(by_itself, *learn_weights(following, (shared.own, shared.together)))


def _lesson(retriever: Retriever, question: Question) -> Lesson:
    names, scores = retriever.clues(question.text, question.earlier)
    right = [bool(question.articles & {name, name.rpartition("#")[0]}) for name in names]
    return Lesson(scores, np.array(right, dtype=np.bool_))


def _reciprocal_ranks(retriever: Retriever, questions: Sequence[Question]) -> list[float]:
    ranks = []
    for question in questions:
        right = [question.answered_by(hit) for hit in question.search(retriever)]
        ranks.append(1 / (1 + right.index(True)) if True in right else 0.0)
    return ranks


def words_only(settings: KnowledgeSettings) -> Retriever:
    """A retriever that no embedding will be given to, over an index of whatever encoder."""
    return Retriever(KnowledgeStore(settings.database), LiveIndex(settings.index_folder), settings=settings)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m knowledge.tune", description="Measure retrieval, and fit fusion and answerability."
    )
    parser.add_argument("questions", type=Path, help="YAML file of questions with the articles that answer")
    parser.add_argument("--held-out", type=Path, help="such a file to measure on; else half of the first")
    parser.add_argument("--write", action="store_true", help="have the bot go by what was fitted")
    given = parser.parse_args(arguments)
    questions = read_questions(given.questions)
    settings = KnowledgeSettings()
    if given.held_out:
        development, held_out = questions, read_questions(given.held_out)
    else:
        development = [question for question in questions if in_development(question)]
        held_out = [question for question in questions if not in_development(question)]
    by_meaning = open_retriever(settings, load_encoder(settings.encoder_folder))
    untuned = by_meaning.with_fusion(settings.fusion)
    fusion = best_fusion(untuned, development)
    _print_weights("in use", by_meaning.fusion)
    _print_weights("by the questions to learn from", fusion)
    fitted = []
    for name, retriever in (("by meaning", by_meaning.with_fusion(fusion)), ("by words", words_only(settings))):
        judge = fit(retriever, development)
        fitted.append(judge)
        print(name, judge)
        print("  development", measure(retriever, development, judge))
        print("  held out   ", measure(retriever, held_out, judge))
    if given.write:
        Tuning(fusion, BothWays(*fitted)).save(settings.home)
        print(f"written to {settings.home}")


def _print_weights(of: str, fusion: Fusion) -> None:
    print(f"weights {of}:")
    for query, weights in asdict(fusion).items():
        print(f"  {query:<9}", ", ".join(f"{clue} {weight:.2f}" for clue, weight in weights.items()))


if __name__ == "__main__":
    main()
