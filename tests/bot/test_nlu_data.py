"""The training data of the bot: enough of it, no contradictions, and none of the held-out messages."""

from __future__ import annotations

import re
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import pytest
import yaml
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.training_data import TrainingData

ROOT = Path(__file__).resolve().parents[2]
NLU = ROOT / "bot" / "data" / "nlu"
HELD_OUT = ROOT / "tests" / "behaviour" / "intents.yml"
CHOICES = ROOT / "bot" / "domain" / "choices.yml"

ENTITIES = {
    "amount",
    "category",
    "date",
    "email",
    "name",
    "option",
    "order_id",
    "phone",
    "postcode",
    "product",
    "rating",
    "reason",
}
MARK = re.compile(r"\[([^\]]+)\]\((\w+)\)")


@pytest.fixture(scope="module")
def data() -> TrainingData:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", message="pkg_resources")  # Rasa imports it while loading
        loaded = load_data(str(NLU))
        loaded.validate()
    # Rasa warns with UserWarning itself; libraries it imports have kinds of their own.
    assert [str(warning.message) for warning in caught if warning.category is UserWarning] == []
    return loaded


@pytest.fixture(scope="module")
def texts(data: TrainingData) -> dict[str, list[str]]:
    """The messages of each intent, as a customer would have typed them."""
    by_intent: dict[str, list[str]] = defaultdict(list)
    for message in data.intent_examples:
        by_intent[message.get("intent")].append(message.get("text"))
    return by_intent


def written() -> list[tuple[str, str]]:
    """(intent, marked example) of every line in the files; Rasa's loader drops exact doubles silently."""
    lines = []
    for path in sorted(NLU.glob("*.yml")):
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]:
            for line in block["examples"].splitlines():
                assert line.startswith("- "), f"{path.name}: not an example: {line!r}"
                lines.append((block["intent"], line[2:].strip()))
    return lines


def plain(example: str) -> str:
    return " ".join(MARK.sub(r"\1", example).lower().split())


def held_out() -> list[dict[str, str]]:
    return yaml.safe_load(HELD_OUT.read_text(encoding="utf-8"))


def test_there_are_many_intents_with_enough_examples_each(texts: dict[str, list[str]]) -> None:
    assert len(texts) >= 40
    few = {intent: len(examples) for intent, examples in texts.items() if len(examples) < 20}
    assert not few


def test_an_intent_is_written_in_one_place() -> None:
    places = Counter(
        block["intent"]
        for path in NLU.glob("*.yml")
        for block in yaml.safe_load(path.read_text(encoding="utf-8"))["nlu"]
    )
    assert [intent for intent, count in places.items() if count > 1] == []


def test_no_message_is_written_twice_or_under_two_intents() -> None:
    seen: dict[str, list[str]] = defaultdict(list)
    for intent, example in written():
        seen[plain(example)].append(intent)
    assert {text: intents for text, intents in seen.items() if len(intents) > 1} == {}


def test_every_marked_entity_is_known_and_every_known_one_is_marked() -> None:
    used = Counter(entity for _, example in written() for _, entity in MARK.findall(example))
    assert set(used) == ENTITIES
    assert min(used.values()) >= 10, used


def test_no_bracket_is_left_of_a_mistyped_entity(texts: dict[str, list[str]]) -> None:
    broken = [text for examples in texts.values() for text in examples if "](" in text or "[" in text]
    assert broken == []


def test_entities_begin_and_end_at_words(data: TrainingData) -> None:
    cut = [
        (message.get("text"), entity["value"])
        for message in data.training_examples
        for entity in message.get("entities") or []
        if entity["value"] != entity["value"].strip()
        or message.get("text")[entity["start"] : entity["end"]] != entity["value"]
        or message.get("text")[: entity["start"]][-1:].isalnum()
        or message.get("text")[entity["end"] :][:1].isalnum()
    ]
    assert cut == []


def test_held_out_messages_are_never_trained_on(texts: dict[str, list[str]]) -> None:
    trained = {plain(text) for examples in texts.values() for text in examples}
    assert [row["text"] for row in held_out() if plain(row["text"]) in trained] == []


def test_each_intent_has_held_out_messages(texts: dict[str, list[str]]) -> None:
    counts = Counter(row["intent"] for row in held_out())
    assert set(counts) == set(texts)
    assert {intent: count for intent, count in counts.items() if count < 4} == {}
    assert len({plain(row["text"]) for row in held_out()}) == sum(counts.values())


def test_a_choice_is_a_short_label_of_an_intent_that_exists(texts: dict[str, list[str]]) -> None:
    responses = yaml.safe_load(CHOICES.read_text(encoding="utf-8"))["responses"]
    intents = {name.removeprefix("utter_choice_"): variants for name, variants in responses.items()}
    assert set(intents) <= set(texts)
    labels = [variants[0]["text"] for variants in intents.values()]
    assert all(len(variants) == 1 for variants in intents.values())
    assert len(set(labels)) == len(labels)
    assert [label for label in labels if len(label) > 32] == []


def test_what_is_done_without_asking_first_are_intents_that_the_bot_has(texts: dict[str, list[str]]) -> None:
    config = yaml.safe_load((ROOT / "config.yml").read_text(encoding="utf-8"))
    harmless = next(part["harmless"] for part in config["pipeline"] if part["name"].endswith("IntentClassifier"))
    assert set(harmless) <= set(texts)
