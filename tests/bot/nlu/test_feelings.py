from __future__ import annotations

from pathlib import Path

import pytest

from bot.nlu.frustration import signs_in
from bot.nlu.sentiment import SentimentAnalyser
from bot.nlu.sentiment_encoder import SentimentEncoder


@pytest.fixture(scope="module")
def analyser(served_sentiment: Path) -> SentimentAnalyser:
    return SentimentAnalyser({}, model=SentimentEncoder(served_sentiment))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I would like to cancel my order please", "neutral"),
        ("no, the other order", "neutral"),
        ("no", "neutral"),
        ("no thanks", "neutral"),
        ("help with my gift card", "neutral"),
        ("where is HV-104233", "neutral"),
        ("", "neutral"),
        ("Wonderful service, I love it", "positive"),
        ("thank you so much, great", "positive"),
        ("this is the worst shop, terrible", "negative"),
        ("absolutely useless", "negative"),
    ],
)
def test_labels(analyser: SentimentAnalyser, text: str, label: str) -> None:
    assert analyser.sentiment(text)["label"] == label


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("I already told you my number", "said before"),
        ("this is the third time I ask", "again"),
        ("still not here", "still waiting"),
        ("I am fed up", "fed up"),
        ("WHERE IS MY PARCEL", "shouting"),
        ("hello???", "marks"),
        ("nobody answers", "not heard"),
        ("I will never order here again", "leaves"),
        ("where the hell is it", "profanity"),
    ],
)
def test_signs_of_frustration(analyser: SentimentAnalyser, text: str, sign: str) -> None:
    assert sign in signs_in(text)
    assert analyser.sentiment(text)["frustration"] > 0 or sign == "marks"


@pytest.mark.parametrize(
    "text", ["where is my order HV-104233?", "Hello!", "do you have an LED USB lamp", "yes please"]
)
def test_calm_messages_have_none(analyser: SentimentAnalyser, text: str) -> None:
    assert analyser.sentiment(text)["frustration"] == 0.0


def test_signs_add_up(analyser: SentimentAnalyser) -> None:
    one = analyser.sentiment("I already told you my number")["frustration"]
    many = analyser.sentiment("I ALREADY TOLD YOU, this is the THIRD TIME!!! ridiculous")["frustration"]
    assert one < many <= 1.0


@pytest.mark.parametrize("text", ["", "   ", "?", "\U0001f600" * 50, "a" * 5_000, "\u4f60\u597d", "0 1 2 3"])
def test_any_text_has_a_score_within_the_scale(analyser: SentimentAnalyser, text: str) -> None:
    found = analyser.sentiment(text)
    assert -1.0 <= found["score"] <= 1.0 and 0.0 <= found["frustration"] <= 1.0


def test_faces_say_how_it_is_meant(analyser: SentimentAnalyser) -> None:
    assert (
        analyser.sentiment("so the parcel came \U0001f621")["score"]
        < analyser.sentiment("so the parcel came \U0001f60d")["score"]
    )


def test_thanks_are_milder_than_delight(analyser: SentimentAnalyser) -> None:
    mild, delighted = (analyser.sentiment(text)["score"] for text in ("ok thanks", "I love it, this is fantastic!"))
    assert 0.0 <= mild <= delighted
