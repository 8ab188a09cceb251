from pathlib import Path

import pytest

from knowledge.answer import Answer, AnswerStatus, compose
from knowledge.build import build_index
from knowledge.hits import Hit, general_first
from knowledge.ingest import ingest_path
from knowledge.live import LiveIndex
from knowledge.retrieve import Retriever


@pytest.fixture
def ask(settings, store, articles: Path, encoder):
    ingest_path(store, articles)
    build_index(settings, encoder)
    # The fake encoder's scores are lower than those that the probability was fitted on.
    settings = settings.model_copy(update={"answer_threshold": 0.3, "unsure_threshold": 0.15})
    retriever = Retriever(store, LiveIndex(settings.index_folder, encoder.fingerprint), encoder, settings)

    def ask(question: str, tier: str | None = None, country: str | None = None) -> Answer:
        # As in the bot: searched without knowing whose question it is, sent as JSON, answered elsewhere.
        hits = [Hit.from_json(hit.to_json()) for hit in retriever.search(question)]
        return compose(store, question, hits, tier, country, settings)

    return ask


def test_an_answer_is_word_for_word_from_the_article_it_names(ask, articles: Path) -> None:
    answer = ask("Refund of a return: are gift cards refunded at once?")
    assert answer.status is AnswerStatus.ANSWERED
    assert 2 <= len(answer.sentences) <= 5
    text = " ".join((articles / "returns.md").read_text().split())
    assert all(sentence in text for sentence in answer.sentences)
    positions = [text.index(sentence) for sentence in answer.sentences]
    assert positions == sorted(positions)
    assert "Gift cards are refunded at once." in answer.sentences
    assert [(source.title, source.document_id) for source in answer.sources] == [("Returning an item", "returns")]
    assert "returns" not in [source.document_id for source in answer.near]


def test_an_article_is_linked_at_its_own_address(settings, store, articles: Path, encoder) -> None:
    text = (articles / "returns.md").read_text()
    (articles / "returns.md").write_text(text.replace("topic:", "url: https://shop.example/returns\ntopic:", 1))
    ingest_path(store, articles)
    build_index(settings, encoder)
    retriever = Retriever(store, LiveIndex(settings.index_folder, encoder.fingerprint), encoder, settings)
    question = "Refund of a return: are gift cards refunded at once?"
    answer = compose(store, question, retriever.search(question), settings=settings)
    assert answer.sources[0].url == "https://shop.example/returns"


def test_what_no_article_says_is_not_known(ask) -> None:
    answer = ask("who won the football world cup")
    assert answer.status is AnswerStatus.UNKNOWN
    assert (answer.sentences, answer.sources) == ((), ())
    assert len(answer.near) <= 3


def test_no_hits_are_no_answer(store, settings) -> None:
    answer = compose(store, "anything", [], settings=settings)
    assert (answer.status, answer.near, answer.probability) == (AnswerStatus.UNKNOWN, (), 0.0)


def test_the_thresholds_decide(store, settings, articles: Path) -> None:
    ingest_path(store, articles)
    question = "Are gift cards refunded at once?"
    passage = next(p for p in store.list_passages() if "Gift cards are refunded at once." in p.sentences)
    hit = Hit(passage.passage_id, 0.6, 0.6, 0.6, (0, 1), 0.6)
    for answer, unsure, status in (
        (0.0, 0.0, AnswerStatus.ANSWERED),
        (1.0, 0.0, AnswerStatus.UNSURE),
        (1.0, 1.0, AnswerStatus.UNKNOWN),
    ):
        changed = settings.model_copy(update={"answer_threshold": answer, "unsure_threshold": unsure})
        assert compose(store, question, [hit], settings=changed).status is status


def test_the_variant_of_the_customers_tier_answers(ask) -> None:
    question = "how many days after delivery may I return an item"
    assert "As a Gold member you have 60 days after delivery to return an item." in ask(question, "gold").sentences
    for tier in ("basic", None):
        answer = ask(question, tier)
        assert "You have 30 days after delivery to return an item." in answer.sentences
        assert answer.sources[0].document_id == "returns"
    assert "returns-gold" not in [source.document_id for source in ask(question, "basic").near]


def test_a_table_of_tiers_shows_the_customers_own_row(store, settings, articles: Path) -> None:
    (articles / "table.md").write_text(
        "# Points\n\n| Tier | Points |\n|---|---|\n| Basic | 1 |\n| Silver | 1.5 |\n| Gold | 2 |\n\nThey expire.\n"
    )
    (articles / "silver.md").write_text("---\naudience: [silver, basic]\n---\nNot for gold.")
    ingest_path(store, articles)
    passage = next(p for p in store.list_passages() if p.document_id == "table")
    hits = [Hit(passage.passage_id, 0.9, 0.9, 0.9, (0, 1, 2, 3), 0.9)]
    own = compose(store, "how many points", hits, "gold", settings=settings)
    assert own.sentences == ("Gold \u2013 points: 2.", "They expire.")
    # Its row is there, too, where the nearest sentences are the other rows.
    others = [Hit(passage.passage_id, 0.9, 0.9, 0.9, (1, 2, 3), 0.9)]
    assert compose(store, "how many", others, "basic", settings=settings).sentences == (
        "Basic \u2013 points: 1.",
        "They expire.",
    )
    named = compose(store, "how many points with silver", hits, "gold", settings=settings)
    assert named.sentences == ("Silver \u2013 points: 1.5.", "Gold \u2013 points: 2.", "They expire.")
    assert len(compose(store, "how many points", hits, settings=settings).sentences) == 4
    # One row alone would be read as holding for everybody.
    nearest = [Hit(passage.passage_id, 0.9, 0.9, 0.9, (2, 3), 0.9)]
    assert len(compose(store, "how many points", nearest, settings=settings).sentences) == 4


