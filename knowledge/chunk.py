"""A document into passages of up to 90 words that keep their place under the headings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from knowledge.blocks import Block, Kind, Row, read_blocks
from knowledge.documents import Document, Passage, make_passage
from knowledge.sentences import split_sentences

MIN_WORDS = 30
# A section of fewer words joins its neighbour; others stand alone, as what is under one heading is one answer.
LEAST_SECTION = 8
# With title and headings about 128 pieces of words, which is as much as the encoder reads.
MAX_WORDS = 90


# Headings whose list says the opposite of what its items say by themselves.
_FORBIDS = re.compile(r"(?:please )?(?:do not|don['\u2019]t|never|avoid|not)\b[^.?!:]{0,20}:?", re.IGNORECASE)


_UNENDED = re.compile(r"[\w)%\u20ac$\u00b0]$")


@dataclass(frozen=True, slots=True)
class Listed:
    """A sentence's list or table, by number in the document, and which item or row of it; `line` is the sentence that
    introduces it, if one does.
    """

    group: int
    is_row: bool
    is_step: bool
    line: str = ""
    number: int = 0
    row: Row | None = None


@dataclass(slots=True)
class _Section:
    """What stands under one heading; `units` are sentences that stay together, such as a paragraph."""

    headings: tuple[str, ...]
    units: list[list[str]] = field(default_factory=list)

    @property
    def words(self) -> int:
        return sum(_words(unit) for unit in self.units)


def chunk(document: Document) -> list[Passage]:
    """The passages of `document` in reading order.

    Sections shorter than LEAST_SECTION join their neighbour, longer than MAX_WORDS are cut between paragraphs,
    or between sentences where one paragraph is too long; such a piece has at least MIN_WORDS where it can.
    """
    sections = _sections(read_blocks(document.body, document.format, document.language))
    passages: dict[str, Passage] = {}
    for section in _merge_short(sections):
        for sentences in _cut(section.units):
            passage = make_passage(document.document_id, document.title, section.headings, sentences, len(passages))
            # The same words twice in one document are one passage.
            passages.setdefault(passage.passage_id, passage)
    return list(passages.values())


def outline(document: Document) -> dict[str, Listed]:
    """By sentence of a list or table, where it stands: "a descaler." in the one under "You need:"."""
    found: dict[str, Listed] = {}
    line = ""
    path: list[tuple[int, str]] = []
    for block in read_blocks(document.body, document.format, document.language):
        if block.kind in (Kind.ITEM, Kind.ROW):
            listed = Listed(block.group, block.kind is Kind.ROW, block.is_step, line, block.number, block.row)
            found |= dict.fromkeys(_sentences(_whole(block, path)), listed)
            continue
        path = [(block.level, block.text)] if block.kind is Kind.HEADING else path
        line = _sentences(block)[-1] if block.kind is Kind.PARAGRAPH and block.text.endswith(":") else ""
    return found


def _sections(blocks: list[Block]) -> list[_Section]:
    sections = [_Section(())]
    path: list[tuple[int, str]] = []
    previous: Kind | None = None
    for block in blocks:
        if block.kind is Kind.HEADING:
            path = [(level, text) for level, text in path if level < block.level]
            path.append((block.level, block.text))
            sections.append(_Section(tuple(text for _, text in path)))
        else:
            _add(sections[-1].units, _whole(block, path), previous)
        previous = block.kind
    return [section for section in sections if section.units]


def _whole(block: Block, path: list[tuple[int, str]]) -> Block:
    """An item under "Do not" says so itself: it is cited without its heading."""
    heading = path[-1][1].rstrip(":") if path else ""
    if block.kind is Kind.ITEM and _FORBIDS.fullmatch(heading):
        return replace(block, text=f"{heading}: {block.text}")
    return block


def _add(units: list[list[str]], block: Block, previous: Kind | None) -> None:
    """Append the block's sentences; a list or table stays with the line that introduces it."""
    sentences = _sentences(block)
    listed = block.kind in (Kind.ITEM, Kind.ROW)
    introduced = (
        listed and previous is not None and bool(units) and (previous is block.kind or units[-1][-1].endswith(":"))
    )
    if introduced and _words(units[-1]) + _words(sentences) <= MAX_WORDS:
        units[-1].extend(sentences)
    else:
        units.append(sentences)


def _sentences(block: Block) -> list[str]:
    """An item ends with a stop, as it is quoted beside others."""
    text = f"{block.text}." if block.kind is Kind.ITEM and _UNENDED.search(block.text) else block.text
    return [part for sentence in split_sentences(text) for part in _fit(sentence)]


def _merge_short(sections: list[_Section]) -> list[_Section]:
    """A short section takes in the one after it; what is still short then joins the one before it."""
    forward: list[_Section] = []
    for section in sections:
        if forward and forward[-1].words < LEAST_SECTION and _fits(forward[-1], section):
            forward[-1] = _join(forward[-1], section)
        else:
            forward.append(section)
    merged = forward[:1]
    for section in forward[1:]:
        if section.words < LEAST_SECTION and _fits(merged[-1], section):
            merged[-1] = _join(merged[-1], section)
        else:
            merged.append(section)
    return merged


def _fits(left: _Section, right: _Section) -> bool:
    return left.words + right.words <= MAX_WORDS


def _join(left: _Section, right: _Section) -> _Section:
    return _Section(_join_headings(left.headings, right.headings), left.units + right.units)


def _join_headings(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    """("Returns", "Cost") and ("Returns", "Time") become ("Returns", "Cost / Time")."""
    common = 0
    while common < min(len(left), len(right)) and left[common] == right[common]:
        common += 1
    rest = [part for part in (*left[common:], *right[common:]) if part]
    return (*left[:common], " / ".join(rest)) if rest else left[:common]


def _cut(units: list[list[str]]) -> list[tuple[str, ...]]:
    pieces: list[list[str]] = [[]]
    for unit in units:
        parts = [unit] if _words(unit) <= MAX_WORDS else [[sentence] for sentence in unit]
        for part in parts:
            if pieces[-1] and _words(pieces[-1]) + _words(part) > MAX_WORDS:
                pieces.append([])
            pieces[-1].extend(part)
    if len(pieces) > 1 and _words(pieces[-1]) < MIN_WORDS:
        _balance(pieces)
    return [tuple(piece) for piece in pieces if piece]


def _balance(pieces: list[list[str]]) -> None:
    """Give a last piece that is too short sentences of the piece before it."""
    while _words(pieces[-1]) < MIN_WORDS and len(pieces[-2]) > 1:
        if _words(pieces[-2]) - len(pieces[-2][-1].split()) < MIN_WORDS:
            return
        pieces[-1].insert(0, pieces[-2].pop())


def _fit(sentence: str) -> list[str]:
    """A sentence of more than MAX_WORDS, such as text without stops, is cut between words."""
    words = sentence.split()
    return [" ".join(words[start : start + MAX_WORDS]) for start in range(0, len(words), MAX_WORDS)]


def _words(sentences: list[str]) -> int:
    return sum(len(sentence.split()) for sentence in sentences)
