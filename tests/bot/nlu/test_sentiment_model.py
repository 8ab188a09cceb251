"""The sentiment adapter that ships: it loads, merges, exports, and tells clear cases apart; altered weights do not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from bot.nlu.errors import SentimentModelError, TrainingDataError
from bot.nlu.finetune import load_tokenizer
from bot.nlu.lora import add_changes, changes_of, mean_of, merge
from bot.nlu.sentiment_adapter import merged_network, read_adapter, write_adapter
from bot.nlu.sentiment_data import Examples, service_sentences, training_examples
from bot.nlu.sentiment_encoder import ADAPTER, CONFIG, FACTS, GRAPH, SHIPPED, SentimentEncoder
from bot.nlu.sentiment_training import SentimentSettings, learn, logits_of, network_with
from bot.nlu.weights import find_base_encoder

CLEAR = {
    "This is the worst service I have ever had, shame on you": 0,
    "The kettle leaks and nobody helps me, I am so disappointed": 0,
    "Where can I find the invoice of my last order?": 1,
    "please change the address of order HV-104233": 1,
    "What a lovely lamp, thank you so much!": 2,
    "Great service, I am very happy": 2,
}


def test_clear_cases_are_told_apart(served_sentiment: Path) -> None:
    probabilities = SentimentEncoder(served_sentiment).probabilities(list(CLEAR))
    assert probabilities.argmax(1).tolist() == list(CLEAR.values())
    assert np.allclose(probabilities.sum(1), 1.0, atol=1e-5)


def test_served_and_trained_form_agree(served_sentiment: Path) -> None:
    config, network = merged_network()
    texts = [text for text, _ in service_sentences("dev")]
    served = SentimentEncoder(served_sentiment)
    exact = served.probabilities_of(logits_of(network, load_tokenizer(find_base_encoder(), config.max_length), texts))
    found = served.probabilities(texts)
    assert np.abs(exact - found).mean() < 0.03
    assert (exact.argmax(1) == found.argmax(1)).mean() >= 0.95


def test_a_text_alone_gives_what_it_gives_among_others(served_sentiment: Path) -> None:
    encoder = SentimentEncoder(served_sentiment)
    together = encoder.probabilities(list(CLEAR))
    alone = np.concatenate([encoder.probabilities([text]) for text in CLEAR])
    # In 8 bits the scale of a tensor depends on its neighbours.
    assert np.abs(together - alone).max() < 0.1


def test_the_adapter_is_small() -> None:
    assert (SHIPPED / ADAPTER).stat().st_size <= 3 * 2**20


def test_an_altered_adapter_is_refused(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(SHIPPED, tmp_path / "model"))
    content = bytearray((copy / ADAPTER).read_bytes())
    content[-1] ^= 1
    (copy / ADAPTER).write_bytes(content)
    with pytest.raises(SentimentModelError, match=r"the weights were altered.*from the repository again"):
        read_adapter(copy)


def test_an_adapter_of_another_base_is_refused(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(SHIPPED, tmp_path / "model"))
    config = json.loads((copy / CONFIG).read_text(encoding="utf-8"))
    (copy / CONFIG).write_text(json.dumps(config | {"base_sha256": "0" * 64}), encoding="utf-8")
    with pytest.raises(SentimentModelError, match="another base encoder"):
        read_adapter(copy)


def test_a_missing_adapter_is_named(tmp_path: Path) -> None:
    with pytest.raises(SentimentModelError, match=ADAPTER):
        read_adapter(tmp_path)


def test_an_altered_graph_is_refused(served_sentiment: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(served_sentiment, tmp_path / "served"))
    content = bytearray((copy / GRAPH).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / GRAPH).write_bytes(content)
    with pytest.raises(SentimentModelError, match=r"the weights were altered. Run `rapport train`"):
        SentimentEncoder(copy)


@pytest.mark.parametrize("name", [GRAPH, FACTS])
def test_a_served_folder_that_lacks_a_file_is_refused(served_sentiment: Path, tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(served_sentiment, tmp_path / "served"))
    (copy / name).unlink()
    with pytest.raises(SentimentModelError, match=rf"lacks {name}"):
        SentimentEncoder(copy)


# --- how it is made ---


def test_changes_merged_into_the_weights_compute_the_same() -> None:
    torch.manual_seed(0)
    plain = torch.nn.Sequential(torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 4))
    changed = torch.nn.Sequential(*(torch.nn.Linear(6, 5), torch.nn.ReLU(), torch.nn.Linear(5, 4)))
    changed.load_state_dict(plain.state_dict())
    add_changes(changed, rank=3)
    for layer in (changed[0], changed[2]):
        torch.nn.init.normal_(layer.up)
    states = torch.randn(7, 6)
    assert not torch.allclose(plain(states), changed(states), atol=1e-3)
    merge(plain, changes_of(changed))
    assert torch.allclose(plain(states), changed(states), atol=1e-5)


def test_the_mean_of_runs_is_exact_where_the_rank_holds_it() -> None:
    torch.manual_seed(0)
    runs = [{"w": (torch.randn(2, 8), torch.randn(5, 2))} for _ in range(2)]
    mean = sum(up @ down for down, up in (run["w"] for run in runs)) / 2
    down, up = mean_of(runs, rank=4)["w"]
    assert torch.allclose(up @ down, mean, atol=1e-5)
    down, up = mean_of(runs, rank=1)["w"]
    assert np.linalg.matrix_rank((up @ down).numpy()) == 1


def test_training_is_repeatable_and_learns(tmp_path: Path) -> None:
    rows = [("awful, I hate it", 0), ("where is my order", 1), ("wonderful, I love it", 2)] * 4
    examples = Examples([text for text, _ in rows], [label for _, label in rows], ["test"] * len(rows))
    base = find_base_encoder()
    tokenizer = load_tokenizer(base, 32)
    settings = SentimentSettings(epochs=8, rank=2, batch_size=6, learning_rate=3e-3, head_learning_rate=1e-2)
    first, second = (learn(base, tokenizer, examples, settings, "test") for _ in range(2))
    files = []
    for name, learned in (("first", first), ("second", second)):
        write_adapter(tmp_path / name, learned, 32, 1.0)
        files.append((tmp_path / name / ADAPTER).read_bytes())
    assert files[0] == files[1]
    found = logits_of(network_with(base, read_adapter(tmp_path / "first")[1]), tokenizer, examples.texts)
    assert found.argmax(1).tolist() == examples.labels


def write_data(folder: Path, train: str, test: str) -> None:
    (folder / "sst2").mkdir(parents=True)
    for name, line in (("train", train), ("dev", "a dull and empty thing\t0"), ("test", test)):
        (folder / "sst2" / f"{name}.tsv").write_text(line + "\n", encoding="utf-8")


def test_missing_data_are_named_with_their_source(tmp_path: Path) -> None:
    write_data(tmp_path, "good\t1", "bad\t0")
    with pytest.raises(TrainingDataError, match=r"bitext.*public: github\.com/bitext"):
        training_examples(tmp_path, None, 10, 0, 7)


def test_sentences_near_the_test_sentences_are_not_learned(tmp_path: Path) -> None:
    from bot.nlu.sentiment_data import _apart

    held_out = ["a fine little film that moves along at a brisk pace", "crisp"]
    pairs = [("A fine , little film that never ends", 1), ("Crisp !", 1), ("a slow film", 0)]
    assert _apart(pairs, held_out, 5) == [("a slow film", 0)]
