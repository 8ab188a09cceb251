"""From a history of tickets to articles: what is read, what is proposed, and what a decision does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from knowledge.build import build_index
from knowledge.errors import CandidateError, DocumentError, UnknownCandidate
from knowledge.ingest import ingest_path
from knowledge.retrieve import open_retriever
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore
from knowledge.tickets.candidate import Candidate, Kind, Status
from knowledge.tickets.decide import accept, reject
from knowledge.tickets.files import read_tickets
from knowledge.tickets.pairs import ticket_pairs
from knowledge.tickets.propose import Proposals, propose
from knowledge.tickets.ratings import guess_scale, read_rating, read_scale
from knowledge.tickets.records import get_candidate, keep_tickets, list_candidates, list_tickets
from tests.knowledge.conftest import FakeEncoder

PARKING = "You can park behind the shop for two hours, free of charge. The gate closes at eight."
ASKED = (
    "where can I park at your shop",
    "where can I park at the shop",
    "where can I park my car at your shop",
    "can I park at your shop",
    "is it free to park at your shop",
)


def mask(text: str, known: Sequence[str]) -> str:
    for value in [*known, "me@home.example"]:
        text = text.replace(value, "[customer]")
    return text


def write(path: Path, rows: Sequence[Sequence[object]], head: str = "question,answer,rating,time,ticket_id") -> Path:
    lines = [head, *(",".join(f'"{cell}"' for cell in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def parked(rating: int = 5, answer: str = PARKING) -> list[list[object]]:
    return [[text, answer, rating, f"2026-0{place + 1}-10", f"T{place}"] for place, text in enumerate(ASKED)]


def nobody_answers(question: str) -> str | None:
    return None


def proposed(store: KnowledgeStore, encoder: FakeEncoder, path: Path, least: int = 3) -> Proposals:
    keep_tickets(store, read_tickets(path, mask).tickets)
    return propose(store, encoder, nobody_answers, least)


def only(found: Proposals) -> Candidate:
    (candidate,) = found.candidates
    return candidate


# --- files


def test_columns_are_known_by_their_usual_names_and_personal_data_is_gone(tmp_path: Path) -> None:
    path = write(
        tmp_path / "history.csv",
        [
            [
                "I am Anna Berg, where is my bill?",
                "Hello Anna,\nIt went to me@home.example.\n\nKind regards\nMara",
                "5",
                "x",
            ]
        ],
        "subject,agent_reply,csat,requester",
    )
    path.write_text(path.read_text().replace('"x"', '"Anna Berg"').replace('"5"', "4"), encoding="utf-8")
    file = read_tickets(path, mask)
    (ticket,) = file.tickets
    assert ticket.question == "I am [customer], where is my bill?"
    assert ticket.answer == "It went to [customer]."
    assert (ticket.rating, ticket.is_good, file.scale) == (0.75, True, (1, 5))


def test_the_same_tickets_come_out_of_every_format(tmp_path: Path) -> None:
    rows = [["a?", "A.", 1, "2026-01-31", "7"], ["b?", "B.", 5, "2026-02-01", "8"]]
    names = ["question", "answer", "rating", "time", "ticket_id"]
    objects = [dict(zip(names, row, strict=True)) for row in rows]
    book = Workbook()
    for row in [names, *rows]:
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    write(tmp_path / "t.csv", rows)
    (tmp_path / "t.json").write_text(json.dumps(objects), encoding="utf-8")
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, objects)) + "\n", encoding="utf-8")
    read = {suffix: read_tickets(tmp_path / f"t.{suffix}", mask).tickets for suffix in ("csv", "xlsx", "json", "jsonl")}
    seen = {
        suffix: [(each.ticket_id, each.question, each.answer, each.rating, each.asked_on) for each in tickets]
        for suffix, tickets in read.items()
    }
    assert seen["csv"] == [("7", "a?", "A.", 0.0, date(2026, 1, 31)), ("8", "b?", "B.", 1.0, date(2026, 2, 1))]
    assert seen["xlsx"] == seen["json"] == seen["jsonl"] == seen["csv"]


def test_other_columns_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", [["a?", "A.", "Anna"]], "Anliegen,Lösung,Kunde")
    with pytest.raises(DocumentError, match=r"question or answer; name it with --map question=COLUMN"):
        read_tickets(path, mask)
    told = {"question": ["Anliegen"], "answer": ["Lösung"], "personal": ["Kunde"]}
    assert [each.question for each in read_tickets(path, mask, told).tickets] == ["a?"]
    with pytest.raises(DocumentError, match=r"no column 'Loesung'; its columns are Anliegen, Lösung, Kunde"):
        read_tickets(path, mask, told | {"answer": ["Loesung"]})
    with pytest.raises(DocumentError, match="'reply' is no field of a ticket"):
        read_tickets(path, mask, {"reply": ["Kunde"]})


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("t.csv", " \n", "it is empty"),
        ("t.txt", "question", "no format of ticket histories"),
        ("t.json", '{"question": "a"}', "not a list"),
        ("t.json", '["a"]', "value 1 is not an object"),
        ("t.jsonl", '{"question": "a", "answer": "b"}\n{', "line 2 is not JSON"),
        ("t.csv", "question,answer\na?,\n", "none of its rows can be read; row 2: has no answer"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str, text: str, reason: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError, match=reason):
        read_tickets(tmp_path / name, mask)


def test_bad_rows_are_named_and_the_others_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "t.csv", [["a?", "A.", "5", "someday", "1"], ["b?", "", "5", "", "2"], ["c?", "C.", "4", "", "3"]]
    )
    file = read_tickets(path, mask)
    assert [each.question for each in file.tickets] == ["c?"]
    assert file.problems == (
        "row 2: its time 'someday' is not understood; write it as 2026-12-31",
        "row 3: has no answer",
    )


def test_the_address_that_the_shop_gives_everybody_is_no_customers(tmp_path: Path) -> None:
    rows = [[f"question {number}?", "Write to me@home.example.", 5, "", number] for number in range(5)]
    tickets = read_tickets(
        write(tmp_path / "t.csv", [*rows, ["q?", "It went to me@home.example.", 5, "", 9]]), mask
    ).tickets
    assert {each.answer for each in tickets} == {"Write to me@home.example.", "It went to [customer]."}


@pytest.mark.parametrize(
    ("cells", "scale", "best"),
    [
        ([1, 5, 3], (1, 5), 5),
        ([0, 1], (0, 1), 1),
        ([2, 9], (1, 10), 10),
        ([0, 88], (0, 100), 100),
        ([-1, 1], (-1, 1), 1),
    ],
)
def test_the_scale_of_ratings_is_found_out(cells: list[int], scale: tuple[float, float], best: int) -> None:
    assert guess_scale(cells) == scale
    assert read_rating(best, scale) == 1.0
    assert read_rating(scale[0], scale) == 0.0


def test_a_scale_that_could_be_two_is_asked_for() -> None:
    with pytest.raises(DocumentError, match="--scale"):
        guess_scale([1, 1, "1"])
    with pytest.raises(DocumentError, match="no usual scale"):
        guess_scale([5, 700])
    assert read_rating("1", read_scale("1-5")) == 0.0
    with pytest.raises(DocumentError, match="as in 1-5"):
        read_scale("5-1")


@pytest.mark.parametrize(("word", "value"), [("Good", 1.0), ("bad", 0.0), ("offered", None), ("", None), (None, None)])
def test_ratings_may_be_words(word: object, value: float | None) -> None:
    assert read_rating(word, None) == value


# --- proposals


def test_a_repeated_question_with_a_good_answer_is_proposed_with_its_evidence(store, encoder, tmp_path: Path) -> None:
    rows = [*parked(), ["do you sell umbrellas", "We do.", 5, "", "T9"]]
    found = proposed(store, encoder, write(tmp_path / "t.csv", rows))
    candidate = only(found)
    assert (candidate.kind, candidate.status) == (Kind.ARTICLE, Status.PROPOSED)
    assert candidate.answer == PARKING
    assert candidate.question in {text[0].upper() + text[1:] for text in ASKED}
    assert set(candidate.questions) <= set(ASKED)
    evidence = candidate.evidence
    assert (evidence.tickets, evidence.good, evidence.rated, evidence.agreement) == (5, 5, 5, 1.0)
    assert (evidence.first, evidence.last) == (date(2026, 1, 10), date(2026, 5, 10))
    assert set(evidence.ticket_ids) == {f"T{place}" for place in range(5)}
    assert found.too_few == 1


def test_nothing_of_it_is_answered_before_somebody_accepts(store, encoder, settings, tmp_path: Path) -> None:
    proposed(store, encoder, write(tmp_path / "t.csv", parked()))
    build_index(settings, encoder)
    assert store.count() == (0, 0)
    assert open_retriever(settings, encoder).search(ASKED[0]) == []


def test_answers_that_were_rated_badly_or_differ_are_not_proposed(store, encoder, tmp_path: Path) -> None:
    found = proposed(store, encoder, write(tmp_path / "bad.csv", [*parked(rating=1), ["x y z", "Other.", 5, "", "T9"]]))
    assert found.candidates == [] and found.disagreeing == 1
    rows = parked()
    for place, answer in enumerate(("Yes.", "No parking here.", "Behind us.", "Take the bus.", "Monday only.")):
        rows[place][1] = answer
    assert proposed(store, encoder, write(tmp_path / "differ.csv", rows)).candidates == []


def test_the_liked_answer_goes_before_the_frequent_one(store, encoder, tmp_path: Path) -> None:
    liked = "You can park behind the shop for two hours, free of charge. The gate closes at nine."
    rows = parked(rating=3)
    for row in rows[:2]:
        row[1], row[2] = liked, 5
    assert only(proposed(store, encoder, write(tmp_path / "t.csv", rows))).answer == liked


def test_an_answer_about_one_customer_is_no_article(store, encoder, tmp_path: Path) -> None:
    rows = parked(answer="You can park behind the shop. We wrote to me@home.example about it.")
    for number, row in enumerate(rows):
        row[1] = f"{row[1]} {number}"
    found = proposed(store, encoder, write(tmp_path / "t.csv", rows))
    assert found.candidates == [] and found.personal == 1


def test_a_question_in_which_somebody_is_named_gives_no_title(store, encoder, tmp_path: Path) -> None:
    rows = [
        *parked(),
        *([[f"can I park at your shop for Anna Berg{'?' * n}", PARKING, 5, "", f"N{n}"] for n in range(9)]),
    ]
    candidate = only(proposed(store, encoder, write(tmp_path / "t.csv", rows)))
    assert not any("Anna" in way for way in candidate.questions)


def test_the_same_file_again_adds_nothing_and_keeps_the_candidate(store, encoder, tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", parked())
    first = only(proposed(store, encoder, path))
    assert keep_tickets(store, read_tickets(path, mask).tickets) == (0, 0)
    assert only(propose(store, encoder, nobody_answers, 3)) == first
    rows = parked()
    rows[0][2] = 4
    assert keep_tickets(store, read_tickets(write(path, rows), mask).tickets) == (0, 1)
    assert len(list_tickets(store)) == 5


# --- decisions


def found_first(settings: KnowledgeSettings, encoder: FakeEncoder, question: str) -> str:
    build_index(settings, encoder)
    return open_retriever(settings, encoder).search(question)[0].document_id


def test_an_accepted_candidate_is_an_article_that_is_found(
    store, encoder, settings, articles: Path, tmp_path: Path
) -> None:
    ingest_path(store, articles)
    candidate = only(proposed(store, encoder, write(tmp_path / "t.csv", parked())))
    accept(store, candidate.candidate_id, question="Where can I park?", topic="shop")
    document = store.get_document(f"faq-{candidate.candidate_id}")
    assert document is not None
    assert (document.title, document.body, document.topic) == ("Where can I park?", PARKING, "shop")
    assert set(document.questions) == set(candidate.questions)
    assert found_first(settings, encoder, ASKED[2]) == document.document_id
    assert ingest_path(store, articles).removed == []
    assert propose(store, encoder, nobody_answers, 3).candidates == []
    with pytest.raises(CandidateError, match="accepted already"):
        accept(store, candidate.candidate_id)


def test_a_rejected_candidate_is_not_proposed_again_in_other_words_either(store, encoder, tmp_path: Path) -> None:
    candidate = only(proposed(store, encoder, write(tmp_path / "t.csv", parked())))
    reject(store, candidate.candidate_id, "no subject of ours")
    rows = [[f"{text} please", answer, rating, day, f"{name}b"] for text, answer, rating, day, name in parked()]
    again = proposed(store, encoder, write(tmp_path / "later.csv", rows))
    assert again.candidates == [] and again.decided == 1
    kept = get_candidate(store, candidate.candidate_id)
    assert (kept.status, kept.reason) == (Status.REJECTED, "no subject of ours")
    assert ticket_pairs(store) == []


def test_an_accepted_candidate_can_be_taken_back(store, encoder, tmp_path: Path) -> None:
    candidate = only(proposed(store, encoder, write(tmp_path / "t.csv", parked())))
    accept(store, candidate.candidate_id)
    reject(store, candidate.candidate_id)
    assert store.count() == (0, 0)


@pytest.fixture
def with_article(store, encoder, tmp_path: Path) -> tuple[Path, Candidate]:
    """An article that answers half of the ways of asking, and the candidate for the others."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "car.md").write_text("# Your car\n\nLeave it in the yard behind us.\n", encoding="utf-8")
    ingest_path(store, folder)
    keep_tickets(store, read_tickets(write(tmp_path / "t.csv", parked()), mask).tickets)
    found = propose(store, encoder, lambda text: None if "free" in text else "car", 3)
    return folder, only(found)


