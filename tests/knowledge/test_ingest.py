from datetime import date
from pathlib import Path

import pytest

from knowledge.documents import Format
from knowledge.errors import DocumentError
from knowledge.ingest import ingest_path
from knowledge.store import KnowledgeStore


def reasons(report, folder: Path) -> dict[str, str]:
    return {str(Path(each.path).relative_to(folder)): each.reason for each in report.skipped}


def test_a_folder_of_articles_goes_in(store: KnowledgeStore, articles: Path) -> None:
    seen: list[tuple[int, int]] = []
    report = ingest_path(store, articles, lambda done, total: seen.append((done, total)))
    assert sorted(report.added) == ["christmas", "delivery-austria", "descaling", "returns", "returns-gold"]
    assert report.skipped == []
    assert seen[-1] == (5, 5)
    christmas = store.get_document("christmas")
    assert christmas is not None
    assert (christmas.valid_from, christmas.valid_until) == (date(2026, 11, 2), date(2026, 12, 27))
    assert store.get_document("returns-gold").audience == ("gold",)
    assert store.get_document("descaling").title == "Descaling a coffee machine"
    assert store.tiers() == {"gold"}


def test_again_only_what_changed_is_read_and_what_is_gone_is_removed(store: KnowledgeStore, articles: Path) -> None:
    ingest_path(store, articles)
    kept = {passage.passage_id for passage in store.list_passages() if passage.document_id != "descaling"}
    (articles / "descaling.md").write_text("# Descaling\n\nUse the new tablets.\n")
    (articles / "christmas.md").unlink()
    (articles / "new.txt").write_text("Our shop is open on Sunday.\n\nCome in.")
    report = ingest_path(store, articles)
    assert (report.added, report.changed, report.removed) == (["new"], ["descaling"], ["christmas"])
    assert sorted(report.unchanged) == ["delivery-austria", "returns", "returns-gold"]
    assert store.get_document("christmas") is None
    now = {passage.passage_id for passage in store.list_passages()}
    assert {name for name in kept if not name.startswith("christmas#")} < now
    assert store.get_document("new").format is Format.TEXT


def test_a_single_file_leaves_its_neighbours_alone(store: KnowledgeStore, articles: Path) -> None:
    ingest_path(store, articles)
    report = ingest_path(store, articles / "returns.md")
    assert (report.unchanged, report.removed) == (["returns"], [])
    assert store.count()[0] == 5


