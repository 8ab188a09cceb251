"""Files as people give them by mistake: each is named with what is wrong, which value, and what to do."""

import io
import json
from pathlib import Path

import pytest
from docx import Document as WordDocument
from openpyxl import Workbook

from knowledge.doubts import doubts_about
from knowledge.errors import DocumentError
from knowledge.ingest import ingest_path
from knowledge.store import KnowledgeStore
from tests.knowledge.test_file_formats import LAMP, pdf

GOOD = "# Lamps\n\nA lamp may be returned within thirty days.\n"


def word() -> bytes:
    out, document = io.BytesIO(), WordDocument()
    document.add_paragraph("A lamp may be returned.")
    document.save(out)
    return out.getvalue()


def sheet(*rows: tuple[object, ...], **more: list[tuple[object, ...]]) -> bytes:
    out, book = io.BytesIO(), Workbook()
    for row in rows:
        book.active.append(row)
    for title, others in more.items():
        added = book.create_sheet(title)
        for row in others:
            added.append(row)
    book.save(out)
    return out.getvalue()


def headed(*lines: str) -> bytes:
    return "\n".join(["---", *lines, "---", "A lamp may be returned."]).encode()


MISTAKES: list[tuple[str, bytes, list[str]]] = [
    # The suffix of another kind of file.
    ("paper.md", pdf(LAMP), ["it is a PDF", "suffix .pdf"]),
    ("letter.txt", word(), ["it is a Word file", "suffix .docx"]),
    ("table.csv", sheet(("question", "answer")), ["it is an Excel file", "suffix .xlsx"]),
    ("table.docx", sheet(("question", "answer")), ["it is an Excel file", "suffix .xlsx"]),
    ("page.md", b"<!doctype html><html><p>Words.</p></html>", ["HTML", "suffix .html"]),
    ("notes.pdf", b"# Lamps\n\nWords.\n", ["not a readable PDF but plain text", ".md or .txt"]),
    ("photo.txt", b"\x89PNG\r\n\x1a\n", ["it is a picture"]),
    ("old.doc", b"\xd0\xcf\x11\xe0" + bytes(99), ["'.doc' is not read", ".docx"]),
    # Without a word for customers.
    ("zero.md", b"", ["it is empty"]),
    ("front.md", b"---\ntitle: Lamps\n---\n", ["no text in it"]),
    ("app.html", b"<title>Shop</title><script>draw()</script>", ["no text in it beside scripts", "browser"]),
    # Encodings.
    ("windows.csv", "Frage;Antwort\nWohin?;Nach Österreich.\n".encode("cp1252"), ["line 2", "'Österreich.'", "UTF-8"]),
    ("noise.md", bytes(range(256)), ["not text", "NUL"]),
    # What an article says of itself.
    ("day.md", headed("valid_until: 31.12.2026"), ["'valid_until'", "2026-01-31", "'31.12.2026'"]),
    ("leap.md", headed("title: Lamps", "valid_from: 2026-02-30"), ["2026-02-30 in line 3"]),
    ("slash.md", headed("id: help/lamps"), ["'id'", "without / ", "'help/lamps'"]),
    ("nested.md", headed("title: " + "[" * 3000), ["reading it failed", "RecursionError"]),
    ("half.md", headed('title: "Lamps \\uD800"'), ["half a character", "Lamps \\ud800"]),
    ("half.json", b'[{"question": "Is \\ud800 it?", "answer": "Yes."}]', ["row 1", "half a character"]),
    ("colon.md", headed("title: Lamps: all of them"), ["line 2", "quotation marks"]),
    ("land.md", headed("countries: [Germny]"), ["'countries'", "two-letter", "'Germny'"]),
    ("tongue.md", headed("language: Klingon"), ["'language'", "en or de", "'Klingon'"]),
    # Tables.
    ("bare.csv", b"Do you sell rugs?,No.\n", ["Do you sell rugs?", "write 'question' and 'answer'"]),
    ("header.csv", b"question,answer\n", ["no question with an answer"]),
    ("quote.csv", b'question,answer\nHow?,So.\n"How long?,30 days.\n', ["line 3", "quotation mark"]),
    ("prices.xlsx", sheet(("Country", "Price"), ("Norway", 9.9)), ["Country, Price", "'question' and 'answer'"]),
    # JSON.
    ("words.json", b'"only words"', ['only "only words"', "'question' and 'answer'"]),
    ("none.json", b"null", ["only null", "'question' and 'answer'"]),
    ("empty.json", b"[]", ["an empty list"]),
    ("map.json", b'{"How?": "So.", "When?": "Now."}', ["'How?', 'When?'", "'question' and 'answer'"]),
    ("texts.json", b'["a", "b"]', ["row 1", "'a' is not an object"]),
    ("html.json", b'[{"question": "How?", "answer": {"en": "So."}}]', ["row 1", "answer must be a text", "So."]),
    ("lines.json", b'{"question": "a", "answer": "b"}\n{"question": "c", "answer": "d"}', ["into one list"]),
    ("deep.json", b"[" * 100_000, ["nested too deep"]),
]


