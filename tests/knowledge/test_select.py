import numpy as np
import pytest

from knowledge.select import best_sentences


@pytest.mark.parametrize(
    ("similarity", "ids"),
    [
        ([], ()),
        ([0.3], (0,)),
        ([0.1, 0.9], (0, 1)),
        ([0.1, 0.1, 0.1, 0.9, 0.8, 0.1, 0.1], (3, 4)),
        ([0.1, 0.9, 0.85, 0.9, 0.1], (1, 2, 3)),
        ([0.1, 0.1, 0.1, 0.1, 0.9], (3, 4)),
        ([0.9] * 9, (0, 1, 2, 3, 4)),
        # The opening sentence wins over one that is hardly nearer.
        ([0.70, 0.1, 0.1, 0.1, 0.1, 0.1, 0.75, 0.1], (0, 1)),
    ],
)
def test_the_best_stretch_is_shown(similarity: list[float], ids: tuple[int, ...]) -> None:
    assert best_sentences(np.array(similarity, dtype=np.float32)) == ids
