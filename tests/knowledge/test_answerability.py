import numpy as np
import pytest

from knowledge.answer import compose
from knowledge.answerability import SHIPPED, Answerability, BothWays, features_of, fit_answerability
from knowledge.build import build_index
from knowledge.errors import KnowledgeError
from knowledge.fusion import Fusion, Weights
from knowledge.hits import Hit
from knowledge.ingest import ingest_path
from knowledge.live import LiveIndex
from knowledge.retrieve import Retriever
from knowledge.tune import Question, fit, in_development, measure, read_questions
from knowledge.tuning import Tuning, tuning_of


def test_a_higher_score_is_a_higher_probability() -> None:
    values = [SHIPPED.probability([Hit("a#1", score, score, score, (0,), score)]) for score in np.linspace(0.1, 1, 10)]
    assert values == sorted(values)
    assert values[0] < 0.1 < 0.9 < values[-1]
    assert SHIPPED.probability([]) == 0.0


def test_the_parameters_that_made_the_data_are_found_again() -> None:
    random_numbers = np.random.default_rng(5)
    scores = random_numbers.uniform(0, 1, 20_000)
    answered = random_numbers.uniform(size=20_000) < 1 / (1 + np.exp(-(-3.0 + 7.0 * scores)))
    found = fit_answerability(scores[:, None], answered.tolist(), [1.0] * 20_000)
    assert found.bias == pytest.approx(-3.0, abs=0.3)
    assert found.weights[0] == pytest.approx(7.0, abs=0.6)


def test_a_weight_of_two_is_the_same_example_twice() -> None:
    scores, answered = np.array([[0.1], [0.4], [0.5], [0.9]]), [False, True, False, True]
    twice = fit_answerability(np.append(scores, [[0.5]], axis=0), [*answered, False], [1.0] * 5)
    weighted = fit_answerability(scores, answered, [1.0, 1.0, 2.0, 1.0])
    assert weighted.weights == pytest.approx(twice.weights, rel=1e-3)


def test_few_separable_examples_give_no_certainty() -> None:
    hits = [[Hit("a#1", score, score, 0, (0,))] for score in (0.1, 0.2, 0.8, 0.9)]
    features = np.array([features_of(each) for each in hits])
    found = fit_answerability(features, [False, False, True, True], [1.0] * 4)
    assert 0.65 < found.probability(hits[-1]) < 0.9


def test_what_speaks_for_a_passage_never_speaks_against_the_answer() -> None:
    features = np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.9], [0.1, 0.8]])
    found = fit_answerability(features, [True, True, False, False], [1.0] * 4)
    assert found.weights[0] > 0
    assert found.weights[1] == 0


def test_a_hit_that_leads_is_likelier_than_one_among_equals() -> None:
    judge = Answerability(0.0, (0.0, 0.0, 0.0, 0.0, 1.0))
    first, near, far = Hit("a#1", 0.8, 0.8, 0, (0,)), Hit("b#1", 0.79, 0.8, 0, (0,)), Hit("c#1", 0.2, 0.2, 0, (0,))
    assert judge.probability([first, far]) > judge.probability([first, near])


def test_a_passage_that_the_intent_put_ahead_is_no_surer_an_answer() -> None:
    first, second = Hit("a#1", 0.5, 0.5, 0.2, (0,), 0.4), Hit("b#1", 0.4, 0.4, 0.2, (0,), 0.3)
    raised = Hit.from_json(first.raise_by(0.12).to_json())
    assert raised.score > first.score
    assert SHIPPED.probability([raised, second]) == pytest.approx(SHIPPED.probability([first, second]))


def test_one_outcome_alone_cannot_be_fitted() -> None:
    with pytest.raises(ValueError, match="answered and questions that are not"):
        fit_answerability(np.array([[0.1], [0.2]]), [True, True], [1.0, 1.0])


def test_questions_are_measured_and_fitted(settings, store, articles, encoder, tmp_path) -> None:
    (tmp_path / "questions.yml").write_text(
        "- question: how do I descale the coffee machine\n  articles: [descaling]\n"
        "- question: when do I get the refund of a return\n  articles: [returns]\n"
        "- question: who won the football cup\n  articles: []\n"
    )
    ingest_path(store, articles)
    build_index(settings, encoder)
    retriever = Retriever(store, LiveIndex(settings.index_folder, encoder.fingerprint), encoder, settings)
    questions = read_questions(tmp_path / "questions.yml")
    judge = fit(retriever, questions)
    assert sum(judge.weights) > 0
    found = measure(retriever, questions, judge)
    assert (found.first, found.mrr, found.auroc) == (1.0, 1.0, 1.0)


def test_what_was_tuned_is_gone_by_at_once(settings, store, articles, encoder) -> None:
    ingest_path(store, articles)
    build_index(settings, encoder)
    retriever = Retriever(store, LiveIndex(settings.index_folder, encoder.fingerprint), encoder, settings)
    question = "when do I get the refund of a return"
    before = retriever.search(question)
    judge = Answerability(-1.0, (0.0, 2.0, 0.0, 0.0, 0.0))
    by_words = Weights(0.2, 0.1, 0.0, 0.7)
    Tuning(Fusion.of(by_words, 0.4), BothWays(judge, judge)).save(settings.home)
    assert [hit.score for hit in retriever.search(question)] != [hit.score for hit in before]
    answer = compose(store, question, before, settings=settings)
    assert answer.probability == pytest.approx(judge.probability(before), abs=1e-3)


def test_a_tuning_of_another_make_is_said_so(settings) -> None:
    settings.home.mkdir()
    (settings.home / "tuning.json").write_text('{"dense_weight": 1}')
    with pytest.raises(KnowledgeError, match=r"tuning\.json cannot be understood .* remove it, or tune again"):
        tuning_of(settings.home)


def test_a_question_stays_in_its_half() -> None:
    questions = [Question(f"question {number}", frozenset()) for number in range(1000)]
    assert 450 < sum(map(in_development, questions)) < 550
    assert in_development(questions[0]) == in_development(Question("question 0", frozenset({"a"})))


def test_a_file_that_is_no_list_of_questions_is_said_so(tmp_path) -> None:
    (tmp_path / "questions.yml").write_text("- text: a\n")
    with pytest.raises(KnowledgeError, match=r"questions\.yml is not a list of 'question' and 'articles'"):
        read_questions(tmp_path / "questions.yml")