def test_asked_how_it_is_not_told_how_not(store, settings, tmp_path: Path) -> None:
    steps = "1. Fill it with water and citric acid.\n2. Wait for half an hour.\n\n" + "Rinse it well. " * 12
    rules = "- use vinegar in it\n- scratch it with a knife\n\n" + "The warranty does not cover damage by knives. " * 5
    (tmp_path / "a.md").write_text(f"# Kettle\n\n## With acid\n\n{steps}\n\n## Do not\n\n{rules}")
    ingest_path(store, tmp_path / "a.md")
    how, not_so = store.list_passages()
    hits = [Hit(not_so.passage_id, 0.64, 0.9, 0.9, (0, 1), 0.9), Hit(how.passage_id, 0.6, 0.9, 0.9, (0, 1), 0.9)]
    answer = compose(store, "how do I get limescale out", hits, settings=settings)
    assert answer.sentences == ("Fill it with water and citric acid.", "Wait for half an hour.")
    answer = compose(store, "may I use vinegar", hits, settings=settings)
    assert answer.sentences == ("Do not: use vinegar in it.", "Do not: scratch it with a knife.")
    far = [hits[0], Hit(how.passage_id, 0.4, 0.9, 0.9, (0, 1), 0.9)]
    assert compose(store, "how do I get limescale out", far, settings=settings).sentences[0].startswith("Do not")


def test_an_item_is_quoted_with_the_line_that_introduces_its_list(store, settings, tmp_path: Path) -> None:
    body = (
        "# Descaling\n\nIt takes an hour.\n\nYou need:\n\n- a descaler\n- one litre of water\n- a bowl\n\nThen start."
    )
    (tmp_path / "a.md").write_text(body)
    ingest_path(store, tmp_path / "a.md")
    (passage,) = store.list_passages()
    hits = [Hit(passage.passage_id, 0.9, 0.9, 0.9, (3, 4), 0.9)]
    answer = compose(store, "how much water", hits, settings=settings)
    assert answer.sentences == ("You need:", "a descaler.", "one litre of water.", "a bowl.")
    then = [Hit(passage.passage_id, 0.9, 0.9, 0.9, (5,), 0.9)]
    assert compose(store, "then", then, settings=settings).sentences == ("Then start.",)


def test_a_passage_of_one_sentence_is_joined_by_its_neighbour(store, settings, tmp_path: Path) -> None:
    long = " ".join(f"Filler sentence number {number} about storing beans." for number in range(12))
    (tmp_path / "one.md").write_text(f"## Long\n{long}\n\n## Short\n" + "word " * 60 + "end.\n")
    ingest_path(store, tmp_path / "one.md")
    long_one, short_one = store.list_passages()
    hits = [Hit(short_one.passage_id, 0.9, 0.9, 0.9, (0,), 0.9), Hit(long_one.passage_id, 0.8, 0.8, 0.8, (3, 4), 0.8)]
    answer = compose(store, "beans", hits, settings=settings)
    assert answer.sentences == (*long_one.sentences[3:5], short_one.sentences[0])
    assert [source.passage_id for source in answer.sources] == [long_one.passage_id, short_one.passage_id]


def test_hits_of_another_version_are_passed_over(ask, store, settings) -> None:
    hits = [Hit("returns#000000000000", 0.9, 0.9, 0.9, (0, 1), 0.9)]
    assert compose(store, "return", hits, settings=settings).status is AnswerStatus.UNKNOWN


def hit(name: str, score: float, fit: int) -> Hit:
    return Hit(f"{name}#1", score, score, 0.0, (0,), score, fit)


@pytest.mark.parametrize(
    ("hits", "order"),
    [
        ([hit("gold", 0.7, -1), hit("silver", 0.69, -1), hit("general", 0.6, 0)], ["general", "gold", "silver"]),
        ([hit("gold", 0.7, -1), hit("general", 0.4, 0)], ["gold", "general"]),
        ([hit("general", 0.4, 0), hit("own", 0.7, 1)], ["own", "general"]),
        ([], []),
    ],
)
def test_what_is_for_all_precedes_a_guess(hits: list[Hit], order: list[str]) -> None:
    assert [each.document_id for each in general_first(hits, 0.2)] == order
