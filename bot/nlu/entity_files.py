"""Reads texts whose entities are marked word by word with BIO tags, in the two layouts that are about.

Lines: `seq.in` holds a text a line, `seq.out` its tags, and `label`, which may be missing, its intent.
Columns (CoNLL): a word a line, the word in the first column and the tag in the last, a blank line after each text.

An `I-x` behind no `x` begins one, as in conlleval. Words are joined by one blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from bot.nlu.errors import EntityFileError
from bot.nlu.training_text import Span, TrainingText

WORDS_FILE, TAGS_FILE, INTENTS_FILE = "seq.in", "seq.out", "label"
OUTSIDE = "O"
# What can stand between brackets in Rasa's training data.
_TAG = re.compile(r"O|[BI]-[\w.-]+")
_COMMENT, _DOCUMENT = "# ", "-DOCSTART-"


@dataclass(frozen=True)
class _Place:
    """A line of a file, for what is wrong there."""

    path: Path
    line: int

    def wrong(self, what: str) -> EntityFileError:
        return EntityFileError(f"{self.path}, line {self.line}: {what}")


def read_entity_files(source: Path) -> list[TrainingText]:
    """The texts of a folder with `seq.in` and `seq.out`, of such a `seq.in`, or of a file in columns.

    Raises:
        EntityFileError: names the file, the line and the remedy.
    """
    if source.is_dir():
        return _read_lines(source)
    if source.name == WORDS_FILE:
        return _read_lines(source.parent)
    return _read_columns(source)


def _read_lines(folder: Path) -> list[TrainingText]:
    if not (folder / WORDS_FILE).is_file():
        raise EntityFileError(
            f"There is no {WORDS_FILE} in {folder}. Give the folder that holds {WORDS_FILE} and {TAGS_FILE}, or a file "
            "with a word and its tag a line."
        )
    texts, tags = _lines(folder / WORDS_FILE), _lines(folder / TAGS_FILE)
    _same_length(folder / TAGS_FILE, tags, texts)
    intents: list[str | None] = [None] * len(texts)
    if (folder / INTENTS_FILE).is_file():
        intents = [line.strip() or None for line in _lines(folder / INTENTS_FILE)]
        _same_length(folder / INTENTS_FILE, intents, texts)
    read = []
    for number, (text, marks, intent) in enumerate(zip(texts, tags, intents, strict=True), start=1):
        words, places = text.split(), _Place(folder / TAGS_FILE, number)
        if len(words) != len(marks.split()):
            raise places.wrong(
                f"there are {len(marks.split())} tags for the {len(words)} words of the same line in {WORDS_FILE}. "
                "Give each word one tag, blanks between."
            )
        if words:
            read.append(_text(words, [(tag, places) for tag in marks.split()], intent))
    return _some(read, folder / WORDS_FILE)


def _read_columns(path: Path) -> list[TrainingText]:
    read = []
    for has_words, lines in groupby(_columns(path), key=lambda row: row is not None):
        if has_words:
            rows = [row for row in lines if row is not None]
            read.append(_text([word for word, _, _ in rows], [(tag, place) for _, tag, place in rows], None))
    return _some(read, path)


def _columns(path: Path) -> Iterator[tuple[str, str, _Place] | None]:
    """Word, tag and place of each line; None between texts."""
    for number, line in enumerate(_lines(path), start=1):
        columns = line.split()
        if not columns or columns[0] == _DOCUMENT:
            yield None
        elif line.startswith(_COMMENT) and not _TAG.fullmatch(columns[-1]):
            continue
        elif len(columns) == 1:
            raise _Place(path, number).wrong(
                f"there is only {columns[0]!r}. Write the word, a blank or tab, and its tag; between two texts, an "
                "empty line."
            )
        else:
            yield columns[0], columns[-1], _Place(path, number)


def _text(words: Sequence[str], tags: Sequence[tuple[str, _Place]], intent: str | None) -> TrainingText:
    for tag, place in tags:
        if not _TAG.fullmatch(tag):
            raise place.wrong(
                f"{tag!r} is no tag. Write O outside of an entity, B-kind at its first word and I-kind at the others; "
                "a kind has letters, digits, _, - and full stops."
            )
    return TrainingText(" ".join(words), intent, spans_of_words(words, [tag for tag, _ in tags]))


def spans_of_words(words: Sequence[str], tags: Sequence[str]) -> tuple[Span, ...]:
    """The entities of BIO tags, with letters of the words joined by one blank."""
    spans: list[Span] = []
    start, former = 0, OUTSIDE
    for word, tag in zip(words, tags, strict=True):
        end = start + len(word)
        if tag.startswith("I-") and former != OUTSIDE and former[2:] == tag[2:]:
            spans[-1] = Span(spans[-1].start, end, tag[2:])
        elif tag != OUTSIDE:
            spans.append(Span(start, end, tag[2:]))
        start, former = end + 1, tag
    return tuple(spans)


def _lines(path: Path) -> list[str]:
    try:
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise EntityFileError(f"There is no file {path}. Give one that is there.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise _Place(path, line).wrong("this is not UTF-8. Save the file in UTF-8.") from error
    lines = content.split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _same_length(path: Path, lines: Sequence[str | None], texts: Sequence[str]) -> None:
    if len(lines) != len(texts):
        raise _Place(path, min(len(lines), len(texts)) + 1).wrong(
            f"it has {len(lines)} lines and {WORDS_FILE} has {len(texts)}. Line by line they must belong together."
        )


def _some(read: list[TrainingText], path: Path) -> list[TrainingText]:
    if not read:
        raise EntityFileError(f"{path}, line 1: there is no text in it. Give a file with words and their tags.")
    return read
