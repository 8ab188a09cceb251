"""What a file holds, told by its first bytes: its name may say something else."""

from __future__ import annotations

import io
import re
from zipfile import BadZipFile, ZipFile

from knowledge.errors import DocumentError

_HEAD = 1024
_OFFICE = {"word/": ("a Word file", ".docx"), "xl/": ("an Excel file", ".xlsx"), "ppt/": ("a PowerPoint file", "")}
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8")
# What an old or an encrypted Office file begins with: it is no ZIP archive but a compound file.
COMPOUND_FILE = b"\xd0\xcf\x11\xe0"
_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!doctype html|<html[\s>])", re.IGNORECASE)
# Read by programs of their own, which say themselves what is wrong with a file of their kind.
_BINARY = {".pdf": "PDF", ".docx": "DOCX file", ".xlsx": "XLSX file"}


def refuse_other_kind(suffix: str, data: bytes) -> None:
    """Raises DocumentError for a file that is plainly of another kind than its suffix says."""
    kind, wanted = _kind(data)
    if suffix in _BINARY and not kind and _is_text(data):
        raise DocumentError(f"it is not a readable {_BINARY[suffix]} but plain text; give it the suffix .md or .txt")
    if not kind or suffix == wanted or (wanted == ".html" and suffix == ".htm"):
        return
    if wanted:
        raise DocumentError(f"it is {kind} though its name ends with {suffix}; give it the suffix {wanted}")
    if not (data.startswith(COMPOUND_FILE) and suffix in _BINARY):
        raise DocumentError(
            f"it is {kind} though its name ends with {suffix}; save its text as one of the formats read"
        )


def _kind(data: bytes) -> tuple[str, str]:
    """In words, and the suffix under which it is read, "" where it is not; both "" for what is not known."""
    if b"%PDF-" in data[:_HEAD]:
        return "a PDF", ".pdf"
    if data.startswith(b"PK\x03\x04"):
        return _archive(data)
    if data.startswith(COMPOUND_FILE):
        return "an old or an encrypted Office file", ""
    if data.startswith(_PICTURES):
        return "a picture", ""
    if data.startswith(b"{\\rtf"):
        return "an RTF file", ""
    return ("a page of HTML", ".html") if _HTML.match(data[:_HEAD]) else ("", "")


def _archive(data: bytes) -> tuple[str, str]:
    try:
        with ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (BadZipFile, OSError, ValueError):
        return "", ""
    for folder, kind in _OFFICE.items():
        if any(name.startswith(folder) for name in names):
            return kind
    return "a ZIP archive", ""


def _is_text(data: bytes) -> bool:
    if b"\x00" in data:
        return False
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return True
