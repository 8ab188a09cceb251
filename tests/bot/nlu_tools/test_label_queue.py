"""The queue asks first what teaches most, and nothing twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.nlu_tools.decisions import Decision, Decisions
from bot.nlu_tools.examples import Example
from bot.nlu_tools.queue import Candidate, QueueSettings, label_queue, uncertainty
from crm_models.label_log import LoggedMessage

NOW = datetime(2026, 11, 1)


def logged(text: str, *likely: float, number: int = 1, **facts: Any) -> LoggedMessage:
    names = ("order_status", "return_items", "cancel_order")
    intent_set = tuple(zip(names, likely or (0.6,), strict=False))
    intent = facts.pop("intent", intent_set[0][0])
    return LoggedMessage(number, "web:1", text, intent, intent_set, NOW, facts.pop("known", {}), **facts)


def example(intent: str, text: str) -> Example:
    return Example(Path("nlu.yml"), 1, intent, text, text, ())


EXAMPLES = [example("order_status", "where is my order"), example("return_items", "send the lamp back")]


def by_words(texts: Sequence[str]) -> np.ndarray:
    """A deterministic encoder: one direction for each word, so that texts are alike that share words."""
    vectors = np.zeros((len(texts), 256), np.float32)
    for row, text in enumerate(texts):
        for word in text.casefold().split():
            vectors[row, sum(word.encode()) * 7 % 256] += 1
    return vectors / np.maximum(1e-9, np.linalg.norm(vectors, axis=1, keepdims=True))


def queue(messages: Sequence[LoggedMessage], reviewed: Any = (), limit: int = 50) -> list[Candidate]:
    vectors = by_words([each.text for each in EXAMPLES])
    return label_queue(messages, EXAMPLES, vectors, reviewed, by_words, QueueSettings(), limit)


def texts(found: Sequence[Candidate]) -> list[str]:
    return [each.masked for each in found]


def test_uncertainty_is_the_margin_and_signs_of_a_mistake_add_to_it() -> None:
    settings = QueueSettings()
    assert uncertainty(logged("x", 0.5, 0.4), settings) == pytest.approx(0.9)
    assert uncertainty(logged("x", 0.9), settings) == pytest.approx(0.1)
    assert uncertainty(logged("x", 0.9, escalated=True), settings) == pytest.approx(1 - 0.9 * 0.6)
    assert uncertainty(logged("x", 0.9, escalated=True, intent="ask_person"), settings) == pytest.approx(0.1)
    assert uncertainty(logged("x", 0.9, intent="nlu_unsure"), settings) == pytest.approx(1 - 0.9 * 0.4)


def test_the_doubtful_comes_before_the_sure_and_the_frequent_before_the_rare() -> None:
    assert texts(queue([logged("green apples taste", 0.95), logged("purple trains run", 0.5, 0.45)]))[0] == (
        "purple trains run"
    )
    often = [logged("purple trains run", 0.6, number=n) for n in range(9)]
    found = queue([logged("green apples taste", 0.6), *often])
    assert texts(found) == ["purple trains run", "green apples taste"]
    assert (found[0].times, found[0].alike) == (9, 9)
    assert "9 alike" in found[0].reasons


def test_two_that_say_the_same_are_not_asked_one_after_the_other() -> None:
    found = queue(
        [
            logged("please may green apples be sent today", 0.5, 0.5),
            logged("please may green apples be sent now", 0.5, 0.49),
            logged("purple trains run", 0.7, 0.1),
        ]
    )
    assert texts(found)[1] == "purple trains run"


def test_what_is_known_decided_or_no_sentence_is_left_out(tmp_path: Path) -> None:
    decisions = Decisions(tmp_path)
    decisions.remember("green apples taste", Decision.NEVER, NOW, 1)
    messages = [
        logged("Where is my ORDER??", 0.4, 0.4),
        logged("Green apples taste!", 0.4, 0.4),
        logged('/order_status{"order_id": "HV-1"}', 0.4, 0.4),
        logged("...", 0.4, 0.4),
        logged("word " * 500, 0.4, 0.4),
    ]
    assert texts(queue(messages, decisions)) == []
    assert texts(queue(messages, Decisions(tmp_path))) == []
    assert texts(queue(messages)) == ["Green apples taste!"]
    assert "green" not in (tmp_path / "reviewed.jsonl").read_text(encoding="utf-8")


def test_a_line_that_was_cut_off_forgets_no_other(tmp_path: Path) -> None:
    decisions = Decisions(tmp_path)
    decisions.remember("one", Decision.NEVER, NOW, 1)
    with decisions.path.open("a", encoding="utf-8") as file:
        file.write('{"digest": "12')
    assert "one" in Decisions(tmp_path)


def test_messages_that_differ_in_personal_data_alone_are_one() -> None:
    known = {"first_name": "Dagmar"}
    found = queue(
        [
            logged("stuck parcel HV-104233", 0.5, number=1),
            logged("stuck parcel HV-998877", 0.5, number=2),
            logged("Dagmar wants purple trains", 0.5, number=3, known=known),
        ]
    )
    assert sorted(texts(found)) == ["[customer] wants purple trains", "stuck parcel [order]"]


def test_what_the_customer_chose_is_offered_first_with_what_was_likely_and_what_is_near() -> None:
    (found,) = queue([logged("put the lamp back there", 0.5, intent="nlu_ambiguous", chosen="cancel_order")])
    assert found.free_label == "cancel_order"
    assert found.suggested == ("cancel_order", "order_status", "return_items")
    assert any("chose cancel_order" in reason for reason in found.reasons)


def test_no_more_than_asked_for_and_nothing_from_nothing() -> None:
    messages = [logged(f"word{number} thing{number * 3}", 0.5, number=number) for number in range(30)]
    assert len(queue(messages, limit=7)) == 7
    assert queue([]) == []
