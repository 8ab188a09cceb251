from pathlib import Path

import numpy as np
import pytest

from knowledge.vectors import build_vectors, load_vectors


def clustered(count: int, dimension: int = 32) -> np.ndarray:
    random_numbers = np.random.default_rng(3)
    centres = random_numbers.normal(size=(50, dimension))
    rows = centres[random_numbers.integers(50, size=count)] + 0.4 * random_numbers.normal(size=(count, dimension))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return clustered(6000)


@pytest.mark.parametrize(("exact_limit", "reached"), [(100_000, 1.0), (1000, 0.95)])
@pytest.mark.parametrize(("restricted", "few"), [(False, 0), (True, 0), (True, 5000)])
def test_the_nearest_are_found_whatever_the_type(
    rows: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    exact_limit: int,
    reached: float,
    restricted: bool,
    few: int,
) -> None:
    monkeypatch.setattr("knowledge.vectors._FEW", few)
    build_vectors(rows, exact_limit).save(tmp_path / "vectors.faiss")
    index = load_vectors(tmp_path / "vectors.faiss")
    assert (index.size, index.dimension) == rows.shape
    allowed = np.arange(len(rows)) % 3 == 0
    found = 0
    for query in rows[:100] + 0.01:
        scores = rows @ query
        if restricted:
            scores[~allowed] = -2
        # As in a search: ask for more than wanted, then order by the exact score.
        places = index.nearest(query, 50, allowed if restricted else None)
        assert not restricted or allowed[places].all()
        best = places[np.argsort(-scores[places])][:10]
        found += len(set(best) & set(np.argsort(-scores)[:10]))
    assert found / 1000 >= reached


def test_fewer_than_asked_for_is_no_error(rows: np.ndarray) -> None:
    index = build_vectors(rows[:3], 1000)
    assert sorted(index.nearest(rows[0], 50)) == [0, 1, 2]
    assert list(index.nearest(rows[0], 50, np.array([False, True, False]))) == [1]
    assert len(index.nearest(rows[0], 50, np.zeros(3, dtype=bool))) == 0


def test_an_index_of_nothing_finds_nothing() -> None:
    assert len(build_vectors(np.zeros((0, 8), dtype=np.float32), 1000).nearest(np.ones(8, np.float32), 5)) == 0