def test_bad_files_are_named_with_the_reason_and_the_rest_goes_in(store: KnowledgeStore, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    (folder / "deep").mkdir(parents=True)
    (folder / "good.md").write_text("# Good\n\nThis is an article.")
    (folder / "empty.md").write_text(" \n")
    (folder / "latin.txt").write_bytes("Größe und Maß".encode("latin-1"))
    (folder / "binary.md").write_bytes(b"PK\x00\x00abc")
    (folder / "huge.md").write_text("word " * 3000)
    (folder / "deep" / "broken.md").write_text("---\ntitle: [a\n---\ntext")
    (folder / "open.md").write_text("---\ntitle: a\ntext")
    (folder / "typo.md").write_text("---\naudiance: [gold]\n---\ntext")
    (folder / "day.md").write_text("---\nvalid_from: soon\n---\ntext")
    (folder / "order.md").write_text("---\nvalid_from: 2026-02-01\nvalid_until: 2026-01-01\n---\ntext")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    (folder / "heading.md").write_text("# Only a heading\n")
    (folder / ".hidden.md").write_text("not read")
    report = ingest_path(store, folder, max_bytes=10_000)
    assert report.added == ["good"]
    found = reasons(report, folder)
    assert found["empty.md"].startswith("it is empty")
    assert "save it as UTF-8" in found["latin.txt"]
    assert "NUL" in found["binary.md"]
    assert found["huge.md"] == "it has 15,000 bytes, more than the limit of 10,000"
    assert "not YAML" in found["deep/broken.md"]
    assert "not closed" in found["open.md"]
    assert "'audience' is meant" in found["typo.md"]
    assert "must be a day" in found["day.md"]
    assert "is after valid_until" in found["order.md"]
    assert "'.png' is not read" in found["picture.png"]
    assert found["heading.md"].startswith("there is no text in it")
    assert len(found) == 11


def test_a_file_that_breaks_keeps_its_former_content(store: KnowledgeStore, articles: Path) -> None:
    ingest_path(store, articles)
    before = store.get_document("returns")
    (articles / "returns.md").write_bytes(b"\xff\xfe\xfa")
    report = ingest_path(store, articles)
    assert len(report.skipped) == 1
    assert store.get_document("returns") == before


def test_two_files_with_one_id_are_not_mixed_up(store: KnowledgeStore, articles: Path) -> None:
    (articles / "zz-copy.md").write_text((articles / "returns.md").read_text())
    report = ingest_path(store, articles)
    assert "its id 'returns' is already the id of" in report.skipped[0].reason
    assert store.get_document("returns").source.endswith("returns.md")


def test_a_file_that_moved_is_the_same_document(store: KnowledgeStore, articles: Path) -> None:
    ingest_path(store, articles)
    (articles / "sub").mkdir()
    (articles / "returns.md").rename(articles / "sub" / "returns.md")
    report = ingest_path(store, articles)
    assert (report.changed, report.removed, report.added) == (["returns"], [], [])


def test_norway_is_a_country(store: KnowledgeStore, tmp_path: Path) -> None:
    (tmp_path / "norway.md").write_text("---\ncountries: [no, SE]\n---\nParcels go there.")
    ingest_path(store, tmp_path / "norway.md")
    assert store.get_document("norway").countries == ("NO", "SE")


def test_a_page_of_html_gives_its_words_and_structure(store: KnowledgeStore, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        """<html lang="de-AT"><head><title>Rückgabe &amp; Umtausch</title><style>p{}</style></head>
        <body><nav>Home</nav><h1>Rückgabe</h1><p>Sie haben <b>30 Tage</b> Zeit.<br>Ab Lieferung.
        <h2>Kosten</h2><table><tr><th>Stufe</th><th>Etikett</th></tr><tr><td>Gold</td><td>frei</td></tr></table>
        <ul><li>Etikett drucken<li>Paket abgeben</ul><script>alert(1)</script>
        <p>3. Zeile mit * Stern &lt;b&gt;</body></html>"""
    )
    ingest_path(store, tmp_path / "page.html")
    document = store.get_document("page")
    assert (document.title, document.language) == ("Rückgabe & Umtausch", "de")
    sentences = [sentence for passage in store.list_passages() for sentence in passage.sentences]
    assert sentences == [
        "Sie haben 30 Tage Zeit.",
        "Ab Lieferung.",
        "Gold \u2013 Etikett: frei.",
        "Etikett drucken.",
        "Paket abgeben.",
        "3. Zeile mit * Stern <b>",
    ]


def test_a_path_that_does_not_exist_is_said_so(store: KnowledgeStore, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"there is no file or folder .*nowhere"):
        ingest_path(store, tmp_path / "nowhere")


def test_an_id_is_taken_by_a_file_anywhere(store: KnowledgeStore, tmp_path: Path) -> None:
    """Also by one outside the folder that is read, and it is free once that file is gone."""
    one, other = tmp_path / "one" / "a.md", tmp_path / "other" / "b.md"
    for path in (one, other):
        path.parent.mkdir()
        path.write_text("---\nid: returns\n---\nYou have 30 days to return what you bought here.\n", encoding="utf-8")
    ingest_path(store, one.parent)
    (skipped,) = ingest_path(store, other.parent).skipped
    assert "already the id of" in skipped.reason and str(one) in skipped.reason
    one.unlink()
    assert ingest_path(store, other.parent).skipped == []
    assert store.sources() == store.sources(str(other))


def test_a_folder_whose_name_begins_like_another_is_left_alone(store: KnowledgeStore, tmp_path: Path) -> None:
    for name in ("help", "help-old"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.md").write_text(f"Words of the folder {name} stand here.\n", encoding="utf-8")
        ingest_path(store, tmp_path / name)
    (tmp_path / "help" / "help.md").unlink()
    assert ingest_path(store, tmp_path / "help").removed == ["help"]
    assert list(store.sources()) == [str(tmp_path / "help-old" / "help-old.md")]


def test_a_link_that_leads_nowhere_is_named(store: KnowledgeStore, tmp_path: Path) -> None:
    (tmp_path / "gone.md").symlink_to(tmp_path / "moved" / "gone.md")
    (skipped,) = ingest_path(store, tmp_path).skipped
    assert skipped.path.endswith("gone.md") and "cannot be read: No such file" in skipped.reason
