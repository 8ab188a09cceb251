"""Care of the articles: what an editor is told, and what is left alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge.build import build_index
from knowledge.care.corpus import read_corpus
from knowledge.care.demand import FEWEST_ANSWERS, Unanswered
from knowledge.care.facts import Bound, contradict, read_facts
from knowledge.care.findings import Kind
from knowledge.care.report import CareReport, Use, check_articles
from knowledge.index import open_index
from knowledge.ingest import ingest_path

TODAY = date(2026, 11, 24)


@pytest.fixture
def check(store: Any, settings: Any, encoder: Any, articles: Path) -> Callable[..., CareReport]:
    """`check({"name.md": text})`: the findings in the small help centre and these articles."""

    def run(more: dict[str, str] | None = None, use: Use | None = None, today: date = TODAY) -> CareReport:
        for name, text in (more or {}).items():
            (articles / name).write_text(text, encoding="utf-8")
        assert not ingest_path(store, articles).skipped
        build_index(settings, encoder)
        return check_articles(read_corpus(store, open_index(settings.index_folder), today), encoder, today, use)

    return run


def article(name: str, body: str, head: str = "", title: str = "") -> dict[str, str]:
    return {f"{name}.md": f"---\nid: {name}\ntitle: {title or name}\n{head}\n---\n\n{body}\n"}


def found(report: CareReport, kind: Kind) -> list[tuple[str, ...]]:
    return [each.articles for each in report.of(kind)]


# --- facts ---


@pytest.mark.parametrize(
    ("sentence", "low", "high", "unit", "bound"),
    [
        ("You have 30 days to return it.", 720, 720, "hour", Bound.EXACT),
        ("It takes 5 to 7 working days.", 5, 7, "working day", Bound.EXACT),
        ("Write within two weeks.", 336, 336, "hour", Bound.UPPER),
        ("Free from an order of at least 1,500 EUR.", 1500, 1500, "EUR", Bound.LOWER),
        ("The label costs €3.90.", 3.9, 3.9, "EUR", Bound.EXACT),
        ("Prices include 20 % VAT.", 20, 20, "%", Bound.EXACT),
        ("Valid for 3 years.", 36, 36, "month", Bound.EXACT),
    ],
)
def test_amounts_are_read_with_unit_and_bound(sentence: str, low: float, high: float, unit: str, bound: Bound) -> None:
    (fact,) = read_facts(sentence)
    assert (fact.low, fact.high, fact.unit, fact.bound) == (low, high, unit, bound)


def test_numbers_without_a_unit_are_no_facts() -> None:
    assert read_facts("Call 0800 1234, room 12, before 14:00 on 17 December 2026.") == []


def test_each_clause_is_for_the_tier_it_names() -> None:
    facts = read_facts("Express: basic 9.90 EUR, silver 4.90 EUR, gold free.", ("basic", "silver", "gold"))
    assert [(fact.low, set(fact.only_for)) for fact in facts] == [(9.9, {"basic"}), (4.9, {"silver"})]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("30 days", "60 days", True),
        ("2 weeks", "14 days", False),
        ("5 working days", "3 to 7 working days", False),
        ("9 working days", "3 to 7 working days", True),
        ("2 to 4 days", "3 to 5 days", True),
        ("within 14 days", "10 days", False),
        ("within 14 days", "20 days", True),
        ("at least 5 EUR", "up to 3 EUR", False),
        ("10 days", "10 working days", False),
        ("3 EUR", "3 USD", False),
    ],
)
def test_amounts_contradict_only_where_both_cannot_be_true(one: str, other: str, expected: bool) -> None:
    (first,), (second,) = read_facts(f"It is {one}."), read_facts(f"It is {other}.")
    assert contradict(first, second) is expected
    assert contradict(second, first) is expected


# --- contradictions ---


def test_two_articles_with_different_days_contradict_each_other(check: Any, articles: Path) -> None:
    report = check(article("send-back", "You have 14 days after delivery to return an item. Keep the receipt."))
    (finding,) = report.of(Kind.CONTRADICTION)
    assert set(finding.articles) == {"returns", "send-back"}
    assert "30 days" in finding.message and "14 days" in finding.message
    shown = {each.where: each.text for each in finding.evidence}
    assert shown[str(articles / "send-back.md")] == "You have 14 days after delivery to return an item."
    assert shown[str(articles / "returns.md")] == "You have 30 days after delivery to return an item."


def test_variants_for_other_people_and_expired_articles_do_not_contradict(check: Any) -> None:
    report = check(
        article("returns-silver", "You have 45 days after delivery to return an item.", "audience: [silver]")
        | article("returns-ch", "You have 10 days after delivery to return an item.", "countries: [CH]")
        | article(
            "returns-old",
            "You have 7 days after delivery to return an item.",
            "audience: [gold]\nvalid_until: 2025-01-01",
        )
    )
    assert found(report, Kind.CONTRADICTION) == []


def test_a_general_article_that_names_the_tier_is_compared_with_its_variant(check: Any) -> None:
    report = check(article("overview", "Gold members have 90 days after delivery to return an item."))
    assert found(report, Kind.CONTRADICTION) == [("overview", "returns-gold")]


def test_the_same_words_about_another_thing_do_not_contradict(check: Any) -> None:
    report = check(
        article("kettle", "Descale the kettle every four months. Use a liquid descaler.", title="Descaling a kettle")
        | article("refunds", "The voucher goes to the customer. It takes 9 working days after the fair ends.")
    )
    assert found(report, Kind.CONTRADICTION) == []


def test_an_article_that_follows_another_does_not_contradict_it(check: Any) -> None:
    report = check(
        article("old", "The repair of a lamp costs 20 EUR.", "valid_until: 2026-12-31")
        | article("new", "The repair of a lamp costs 25 EUR.", "valid_from: 2027-01-01")
    )
    assert found(report, Kind.CONTRADICTION) == []


# --- duplicates ---

COPY = "Clean the filter with warm water once a month, let it dry in the open air, and never use any soap or a brush."


def test_a_copied_passage_is_found_and_a_variant_is_not(check: Any) -> None:
    report = check(
        article("filter", COPY, title="Cleaning the filter")
        | article("filter-care", COPY, title="Care of the filter")
        | article("filter-gold", COPY, "audience: [gold]", title="Cleaning the filter")
    )
    (finding,) = report.of(Kind.DUPLICATE)
    assert finding.articles == ("filter", "filter-care")
    assert "the same passage" in finding.message
    assert [each.text for each in finding.evidence] == [COPY, COPY]


def test_a_passage_changed_a_little_is_a_near_duplicate(check: Any) -> None:
    changed = COPY.replace("once a month", "each month")
    report = check(article("filter", COPY) | article("filter-care", changed))
    (finding,) = report.of(Kind.DUPLICATE)
    assert "of one meaning that share" in finding.message


# --- days, length, links ---


def test_days_are_told_at_their_borders(check: Any) -> None:
    text = "Words enough about the opening of the shop in the old town this winter."
    report = check(
        article("gone", text, "valid_until: 2026-11-23")
        | article("today", text, "valid_until: 2026-11-24")
        | article("soon", text, "valid_until: 2026-12-24")
        | article("later", text, "valid_until: 2026-12-25")
        | article("ahead", text, "valid_from: 2026-11-25")
    )
    assert found(report, Kind.EXPIRED) == [("gone",)]
    assert found(report, Kind.EXPIRING) == [("today",), ("soon",)]
    assert found(report, Kind.NOT_YET_VALID) == [("ahead",)]


def test_an_article_that_says_nothing_is_too_short(check: Any) -> None:
    report = check(article("stub", "To be written."))
    assert found(report, Kind.TOO_SHORT) == [("stub",)]


def test_a_short_answer_to_a_question_and_an_amount_are_long_enough(check: Any) -> None:
    report = check(
        article("islands", "Only on Mondays.", title="Do you deliver to the islands of the lake?")
        | article("lamps", "Lamps have a warranty of 2 years.")
        | article("parking", "See above.")
    )
    assert found(report, Kind.TOO_SHORT) == [("parking",)]


def test_a_link_to_an_article_that_is_not_there_is_broken(check: Any) -> None:
    text = (
        "See [returns](returns.md), [the same](/help/returns), [nothing](gone.md), [none](/help/none), "
        "[a site](https://example.com/gone.md), [below](#refund) and [your account](/account)."
    )
    (first, second) = check(article("links", text)).of(Kind.BROKEN_LINK)
    assert {each.evidence[0].text for each in (first, second)} == {"[nothing](gone.md)", "[none](/help/none)"}


# --- use ---


def test_questions_without_an_answer_are_grouped_the_most_wanted_first(check: Any) -> None:
    asked = [
        Unanswered("Do you repair umbrellas?", ("returns",), "gap 1"),
        Unanswered("Is there parking at the shop?", (), "gap 2"),
        Unanswered("do you repair umbrellas", ("returns", "gone"), "gap 3"),
    ]
    first, second = check(use=Use(unanswered=asked)).of(Kind.DEMAND)
    assert "asked 2 times" in first.message and "Returning an item" in first.message
    assert first.articles == ("returns",)
    assert [each.where for each in first.evidence] == ["gap 1", "gap 3"]
    assert "asked once" in second.message


def test_an_article_is_called_unused_only_after_many_answers(check: Any) -> None:
    cited = {"returns": 200, "returns-gold": 50, "delivery-austria": 50}
    assert not check(use=Use(FEWEST_ANSWERS - 1, cited)).of(Kind.NEVER_CITED)
    names = {each.articles[0] for each in check(use=Use(FEWEST_ANSWERS, cited)).of(Kind.NEVER_CITED)}
    assert "christmas" in names and not names & cited.keys()


# --- the whole ---


def test_good_articles_give_no_finding(check: Any) -> None:
    assert check(today=date(2026, 11, 10)).findings == ()


def test_a_finding_keeps_its_key_until_its_words_change(check: Any) -> None:
    wrong = article("send-back", "You have 14 days after delivery to return an item.")
    key = check(wrong).of(Kind.CONTRADICTION)[0].key
    assert (
        check(article("other", "A word about the shop in the old town and its garden.")).of(Kind.CONTRADICTION)[0].key
        == key
    )
    assert check({"send-back.md": wrong["send-back.md"].replace("14", "15")}).of(Kind.CONTRADICTION)[0].key != key