@pytest.mark.parametrize(("name", "content", "said"), MISTAKES, ids=[name for name, _, _ in MISTAKES])
def test_a_mistake_is_named_and_the_rest_goes_in(
    store: KnowledgeStore, tmp_path: Path, name: str, content: bytes, said: list[str]
) -> None:
    (tmp_path / "good.md").write_text(GOOD)
    (tmp_path / name).write_bytes(content)
    report = ingest_path(store, tmp_path)
    assert report.added == ["good"]
    (skipped,) = report.skipped
    assert skipped.path == str(tmp_path / name)
    for part in said:
        assert part in skipped.reason
    assert "\n" not in skipped.reason


def test_an_empty_folder_is_named_and_one_that_was_emptied_is_not(store: KnowledgeStore, tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=f"no file in the folder {tmp_path}"):
        ingest_path(store, tmp_path)
    (tmp_path / "good.md").write_text(GOOD)
    ingest_path(store, tmp_path)
    (tmp_path / "good.md").unlink()
    assert ingest_path(store, tmp_path).removed == ["good"]


QUESTION, ANSWER = "How long, in days, may I try a lamp?", "30 days, counted from delivery."


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("semicolons.csv", f"question;answer;from, until\n{QUESTION};{ANSWER};\n".encode()),
        ("titled.csv", f"Help centre, exported\n\nquestion;answer\n{QUESTION};{ANSWER}\n".encode()),
        ("excel.csv", f"sep=;\nFrage;Antwort\n{QUESTION};{ANSWER}\n".encode("utf-8-sig")),
        ("titled.xlsx", sheet(("Help centre 2026",), (), ("Question", "Answer"), (QUESTION, ANSWER))),
        ("nested.json", json.dumps({"data": {"faqs": [{"question": QUESTION, "answer": ANSWER}]}, "v": 1}).encode()),
        ("one.json", json.dumps({"title": QUESTION, "body": ANSWER}).encode()),
        ("rows.json", json.dumps([["question", "answer"], [QUESTION, ANSWER]]).encode()),
    ],
)
def test_questions_and_answers_are_found_where_people_put_them(
    store: KnowledgeStore, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    assert ingest_path(store, tmp_path).skipped == []
    (document,) = store.list_documents()
    assert (document.title, document.body) == (QUESTION, ANSWER)


def test_a_sheet_without_questions_is_named_beside_one_that_has_them(store: KnowledgeStore, tmp_path: Path) -> None:
    content = sheet(("Question", "Answer"), (QUESTION, ANSWER), prices=[("Country", "Price")], empty=[])
    (tmp_path / "book.xlsx").write_bytes(content)
    report = ingest_path(store, tmp_path)
    assert len(report.added) == 1
    (skipped,) = report.skipped
    assert skipped.reason.startswith("sheet 'prices': its columns (Country, Price)")


def test_of_two_columns_for_one_thing_the_one_called_so_is_taken(store: KnowledgeStore, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f'title,question,body,answer\nTrying,"{QUESTION}",inside,"{ANSWER}"\n')
    ingest_path(store, tmp_path)
    (document,) = store.list_documents()
    assert (document.title, document.body) == (QUESTION, ANSWER)


def test_answers_in_html_are_read_as_a_page_is(store: KnowledgeStore, tmp_path: Path) -> None:
    answer = "<p>The lamp and a <b>cable</b>.</p><ol><li>Unpack it.</li><li>Plug it in.</li></ol>"
    (tmp_path / "faq.json").write_text(json.dumps([{"question": "What is in the box?", "answer": answer}]))
    ingest_path(store, tmp_path)
    (passage,) = store.list_passages()
    assert passage.sentences == ("The lamp and a cable.", "Unpack it.", "Plug it in.")


@pytest.mark.parametrize(
    ("written", "tiers", "countries"),
    [
        (["audience: gold, silver", "countries: DE, at"], ("gold", "silver"), ("DE", "AT")),
        (["audience: [Gold]", "countries: [Germany, the Netherlands, UK]"], ("gold",), ("DE", "NL", "GB")),
    ],
)
def test_tiers_and_countries_are_read_as_people_write_them(
    store: KnowledgeStore, tmp_path: Path, written: list[str], tiers: tuple[str, ...], countries: tuple[str, ...]
) -> None:
    (tmp_path / "lamp.md").write_bytes(headed(*written))
    assert ingest_path(store, tmp_path).skipped == []
    document = store.get_document("lamp")
    assert document is not None
    assert (document.audience, document.countries) == (tiers, countries)


def test_a_tier_that_no_customer_has_and_a_title_given_twice_are_named(store: KnowledgeStore, tmp_path: Path) -> None:
    for name, head in {
        "a": "title: Lamps",
        "b": "title: lamps",
        "c": "title: Lamps\naudience: gold",
        "d": "title: Bulbs\naudience: [gold, platinum]",
    }.items():
        (tmp_path / f"{name}.md").write_bytes(headed(head))
    report = ingest_path(store, tmp_path)
    assert len(report.added) == 4
    said = {Path(each.path).name: each.text for each in doubts_about(store, report, lambda: ("basic", "gold"))}
    assert said.keys() == {"b.md", "d.md"}
    assert str(tmp_path / "a.md") in said["b.md"] and "'lamps'" in said["b.md"]
    assert "'platinum'" in said["d.md"] and "'basic', 'gold'" in said["d.md"]
    assert doubts_about(store, ingest_path(store, tmp_path), lambda: ("basic", "gold")) == []
