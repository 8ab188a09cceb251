"""The lines between two `---` at the head of a Markdown file: what the article is and whom it is for."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from knowledge.countries import country_code
from knowledge.errors import DocumentError

_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
_LONGEST_ID = 200
_KEYS = (
    "title",
    "id",
    "topic",
    "language",
    "audience",
    "countries",
    "valid_from",
    "valid_until",
    "updated",
    "questions",
    "url",
)


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The known keys; None or empty where the file does not say. `url` is where customers can read the article."""

    title: str = ""
    document_id: str = ""
    topic: str = ""
    language: str = ""
    audience: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    updated: date | None = None
    questions: tuple[str, ...] = ()
    url: str = ""


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """Front matter and body of a Markdown text; without front matter, an empty one and the whole text.

    Raises DocumentError for YAML that cannot be read, a value of the wrong sort, or a key that looks like
    a mistyped known one: an `audiance` that went unnoticed would show an article to the wrong customers.
    Other unknown keys, as site generators use them, are passed over.
    """
    lines = text.split("\n")
    if lines[0].strip() != "---":
        return FrontMatter(), text
    end = next((number for number, line in enumerate(lines[1:], 1) if line.strip() == "---"), None)
    if end is None:
        raise DocumentError("the front matter that '---' opens is not closed; end it with another '---'")
    return read_matter(_load("\n".join(lines[1:end]))), "\n".join(lines[end + 1 :])


def _load(text: str) -> dict[str, Any]:
    try:
        # YAML 1.2, in which the country code NO is a text and not the opposite of yes.
        values = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError) as error:
        raise DocumentError(f"the front matter is not YAML: {_first_line(error)}{_hint(text, error)}") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise DocumentError(
            "the front matter is not a list of 'key: value' lines; write it as such, or take its '---' out"
        )
    return {str(key): value for key, value in values.items()}


def read_matter(values: dict[str, Any]) -> FrontMatter:
    """The known keys out of `values`. Raises DocumentError for what `split_front_matter` refuses."""
    for key in values:
        near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.8)
        if key not in _KEYS and near:
            raise DocumentError(f"unknown front matter key '{key}'; '{near[0]}' is meant?")
    matter = FrontMatter(
        title=_text(values, "title"),
        document_id=_id(values),
        topic=_text(values, "topic"),
        language=_language(values),
        audience=tuple(name.lower() for name in _listed(values, "audience")),
        countries=tuple(map(_country, _listed(values, "countries"))),
        valid_from=_day(values, "valid_from"),
        valid_until=_day(values, "valid_until"),
        updated=_day(values, "updated"),
        url=_url(values),
        questions=tuple(_names(values, "questions")),
    )
    if matter.valid_from and matter.valid_until and matter.valid_from > matter.valid_until:
        raise DocumentError(f"valid_from ({matter.valid_from}) is after valid_until ({matter.valid_until})")
    return matter


def _text(values: dict[str, Any], key: str) -> str:
    value = values.get(key)
    if value is None:
        return ""
    if isinstance(value, dict | list):
        raise DocumentError(f"'{key}' must be a text, not {value!r}")
    return " ".join(str(value).split())


def _id(values: dict[str, Any]) -> str:
    """It stands in the link to the article."""
    name = _text(values, "id")
    if re.search(r"[/\\\\?#]", name) or len(name) > _LONGEST_ID:
        raise DocumentError(f"'id' must be at most {_LONGEST_ID} letters without / \\ ? and #, not {name[:80]!r}")
    return name


def _url(values: dict[str, Any]) -> str:
    url = _text(values, "url")
    if url and not url.startswith(("https://", "http://")):
        raise DocumentError(f"'url' must begin with https:// or http://, not {url!r}")
    return url


def _names(values: dict[str, Any], key: str) -> list[str]:
    value = values.get(key)
    if value is None:
        return []
    names = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise DocumentError(f"'{key}' must be a list of names, not {value!r}")
    return [name.strip() for name in names]


def _listed(values: dict[str, Any], key: str) -> list[str]:
    """Names that may also stand in one text: "gold, silver"."""
    return [part.strip() for name in _names(values, key) for part in re.split(r"[,;|]", name) if part.strip()]


def _language(values: dict[str, Any]) -> str:
    language = _text(values, "language").split("-")[0].split("_")[0].lower()
    if language and not re.fullmatch(r"[a-z]{2,3}", language):
        raise DocumentError(f"'language' must be a code such as en or de, not {_text(values, 'language')!r}")
    return language


def _country(name: str) -> str:
    code = country_code(name)
    if code is None:
        raise DocumentError(f"'countries' must be two-letter codes such as DE, not {name!r}")
    return code


def _day(values: dict[str, Any], key: str) -> date | None:
    value = values.get(key)
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    raise DocumentError(f"'{key}' must be a day such as 2026-01-31, not {value!r}")


def _hint(text: str, error: Exception) -> str:
    """What to do where that can be told; a day that the calendar lacks is named."""
    if isinstance(error, YAMLError):
        return "; put a value that holds ': ' or begins with a sign into quotation marks"
    for number, line in enumerate(text.split("\n"), 2):
        for found in _DAY.findall(line):
            try:
                date(*map(int, found.split("-")))
            except ValueError:
                return f", {found} in line {number}; write a day of the calendar"
    return ""


def _first_line(error: Exception) -> str:
    problem = getattr(error, "problem", None) or str(error) or type(error).__name__
    mark = getattr(error, "problem_mark", None)
    place = f" in line {mark.line + 2}" if mark is not None else ""
    return str(problem).splitlines()[0] + place
