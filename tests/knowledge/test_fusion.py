"""What clues weigh, and that questions teach weights under which their answers come first."""

from dataclasses import astuple

import numpy as np
import pytest

from knowledge.build import build_index
from knowledge.errors import KnowledgeError
from knowledge.fusion import CLUES, Fusion, Lesson, Weights, learn_weights
from knowledge.ingest import ingest_path
from knowledge.live import LiveIndex
from knowledge.retrieve import Retriever
from knowledge.tune import Question, best_fusion, learn_fusion, read_questions
from knowledge.tuning import Tuning, tuning_of

EVEN = Weights(0.2, 0.2, 0.2, 0.2, 0.1, 0.1)
NO_QUESTION = np.zeros(2, dtype=np.float32)


@pytest.fixture
def retriever(settings, store, articles, encoder) -> Retriever:
    ingest_path(store, articles)
    build_index(settings, encoder)
    return Retriever(store, LiveIndex(settings.index_folder, encoder.fingerprint), encoder, settings)


def _lessons(clue: str, count: int = 80) -> list[Lesson]:
    """The right one of five passages is the one that this clue speaks for; the others are noise."""
    random_numbers = np.random.default_rng(3)
    lessons = []
    for number in range(count):
        scores = random_numbers.uniform(0, 1, (5, len(CLUES))).astype(np.float32)
        right = np.arange(5) == number % 5
        scores[:, CLUES.index(clue)] = np.where(right, 0.8, 0.3)
        lessons.append(Lesson(scores, right))
    return lessons


@pytest.mark.parametrize("clue", CLUES)
def test_the_clue_that_tells_is_the_one_that_weighs(clue: str) -> None:
    (learnt,) = learn_weights(_lessons(clue), (EVEN,))
    assert max(CLUES, key=lambda name: getattr(learnt, name)) == clue
    assert getattr(learnt, clue) > 2 * getattr(EVEN, clue)
    assert sum(astuple(learnt)) == pytest.approx(1)
    assert min(astuple(learnt)) >= 0


def test_few_questions_move_weights_less_than_many() -> None:
    few, many = (learn_weights(_lessons("heading", count), (EVEN,))[0] for count in (3, 100))
    assert EVEN.heading < few.heading < many.heading


def test_what_teaches_nothing_leaves_the_weights() -> None:
    scores = np.ones((3, len(CLUES)), dtype=np.float32)
    nothing = [Lesson(scores, np.zeros(3, dtype=bool)), Lesson(scores, np.ones(3, dtype=bool))]
    assert learn_weights(nothing, (EVEN,)) == (EVEN,)
    assert learn_weights([], (EVEN, EVEN)) == (EVEN, EVEN)


def test_a_known_question_counts_only_where_it_says_more_than_the_text() -> None:
    scores = np.full((2, len(CLUES)), 0.5, dtype=np.float32)
    without = EVEN.fuse(scores, NO_QUESTION, 0.6)
    assert without == pytest.approx([0.5, 0.5])
    with_known = EVEN.fuse(scores, np.array([0.9, 0.1], dtype=np.float32), 0.6)
    assert with_known == pytest.approx([0.8 * (0.4 * 0.5 + 0.6 * 0.9) + 0.2 * 0.5, 0.5])


def test_a_question_that_follows_others_shares_its_weights_with_them() -> None:
    fusion = Fusion.of(EVEN, 0.25)
    assert fusion.for_queries(1) == (EVEN,)
    own, together = fusion.for_queries(2)
    assert astuple(own) == pytest.approx(astuple(EVEN * 0.25))
    assert sum(astuple(own)) + sum(astuple(together)) == pytest.approx(1)


def test_a_score_is_what_the_clues_weigh(retriever, settings) -> None:
    question = "when do I get the refund of a return"
    names, clues = retriever.clues(question)
    scores = dict(zip(names, clues @ np.array(astuple(settings.fusion.alone)), strict=True))
    for hit in retriever.search(question):
        assert hit.score == pytest.approx(scores[hit.passage_id], abs=1e-4)


def test_by_the_article_its_other_sections_come_before_other_articles(retriever) -> None:
    by_article = Weights(0.1, 0.0, 0.0, 0.0, article=0.9)
    found = retriever.with_fusion(Fusion.of(by_article, 0.5)).search("when do I get the refund of a return")
    documents = [hit.document_id for hit in found]
    assert documents[0] == "returns"
    together = [place for place, name in enumerate(documents) if name == "returns"]
    assert together == list(range(len(together)))
    assert len(together) > 1


def test_a_passage_under_no_heading_is_judged_by_its_title(retriever) -> None:
    names, clues = retriever.clues("returning an item")
    place = next(place for place, name in enumerate(names) if name.startswith("returns#"))
    heading, title = clues[place, CLUES.index("heading")], clues[place, CLUES.index("title")]
    passages = retriever.store.get_passages(names)
    assert not passages[names[place]].heading
    assert heading == title > 0.9


def test_questions_that_follow_others_teach_their_own_weights(retriever) -> None:
    following = [Question("and for gold?", frozenset({"returns-gold"}), ("how long can I return an item",))]
    learnt = learn_fusion(retriever, following)
    assert learnt.alone == retriever.fusion.alone
    assert learnt.own != retriever.fusion.own
    assert sum(astuple(learnt.own)) + sum(astuple(learnt.together)) == pytest.approx(1)


def test_what_was_said_before_a_question_is_read(tmp_path) -> None:
    (tmp_path / "questions.yml").write_text(
        "- question: and for gold?\n  earlier: [how long can I return an item]\n  articles: [returns-gold]\n"
    )
    (question,) = read_questions(tmp_path / "questions.yml")
    assert question.earlier == ("how long can I return an item",)


def test_weights_that_rank_no_better_are_not_taken(retriever) -> None:
    questions = [
        Question("how do I descale the coffee machine", frozenset({"descaling"})),
        Question("when do I get the refund of a return", frozenset({"returns"})),
    ]
    assert best_fusion(retriever, questions) == retriever.fusion
    assert best_fusion(retriever, questions[:1]) == retriever.fusion


def test_tuned_weights_are_kept_and_read_again(settings) -> None:
    fusion = Fusion(EVEN, EVEN * 0.3, EVEN * 0.7)
    Tuning(fusion).save(settings.home)
    assert tuning_of(settings.home).fusion == fusion


def test_a_weight_that_nobody_knows_is_said_so(settings) -> None:
    Tuning(Fusion.of(EVEN, 0.5)).save(settings.home)
    file = settings.home / "tuning.json"
    file.write_text(file.read_text().replace("heading", "headline"))
    with pytest.raises(KnowledgeError, match=r"headline.*remove it, or tune again"):
        tuning_of(settings.home)