def test_ways_of_asking_for_an_article_that_there_is_are_proposed_for_it(
    store, encoder, settings, with_article
) -> None:
    _, candidate = with_article
    assert (candidate.kind, candidate.document_id) == (Kind.QUESTIONS, "car")
    assert candidate.questions == (ASKED[4],)
    build_index(settings, encoder)
    accept(store, candidate.candidate_id)
    document = store.get_document("car")
    assert document is not None and document.questions == candidate.questions
    assert document.body.strip().endswith("behind us.")
    assert found_first(settings, encoder, candidate.questions[0]) == "car"
    assert list_candidates(store, Status.PROPOSED) == []
    assert (candidate.questions[0], "Leave it in the yard behind us.") in ticket_pairs(store)


def test_learnt_ways_of_asking_outlive_a_change_of_the_article(store, encoder, with_article) -> None:
    folder, candidate = with_article
    accept(store, candidate.candidate_id)
    report = ingest_path(store, folder)
    assert report.unchanged == ["car"]
    (folder / "car.md").write_text(
        "---\nquestions: [yard?]\n---\n# Your car\n\nLeave it in the street.\n", encoding="utf-8"
    )
    assert ingest_path(store, folder).changed == ["car"]
    document = store.get_document("car")
    assert document is not None and document.questions == ("yard?", *candidate.questions)
    reject(store, candidate.candidate_id)
    assert store.get_document("car").questions == ("yard?",)


