"""The whole pipeline as Rasa runs it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.nlu.extract import extract_encoder
from bot.nlu.message_encoder import MessageOnnxEncoder
from bot.nlu.weights import sha256_of
from knowledge.embed import OnnxEncoder


@pytest.fixture(scope="module")
def agent(trained_model: Path) -> Any:
    from rasa.core.agent import Agent

    return Agent.load(str(trained_model))


def parse(agent: Any, text: str) -> dict[str, Any]:
    return asyncio.run(agent.parse_message(text))


def test_a_plain_request_is_understood(agent: Any) -> None:
    understood = parse(agent, "Where is  my order HV-104233?")
    assert understood["intent"]["name"] == "order_status"
    assert understood["intent_set"][0]["name"] == "order_status"
    assert len(understood["intent_ranking"]) <= 5
    assert [(e["entity"], e["value"]) for e in understood["entities"]] == [("order_id", "HV-104233")]
    start, end = understood["entities"][0]["start"], understood["entities"][0]["end"]
    assert understood["text"][start:end] == "HV-104233"
    assert understood["sentiment"]["label"] == "neutral"
    assert understood["passages"] == [] and understood["answerable"] == 0.0


def test_mistyped_words_cost_no_confidence_and_stay_as_they_were_written(agent: Any) -> None:
    mistyped, plain = parse(agent, "wehre is my ordr, kettel"), parse(agent, "where is my order, kettle")
    assert mistyped["text"] == "wehre is my ordr, kettel"
    assert mistyped["intent_ranking"][0] == plain["intent_ranking"][0]


def test_thumbs_up_and_down_differ(agent: Any) -> None:
    assert parse(agent, "👍")["intent_ranking"][0]["name"] == "affirm"
    assert parse(agent, "👎")["intent_ranking"][0]["name"] == "deny"


def test_nothing_attached_is_too_large_to_store_or_no_json(agent: Any) -> None:
    assert len(json.dumps(parse(agent, "I want to return the kettle, it is broken"))) < 2_000


def entities(understood: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(each["extractor"], each["entity"], each["value"]) for each in understood["entities"]]


def test_a_thing_that_no_catalogue_knows_is_found_by_how_it_is_spoken_of(agent: Any) -> None:
    understood = parse(agent, "I want to return the toaster, order HV-104233")
    assert entities(understood) == [
        ("PatternEntityExtractor", "order_id", "HV-104233"),
        ("EntityTagger", "product", "toaster"),
    ]
    found = understood["entities"][1]
    assert understood["text"][found["start"] : found["end"]] == "toaster"
    assert 0.3 <= found["confidence_entity"] <= 1.0


def test_the_encoder_says_which_tags_it_scores(trained_model: Path, tmp_path: Path) -> None:
    extract_encoder(trained_model, tmp_path / "encoder")
    facts = json.loads((tmp_path / "encoder" / "encoder.json").read_text(encoding="utf-8"))
    assert facts["tags"] == ["O", "B-order_id", "I-order_id", "B-product", "I-product"]
    encoder = MessageOnnxEncoder(tmp_path / "encoder")
    texts = ["hello", "I want to return the lamp", ""]
    for each, text in zip(encoder.read(texts), texts, strict=True):
        # In 8 bits a text's company in a batch moves its numbers a little.
        assert each.embedding @ encoder.encode([text])[0] > 0.99
        assert each.entity_scores.scores.shape == (len(each.entity_scores.pieces.words), 5)
    (marked,) = encoder.read(texts[1:2])
    assert ("product", "lamp") in [(s.label, texts[1][s.start : s.end]) for s in marked.entity_scores.spans()]


ODD = ["", "   ", "\x00\x07", "\u200b\u200d", "?", "a" * 5_000, "my parcel " * 800,
       "<script>alert(1)</script>'; DROP TABLE orders;--", "/etc/passwd", "/unknown{"]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_are_answered_with_some_intent(agent: Any, text: str) -> None:
    assert parse(agent, text)["intent"]["name"] is not None


def test_a_text_without_words_is_unsure_of_nothing(agent: Any) -> None:
    understood = parse(agent, "\u200b \x07")
    assert understood["intent"]["name"] == "nlu_unsure"
    assert understood["intent_set"] == []


def test_what_has_nothing_to_do_with_the_shop_is_not_acted_on(agent: Any) -> None:
    understood = parse(agent, "the mitochondrion is the powerhouse of the cell")
    assert understood["intent"]["name"] == "nlu_unsure"


def test_a_payload_stays_what_it_says(agent: Any) -> None:
    understood = parse(agent, '/order_status{"order_id": "HV-1"}')
    assert understood["intent"] == {"name": "order_status", "confidence": 1.0}
    assert [e["value"] for e in understood["entities"]] == ["HV-1"]


def test_the_encoder_can_be_taken_out_of_the_model(trained_model: Path, agent: Any, tmp_path: Path) -> None:
    fingerprint = extract_encoder(trained_model, tmp_path / "encoder")
    assert fingerprint == sha256_of(tmp_path / "encoder" / "model.onnx")
    encoder = OnnxEncoder(tmp_path / "encoder")
    assert encoder.fingerprint == fingerprint
    near, same, far = encoder.encode(["send it back", "return it please", "good morning"])
    assert np.linalg.norm(near) == pytest.approx(1.0, abs=1e-4)
    assert near @ same > near @ far


def test_serving_loads_neither_torch_nor_transformers(trained_model: Path) -> None:
    script = (
        "import sys, asyncio; from rasa.core.agent import Agent; agent = Agent.load(sys.argv[1]);"
        "print(asyncio.run(agent.parse_message('hello'))['intent']['name']);"
        "print([name for name in ('torch', 'transformers') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(trained_model)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_report_says_how_sure_the_bot_is(trained_model: Path) -> None:
    import tarfile

    with tarfile.open(trained_model) as archive:
        name = next(name for name in archive.getnames() if name.endswith("report.json"))
        report = json.load(archive.extractfile(name))  # type: ignore[arg-type]
    assert report["examples"] == 60 and report["held_out"] == 12
    assert 0.5 < report["accuracy"] <= 1.0
