"""Changes beside a large index: what is searched is as if all had been written again."""

from pathlib import Path

import pytest

from knowledge.build import build_index
from knowledge.index import open_index
from knowledge.ingest import ingest_path
from knowledge.live import LiveIndex
from knowledge.retrieve import Retriever
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore

MANY = 60


@pytest.fixture
def settings(tmp_path: Path) -> KnowledgeSettings:
    return KnowledgeSettings(home=tmp_path / "var", partial_from=10)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    folder = tmp_path / "shelf"
    folder.mkdir()
    for number in range(MANY):
        write(folder, number, f"The device number{number} weighs {number} kilograms. It is painted colour{number}.")
    return folder


def write(folder: Path, number: int, text: str, head: str = "") -> None:
    matter = f"---\n{head}\n---\n" if head else ""
    (folder / f"device-{number}.md").write_text(f"{matter}# Device {number}\n\n{text}\n", encoding="utf-8")


def found(settings: KnowledgeSettings, store: KnowledgeStore, encoder, question: str) -> list[tuple[str, float]]:
    retriever = Retriever(store, LiveIndex(settings.index_folder, encoder.fingerprint), encoder, settings)
    return [(hit.passage_id, pytest.approx(hit.score, abs=2e-3)) for hit in retriever.search(question, k=3)]


def bring(settings: KnowledgeSettings, store: KnowledgeStore, shelf: Path, encoder):
    ingest_path(store, shelf)
    build_index(settings, encoder)
    return open_index(settings.index_folder, encoder.fingerprint)


def test_a_changed_article_is_written_alone(settings, store, shelf: Path, encoder) -> None:
    first = bring(settings, store, shelf, encoder)
    write(shelf, 7, "The device number7 hums softly.")
    second = bring(settings, store, shelf, encoder)
    assert (second.meta.base, second.replaced, len(second.parts[1].ids)) == (first.version, {"device-7"}, 1)
    assert sorted(second.ids) == sorted(passage.passage_id for passage in store.list_passages())
    assert second.meta.passages == MANY
    (best, *_) = found(settings, store, encoder, "which device hums softly")
    assert best[0].startswith("device-7#")
    assert not any(name.startswith("device-7#") for name, _ in found(settings, store, encoder, "colour7 painted"))


def test_a_part_beside_the_rest_is_found_like_the_whole(settings, store, shelf: Path, encoder, tmp_path: Path) -> None:
    bring(settings, store, shelf, encoder)
    write(shelf, 3, "The device number3 glows in colour3 at night.")
    (shelf / "device-9.md").unlink()
    assert bring(settings, store, shelf, encoder).meta.base is not None
    whole = KnowledgeSettings(home=settings.home, partial_from=100_000)
    questions = ["colour3 at night", "what weighs 12 kilograms", "device number9", "painted colour40"]
    beside = [found(settings, store, encoder, question) for question in questions]
    (settings.index_folder / "CURRENT").unlink()
    build_index(whole, encoder)
    assert open_index(settings.index_folder).meta.base is None
    for question, each in zip(questions, beside, strict=True):
        assert found(settings, store, encoder, question) == each


def test_later_changes_stand_beside_the_same_base(settings, store, shelf: Path, encoder) -> None:
    first = bring(settings, store, shelf, encoder)
    for number in (1, 2, 1):
        write(shelf, number, f"The device number{number} was repaired {number} times and again.")
        index = bring(settings, store, shelf, encoder)
        assert index.meta.base == first.version
    assert index.replaced == {"device-1", "device-2"}
    assert (settings.index_folder / first.version).is_dir()


def test_many_changes_write_all_again_and_clear_the_former_base_away(settings, store, shelf: Path, encoder) -> None:
    first = bring(settings, store, shelf, encoder)
    for number in range(MANY // 2):
        write(shelf, number, f"The device number{number} is sold out.")
    assert bring(settings, store, shelf, encoder).meta.base is None
    write(shelf, 50, "The device number50 is back.")
    bring(settings, store, shelf, encoder)
    assert not (settings.index_folder / first.version).exists()


def test_an_article_that_is_gone_is_not_found(settings, store, shelf: Path, encoder) -> None:
    bring(settings, store, shelf, encoder)
    (shelf / "device-5.md").unlink()
    index = bring(settings, store, shelf, encoder)
    assert (index.meta.passages, len(index.parts)) == (MANY - 1, 1)
    assert not any(name.startswith("device-5#") for name, _ in found(settings, store, encoder, "number5 colour5"))


def test_whom_an_article_is_for_changes_beside_the_rest(settings, store, shelf: Path, encoder) -> None:
    bring(settings, store, shelf, encoder)
    write(shelf, 6, "The device number6 weighs 6 kilograms. It is painted colour6.", "audience: [gold]")
    assert bring(settings, store, shelf, encoder).meta.base is not None
    retriever = Retriever(store, LiveIndex(settings.index_folder, encoder.fingerprint), encoder, settings)
    assert retriever.search("colour6", audience="gold")[0].fit == 1
    assert not any(hit.document_id == "device-6" for hit in retriever.search("colour6", audience="silver"))


def test_a_running_bot_opens_the_change_alone(settings, store, shelf: Path, encoder) -> None:
    bring(settings, store, shelf, encoder)
    opened = open_index(settings.index_folder, encoder.fingerprint)
    write(shelf, 8, "The device number8 sings.")
    ingest_path(store, shelf)
    build_index(settings, encoder)
    assert open_index(settings.index_folder, encoder.fingerprint, opened).parts[0] is opened.parts[0]
