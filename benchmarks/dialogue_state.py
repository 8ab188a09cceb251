"""What a conversation did to the shop, compared with what it should have done."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crm_models.tables import metadata

# What a conversation leaves behind of itself, whatever it is about.
OF_THE_CONVERSATION = frozenset(
    {"conversations", "messages", "deliveries", "inbox", "cursors", "gaps", "offers", "predictions"}
)


@dataclass(frozen=True)
class Change:
    """A row before and after; None where it was not there."""

    table: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def row(self) -> Mapping[str, Any]:
        return self.after or self.before or {}

    @property
    def columns(self) -> frozenset[str]:
        """Those that differ; all of a new or a removed row."""
        if self.before is None or self.after is None:
            return frozenset(self.row)
        return frozenset(name for name, value in self.after.items() if value != self.before[name])


@dataclass(frozen=True)
class Must:
    """A row that must end so: found by `key`, with these `values`; `holding` are parts of texts.

    Of a row that was there before nothing else may change, except the columns in `also`.
    """

    table: str
    key: Mapping[str, Any]
    values: Mapping[str, Any] = field(default_factory=dict)
    holding: Mapping[str, str] = field(default_factory=dict)
    also: frozenset[str] = frozenset()

    def is_done_by(self, change: Change) -> bool:
        """Whether this is the change, and no more than it."""
        if change.table != self.table or change.after is None:
            return False
        wanted = {**self.key, **self.values}
        if any(change.after[name] != value for name, value in wanted.items()):
            return False
        if any(part not in str(change.after[name]) for name, part in self.holding.items()):
            return False
        return change.before is None or change.columns <= {*self.values, *self.holding, *self.also}


@dataclass(frozen=True)
class Heard:
    """What the bot said, turn by turn."""

    turns: Sequence[str] = ()  # the text of each turn
    sources: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        return "\n".join(self.turns)


@dataclass(frozen=True)
class EndState:
    """How it must end.

    `may` are the rows that may change along: table -> column -> values of which the row has one. `said` are all
    told, none of `unsaid` is, one of `sources` (where there are any) is linked. With `insists` the customer
    gives up only when they have nothing left to say.
    """

    must: Sequence[Must] = ()
    may: Mapping[str, Mapping[str, frozenset[Any]]] = field(default_factory=dict)
    said: Sequence[str] = ()
    unsaid: Sequence[str] = ()
    sources: frozenset[str] = frozenset()
    insists: bool = False

    @property
    def tables(self) -> frozenset[str]:
        """Where `reached` has to look."""
        return frozenset(must.table for must in self.must)

    def reached(self, changes: Sequence[Change], heard: Heard) -> bool:
        """Whether the customer has what they came for."""
        if self.insists:
            return False
        return self._missing(changes, heard) is None

    def wrong(self, changes: Sequence[Change], heard: Heard) -> str | None:
        """What is not as it should be at the end; None when all is."""
        if not heard.turns or not all(heard.turns):
            return "the bot was silent"
        missing = self._missing(changes, heard)
        if missing is not None:
            return missing
        for change in changes:
            if not any(must.is_done_by(change) for must in self.must) and not self._tolerates(change):
                return f"{change.table} changed: {dict(change.before or {})} -> {dict(change.after or {})}"
        told = next((part for part in self.unsaid if part in heard.text), None)
        return None if told is None else f"{told!r} was told"

    def _missing(self, changes: Sequence[Change], heard: Heard) -> str | None:
        for must in self.must:
            if not any(must.is_done_by(change) for change in changes):
                return f"{must.table} {dict(must.key)} is not {dict(must.values)}"
        for part in self.said:
            if part not in heard.text:
                return f"{part!r} was not told"
        if self.sources and not self.sources & heard.sources:
            return f"none of {sorted(self.sources)} was named"
        return None

    def _tolerates(self, change: Change) -> bool:
        allowed = self.may.get(change.table, {})
        return any(change.row.get(column) in values for column, values in allowed.items())


class ShopFile:
    """The shop's SQLite file and a copy of how it was; whoever else has it open may go on."""

    def __init__(self, live: Path, pristine: Path) -> None:
        self._live = live
        self._pristine = pristine
        pristine.unlink(missing_ok=True)
        _copy(live, pristine)

    def restore(self) -> None:
        """As it was."""
        _copy(self._pristine, self._live)

    def changes(self, only: Collection[str] | None = None) -> list[Change]:
        """All rows that differ from how it was, but for those of the conversation itself; `only` of these tables."""
        connection = sqlite3.connect(self._live, timeout=30)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("ATTACH DATABASE ? AS pristine", (str(self._pristine),))
            tables = [
                table
                for table in metadata.sorted_tables
                if table.name not in OF_THE_CONVERSATION and (only is None or table.name in only)
            ]
            return [
                change
                for table in tables
                for change in _changes(connection, table.name, [column.name for column in table.primary_key])
            ]
        finally:
            connection.close()


def _changes(connection: sqlite3.Connection, table: str, key: Sequence[str]) -> list[Change]:
    before = _rows(connection, f"SELECT * FROM pristine.{table} EXCEPT SELECT * FROM main.{table}", key)
    after = _rows(connection, f"SELECT * FROM main.{table} EXCEPT SELECT * FROM pristine.{table}", key)
    return [Change(table, before.get(each), after.get(each)) for each in {**before, **after}]


def _rows(connection: sqlite3.Connection, query: str, key: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = [dict(row) for row in connection.execute(query)]
    return {tuple(row[name] for name in key): row for row in rows}


def _copy(source: Path, target: Path) -> None:
    """In one transaction: a reader sees the former or the new state."""
    origin, copy = sqlite3.connect(source, timeout=30), sqlite3.connect(target, timeout=30)
    try:
        origin.backup(copy)
    finally:
        origin.close()
        copy.close()
