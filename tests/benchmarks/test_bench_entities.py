"""Slots as the entities suite counts them."""

from __future__ import annotations

from benchmarks.datasets import Examples
from benchmarks.entities import found_spans, marked_spans
from benchmarks.nlu_models import Parsed
from bot.nlu.training_text import Span

TEXT = "add step to me to 90's pop"
LOOK = Examples(
    (TEXT,), ("AddToPlaylist",), (("O", "B-entity", "I-entity", "I-entity", "O", "B-playlist", "I-playlist"),)
)


def answer(*entities: tuple[int, int, str]) -> Parsed:
    found = [{"start": start, "end": end, "entity": label} for start, end, label in entities]
    return Parsed("AddToPlaylist", (("AddToPlaylist", 1.0),), entities=found)


def test_the_published_tags_as_letters() -> None:
    assert marked_spans(LOOK) == [[Span(4, 14, "entity"), Span(18, 26, "playlist")]]
    assert [TEXT[span.start : span.end] for span in marked_spans(LOOK)[0]] == ["step to me", "90's pop"]


def test_an_entity_is_taken_from_its_first_to_its_last_word() -> None:
    """Rasa's whitespace tokenizer takes marks off the words: that is no mistake of the tagger."""
    assert found_spans(answer((4, 14, "entity"), (18, 26, "playlist")), TEXT) == marked_spans(LOOK)[0]
    assert found_spans(answer((5, 13, "entity"), (18, 20, "playlist")), TEXT) == [
        Span(4, 14, "entity"),
        Span(18, 22, "playlist"),
    ]
    assert found_spans(answer(), TEXT) == []
