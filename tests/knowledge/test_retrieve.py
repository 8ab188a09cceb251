from datetime import date
from pathlib import Path

import numpy as np
import pytest

from knowledge.build import build_index
from knowledge.errors import EncoderError, IndexMismatch
from knowledge.hits import Hit
from knowledge.ingest import ingest_path
from knowledge.live import LiveIndex
from knowledge.retrieve import Retriever, open_retriever, with_earlier

ADVENT = date(2026, 12, 1)


@pytest.fixture
def make_retriever(settings, store, articles: Path, encoder):
    ingest_path(store, articles)
    build_index(settings, encoder)

    def make(today: date = ADVENT, used=encoder, **changes) -> Retriever:
        fingerprint = used.fingerprint if used else None
        live = LiveIndex(settings.index_folder, fingerprint)
        return Retriever(store, live, used, settings.model_copy(update=changes), lambda: today)

    return make


def documents(hits: list[Hit]) -> list[str]:
    return [hit.document_id for hit in hits]


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("How do I descale my coffee machine?", "descaling"),
        ("when is the refund on my payment method", "returns"),
        ("staircase and door number in Austria", "delivery-austria"),
        ("last order day for christmas eve", "christmas"),
    ],
)
@pytest.mark.parametrize("by_meaning", [True, False])
def test_the_right_article_comes_first(make_retriever, encoder, question, document, by_meaning) -> None:
    retriever = make_retriever(used=encoder if by_meaning else None)
    hits = retriever.search(question, country="AT")
    assert documents(hits)[0] == document
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert all((hit.dense > 0) == by_meaning for hit in hits[:1])


def test_an_embedding_that_is_given_is_used(make_retriever, encoder) -> None:
    retriever = make_retriever()
    question = "descale the coffee machine"
    vector = encoder.encode([question])[0]
    encoder.encoded = 0
    assert retriever.search(question, embedding=vector) == make_retriever().search(question, embedding=vector)
    assert encoder.encoded == 0
    with pytest.raises(EncoderError, match=r"shape \(3,\), the index holds vectors of 64"):
        retriever.search(question, embedding=np.ones(3, dtype=np.float32))


def test_the_variant_of_the_own_tier_comes_first_and_others_stay_away(make_retriever) -> None:
    question = "how many days after delivery may I return an item"
    retriever = make_retriever()
    gold = retriever.search(question, audience="gold")
    assert (documents(gold)[0], gold[0].fit) == ("returns-gold", 1)
    assert "returns-gold" not in documents(retriever.search(question, audience="basic"))
    nobody = documents(retriever.search(question))
    assert nobody.index("returns") < nobody.index("returns-gold")


def test_a_tier_that_the_question_names_is_looked_up_for_anyone(make_retriever) -> None:
    hits = make_retriever().search("how many days do gold members have to return", audience="basic")
    assert documents(hits)[0] == "returns-gold"


def test_countries_and_days_are_kept(make_retriever) -> None:
    question = "parcels to Austria before Christmas Eve"
    assert "delivery-austria" not in documents(make_retriever().search("staircase number", country="DE"))
    assert "delivery-austria" in documents(make_retriever().search("staircase number", country="at"))
    assert "delivery-austria" in documents(make_retriever().search(question, country="DE"))
    assert "christmas" in documents(make_retriever(date(2026, 12, 27)).search(question))
    assert "christmas" not in documents(make_retriever(date(2026, 12, 28)).search(question))
    assert "christmas" not in documents(make_retriever(date(2026, 11, 1)).search(question))


def test_the_best_sentences_are_named_in_order(make_retriever, store) -> None:
    hit = make_retriever().search("Are gift cards refunded at once?")[0]
    passage = store.get_passages([hit.passage_id])[hit.passage_id]
    shown = [passage.sentences[number] for number in hit.sentences]
    assert 2 <= len(shown) <= 5
    assert "Gift cards are refunded at once." in shown
    assert list(hit.sentences) == sorted(hit.sentences)
    assert hit.support > 0.6


@pytest.mark.parametrize("question", ["", "   ", "?!", "😀", "zzzz qqqq", "a" * 5000, "return " * 2000, "退货"])
def test_odd_questions_are_no_error(make_retriever, encoder, question: str) -> None:
    for used in (encoder, None):
        assert len(make_retriever(used=used).search(question)) <= 8


