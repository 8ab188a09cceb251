"""What a suite found: rows with targets, shown as one table and written as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table

from benchmarks.machine import Machine


@dataclass(frozen=True)
class Target:
    """What a value must be. Targets come from the issues and change only with a reason in the CHANGELOG."""

    comparison: Literal["<=", ">=", "between"]
    value: float
    upper: float | None = None
    """The other end, with `between` alone."""

    def holds(self, measured: float | None) -> bool:
        """What could not be measured does not hold."""
        if measured is None:
            return False
        if self.comparison == "<=":
            return measured <= self.value
        return measured >= self.value and (self.upper is None or measured <= self.upper)

    def shown(self, amount: Callable[[float], str]) -> str:
        """In words, each number as `amount` writes it."""
        if self.upper is not None:
            return f"{amount(self.value)} to {amount(self.upper)}"
        return f"{self.comparison} {amount(self.value)}"

    def __str__(self) -> str:
        return self.shown(_number)


def at_most(value: float) -> Target:
    return Target("<=", value)


def at_least(value: float) -> Target:
    return Target(">=", value)


def between(low: float, high: float) -> Target:
    return Target("between", low, high)


@dataclass(frozen=True)
class Row:
    """One measure. `value` is ours, None when it could not be measured; `peers` were measured in the same run.

    `anchor` is what others published, or what was measured before on such a machine.
    """

    name: str
    value: float | None
    unit: str
    target: Target | None = None
    peers: Mapping[str, float | None] = field(default_factory=dict)
    anchor: str | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the target is met; None without one."""
        return None if self.target is None else bool(self.target.holds(self.value))  # numpy's is no JSON

    def as_json(self) -> dict[str, Any]:
        """All digits, so that a later run can be compared."""
        return {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "target": None if self.target is None else str(self.target),
            "holds": self.holds,
            "peers": dict(self.peers),
            "anchor": self.anchor,
        }


@dataclass(frozen=True)
class Report:
    """A suite's rows, and what one must know to judge or repeat them: seeds, and notes on how it was measured."""

    suite: str
    rows: Sequence[Row]
    seeds: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()

    def as_json(self, machine: Machine) -> dict[str, Any]:
        """`{"suite", "machine", "rows"}`."""
        about = {**machine.as_json(), "seeds": dict(self.seeds), "notes": list(self.notes)}
        return {"suite": self.suite, "machine": about, "rows": [row.as_json() for row in self.rows]}


def write_json(path: Path, report: Report, machine: Machine) -> None:
    """The figures, for later comparison."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report.as_json(machine), indent=2) + "\n", encoding="utf-8")


def print_report(console: Console, report: Report, machine: Machine) -> None:
    """One table; the machine, versions, seeds and notes under it."""
    console.print(_table(report))
    for line in machine.lines():
        console.print(line, style="dim", markup=False)
    if report.seeds:
        seeds = ", ".join(f"{name} {seed}" for name, seed in report.seeds.items())
        console.print(f"seeds: {seeds}", style="dim", markup=False)
    for note in report.notes:
        console.print(f"note: {note}", style="dim", markup=False)


def _table(report: Report) -> Table:
    table = Table(title=f"rapport bench {report.suite}", title_justify="left")
    table.add_column("measure")
    table.add_column("ours", justify="right")
    table.add_column("peers, same run", justify="right")
    table.add_column("published or before")
    table.add_column("target", justify="right")
    table.add_column("holds")
    for row in report.rows:
        table.add_row(
            row.name,
            _amount(row.value, row.unit),
            "\n".join(_peer(name, value, row) for name, value in row.peers.items()),
            row.anchor or "",
            "" if row.target is None else row.target.shown(lambda value, unit=row.unit: _amount(value, unit)),
            {None: "", True: "[green]yes[/]", False: "[bold red]MISSED[/]"}[row.holds],
        )
    return table


def _peer(name: str, value: float | None, row: Row) -> str:
    shown = f"{name}: {_amount(value, row.unit)}"
    # How many times ours the peer's value is; between shares that says nothing.
    if value and row.value and row.unit not in ("share", "%", "points"):
        shown += f" ({value / row.value:.2g}x)"
    return shown


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return "not measured"
    if unit == "share":
        return f"{value:.1%}"
    return f"{_number(value)} {unit}".rstrip()


def _number(value: float) -> str:
    """Three digits that count: 0.0123, 4.57, 148, 12,300."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
