"""The two runs of a fine-tuning: at once or in turn they make the same encoder, and neither outlives the other."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch

from bot.nlu.dropout import SeededDropout
from bot.nlu.finetune import Finetuned, finetune, load_tokenizer
from bot.nlu.pairs import Pair
from bot.nlu.side_by_side import Choice, GivenUp
from bot.nlu.torch_encoder import load_encoder, padded, token_ids
from bot.nlu.training_run import FinetuneSettings, TrainingRun
from bot.nlu.training_text import Span
from bot.nlu.two_runs import PairScores
from bot.nlu.weights import find_base_encoder
from tests.bot.nlu.conftest import EXAMPLES

SETTINGS = FinetuneSettings(frozen_layers=5, max_epochs=3, fewest_steps=10, batch_size=16)
# It would take a minute.
LONG = FinetuneSettings(frozen_layers=5, max_epochs=300, patience=300)
PAIRS = [
    Pair(f"how long does {thing} {verb}", f"{thing} may {verb} for " + "a day and " * number + "no more.")
    for number, thing in enumerate(("the refund", "a parcel", "the offer", "my code", "the sale", "a claim", "it"))
    for verb in ("take", "last", "stay open", "keep", "run", "hold")
]


def texts_and_labels() -> tuple[list[str], list[str]]:
    told = [(text.strip(), intent) for intent, texts in EXAMPLES.items() for text in texts.split(";")]
    plain = [(text.replace("[", "").replace("]", "").partition("(")[0], intent) for text, intent in told]
    return [text for text, _ in plain], [intent for _, intent in plain]


def train(threads: int, settings: FinetuneSettings = SETTINGS) -> Finetuned:
    """With two threads the runs are made at once with one each, with one thread in turn."""
    texts, labels = texts_and_labels()
    spans = [[Span(0, 5, "product")] if label == "return_items" else [] for label in labels]
    base = find_base_encoder()
    torch.set_num_threads(threads)
    return finetune(base, load_tokenizer(base, 64), texts, labels, settings, spans, PAIRS)


@pytest.fixture(autouse=True)
def threads_as_before() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_at_once_they_make_the_same_encoder_as_in_turn() -> None:
    in_turn, at_once = train(threads=1), train(threads=2)
    assert torch.get_num_threads() == 2
    expected, found = in_turn.model.state_dict(), at_once.model.state_dict()
    assert expected.keys() == found.keys()
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    assert np.array_equal(in_turn.first_features, at_once.first_features)
    assert (in_turn.epochs, in_turn.held_out_accuracy) == (at_once.epochs, at_once.held_out_accuracy)
    assert in_turn.pairs == at_once.pairs


@pytest.mark.parametrize(("before", "together"), [(0.0, True), (1.0, False)])
def test_the_mean_of_both_serves_where_both_learned_the_same(
    monkeypatch: pytest.MonkeyPatch, before: float, together: bool
) -> None:
    """Pairs that did harm were learned by the first alone."""
    made: list[TrainingRun] = []
    begin = TrainingRun.__init__

    def noted(self: TrainingRun, *given: Any) -> None:
        begin(self, *given)
        made.append(self)

    alone: list[dict[str, Any]] = []
    mean = TrainingRun.average_with

    def kept(self: TrainingRun, other: TrainingRun) -> None:
        alone.append({name: value.clone() for name, value in self.model.state_dict().items()})
        mean(self, other)

    monkeypatch.setattr("bot.nlu.pair_learning.PairBatches.found_first_before", lambda _: before)
    monkeypatch.setattr("bot.nlu.pair_learning.PairBatches.found_first", lambda *_: 0.5)
    monkeypatch.setattr(TrainingRun, "__init__", noted)
    monkeypatch.setattr(TrainingRun, "average_with", kept)
    served = train(threads=1).model.state_dict()
    first = made[0].model.state_dict()
    assert len(alone) == together
    for second in alone:
        assert all(torch.allclose(served[name], (first[name] + second[name]) / 2, atol=1e-6) for name in served)
        assert any(not torch.equal(first[name], second[name]) for name in served)


@pytest.mark.parametrize("before", [0.0, 1.0])
def test_pairs_that_do_harm_are_left_out_of_a_run_that_began_with_them(
    monkeypatch: pytest.MonkeyPatch, before: float
) -> None:
    monkeypatch.setattr("bot.nlu.pair_learning.PairBatches.found_first_before", lambda _: before)
    monkeypatch.setattr("bot.nlu.pair_learning.PairBatches.found_first", lambda *_: 0.5)
    in_turn, at_once = train(threads=1), train(threads=2)
    assert at_once.pairs and at_once.pairs.kept == (before == 0.0)
    expected, found = in_turn.model.state_dict(), at_once.model.state_dict()
    assert all(torch.equal(expected[name], found[name]) for name in expected)


def test_a_few_questions_less_are_chance_and_many_are_harm() -> None:
    assert PairScores(96, before=0.302, after=0.271).kept
    assert not PairScores(96, before=0.302, after=0.24).kept
    assert not PairScores(9_600, before=0.302, after=0.271).kept


def test_a_run_that_went_too_far_goes_back_to_the_epoch_that_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, Any] = {}
    follow = TrainingRun.follow

    def two_choices(self: TrainingRun, learn: np.ndarray, choice: Choice, told: Any = lambda _: None) -> None:
        decided, open_choice = Choice(), Choice()
        decided.tell(1, 1)
        decided.decide()
        follow(self, learn, decided)
        kept["expected"] = {name: value.clone() for name, value in self.model.state_dict().items()}
        again = TrainingRun(find_base_encoder(), self.lessons, self.settings)
        open_choice.tell(3, 1)

        def decide_late(epoch: int) -> None:
            if epoch == 3:
                open_choice.decide()

        follow(again, learn, open_choice, decide_late)
        kept["found"], kept["epochs"] = again.model.state_dict(), again.epochs

    monkeypatch.setattr(TrainingRun, "follow", two_choices)
    train(threads=1)
    assert kept["epochs"] == 3
    assert all(torch.equal(value, kept["found"][name]) for name, value in kept["expected"].items())


def test_a_run_that_fails_ends_the_other_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise MemoryError("no memory for the second run")

    monkeypatch.setattr(TrainingRun, "follow", fail)
    before = threading.active_count()
    with pytest.raises(MemoryError, match="no memory for the second run"):
        train(threads=2, settings=LONG)
    assert threading.active_count() == before


def test_ctrl_c_ends_both(monkeypatch: pytest.MonkeyPatch) -> None:
    before = threading.active_count()
    both = threading.Event()
    follow = TrainingRun.follow

    def noted(*given: Any) -> None:
        both.set()
        follow(*given)

    def press() -> None:
        both.wait()
        time.sleep(1.0)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(TrainingRun, "follow", noted)
    # Where the tests run in the background, the shell has the signal ignored.
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    pressing = threading.Thread(target=press)
    pressing.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            train(threads=2, settings=LONG)
    finally:
        signal.signal(signal.SIGINT, handler)
    pressing.join()
    assert threading.active_count() == before


def test_the_second_run_waits_rather_than_go_far_ahead() -> None:
    choice = Choice()
    choice.tell(reached=3, best=2)
    assert choice.wants(5)
    with ThreadPoolExecutor(max_workers=1) as pool:
        asked = pool.submit(choice.wants, 6)
        choice.tell(reached=4, best=2)
        assert asked.result(timeout=10)
        asked = pool.submit(choice.wants, 7)
        choice.decide()
        assert not asked.result(timeout=10)
        waiting = pool.submit(Choice().wants, 2)
        assert waiting.result(timeout=10)
    choice.give_up()
    with pytest.raises(GivenUp):
        choice.wants(1)


def test_dropout_drops_its_share_and_keeps_the_mean() -> None:
    dropout = SeededDropout(0.1, torch.Generator().manual_seed(1))
    ones = torch.ones(300, 333)
    dropped = dropout(ones)
    assert float((dropped == 0).float().mean()) == pytest.approx(0.1, abs=0.01)
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.01)
    assert not torch.equal(dropped, dropout(ones))
    assert torch.equal(dropped, SeededDropout(0.1, torch.Generator().manual_seed(1))(ones))
    assert torch.equal(dropout.eval()(ones), ones)


def test_without_dropout_attention_is_that_of_torch() -> None:
    from bot.nlu.dropout import seed_dropout

    base = find_base_encoder()
    model = load_encoder(base, frozen_layers=3).eval()
    inputs = padded(token_ids(load_tokenizer(base, 64), texts_and_labels()[0][:20]), torch.device("cpu"))
    with torch.inference_mode():
        expected = model(*inputs)[0]
        seed_dropout(model, model.bert, torch.Generator())
        found = model.eval()(*inputs)[0]
    assert float((expected - found).abs().max()) < 1e-5
