"""A body as a sequence of blocks: headings, paragraphs, list items, table rows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.documents import Format

# Between the name of a table's row and what its columns say.
ROW_NAME_END = " \u2013 "


class Kind(Enum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Row:
    """Of a table, what its columns are called and the cells of one row; the first names the row."""

    columns: tuple[str, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """`level` is 1 to 6 for a heading, else 0; `group` numbers the list or table that it is in, from 1; `is_step` says
    that the list is numbered. `number` is that of the item or row in it; what is nested in an item has the item's.
    """

    kind: Kind
    text: str
    level: int = 0
    group: int = 0
    is_step: bool = False
    number: int = 0
    row: Row | None = None


def markdown_parser() -> MarkdownIt:
    """CommonMark with tables, raw HTML switched off: it is shown as text, never as markup."""
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def read_blocks(body: str, body_format: Format, language: str = "en") -> list[Block]:
    """The blocks of a body in reading order, without empty ones."""
    blocks = _text_blocks(body) if body_format is Format.TEXT else _markdown_blocks(body, language)
    return [block for block in blocks if block.text]


def _text_blocks(body: str) -> list[Block]:
    paragraphs = body.replace("\r\n", "\n").split("\n\n")
    return [Block(Kind.PARAGRAPH, " ".join(paragraph.split())) for paragraph in paragraphs]


def _markdown_blocks(body: str, language: str) -> list[Block]:
    blocks: list[Block] = []
    numbered: list[bool] = []
    groups = number = heading = 0
    row: list[str] | None = None
    header: list[str] = []
    for token in markdown_parser().parse(body):
        match token.type:
            case "heading_open":
                heading = int(token.tag[1:])
            case "heading_close":
                heading = 0
            case "ordered_list_open" | "bullet_list_open":
                if not numbered:
                    groups += 1
                    number = int(token.attrGet("start") or 1) - 1
                numbered.append(token.type == "ordered_list_open")
            case "list_item_open":
                number += len(numbered) == 1
            case "ordered_list_close" | "bullet_list_close":
                numbered.pop()
            case "table_open":
                groups += 1
                number = 0
            case "tr_open":
                row = []
            case "thead_close":
                header = row or []
                row = None
            case "tr_close" if row is not None and header:
                number += 1
                said, cells = _row_sentence(header, row, language), Row(tuple(header), tuple(row))
                blocks.append(Block(Kind.ROW, said, group=groups, number=number, row=cells))
            case "table_close":
                header, row = [], None
            case "fence" | "code_block":
                blocks.append(Block(Kind.PARAGRAPH, " ".join(token.content.split())))
            case "inline":
                text = _plain(token)
                if row is not None:
                    row.append(text)
                elif heading:
                    blocks.append(Block(Kind.HEADING, text, heading))
                elif numbered:
                    blocks.append(Block(Kind.ITEM, text, group=groups, is_step=numbered[0], number=number))
                else:
                    blocks.append(Block(Kind.PARAGRAPH, text))
    return blocks


def _row_sentence(header: list[str], row: list[str], language: str) -> str:
    """A table row as a sentence: under ("Tier", "Window"), ("Gold", "60 days") is Gold, a dash, "window: 60 days."."""
    cells = [
        f"{_within(name, language)}: {value}" if name else value
        for name, value in zip(header[1:], row[1:], strict=False)
        if value
    ]
    if not cells:
        return row[0] if row else ""
    said = "; ".join(cells)
    return f"{row[0]}{ROW_NAME_END}{said}." if row[0] else f"{said[0].upper()}{said[1:]}."


def _within(name: str, language: str) -> str:
    """A column's name within a sentence; VAT stays as it is, and so do the nouns of German."""
    return name[0].lower() + name[1:] if name[1:2].islower() and language != "de" else name


def _plain(inline: Token) -> str:
    parts: list[str] = []
    for child in inline.children or []:
        if child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type in ("text", "code_inline", "image"):
            parts.append(child.content)
    return " ".join("".join(parts).split())
