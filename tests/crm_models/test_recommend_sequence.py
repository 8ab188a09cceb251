"""The sequence model: what it learns, the same twice, and numpy's forward pass beside PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from crm_models.recommend.sequence import SequenceModel
from crm_models.recommend.sequence_training import SequenceSettings, _loss, _network, _weights, train_sequence

SETTINGS = SequenceSettings(hidden=16, blocks=1, dropout=0.1, length=8, epochs=30, batch=32, learning_rate=0.01)


@pytest.fixture(scope="module")
def rings() -> list[NDArray[np.int64]]:
    """Item n is always followed by n + 1, and 9 by 0."""
    return [(np.arange(6) + start) % 10 for start in range(10)] * 10


@pytest.fixture(scope="module")
def trained(rings: list[NDArray[np.int64]]) -> SequenceModel:
    return train_sequence(rings, [[]] * 10, None, SETTINGS).model


def test_what_always_follows_is_expected_next(trained: SequenceModel) -> None:
    assert [int(trained.scores([item - 1, item]).argmax()) for item in range(1, 9)] == list(range(2, 10))


def test_the_order_matters() -> None:
    model = train_sequence([np.array([0, 1, 2]), np.array([1, 0, 3])] * 50, [[]] * 4, None, SETTINGS).model
    assert model.scores([0, 1])[2:].argmax() == 0 and model.scores([1, 0])[2:].argmax() == 1


def test_a_sampled_softmax_learns_the_same(rings: list[NDArray[np.int64]]) -> None:
    sampled = SequenceSettings(**{**SETTINGS.__dict__, "negatives": 5})
    model = train_sequence(rings, [[]] * 10, None, sampled).model
    assert [int(model.scores([item - 1, item]).argmax()) for item in range(1, 9)] == list(range(2, 10))


def test_the_same_data_make_the_same_model(trained: SequenceModel, rings: list[NDArray[np.int64]]) -> None:
    again = train_sequence(rings, [[]] * 10, None, SETTINGS).model
    assert np.array_equal(again.items, trained.items)
    assert all(np.array_equal(again.weights[name], value) for name, value in trained.weights.items())


def test_numpy_computes_what_torch_computes() -> None:
    settings = SequenceSettings(hidden=32, heads=4, blocks=2, length=12)
    torch.manual_seed(1)
    network = _network([[item % 3, 3] for item in range(40)], settings).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    model = _weights(network, settings)
    history = [5, 9, 9, 31, 2, 17]
    with torch.no_grad():
        vectors = network.item_vectors()
        expected = (network(torch.tensor([history]), vectors)[0, -1] @ vectors.T).numpy()
    found = model.scores(history)
    assert np.allclose(found, expected, rtol=1e-4, atol=1e-4)
    assert np.allclose(model.ahead(history), (found - found.mean()) / found.std(), atol=1e-3)


def test_only_the_newest_items_of_a_long_history_are_read(trained: SequenceModel) -> None:
    long = [7, 1, 5, *range(8)]
    assert np.array_equal(trained.scores(long), trained.scores(long[-8:]))


def test_an_item_nobody_bought_has_the_vector_of_its_words() -> None:
    tokens = [[item % 2] for item in range(10)]
    evens_then_odds = [np.array([0, 2, 4, 1, 3, 5])] * 40
    model = train_sequence(evens_then_odds, tokens, None, SETTINGS).model
    assert np.allclose(model.vector([0]), model.tokens[0] / np.linalg.norm(model.tokens[0]))
    assert np.allclose(np.linalg.norm(model.items, axis=1), 1.0, atol=1e-5)
    assert np.isfinite(model.scores([0, 2])[9])


def test_training_stops_where_the_judge_sees_no_progress(rings: list[NDArray[np.int64]]) -> None:
    seen: list[int] = []
    settings = SequenceSettings(**{**SETTINGS.__dict__, "look": 1, "patience": 2})
    found = train_sequence(rings, [[]] * 10, lambda _: 0.5, settings, lambda _, done, __: seen.append(done))
    assert (found.worth, found.epochs) == (0.5, 1) and seen == [1, 2, 3]


def test_a_sample_of_all_items_has_the_loss_of_the_full_softmax(rings: list[NDArray[np.int64]]) -> None:
    full = SequenceSettings(hidden=16, blocks=1, dropout=0.0, length=8)
    torch.manual_seed(3)
    network = _network([[]] * 10, full).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    exact = _loss(network, rings[:20], full, np.random.default_rng(0)).item()
    sampled = SequenceSettings(**{**full.__dict__, "negatives": 9})
    losses = [_loss(network, rings[:20], sampled, np.random.default_rng(seed)).item() for seed in range(400)]
    # Nine of ten items: the sum is scaled from the eight or nine wrong ones that were drawn to all.
    assert np.mean(losses) == pytest.approx(exact, rel=0.03)
