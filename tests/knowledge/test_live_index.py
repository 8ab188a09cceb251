from pathlib import Path

import pytest

from knowledge.build import build_index
from knowledge.ingest import ingest_path
from knowledge.live import LiveIndex


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def change(articles: Path, store, word: str) -> None:
    (articles / "descaling.md").write_text(f"# Descaling\n\nUse the {word} tablets.\n")
    ingest_path(store, articles)


def settle(live: LiveIndex, clock: Clock, version: str) -> None:
    """Searches go on until the version that is opened beside them is in use."""
    for _ in range(2000):
        clock.seconds += 1
        snapshot = live.current()
        if snapshot is not None and snapshot.version == version:
            return
        live.wait()
    raise AssertionError(f"{version} was never taken")


def test_a_new_version_is_taken_without_a_restart(settings, store, articles, encoder, clock: Clock) -> None:
    live = LiveIndex(settings.index_folder, encoder.fingerprint, clock)
    assert live.current() is None
    ingest_path(store, articles)
    first = build_index(settings, encoder).version
    assert live.current() is None  # looks at most every half second
    clock.seconds = 1
    assert live.current().version == first
    change(articles, store, "new")
    second = build_index(settings, encoder).version
    assert live.current().version == first
    settle(live, clock, second)


def test_a_version_that_cannot_be_used_leaves_the_former(
    settings, store, articles, make_encoder, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    ingest_path(store, articles)
    first = build_index(settings, make_encoder("fake-1")).version
    live = LiveIndex(settings.index_folder, "fake-1", clock)
    assert live.current().version == first
    build_index(settings, make_encoder("fake-2"))
    for _ in range(5):
        clock.seconds += 1
        assert live.current().version == first
        live.wait()
    assert len([record for record in caplog.records if "is not used" in record.message]) == 1
    change(articles, store, "good")
    third = build_index(settings, make_encoder("fake-1")).version
    settle(live, clock, third)
