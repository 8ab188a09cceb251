"""The demo shop's help articles: complete, well formed, and at one with the terms the shop trades on."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from crm_models.shop_policy import ShopPolicy, TierTerms

ROOT = Path(__file__).parents[2]
ARTICLES = sorted((ROOT / "demo" / "articles").glob("*.md"))
KEYS = {"title", "id", "topic", "audience", "countries", "valid_from", "valid_until", "updated"}
TOPICS = {
    "orders", "shipping", "returns", "exchanges", "warranty", "payment", "account", "loyalty",
    "subscription", "privacy", "product-care", "gift-cards", "promotions", "contact",
}  # fmt: skip
POLICY = ShopPolicy()
TIERS = list(POLICY.tiers)
WORD = re.compile(r"\w+(?:[.'-]\w+)*")


def split(path: Path) -> tuple[dict[str, Any], str]:
    """Front matter and body of an article."""
    _, matter, body = path.read_text(encoding="utf-8").split("---\n", 2)
    return YAML(typ="safe", pure=True).load(matter), body


def known_questions(path: Path) -> list[str]:
    """Ways in which customers ask for the article; none where it lists none."""
    return list(split(path)[0].get("questions", []))


def text_of(article_id: str) -> str:
    return (ROOT / "demo" / "articles" / f"{article_id}.md").read_text(encoding="utf-8")


def row(article_id: str, label: str) -> list[str]:
    """The cells after `label` in the article's table."""
    for line in text_of(article_id).splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and cells[0] == label:
            return cells[1:]
    raise AssertionError(f"{article_id} has no table row '{label}'")


def euros(cents: int | None) -> str:
    """As the articles write it: 3.90 EUR, 1,500 EUR; free for nothing."""
    assert cents is not None
    if cents == 0:
        return "free"
    return f"{cents // 100:,} EUR" if cents % 100 == 0 else f"{cents / 100:.2f} EUR"


def every_tier(field: str) -> list[Any]:
    return [getattr(POLICY.terms(tier), field) for tier in TIERS]


def test_there_are_enough_articles_on_every_topic() -> None:
    assert len(ARTICLES) >= 80
    topics = [split(path)[0]["topic"] for path in ARTICLES]
    assert set(topics) == TOPICS
    assert topics.count("product-care") >= 14


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_front_matter_is_complete(path: Path) -> None:
    matter, _ = split(path)
    assert set(matter) - {"questions"} == KEYS
    assert matter["id"] == path.stem
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", matter["id"])
    assert matter["title"].strip()
    assert matter["topic"] in TOPICS
    assert set(matter["audience"]) <= set(TIERS)
    assert set(matter["countries"]) <= set(POLICY.ships_to)
    assert isinstance(matter["valid_from"], date)
    assert matter["valid_until"] is None or matter["valid_until"] >= matter["valid_from"]
    assert matter["valid_from"] <= matter["updated"]
    assert matter["updated"].year in (2025, 2026)


def test_no_question_leads_to_two_articles() -> None:
    asked = [(question.lower().rstrip("?!. "), path.stem) for path in ARTICLES for question in known_questions(path)]
    assert asked
    articles_of: dict[str, list[str]] = {}
    for question, article in asked:
        articles_of.setdefault(question, []).append(article)
    assert {question: articles for question, articles in articles_of.items() if len(articles) > 1} == {}


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_questions_are_short(path: Path) -> None:
    assert all(question.strip() and len(question.split()) <= 15 for question in known_questions(path))


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_body_has_headings_and_a_readable_length(path: Path) -> None:
    _, body = split(path)
    assert 60 <= len(WORD.findall(body)) <= 400
    assert re.search(r"^## \S", body, re.MULTILINE)
    assert not re.search(r"^# ", body, re.MULTILINE), "the title is in the front matter"


def test_titles_are_unique() -> None:
    titles = [split(path)[0]["title"].lower() for path in ARTICLES]
    assert len(set(titles)) == len(titles)


def test_tables_have_as_many_cells_in_each_row() -> None:
    for path in ARTICLES:
        for table in re.findall(r"(?:^\|.*\n)+", path.read_text(encoding="utf-8"), re.MULTILINE):
            widths = {line.count("|") for line in table.splitlines()}
            assert len(widths) == 1, f"{path.name}: {table}"


def test_return_windows_agree_with_the_policy() -> None:
    for tier in TIERS:
        days = POLICY.terms(tier).return_days
        assert row("return-windows", tier.title())[0] == f"{days} days"
        assert f"You have {days} days after delivery" in text_of(f"returns-{tier}")
        assert re.search(rf"\b{days} days to return", text_of(f"tier-{tier}"))
    assert row("loyalty-overview", "Return window") == [f"{days} days" for days in every_tier("return_days")]


def test_windows_that_run_through_a_sentence_agree_with_the_policy() -> None:
    basic, silver, gold = every_tier("return_days")
    for article_id in ("returning-an-item", "exchanging-an-item", "exchange-out-of-stock"):
        text = " ".join(text_of(article_id).split())
        assert re.search(rf"\b{basic} days[^.;]* Basic, {silver} for Silver(,| and) {gold} for Gold", text)


