import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from knowledge.build import build_index
from knowledge.errors import IndexDamaged, IndexMismatch, IndexMissing
from knowledge.index import current_version, open_index
from knowledge.ingest import ingest_path
from knowledge.settings import KnowledgeSettings
from knowledge.store import KnowledgeStore

NOW = datetime(2026, 3, 1, 12)


def versions(settings: KnowledgeSettings) -> list[str]:
    return sorted(path.name for path in settings.index_folder.iterdir() if path.is_dir())


def test_an_index_holds_every_passage_and_sentence(settings, store, articles: Path, encoder) -> None:
    ingest_path(store, articles)
    seen: list[tuple[int, int]] = []
    report = build_index(settings, encoder, lambda done, total: seen.append((done, total)), NOW)
    passages = store.list_passages()
    assert report.passages == report.encoded == len(passages) == seen[-1][1]
    index = open_index(settings.index_folder, encoder.fingerprint)
    assert index.ids == tuple(passage.passage_id for passage in passages)
    assert (index.meta.created, index.meta.fingerprint) == ("2026-03-01T12:00:00", "fake-1")
    for place, passage in enumerate(passages):
        np.testing.assert_allclose(index.parts[0].passages[place], encoder.encode([passage.search_text])[0], atol=1e-3)
        np.testing.assert_allclose(index.parts[0].sentence_rows(place), encoder.encode(passage.sentences), atol=1e-3)


def test_only_new_words_are_encoded(settings, store, articles: Path, encoder) -> None:
    ingest_path(store, articles)
    build_index(settings, encoder)
    again = build_index(settings, encoder)
    assert (again.written, again.encoded) == (False, 0)
    (articles / "descaling.md").write_text("# Descaling\n\nUse the new tablets.\n")
    ingest_path(store, articles)
    encoder.encoded = 0
    report = build_index(settings, encoder)
    assert (report.written, report.encoded, encoder.encoded) == (True, 1, 3)  # title, passage, its one sentence
    index = open_index(settings.index_folder)
    place = index.ids.index(next(name for name in index.ids if name.startswith("returns-gold#")))
    expected = encoder.encode([store.get_passages([index.ids[place]])[index.ids[place]].search_text])[0]
    np.testing.assert_allclose(index.parts[0].passages[place], expected, atol=1e-3)


def test_whom_an_article_is_for_is_reason_enough_for_a_new_version(settings, store, articles: Path, encoder) -> None:
    ingest_path(store, articles)
    build_index(settings, encoder)
    text = (articles / "returns-gold.md").read_text()
    (articles / "returns-gold.md").write_text(text.replace("[gold]", "[silver, gold]"))
    ingest_path(store, articles)
    report = build_index(settings, encoder)
    assert (report.written, report.encoded) == (True, 0)


def test_another_encoder_encodes_all_again(settings, store, articles: Path, make_encoder) -> None:
    ingest_path(store, articles)
    first = build_index(settings, make_encoder("fake-1"))
    other = make_encoder("fake-2", dimension=32)
    with pytest.raises(IndexMismatch, match=r"built with the encoder fake-1, .* in use is fake-2; `rapport ingest`"):
        open_index(settings.index_folder, "fake-2")
    assert build_index(settings, other).encoded == first.passages
    assert open_index(settings.index_folder, "fake-2").meta.dimension == 32


def test_two_versions_are_kept(settings, store, articles: Path, make_encoder) -> None:
    ingest_path(store, articles)
    names = [
        build_index(settings, make_encoder(f"fake-{number}"), now=NOW.replace(minute=number)).version
        for number in range(4)
    ]
    assert versions(settings) == names[-2:]
    assert current_version(settings.index_folder) == names[-1]


def test_an_empty_knowledge_base_has_an_empty_index(settings, store, encoder) -> None:
    assert store.count() == (0, 0)
    assert build_index(settings, encoder).passages == 0
    assert open_index(settings.index_folder).ids == ()


def test_no_index_says_how_to_build_one(settings) -> None:
    with pytest.raises(IndexMissing, match=r"no search index in .*; `rapport ingest`"):
        open_index(settings.index_folder)


@pytest.mark.parametrize("name", ["vectors.faiss", "ids.json", "sentences.npy", "meta.json"])
@pytest.mark.parametrize("harm", ["cut", "gone", "changed"])
def test_damage_is_noticed_named_and_mended(settings, store, articles: Path, encoder, name: str, harm: str) -> None:
    ingest_path(store, articles)
    version = build_index(settings, encoder).version
    file = settings.index_folder / version / name
    data = file.read_bytes()
    if harm == "gone":
        file.unlink()
    else:
        file.write_bytes(data[: len(data) // 2] + (b"" if harm == "cut" else b"\x07" + data[len(data) // 2 + 1 :]))
    with pytest.raises(IndexDamaged, match=f"{name}.*`rapport ingest`"):
        open_index(settings.index_folder)
    assert build_index(settings, encoder).written
    open_index(settings.index_folder)


def test_a_kill_at_any_moment_leaves_the_old_index_or_the_new(settings, store, articles: Path, encoder) -> None:
    ingest_path(store, articles)
    former = build_index(settings, encoder)
    former_ids = set(open_index(settings.index_folder).ids)
    (articles / "descaling.md").write_text("# Descaling\n\nUse the new tablets.\n")
    ingest_path(store, articles)
    store.close()
    script = Path(__file__).with_name("killed_build.py")
    command = [sys.executable, str(script), str(settings.home)]
    killed = 0
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as builder:
        for step in range(1, 1000):
            builder.stdin.write(f"{step}\n")
            builder.stdin.flush()
            if builder.stdout.readline().strip() == "finished":
                break
            killed += 1
            index = open_index(settings.index_folder, encoder.fingerprint)
            assert (index.version == former.version) == (set(index.ids) == former_ids)
            if index.version != former.version:
                break
        builder.stdin.close()
    assert killed > 20
    build_index(settings, encoder)
    assert set(open_index(settings.index_folder).ids) != former_ids


def test_what_a_killed_build_left_behind_is_cleared_away_later(
    settings, store: KnowledgeStore, articles: Path, encoder
) -> None:
    left = settings.index_folder / ".20200101T000000-dead"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    working = settings.index_folder / ".20260101T000000-busy"
    working.mkdir()
    ingest_path(store, articles)
    build_index(settings, encoder)
    assert not left.exists()
    assert working.exists()
