"""Files of each format, made by the programs that people make them with."""

import io
import json
from datetime import date
from pathlib import Path

import pytest
from docx import Document as WordDocument
from openpyxl import Workbook
from pypdf import PdfReader, PdfWriter

from knowledge.chunk import outline
from knowledge.ingest import ingest_path
from knowledge.store import KnowledgeStore


def pdf(lines: list[tuple[float, str]], title: str = "") -> bytes:
    """A PDF of one page; each line with the size of its letters."""
    drawn, y = [], 800.0
    for size, text in lines:
        y -= size * 1.3 if size <= 12 else size * 2
        drawn.append(f"BT /F1 {size} Tf 50 {y:.1f} Td ({text}) Tj ET")
    stream = "\n".join(drawn).encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    if title:
        objects.append(f"<< /Title ({title}) >>".encode())
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    info = b" /Info 6 0 R" if title else b""
    out += b"trailer << /Size %d /Root 1 0 R%s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, info, start)
    return bytes(out)


LAMP = [
    (22, "Returning a lamp"),
    (11, "You have 30 days after delivery to return a lamp, and the bulb must be"),
    (11, "taken out of it before you put it into its box."),
    (16, "What it costs"),
    (11, "The label costs 3.90 EUR."),
]


def sentences(store: KnowledgeStore) -> list[str]:
    return [sentence for passage in store.list_passages() for sentence in passage.sentences]


def reason(store: KnowledgeStore, path: Path) -> str:
    (skipped,) = ingest_path(store, path).skipped
    assert skipped.path == str(path)
    return skipped.reason


def test_a_pdf_keeps_headings_and_lines_of_a_paragraph_together(store: KnowledgeStore, tmp_path: Path) -> None:
    (tmp_path / "lamp.pdf").write_bytes(pdf(LAMP))
    assert ingest_path(store, tmp_path / "lamp.pdf").added == ["lamp"]
    document = store.get_document("lamp")
    assert document is not None
    assert document.title == "Returning a lamp"
    assert "## What it costs" in document.body
    assert sentences(store) == [
        "You have 30 days after delivery to return a lamp, and the bulb must be taken out of it before you put it "
        "into its box.",
        "The label costs 3.90 EUR.",
    ]


def test_a_pdf_says_its_title(store: KnowledgeStore, tmp_path: Path) -> None:
    (tmp_path / "lamp.pdf").write_bytes(pdf(LAMP[1:], "Lamps, and how to return them"))
    ingest_path(store, tmp_path / "lamp.pdf")
    assert store.get_document("lamp").title == "Lamps, and how to return them"


def test_pdfs_that_cannot_be_read_say_why(store: KnowledgeStore, tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(LAMP))))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    (tmp_path / "scan.pdf").write_bytes(pdf([]))
    (tmp_path / "cut.pdf").write_bytes(pdf(LAMP)[:60])
    (tmp_path / "fake.pdf").write_bytes(b"no PDF at all")
    assert "encrypted" in reason(store, tmp_path / "locked.pdf")
    assert "holds no text" in reason(store, tmp_path / "scan.pdf")
    assert "not a readable PDF" in reason(store, tmp_path / "cut.pdf")
    assert "not a readable PDF" in reason(store, tmp_path / "fake.pdf")
    assert store.count() == (0, 0)


def test_a_word_file_keeps_headings_lists_tables_and_what_it_says_of_itself(
    store: KnowledgeStore, tmp_path: Path
) -> None:
    word = WordDocument()
    word.core_properties.title = "Rückgabe"
    word.core_properties.category = "returns"
    word.core_properties.language = "de-DE"
    word.add_heading("Fristen", level=1)
    word.add_paragraph("Die Frist beginnt am Tag nach der Lieferung.")
    table = word.add_table(rows=2, cols=2)
    for cell, text in zip(table._cells, ["Stufe", "Frist", "Gold", "60 Tage"], strict=True):
        cell.text = text
    word.add_heading("Ablauf", level=2)
    word.add_paragraph("Rückgabe im Chat anmelden", style="List Number")
    word.add_paragraph("Paket abgeben", style="List Bullet")
    word.save(tmp_path / "fristen.docx")
    assert ingest_path(store, tmp_path / "fristen.docx").skipped == []
    document = store.get_document("fristen")
    assert (document.title, document.topic, document.language) == ("Rückgabe", "returns", "de")
    assert document.body.index("# Fristen") < document.body.index("| Gold | 60 Tage |") < document.body.index("## Abl")
    assert sentences(store) == [
        "Die Frist beginnt am Tag nach der Lieferung.",
        "Gold \u2013 Frist: 60 Tage.",
        "Rückgabe im Chat anmelden.",
        "Paket abgeben.",
    ]


