"""Pages of the web as articles, from a server of this machine."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from knowledge.addresses import is_url, urls_in
from knowledge.errors import DocumentError
from knowledge.fetch import Fetcher
from knowledge.ingest import IngestReport, ingest_path
from knowledge.store import KnowledgeStore
from knowledge.url_lists import ingest_url, ingest_url_list
from tests.knowledge.site import Site

RETURNS = b"<html lang=en><title>Returns</title><nav>Home</nav><p>You have 30 days to return a lamp.</p></html>"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def take_in(store: KnowledgeStore, tmp_path: Path) -> Callable[..., IngestReport]:
    """Write the addresses into a list and ingest it."""

    def ingest(*urls: str, max_bytes: int = 10_000, allow_private: bool = True) -> IngestReport:
        path = tmp_path / "pages.txt"
        path.write_text("# our help centre\n" + "\n".join(urls) + "\n", encoding="utf-8")
        with Fetcher(max_bytes, timeout_s=5, allow_private=allow_private, pause_s=0) as fetcher:
            return ingest_url_list(store, path, urls_in(path) or [], fetcher)

    return ingest


def test_the_pages_of_a_list_become_articles_that_link_to_them(take_in, store, site: Site) -> None:
    urls = [site.put("/help/returns", RETURNS), site.put("/terms.txt", b"Our shop is open on Sunday.", "text/plain")]
    report = take_in(*urls)
    assert report.skipped == [] and len(report.added) == 2
    returns, terms = (store.get_document(name) for name in report.added)
    assert (returns.title, returns.url, returns.language) == ("Returns", urls[0], "en")
    assert "30 days" in returns.body and "Home" not in returns.body
    assert terms.url == urls[1] and "Sunday" in terms.body


def test_what_is_unchanged_is_not_fetched_in_full_again(take_in, store, site: Site) -> None:
    url, plain = site.put("/a", RETURNS, ETag='"1"'), site.put("/b", b"<p>Without a mark of its version.</p>")
    take_in(url, plain)
    report = take_in(url, plain)
    assert site.asked == [("/a", 200), ("/b", 200), ("/a", 304), ("/b", 200)]
    assert len(report.unchanged) == 2 and report.changed == []
    site.put("/a", RETURNS.replace(b"30", b"60"), ETag='"2"')
    report = take_in(url, plain)
    assert len(report.changed) == 1
    assert "60 days" in store.get_document(report.changed[0]).body


def test_a_page_is_read_again_where_reading_has_changed(take_in, store, site: Site, monkeypatch) -> None:
    url = site.put("/a", RETURNS, ETag='"1"')
    take_in(url)
    monkeypatch.setattr("knowledge.ingest.READER", "later")
    monkeypatch.setattr("knowledge.url_lists.READER", "later")
    take_in(url)
    take_in(url)
    assert site.asked == [("/a", 200), ("/a", 200), ("/a", 304)]


def test_bad_pages_are_named_and_the_rest_goes_in(take_in, store, site: Site) -> None:
    good = site.put("/good", RETURNS)
    bad = {
        site.put("/gone", b"", status=404): "404 Not Found; check the address, or take it off the list",
        site.put("/members", b"", status=403): "403 Forbidden; only a page that everybody may read",
        site.put("/huge", b"<p>" + b"word " * 3000): "more than the limit of 10,000 bytes",
        site.put("/picture", b"\x89PNG", "image/png"): "its type 'image/png'",
        site.put("/empty", b""): "it is empty",
        site.put("/deep", b"---\ntitle: " + b"[" * 3000 + b"\n---\nx", "text/markdown"): "reading it failed",
        site.put("/wordless", b"<nav>Home</nav>"): "no text in it",
        site.put("/round", b"", status=302, Location="/round"): "more than 5 times",
        site.put("/away", b"", status=302, Location="ftp://shop.example/x"): "no address that begins with http",
        "http://user:secret@shop.example/": "user name or password",
        "http://no-such-host.invalid/": "is not known; check the spelling",
        "htp://shop.example/mistyped": "no address that begins with http",
        "see below": "'see below' is no address",
        "http://127.0.0.1:9/": "cannot be fetched",
    }
    report = take_in(good, *bad)
    reasons = {each.path: each.reason for each in report.skipped}
    assert len(report.added) == 1
    assert reasons.keys() == bad.keys()
    for url, reason in bad.items():
        assert reason in reasons[url]


def test_a_page_that_breaks_keeps_its_former_words_and_one_off_the_list_goes(take_in, store, site: Site) -> None:
    one, two = site.put("/one", RETURNS), site.put("/two", b"<title>Two</title><p>The second page.</p>")
    first, second = take_in(one, two).added
    site.put("/one", b"", status=500)
    report = take_in(one)
    assert "500" in report.skipped[0].reason
    assert report.removed == [second]
    assert "30 days" in store.get_document(first).body


def test_a_redirect_is_followed(take_in, store, site: Site) -> None:
    site.put("/new", RETURNS)
    old = site.put("/old", b"", status=301, Location="/new")
    assert store.get_document(take_in(old).added[0]).url == old


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:10.0.0.1]", "0.0.0.0"]
)
def test_an_address_of_the_own_network_is_refused(take_in, site: Site, host: str) -> None:
    (skipped,) = take_in(f"http://{host}:{site.server.server_port}/", allow_private=False).skipped
    assert "--allow-private" in skipped.reason
    assert site.asked == []


def test_a_public_name_that_leads_inside_is_refused(take_in, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect, or a name whose owner points it at this machine."""
    port = site.server.server_port
    real = socket.getaddrinfo
    inside = {"inside.example": "127.0.0.1"}
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **named: real(inside.get(host, host), *rest, **named)
    )
    (skipped,) = take_in(f"http://inside.example:{port}/secret", allow_private=False).skipped
    assert "'inside.example' is 127.0.0.1" in skipped.reason
    assert site.asked == []


def test_a_page_that_comes_drop_by_drop_is_given_up(store: KnowledgeStore) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        with (
            Fetcher(1000, timeout_s=0.3, allow_private=True, pause_s=0) as fetcher,
            pytest.raises(DocumentError, match=r"within 0\.3 seconds"),
        ):
            fetcher.get(url)


def test_a_page_in_another_encoding_is_read(store: KnowledgeStore, site: Site) -> None:
    declared = "<meta charset=latin-1><title>Größe</title><p>Maße der Lampe: größer als gedacht.</p>"
    with Fetcher(1000, allow_private=True, pause_s=0) as fetcher:
        report = ingest_url(store, site.put("/size", declared.encode("latin-1")) + "#top", fetcher)
    document = store.get_document(report.added[0])
    assert document.title == "Größe" and not document.url.endswith("#top")


def test_what_is_no_list_is_an_article(store: KnowledgeStore, tmp_path: Path, site: Site) -> None:
    (tmp_path / "article.txt").write_text("See https://shop.example/help for more.\n", encoding="utf-8")
    (tmp_path / "list.txt").write_text("https://shop.example/help\n", encoding="utf-8")
    assert urls_in(tmp_path / "article.txt") is None
    assert is_url("https://shop.example/help") and not is_url("/etc/passwd")
    report = ingest_path(store, tmp_path)
    assert report.added == ["article"]
    assert "it is a list of addresses" in report.skipped[0].reason


def test_a_list_among_articles_is_left_as_it_was_read(take_in, store, site: Site, tmp_path: Path) -> None:
    added = take_in(site.put("/one", RETURNS)).added
    report = ingest_path(store, tmp_path)
    assert report.unchanged == added and not any("pages.txt" in each.path for each in report.skipped)
