"""Any texts become training data that Rasa reads as they are; the bench's models are the bot's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from rasa.shared.nlu.training_data.formats import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message

from benchmarks.datasets import Examples
from benchmarks.errors import PeerFailed
from benchmarks.nlu_models import Parsed, Pipeline, annotated, diet, nlu_yaml, ours, train
from bot.nlu.decision import Likely
from bot.nlu.intent_classifier import IntentClassifier


def as_rasa_reads(examples: Examples) -> list[tuple[str, str]]:
    return [
        (each.get("text"), each.get("intent")) for each in RasaYAMLReader().reads(nlu_yaml(examples)).training_examples
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Where's my card?",
        "- a dash: and a colon #tag",
        "100 % of {this} & [that]",
        "\\u0041 stays \\n as it is",
        "${HOME} costs $5",
        "\"quoted\" 'twice' |",
        "größer 😀 ¿qué?",
        "yes",
        "7",
    ],
)
def test_a_text_comes_back_as_it_was(text: str) -> None:
    assert as_rasa_reads(Examples((text, "other"), ("a?", "b"))) == [(text, "a?"), ("other", "b")]


def test_what_rasa_would_take_for_an_annotation_is_taken_apart() -> None:
    texts = ("see [this](link)", "a [b]{c} d", "[x][y]")
    found = RasaYAMLReader().reads(nlu_yaml(Examples(texts, ("a",) * 3))).training_examples
    assert [each.get("text") for each in found] == ["see [this] (link)", "a [b] {c} d", "[x] [y]"]
    assert not any(each.get("entities") for each in found)


def test_line_breaks_and_control_characters_become_blanks_and_empty_texts_go() -> None:
    assert as_rasa_reads(Examples(("one\ntwo\u2028three\x00four", " \t"), ("a", "a"))) == [("one two three four", "a")]


def test_bio_tags_become_entities_at_their_places() -> None:
    examples = Examples(
        ("add step to me to the 50 [mix]", "play it"), ("add", "play"),
        (("O", "B-song", "I-song", "I-song", "O", "O", "B-list", "I-list"), ("I-x", "O")),
    )  # fmt: skip
    first, second = RasaYAMLReader().reads(nlu_yaml(examples)).training_examples
    assert first.get("text") == "add step to me to the 50 (mix)"
    assert [(each["entity"], each["value"]) for each in first.get("entities")] == [
        ("song", "step to me"), ("list", "50 (mix)"),
    ]  # fmt: skip
    # A tag that continues nothing begins.
    assert [(each["start"], each["end"]) for each in second.get("entities")] == [(0, 4)]


def test_neighbouring_entities_of_a_kind_stay_two() -> None:
    assert annotated(["a", "b", "c"], ["B-x", "B-x", "I-y"]) == "[a](x) [b](x) [c](y)"


def test_ours_is_the_pipeline_of_the_bot_up_to_the_intent_and_learns_no_articles() -> None:
    names = [part["name"].rpartition(".")[2] for part in ours().components]
    assert names == ["MessageNormaliser", "MessageEncoder", "IntentClassifier"]
    assert not Path(ours().components[1]["pairs"]).exists()


def test_confidences_keep_the_digits_that_tell_sure_messages_apart() -> None:
    settings = ours().components[-1]
    classifier = IntentClassifier(dict(settings), None, None, None)
    message = Message({"text": "hi"})
    ranking = (Likely("a", 1 - 3e-9), Likely("b", 3e-9))
    classifier._set(message, ranking[0], ranking, ranking)
    assert [each["confidence"] for each in message.get("intent_ranking")] == [1 - 3e-9, 3e-9]


def test_the_peer_is_rasas_default_pipeline() -> None:
    parts = {part["name"]: part for part in diet(3).components}
    assert parts["DIETClassifier"]["epochs"] == 3
    assert "FallbackClassifier" in parts


def test_the_confidence_in_scope_leaves_out_the_label_for_the_rest() -> None:
    answer = Parsed("nlu_unsure", (("out_of_scope", 0.7), ("greet", 0.2), ("bye", 0.1)))
    assert (answer.label, answer.confidence) == ("out_of_scope", 0.7)
    assert answer.confidence_inside("out_of_scope") == 0.2
    assert Parsed(None, ()).label is None


def test_a_training_that_fails_is_told_with_its_last_words_and_the_log(tmp_path: Path) -> None:
    broken = Pipeline("broken", [{"name": "no.such.Component"}])
    with pytest.raises(
        PeerFailed,
        match=r"broken could not be trained\. It said: .*No module named 'no'\. All of it is in .*train\.log",
    ):
        train(broken, "tiny", Examples(("a", "b"), ("x", "y")), tmp_path)
