import numpy as np
import pytest

from knowledge.answerability import answerable_probability, fit_answerability
from knowledge.build import build_index
from knowledge.errors import KnowledgeError
from knowledge.hits import Hit
from knowledge.ingest import ingest_path
from knowledge.live import LiveIndex
from knowledge.retrieve import Retriever
from knowledge.tune import Question, fit, in_development, measure, read_questions


def test_a_higher_score_is_a_higher_probability() -> None:
    values = [answerable_probability([Hit("a#1", score, score, score, (0,), score)]) for score in np.linspace(0, 1, 11)]
    assert values == sorted(values)
    assert values[0] < 0.1 < 0.9 < values[-1]
    assert answerable_probability([]) == 0.0


def test_the_parameters_that_made_the_data_are_found_again() -> None:
    random_numbers = np.random.default_rng(5)
    scores = random_numbers.uniform(0, 1, 20_000)
    answered = random_numbers.uniform(size=20_000) < 1 / (1 + np.exp(-(-3.0 + 7.0 * scores)))
    found = fit_answerability(scores.tolist(), answered.tolist(), [1.0] * 20_000)
    assert found.bias == pytest.approx(-3.0, abs=0.15)
    assert found.weight == pytest.approx(7.0, abs=0.3)


def test_a_weight_of_two_is_the_same_example_twice() -> None:
    scores, answered = [0.1, 0.4, 0.5, 0.9], [False, True, False, True]
    twice = fit_answerability([*scores, 0.5], [*answered, False], [1.0] * 5)
    weighted = fit_answerability(scores, answered, [1.0, 1.0, 2.0, 1.0])
    assert weighted.weight == pytest.approx(twice.weight)


def test_few_separable_examples_give_no_certainty() -> None:
    found = fit_answerability([0.1, 0.2, 0.8, 0.9], [False, False, True, True], [1.0] * 4)
    assert 0.7 < found.probability([Hit("a#1", 0.9, 0.9, 0, (0,))]) < 0.9


def test_one_outcome_alone_cannot_be_fitted() -> None:
    with pytest.raises(ValueError, match="answered and questions that are not"):
        fit_answerability([0.1, 0.2], [True, True], [1.0, 1.0])


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
    found = measure(retriever, questions)
    assert (found.first, found.mrr, found.auroc) == (1.0, 1.0, 1.0)
    assert fit(retriever, questions).weight > 0


def test_a_question_stays_in_its_half() -> None:
    questions = [Question(f"question {number}", frozenset()) for number in range(1000)]
    assert 450 < sum(map(in_development, questions)) < 550
    assert in_development(questions[0]) == in_development(Question("question 0", frozenset({"a"})))


def test_a_file_that_is_no_list_of_questions_is_said_so(tmp_path) -> None:
    (tmp_path / "questions.yml").write_text("- text: a\n")
    with pytest.raises(KnowledgeError, match=r"questions\.yml is not a list of 'question' and 'articles'"):
        read_questions(tmp_path / "questions.yml")