def test_word_files_that_cannot_be_read_say_why(store: KnowledgeStore, tmp_path: Path) -> None:
    (tmp_path / "locked.docx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    (tmp_path / "broken.docx").write_bytes(b"PK\x03\x04 and nothing more")
    assert "encrypted" in reason(store, tmp_path / "locked.docx")
    assert "not a readable DOCX" in reason(store, tmp_path / "broken.docx")


ROWS = """Frage;Antwort;Kategorie;Zielgruppe;Land;Gültig bis
Wie lange kann ich zurückgeben?;60 Tage nach der Lieferung.;returns;Gold, Silver;de|at;2026-12-31
Ohne Antwort?;;returns;;;
wie lange kann ich zurückgeben?;30 Tage.;;;;
Wann öffnen Sie?;Um acht Uhr.;;;;bald
Was kostet der Versand?;4,90 EUR.;shipping;;;
"""


def test_each_row_of_a_table_is_a_document_and_bad_rows_are_named(store: KnowledgeStore, tmp_path: Path) -> None:
    (tmp_path / "faq.csv").write_text(ROWS)
    report = ingest_path(store, tmp_path)
    assert len(report.added) == 2
    assert [each.reason.split(": ", 1)[0] for each in report.skipped] == ["row 3", "row 4", "row 5"]
    assert "asks the same as row 2" in report.skipped[1].reason
    first = next(each for each in store.list_documents() if each.title == "Wie lange kann ich zurückgeben?")
    assert (first.audience, first.countries) == (("gold", "silver"), ("DE", "AT"))
    assert (first.topic, first.valid_until) == ("returns", date(2026, 12, 31))


def test_only_the_rows_that_changed_are_done_again(store: KnowledgeStore, tmp_path: Path) -> None:
    file = tmp_path / "faq.csv"
    file.write_text("question,answer\nHow long?,30 days.\nHow much?,3.90 EUR.\nWhen?,At eight.\n")
    added = dict(zip(["long", "much", "when"], ingest_path(store, tmp_path).added, strict=True))
    assert len(ingest_path(store, tmp_path).unchanged) == 3
    file.write_text("question,answer\nWhy?,Because.\nHow long?,30 days.\nHow much?,4.90 EUR.\n")
    report = ingest_path(store, tmp_path)
    assert (report.unchanged, report.changed, report.removed) == ([added["long"]], [added["much"]], [added["when"]])
    assert len(report.added) == 1
    file.unlink()
    assert len(ingest_path(store, tmp_path).removed) == 3
    assert store.count() == (0, 0)


def test_a_sheet_and_a_list_of_objects_are_read_alike(store: KnowledgeStore, tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["Question", "Answer", "Tier"])
    book.active.append(["How long?", "60 days.", "gold"])
    book.active.append(["How much?", None, None])
    book.save(tmp_path / "sheet.xlsx")
    entries = [
        {"title": "Opening hours", "body": "From eight to six.", "url": "https://shop.example/hours"},
        {"title": "x"},
    ]
    (tmp_path / "list.json").write_text(json.dumps(entries))
    report = ingest_path(store, tmp_path)
    assert sorted(each.reason for each in report.skipped) == ["row 2: has no answer", "row 3: has no answer"]
    found = {each.title: each for each in store.list_documents()}
    assert found["How long?"].audience == ("gold",)
    assert found["Opening hours"].url == "https://shop.example/hours"
    assert found["Opening hours"].source.startswith(str(tmp_path / "list.json"))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("columns.csv", b"name,colour\nlamp,blue\n", "do not name a question and an answer"),
        ("object.json", b'{"question": "a"}', "not a list"),
        ("broken.json", b"[{", "not JSON"),
        ("broken.xlsx", b"PK\x03\x04", "not a readable XLSX"),
        ("locked.xlsx", b"\xd0\xcf\x11\xe0" + b"\0" * 99, "encrypted"),
        ("all.csv", b"question,answer\n,x\n", "none of its rows"),
    ],
)
def test_tables_that_cannot_be_read_say_why(
    store: KnowledgeStore, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert said in reason(store, tmp_path / name)


def test_the_language_is_found_where_the_file_does_not_say(store: KnowledgeStore, tmp_path: Path) -> None:
    (tmp_path / "frist.txt").write_text("Sie können Ihre Bestellung innerhalb von dreißig Tagen zurückgeben.")
    (tmp_path / "said.md").write_text("---\nlanguage: nl\n---\nYou can return what you bought within thirty days.")
    ingest_path(store, tmp_path)
    assert store.get_document("frist").language == "de"
    assert store.get_document("said").language == "nl"


def test_numbered_lists_stay_steps(store: KnowledgeStore, tmp_path: Path) -> None:
    page = "<title>Tea</title><ol><li>Boil water.</li><li>Wait.</li></ol><p>Mind:</p><ul><li>It is hot.</li></ul>"
    (tmp_path / "page.html").write_text(page)
    word = WordDocument()
    word.add_paragraph("Boil water.", style="List Number")
    word.add_paragraph("It is hot.", style="List Bullet")
    word.save(tmp_path / "word.docx")
    (tmp_path / "paper.pdf").write_bytes(pdf([(11, "1. Boil water."), (11, "- It is hot.")]))
    assert ingest_path(store, tmp_path).skipped == []
    for document in store.list_documents():
        steps = {sentence for sentence, listed in outline(document).items() if listed.is_step}
        assert {"Boil water."} <= steps <= {"Boil water.", "Wait."}, document.source