def test_a_candidate_may_be_put_to_another_article(store, encoder, articles: Path, tmp_path: Path) -> None:
    ingest_path(store, articles)
    candidate = only(proposed(store, encoder, write(tmp_path / "t.csv", parked())))
    with pytest.raises(CandidateError, match="no article 'parking'"):
        accept(store, candidate.candidate_id, article="parking")
    with pytest.raises(CandidateError, match="keeps its own question and answer"):
        accept(store, candidate.candidate_id, article="returns", answer="x")
    accept(store, candidate.candidate_id, article="returns")
    assert set(candidate.questions) <= set(store.get_document("returns").questions)
    with pytest.raises(UnknownCandidate, match="kb candidates list"):
        get_candidate(store, "nothing")


def test_what_was_put_to_another_article_is_not_proposed_again(store, encoder, articles: Path, tmp_path: Path) -> None:
    ingest_path(store, articles)
    candidate = only(proposed(store, encoder, write(tmp_path / "t.csv", parked())))
    accept(store, candidate.candidate_id, article="returns")
    again = propose(store, encoder, nobody_answers, 3)
    assert again.candidates == [] and again.decided == 1


def test_candidates_teach_the_encoder(store, encoder, tmp_path: Path) -> None:
    candidate = only(proposed(store, encoder, write(tmp_path / "t.csv", parked())))
    assert ticket_pairs(store) == [(way, PARKING) for way in candidate.questions]


def test_a_history_is_not_taken_for_articles(store: KnowledgeStore, tmp_path: Path) -> None:
    write(tmp_path / "t.csv", parked())
    (skipped,) = ingest_path(store, tmp_path / "t.csv").skipped
    assert "`rapport ingest --tickets`" in skipped.reason
