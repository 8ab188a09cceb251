"""Questions and answers that the encoder learns from: read from files, taken from articles, kept apart."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from bot.nlu.errors import TrainingDataError
from bot.nlu.finetune import load_tokenizer
from bot.nlu.pair_learning import PairBatches
from bot.nlu.pairs import Pair, held_out_pairs, pairs_digest, read_pairs
from bot.nlu.torch_encoder import load_encoder
from bot.nlu.weights import find_base_encoder
from knowledge.ingest import ingest_path
from knowledge.pairs import question_answer_pairs, write_pairs
from knowledge.store import KnowledgeStore


def test_the_articles_become_pairs_and_come_back(tmp_path: Path) -> None:
    article = tmp_path / "articles" / "returns.md"
    article.parent.mkdir()
    article.write_text("# Returns\n\n## How long\n\nYou have 30 days.\n\n## Who pays\n\nWe do.\n", encoding="utf-8")
    store = KnowledgeStore(tmp_path / "knowledge.db")
    ingest_path(store, article.parent)
    write_pairs(tmp_path / "pairs" / "articles.jsonl", question_answer_pairs(store))
    store.close()
    pairs = read_pairs(tmp_path / "pairs")
    assert any("Returns" in pair.question and "30 days" in pair.answer for pair in pairs)
    assert len(pairs) == len(set(pairs))


def test_files_put_beside_it_count_too_and_change_the_digest(tmp_path: Path) -> None:
    assert read_pairs(tmp_path / "missing") == []
    write_pairs(tmp_path / "articles.jsonl", [("a?", "A.")])
    before = pairs_digest(tmp_path)
    (tmp_path / "tickets.jsonl").write_text(json.dumps({"question": "b?", "answer": "B."}) + "\n\n", encoding="utf-8")
    assert read_pairs(tmp_path) == [Pair("a?", "A."), Pair("b?", "B.")]
    assert pairs_digest(tmp_path) != before


@pytest.mark.parametrize("line", ["not json", '{"question": "b?"}', '{"question": 1, "answer": "x"}', "[]"])
def test_a_line_that_is_no_pair_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "tickets.jsonl").write_text('{"question": "a?", "answer": "A."}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(TrainingDataError, match=r"Line 2 of .*tickets\.jsonl"):
        read_pairs(tmp_path)


def test_a_held_out_answer_was_learned_for_no_question() -> None:
    pairs = [Pair(f"question {number}", f"answer {number % 20}") for number in range(100)]
    held = held_out_pairs(pairs, 0.2, seed=1)
    seen = {pair.answer for pair, out in zip(pairs, held, strict=True) if not out}
    unseen = {pair.answer for pair, out in zip(pairs, held, strict=True) if out}
    assert len(unseen) == 4 and not seen & unseen


def test_an_answer_that_many_questions_share_is_wrong_for_none_of_them() -> None:
    base = find_base_encoder()
    model = load_encoder(base, frozen_layers=5).eval()
    words = ["parcel", "refund", "kettle", "voucher", "password"]
    pairs = [Pair(f"where is my {word}", "Write to us.") for word in words]
    pairs += [Pair("how do I descale the kettle", "Fill the kettle with vinegar and boil it.")]
    held_out = np.array([True] * 5 + [False])
    batches = PairBatches(model, load_tokenizer(base, 64), pairs, held_out, 1, torch.device("cpu"))
    # Nothing to choose from: no other answer speaks against it.
    assert float(batches.loss(model, np.arange(5))) == pytest.approx(0.0, abs=1e-6)
    assert float(batches.loss(model, np.arange(6))) > 0
    assert batches.found_first_before() == batches.found_first(model) == 0.8


def test_every_pair_comes_before_any_comes_again() -> None:
    base = find_base_encoder()
    model = load_encoder(base, frozen_layers=5).eval()
    pairs = [Pair(f"question {number}", "very " * (number % 9) + f"long answer {number}") for number in range(21)]
    held_out = np.arange(21) >= 17
    learned = PairBatches(model, load_tokenizer(base, 64), pairs, held_out, 1, torch.device("cpu"))
    batches = learned.endless(np.random.default_rng(1))
    # Of 17 pairs one is left alone in its batch; it would have no other answer to be told from.
    rounds = [[next(batches) for _ in range(2)] for _ in range(20)]
    for both in rounds:
        rows = np.concatenate(both)
        assert len(rows) == len(set(rows.tolist())) == 16 and rows.max() < 17
    assert {row for both in rounds for batch in both for row in batch.tolist()} == set(range(17))
