import sqlite3
from pathlib import Path
from threading import Thread

import pytest

from knowledge.documents import Document, Format, make_passage
from knowledge.errors import StoreError, StoreTooNew
from knowledge.store import KnowledgeStore


def put(store: KnowledgeStore, name: str) -> str:
    document = Document(name, name.title(), "Body.", Format.MARKDOWN, f"{name}.md", "hash", audience=("gold",))
    passage = make_passage(name, document.title, ("Top",), ("One.", "Two."))
    store.put_document(document, [passage])
    return passage.passage_id


def test_what_is_put_is_read_back(store: KnowledgeStore) -> None:
    passage_id = put(store, "alpha")
    found = store.get_passages([passage_id, "alpha#unknown"])
    assert list(found) == [passage_id]
    assert found[passage_id].sentences == ("One.", "Two.")
    assert store.get_document("alpha").audience == ("gold",)
    assert store.get_document("beta") is None


def test_a_removed_document_takes_its_passages_along(store: KnowledgeStore) -> None:
    put(store, "alpha")
    put(store, "beta")
    store.remove_document("alpha")
    assert store.count() == (1, 1)


def test_a_transaction_that_fails_changes_nothing(store: KnowledgeStore) -> None:
    with pytest.raises(RuntimeError), store.transaction():
        put(store, "alpha")
        raise RuntimeError
    assert store.count() == (0, 0)


def test_readers_of_other_processes_see_the_former_state_until_the_end(store: KnowledgeStore) -> None:
    put(store, "alpha")
    reader = KnowledgeStore(store.path)
    with store.transaction():
        put(store, "beta")
        assert reader.count() == (1, 1)
    assert reader.count() == (2, 2)
    reader.close()


def test_threads_may_share_a_store(store: KnowledgeStore) -> None:
    passage_id = put(store, "alpha")
    found: list[bool] = []

    def read() -> None:
        for _ in range(50):
            found.append(passage_id in store.get_passages([passage_id]))

    threads = [Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 200


def test_a_database_of_a_newer_version_is_refused_in_words(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "knowledge.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(StoreTooNew, match=r"has version 99, this program reads up to 8; update"):
        KnowledgeStore(tmp_path / "knowledge.db").count()


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "knowledge.db").write_text("not a database at all, but long enough to look like one " * 30)
    with pytest.raises(StoreError, match=r"knowledge\.db cannot be opened"):
        KnowledgeStore(tmp_path / "knowledge.db").count()


def test_making_a_store_opens_nothing(tmp_path: Path) -> None:
    KnowledgeStore(tmp_path / "home" / "knowledge.db")
    assert list(tmp_path.iterdir()) == []


def test_a_database_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    store = KnowledgeStore(tmp_path / "knowledge.db")
    store.put_document(
        Document("a", "A", "text", Format.TEXT, "a.txt", "1", questions=("what is a?",)),
        [make_passage("a", "A", (), ("text",))],
    )
    store.close()
    connection = sqlite3.connect(tmp_path / "knowledge.db")
    connection.execute("ALTER TABLE documents DROP COLUMN questions")
    connection.execute("ALTER TABLE documents DROP COLUMN url")
    connection.execute("ALTER TABLE documents DROP COLUMN learnt")
    connection.execute("DROP TABLE tickets")
    connection.execute("DROP TABLE pages")
    connection.execute("DROP TABLE candidates")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    document = KnowledgeStore(tmp_path / "knowledge.db").get_document("a")
    assert document is not None and (document.title, document.questions) == ("A", ())
