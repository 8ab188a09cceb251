"""`rapport ingest` with addresses of pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot.cli.config import read_config
from knowledge.store import KnowledgeStore
from tests.knowledge.site import Site


def test_pages_are_taken_in_by_list_or_address_where_that_is_permitted(rapport: Any, tmp_path: Path) -> None:
    with Site() as site:
        urls = [
            site.put(f"/{name}", f"<title>{name}</title><p>About {name}s.</p>".encode()) for name in ("lamp", "pan")
        ]
        (tmp_path / "pages.txt").write_text(f"{urls[0]}\n{site.root}/missing\n", encoding="utf-8")
        refused = rapport("ingest", urls[1])
        assert refused.code == 1 and "--allow-private" in refused.said
        outcome = rapport("ingest", "pages.txt", urls[1], "--allow-private")
    assert outcome.code == 1
    assert f"{site.root}/missing was left out: the server answered 404" in outcome.said
    store = KnowledgeStore(read_config().knowledge.database)
    assert {(each.title, each.url) for each in store.list_documents()} == {("lamp", urls[0]), ("pan", urls[1])}
    store.close()