def test_return_labels_agree_with_the_policy() -> None:
    labels = [euros(cents) for cents in every_tier("return_label_cents")]
    assert row("loyalty-overview", "Return label") == labels
    for tier, label in zip(TIERS, labels, strict=True):
        assert row("return-label", tier.title())[0].startswith(label)
        assert row("return-windows", tier.title())[1].startswith(label)


def test_shipping_costs_agree_with_the_policy() -> None:
    standard = [euros(cents) for cents in every_tier("standard_shipping_cents")]
    express = [euros(cents) for cents in every_tier("express_shipping_cents")]
    large = [euros(cents) for cents in every_tier("large_item_shipping_cents")]
    assert row("shipping-overview", "Standard") == standard
    assert row("shipping-overview", "Express") == express
    assert row("shipping-overview", "Large items over 20 kg") == large
    assert row("loyalty-overview", "Express") == express
    assert row("loyalty-overview", "Large items") == large
    assert [row("express-delivery", tier.title())[0] for tier in TIERS] == express


def free_from(terms: TierTerms) -> str:
    return "always" if terms.free_shipping_from_cents == 0 else euros(terms.free_shipping_from_cents)


def test_free_shipping_agrees_with_the_policy() -> None:
    limits = [free_from(terms) for terms in POLICY.tiers.values()]
    assert row("loyalty-overview", "Free standard shipping from") == limits
    shipping = row("shipping-overview", "Standard, free from an order value of")
    assert [cell.removesuffix(" free") for cell in shipping] == limits


def test_points_agree_with_the_policy() -> None:
    points = [f"{value:g}" for value in every_tier("points_per_unit")]
    assert row("loyalty-overview", "Points per euro") == points
    assert [row("earning-points", tier.title())[0] for tier in TIERS] == points
    assert [row("earning-points", tier.title())[1] for tier in TIERS] == [
        f"{80 * value:g}" for value in every_tier("points_per_unit")
    ]
    assert f"{POLICY.points_for_one_unit} points are worth 1 EUR" in text_of("spending-points")
    assert f"Points expire {POLICY.points_expire_months} months" in text_of("points-expiry")


def test_tier_thresholds_agree_with_the_policy() -> None:
    reached = ["-" if cents == 0 else euros(cents) for cents in every_tier("reached_from_cents")]
    assert row("loyalty-overview", "Reached with orders in 12 months of") == reached
    for tier in TIERS[1:]:
        assert euros(POLICY.terms(tier).reached_from_cents) in text_of(f"tier-{tier}")


def test_warranty_agrees_with_the_policy() -> None:
    months = [f"{value} months" for value in every_tier("warranty_months")]
    assert row("loyalty-overview", "Warranty on electronics") == months
    assert [row("warranty-overview", tier.title())[0] for tier in TIERS] == months


def test_order_terms_agree_with_the_policy() -> None:
    cancelling = " ".join(text_of("cancelling-an-order").split())
    reasons = ", ".join(reason.replace("_", " ") for reason in POLICY.cancel_reasons)
    assert reasons in cancelling
    fewest, most = POLICY.refund_working_days
    assert f"{fewest} to {most} working days" in cancelling
    assert f"within {POLICY.price_match_days} days of the purchase" in text_of("price-match")
    buyers = [tier for tier, cell in zip(TIERS, row("loyalty-overview", "Buying on invoice"), strict=True)
              if cell == "yes"]  # fmt: skip
    assert buyers == list(POLICY.invoice_tiers)
    assert split(ROOT / "demo" / "articles" / "invoice-purchase.md")[0]["audience"] == buyers


def test_no_refund_time_but_the_policys_is_named() -> None:
    """Every "N to M working days" is the refund's, a standard parcel's, a large item's, or our handling."""
    fewest, most = POLICY.refund_working_days
    known = {f"{fewest} to {most}", "2 to 4", "5 to 8", "1 to 2"}
    for path in ARTICLES:
        text = " ".join(path.read_text(encoding="utf-8").split())
        for span in re.findall(r"(\d+ to \d+) working days", text):
            assert span in known, f"{path.name}: {span} working days"


def test_articles_for_one_tier_name_no_other_tiers_window_as_theirs() -> None:
    for path in ARTICLES:
        matter, body = split(path)
        if len(matter["audience"]) == 1:
            own = POLICY.terms(matter["audience"][0]).return_days
            others = {days for days in every_tier("return_days")} - {own}
            for days in others:
                assert f"You have {days} days" not in body, path.name


def test_questions_name_articles_that_exist() -> None:
    file = ROOT / "tests" / "behaviour" / "demo_questions.yml"
    questions = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    known = {path.stem for path in ARTICLES}
    assert len(questions) >= 150
    assert len({entry["question"] for entry in questions}) == len(questions)
    assert sum(bool(entry["articles"]) for entry in questions) >= 110
    assert sum(not entry["articles"] for entry in questions) >= 40
    for entry in questions:
        assert set(entry) == {"question", "articles"}
        assert set(entry["articles"]) <= known, entry
