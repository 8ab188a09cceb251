"""Text files that list addresses of pages."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urldefrag

_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


def is_url(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None


def urls_in(path: Path) -> list[str] | None:
    """The addresses in a file, None where it is no list of addresses."""
    if path.suffix.lower() != ".txt" or not path.is_file():
        return None
    try:
        return read_url_list(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):  # whoever reads it as an article says what is wrong
        return None


def read_url_list(text: str) -> list[str] | None:
    """The lines of a list, once each; None for a text that is no list. Lines that begin with # are remarks.

    A list is a text whose lines are addresses, all but a few: "htp://shop.example" is no article but a mistake, and
    whoever fetches it says so.
    """
    lines = [line.strip() for line in text.splitlines()]
    urls = [line for line in lines if line and not line.startswith("#")]
    if 2 * sum(map(is_url, urls)) <= len(urls):
        return None
    return list(dict.fromkeys(urldefrag(url).url for url in urls))
