"""What of a passage is shown: whole lists and steps, one's own rows, the section that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge.answer import Answer, compose
from knowledge.build import build_index
from knowledge.hits import Hit, best_of_others, worth_keeping
from knowledge.ingest import ingest_path
from knowledge.live import LiveIndex
from knowledge.retrieve import Retriever

KETTLE = """# Descaling a kettle

White flakes in the water of a kettle and a loud kettle are signs of limescale in it.

## With citric acid
1. Unplug the kettle and let it cool.
2. Fill it with water and citric acid.
3. Wait for half an hour. Do not boil it.
4. Pour it out and wipe it.
5. Rinse the kettle three times.
6. Boil fresh water once and throw it away.
"""
DESK = """# Standing desk

## The reset
1. Unplug the standing desk for half a minute.
2. Hold the button for ten seconds, until the standing desk stops.

## Wobbling
Tighten the screws of the standing desk twice a year.
"""
VAT = """# VAT

| Country | VAT |
|---|---|
| Germany | 19 % |
| Austria | 20 % |
| France | 20 % |
| Netherlands | 21 % |
| Belgium | 21 % |
| Ireland | 23 % |
"""
STEPS = (
    "Unplug the kettle and let it cool.",
    "Fill it with water and citric acid.",
    "Wait for half an hour.",
    "Do not boil it.",
    "Pour it out and wipe it.",
    "Rinse the kettle three times.",
    "Boil fresh water once and throw it away.",
)


@pytest.fixture
def ask(settings, store, tmp_path: Path, encoder) -> Callable[..., Answer]:
    for name, text in {"kettle": KETTLE, "desk": DESK, "vat": VAT}.items():
        (tmp_path / f"{name}.md").write_text(text)
        ingest_path(store, tmp_path / f"{name}.md")
    build_index(settings, encoder)
    sure = settings.model_copy(update={"answer_threshold": 0.0, "unsure_threshold": 0.0})
    retriever = Retriever(store, LiveIndex(sure.index_folder, encoder.fingerprint), encoder, sure)

    def ask(question: str, tier: str | None = None, country: str | None = None) -> Answer:
        # As in the bot: sent as JSON, answered elsewhere.
        hits = [Hit.from_json(hit.to_json()) for hit in worth_keeping(retriever.search(question), 3, 3)]
        return compose(store, question, hits, tier, country, sure)

    return ask


def test_asked_how_all_steps_are_given_and_not_what_the_article_begins_with(store, settings, tmp_path: Path) -> None:
    (tmp_path / "kettle.md").write_text(KETTLE)
    ingest_path(store, tmp_path / "kettle.md")
    opening, steps = store.list_passages()
    hits = [Hit(opening.passage_id, 0.64, 0.9, 0.9, (0,), 0.9), Hit(steps.passage_id, 0.6, 0.9, 0.9, (1, 2), 0.9)]
    assert compose(store, "how do I descale a kettle", hits, settings=settings).sentences == STEPS
    opened = compose(store, "why is the kettle loud", hits, settings=settings)
    assert opened.sentences[0].startswith("White flakes")


def test_steps_are_not_cut_where_one_of_them_is_asked_for(ask) -> None:
    assert ask("rinse the kettle three times").sentences == STEPS


def test_the_heading_tells_which_section_answers(ask) -> None:
    assert ask("my standing desk is wobbling").sentences == ("Tighten the screws of the standing desk twice a year.",)
    assert ask("reset of the standing desk").sentences[0] == "Unplug the standing desk for half a minute."


def test_of_a_table_of_countries_ones_own_row_is_given(ask) -> None:
    assert ask("how much VAT is in it", country="AT").sentences == ("Austria \u2013 VAT: 20 %.",)
    # That of another country where the question names it, all while nobody knows which.
    assert "France \u2013 VAT: 20 %." in ask("how much VAT is in it in France", country="AT").sentences
    assert len(ask("how much VAT is in it").sentences) == 6


def test_a_row_that_only_sounds_like_a_country_is_for_everybody(store, settings, tmp_path: Path) -> None:
    table = "| Maker | Coffee |\n|---|---|\n| French press | 60 g |\n| Turkish pot | 10 g |\n| Filter | 50 g |\n"
    (tmp_path / "coffee.md").write_text(f"# How much coffee\n\n{table}")
    ingest_path(store, tmp_path / "coffee.md")
    (passage,) = store.list_passages()
    hits = [Hit(passage.passage_id, 0.9, 0.9, 0.9, (0, 1), 0.9)]
    assert len(compose(store, "how much coffee", hits, country="DE", settings=settings).sentences) == 3


def test_a_line_that_introduces_nothing_is_left_out(store, settings, tmp_path: Path) -> None:
    rows = "".join(f"| state {number} | meaning {number} |\n" for number in range(9))
    (tmp_path / "a.md").write_text(f"# Lights\n\nIt blinks. The lights are:\n\n| Light | It means |\n|---|---|\n{rows}")
    ingest_path(store, tmp_path / "a.md")
    (passage,) = store.list_passages()
    hits = [Hit(passage.passage_id, 0.9, 0.9, 0.9, (0, 1), 0.9)]
    assert compose(store, "does it blink", hits, settings=settings).sentences == ("It blinks.",)


def test_a_message_keeps_sections_of_the_first_article_and_the_best_of_others() -> None:
    hits = [
        Hit(name, 1.0 - place / 10, 0.5, 0.5, ())
        for place, name in enumerate(("a#1", "a#2", "b#1", "b#2", "a#3", "a#4", "c#1", "d#1"))
    ]
    assert [hit.passage_id for hit in worth_keeping(hits, 3, 2)] == ["a#1", "a#2", "b#1", "a#3", "c#1"]
    assert worth_keeping([], 3, 3) == []
    # What says whether anything answers is the same after keeping.
    assert best_of_others(worth_keeping(hits, 1, 3)) == best_of_others(hits)[:3]