def test_no_index_finds_nothing(settings, store, encoder) -> None:
    retriever = open_retriever(settings, encoder)
    retriever.warm_up()
    assert retriever.search("return an item") == []


def test_an_index_of_another_encoder_is_refused_at_the_start(make_retriever, settings, make_encoder) -> None:
    make_retriever()
    with pytest.raises(IndexMismatch):
        open_retriever(settings, make_encoder("fake-2")).warm_up()


def test_the_encoder_folder_tells_which_index_embeddings_fit(make_retriever, settings) -> None:
    make_retriever()
    settings.encoder_folder.mkdir()
    for name in ("tokenizer.json", "model.onnx"):
        (settings.encoder_folder / name).touch()
    written = '{"fingerprint": "fake-2", "dimension": 64, "max_length": 128}'
    (settings.encoder_folder / "encoder.json").write_text(written)
    with pytest.raises(IndexMismatch, match="in use is fake-2"):
        open_retriever(settings).warm_up()
    open_retriever(settings, fingerprint="fake-1").warm_up()


def test_a_passage_that_left_the_store_is_not_found(make_retriever, store, articles: Path) -> None:
    retriever = make_retriever()
    assert documents(retriever.search("descale coffee machine"))[0] == "descaling"
    (articles / "descaling.md").unlink()
    ingest_path(store, articles)
    assert "descaling" not in documents(retriever.search("descale coffee machine"))


def test_the_weight_decides_between_meaning_and_words(make_retriever) -> None:
    question = "gift cards after delivery"
    by_words = make_retriever(dense_weight=0.0).search(question, k=3)
    by_meaning = make_retriever(dense_weight=1.0, sentence_share=0.0, title_share=0.0).search(question, k=3)
    # A general article has neither bonus nor penalty, so its score is the one search's own.
    assert all(hit.score == pytest.approx(hit.lexical) for hit in by_words if hit.fit == 0)
    assert all(hit.score == pytest.approx(hit.dense) for hit in by_meaning if hit.fit == 0)


def test_a_hit_survives_being_a_message(make_retriever) -> None:
    for hit in make_retriever().search("return an item"):
        copy = Hit.from_json(hit.to_json())
        assert (copy.passage_id, copy.sentences, copy.fit) == (hit.passage_id, hit.sentences, hit.fit)
        assert copy.score == pytest.approx(hit.score, abs=1e-4)


def test_a_question_that_follows_another_is_understood_with_it(settings, store, articles: Path, encoder) -> None:
    ingest_path(store, articles)
    build_index(settings, encoder)
    retriever = Retriever(store, LiveIndex(settings.index_folder, encoder.fingerprint), encoder, settings)
    alone = retriever.search("what do I fill in?")
    after = retriever.search("what do I fill in?", earlier=["how often do I descale the machine?"])
    assert after[0].document_id == "descaling"
    assert after[0].score > max((hit.score for hit in alone), default=0.0)
    vector = encoder.encode([with_earlier("what do I fill in?", ["how often do I descale the machine?"])])[0]
    given = retriever.search("what do I fill in?", earlier=["how often do I descale the machine?"], together=vector)
    assert given == after


def test_a_question_that_customers_are_known_to_ask_finds_its_article(settings, store, articles: Path, encoder) -> None:
    asked = "does limescale get away somehow"
    ingest_path(store, articles)
    build_index(settings, encoder)
    retriever = Retriever(store, LiveIndex(settings.index_folder, encoder.fingerprint), encoder, settings)
    assert not any(hit.document_id == "descaling" for hit in retriever.search(asked)[:1])
    text = (articles / "descaling.md").read_text(encoding="utf-8")
    (articles / "descaling.md").write_text(f"---\nquestions: [{asked}]\n---\n{text}", encoding="utf-8")
    ingest_path(store, articles)
    build_index(settings, encoder)
    retriever = Retriever(store, LiveIndex(settings.index_folder, encoder.fingerprint), encoder, settings)
    assert retriever.search(asked)[0].document_id == "descaling"
    assert store.get_document("descaling").questions == (asked,)
