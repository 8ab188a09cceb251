"""When a customer says that somebody calls their parcel delivered."""

from __future__ import annotations

import pytest

from actions.not_received import says_delivered


@pytest.mark.parametrize(
    "text",
    [
        "it says delivered but I never got it",
        "The carrier marked it as delivered yesterday, but there is no parcel.",
        "Apparently I signed for it. I did not.",
        "tracking says deliverd, where is it",
        "the card says the parcel was left with a neighbour, nobody has it",
        "Delivered? Nothing here.",
    ],
)
def test_somebody_calls_it_delivered(text: str) -> None:
    assert says_delivered(text)


@pytest.mark.parametrize(
    "text",
    [
        "you said it would be delivered yesterday",
        "the tracking says it is not delivered yet",
        "it should have been delivered last Wednesday and nobody came",
        "it says it will be delivered tomorrow",
        "has my order been delivered?",
        "my package never arrived",
    ],
)
def test_nobody_calls_it_delivered(text: str) -> None:
    assert not says_delivered(text)
